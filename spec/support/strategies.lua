-- Runs strategies that a spec writes down, in a box of its own.
--
--   local lab = strategies.new()            -- a folder for its files
--   local result, err = lab:run("return { ... }", { days = 1 })
--   lab.box, lab:client(), lab.notes, lab:file(name, text), lab:remove()
local etoro = require "etoro"
local files = require "spec.support.files"

local methods = {}
local mt = { __name = "spec.strategies", __index = methods }
local M = {}

M.START = 1772800000 -- 2026-03-06T12:26:40Z, a Friday

function M.new(options)
  local dir = os.tmpname()
  os.remove(dir)
  assert(os.execute("mkdir " .. dir))
  local all = { now = function() return M.START end, limits = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return setmetatable({ dir = dir, options = all, notes = {},
    box = etoro.sandbox.new(all) }, mt)
end

function methods:file(name, text)
  local path = self.dir .. "/" .. name
  return files.write(path, text)
end

--- A box as it was when it was new.
function methods:again()
  self.box = etoro.sandbox.new(self.options)
end

function methods:client() return assert(self.box:client()) end

function methods:run(text, options)
  local all = { file = self:file("strategy.lua", text), box = self.box,
    days = 1, on_note = function(note) self.notes[#self.notes + 1] = note end }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  return etoro.strategy.run(all)
end

--- The texts of notes of a kind.
function methods:told(kind)
  local texts = {}
  for _, note in ipairs(self.notes) do
    if note.kind == kind then texts[#texts + 1] = note.text end
  end
  return texts
end

function methods:remove() os.execute("rm -r " .. self.dir) end

return M
