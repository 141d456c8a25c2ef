-- What each file of etoro run goes by: its account, settings, rails, and the
-- files that its run is kept in.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local nearest = require "etoro.values.nearest"
local rails = require "etoro.trading.rails"
local settings = require "etoro.strategy.settings"
local values_kept = require "etoro.values.kept"
local words = require "etoro.command.words"

local M = {}

---@class etoro.command.RunFile
---@field path string of the strategy
---@field stem string its name without folder and ending
---@field portfolio? string the agent-portfolio whose account it drives
---@field portfolio_id? string its id, once it is known
---@field token? string the file with that one's token
---@field settings? table<string, any>
---@field rails? etoro.RailOptions
---@field has_own_rails? boolean none were given, these are our cautious ones
---@field state? string where the run is kept for the next one
---@field halt? string the file that halts it
---@field log? string where its notes go, line by line
---@field strategy? etoro.Strategy as it was loaded to look at it
---@field client? etoro.Client
---@field control? etoro.StrategyControl of its run, once that has begun
---@field writes? etoro.command.RunLog
---@field view? etoro.StrategyView how it stands

-- Of an account, when none are given: a run that goes wild stops early.
local CAUTIOUS = { max_leverage = 2, max_positions = 20, writes_per_minute = 15,
  writes_per_day = 200, max_drawdown = 0.2 }

local function usage(text, ...)
  exits.exit(exits.USAGE, text:format(...))
end

--- Reads a JSON object from a file that somebody has written.
---@param path string
---@param what string such as "settings"
---@return table<string, any>
function M.read_object(path, what)
  local values, why, problem = values_kept.read(path)
  if why == "absent" then
    usage("the file of %s %s is not there", what, path)
  elseif why == "unreadable" then
    usage("the %s cannot be read: %s", what, problem)
  elseif not values or getmetatable(values) == core.empty_list
      or values[1] ~= nil then
    usage("%s is no JSON object of %s", path, what)
  end
  return values
end

-- An option for a file: given once it holds for all, else once for each.
local function of_file(args, name, i)
  local list = args[name] or {}
  if #list == 1 then return list[1] end
  if #list > 1 and #list ~= #args.file then
    usage("--%s is given once, or once for each of the %d files",
      name, #args.file)
  end
  return list[i]
end

-- One that no two files can share.
local function apart(args, name, i)
  local list = args[name] or {}
  if #list > 0 and #list ~= #args.file then
    if #list == 1 then usage("--%s is for one file: give it once for each", name) end
    usage("--%s is given once for each of the %d files", name, #args.file)
  end
  return list[i]
end

-- --set NAME=VALUE is for all files, FILE.NAME=VALUE for one.
local function take_set(args, files)
  local stems = {}
  for _, file in ipairs(files) do stems[file.stem] = true end
  for _, text in ipairs(args.set or {}) do
    local stem, name, value = text:match "^([^=]-)%.?([A-Za-z_][A-Za-z0-9_]*)=(.*)$"
    if not name or (stem == "") ~= not text:match "^[^=]*%." then
      usage("--set takes NAME=VALUE, not '%s'", text)
    elseif stem ~= "" and not stems[stem] then
      usage("--set %s: no file that runs is named '%s'%s", text, stem,
        nearest.hint(stem, stems))
    end
    for _, file in ipairs(files) do
      if stem == "" or stem == file.stem then
        file.settings = file.settings or {}
        file.settings[name] = settings.word(value)
      end
    end
  end
end

--- Reads a file of rails; ends the command where they are none.
---@param path string
---@return etoro.RailOptions
function M.read_rails(path)
  local given = M.read_object(path, "rails")
  if next(given) == nil then usage("%s holds no rail", path) end
  local file <close> = assert(io.open(path, "rb"))
  local name = json.name_twice(file:read "a" or "")
  if name then usage("%s has '%s' twice: which of them holds?", path, name) end
  local ok, message = pcall(rails.check, given)
  if not ok then usage("%s: %s", path, words.unplaced(message)) end
  return given
end

local function take_rails(args, file, i, place)
  local path = of_file(args, "rails", i)
  if not path then
    if place == "sandbox" then return end
    file.rails, file.has_own_rails = CAUTIOUS, true
    return
  end
  file.rails = M.read_rails(path)
end

--- A word of the command line: FILE, or FILE:NAME with an agent-portfolio.
---@param word string
---@return etoro.command.RunFile
function M.of_word(word)
  local path, portfolio = word:match "^(.*%.lua):([^/:]+)$"
  path = path or word
  return { path = path, portfolio = portfolio,
    stem = path:match "([^/]*)$":gsub("%.lua$", "") }
end

--- Where a file's run is kept: beside it, by account.
---@param file etoro.command.RunFile
---@param place "sandbox"|"demo"|"real"
---@param given? string --state
function M.place(file, place, given)
  file.state = given
  if not given and place ~= "sandbox" then
    file.state = ("%s.%s%s.state"):format(file.path:gsub("%.lua$", ""),
      file.portfolio and file.portfolio .. "." or "", place)
  end
  -- a file that halts a run needs neither its process nor the network, and
  -- holds for the next run, too
  file.halt = file.state and file.state .. ".halt"
end

local function take_portfolio(args, file, place)
  file.portfolio = file.portfolio or args.portfolio
  if not file.portfolio then return end
  if place == "sandbox" then
    usage("an agent-portfolio is for --demo and --real")
  elseif file.portfolio:find "[/\0-\31]" then
    usage("'%s' is no name of an agent-portfolio: give its id", file.portfolio)
  end
  file.token = (file.path:match "^.*/" or "") .. file.portfolio .. ".token"
end

local function take_tokens(args, files)
  local list, with = args.token_file or {}, {}
  for _, file in ipairs(files) do
    if file.portfolio then with[#with + 1] = file end
  end
  if #list > #with then
    usage("--token-file is given once for each file with an agent-portfolio, "
      .. "of which there are %d", #with)
  end
  for i, path in ipairs(list) do with[i].token = path end
end

-- Two runs of one state would place each order twice.
local function check_apart(files)
  for _, name in ipairs { "state", "log" } do
    local seen = {}
    for _, file in ipairs(files) do
      local path = file[name]
      if path and seen[path] then
        usage("%s and %s have the same %s, %s", seen[path], file.path, name, path)
      end
      if path then seen[path] = file.path end
    end
  end
end

--- Reads what the command line says of each file.
---@param args table
---@param place "sandbox"|"demo"|"real"
---@return etoro.command.RunFile[]
function M.read(args, place)
  local files = {}
  for i, word in ipairs(args.file) do
    local file = M.of_word(word)
    files[i] = file
    local given = of_file(args, "settings", i)
    file.settings = given and M.read_object(given, "settings")
    take_portfolio(args, file, place)
    take_rails(args, file, i, place)
    M.place(file, place, apart(args, "state", i))
    file.log = apart(args, "log", i)
      or place ~= "sandbox" and file.state:gsub("%.state$", "") .. ".log" or nil
  end
  take_set(args, files)
  take_tokens(args, files)
  check_apart(files)
  return files
end

return M
