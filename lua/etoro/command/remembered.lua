-- What the command has listed, kept for the shell to complete: symbols, ids and
-- names, a line each, in the user's folder of caches, for its owner alone. No
-- key is in it, and nobody but a completion reads it.

local core = require "etoro.core"
local folders = require "etoro.values.folders"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local shapes = require "etoro.command.shapes"

local M = {}

-- Kinds that each account has of its own.
local OF_ACCOUNT = { positions = true, orders = true, copies = true }

local function path_of(session, kind)
  local folder = folders.of "XDG_CACHE_HOME"
  if not folder then return nil end
  local account = session.args.real and "real." or "demo."
  return folder .. "/words/" .. (OF_ACCOUNT[kind] and account or "") .. kind, folder
end

-- A word, and what it is, behind a tab. What a line cannot hold is left out.
local function line_of(word, text)
  word = output.clean(word)
  if word == "-" or word == "" or word:find "[%z\1-\31\127]" then return nil end
  text = text and output.clean(text) or ""
  return text ~= "" and text ~= "-" and word .. "\t" .. text or word
end

local function write(session, kind, lines)
  local path, folder = path_of(session, kind)
  if not path or not folders.make(folder .. "/words") then return end
  core.write_file(path, #lines > 0 and table.concat(lines, "\n") .. "\n" or "")
end

--- Keeps the words of a kind in place of those that were kept. Where that cannot
--- be done there is nothing to complete, and nothing else goes wrong.
---@param session etoro.command.Session
---@param kind string such as "positions"
---@param items table[]
---@param look fun(item: table): any, any a word, and what it is
function M.keep(session, kind, items, look)
  if session.args.rehearse then return end -- nothing that could be typed again
  local lines = {}
  for _, item in ipairs(items) do lines[#lines + 1] = line_of(look(item)) end
  pcall(write, session, kind, lines)
end

local function read(path)
  local file = path and io.open(path, "rb")
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text
end

-- The lines of those that are new, then of those that were kept: each symbol
-- once, with what it is where either says so.
local function joined(new, old)
  local lines, seen, texts = {}, {}, {}
  for _, line in ipairs(old) do texts[line:match "^[^\t]+"] = line end
  for _, list in ipairs { new, old } do
    for _, line in ipairs(list) do
      local word = line:match "^[^\t]+"
      if not seen[word] and #lines < run_limits.command_kept_symbols then
        lines[#lines + 1] = line == word and texts[word] or line
      end
      seen[word] = true
    end
  end
  return lines
end

--- Keeps symbols beside those that were kept, the newest first.
---@param session etoro.command.Session
---@param instruments table[] of the API, or shapes of them
function M.symbols(session, instruments)
  if session.args.rehearse then return end
  local new, old = {}, {}
  for _, one in ipairs(instruments) do
    local symbol = shapes.of(one, "symbolFull", "symbol")
    if type(symbol) == "string" then
      new[#new + 1] = line_of(symbol, shapes.of(one, "instrumentDisplayName",
        "name"))
    end
  end
  if #new == 0 then return end
  local before = read(path_of(session, "symbols"))
  for line in before:gmatch "[^\t\n][^\n]*" do old[#old + 1] = line end
  local lines = joined(new, old)
  if table.concat(lines, "\n") .. "\n" ~= before then
    pcall(write, session, "symbols", lines)
  end
end

return M
