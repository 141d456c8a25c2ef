-- What popular investors learn about those who copy them.

local answers = require "etoro.resource.answers"
local operations = require "etoro.operations"
local owner = require "etoro.resource.links"
local resource = require "etoro.resource"

local COPIERS = operations["GET /api/v1/pi-data/copiers"]

--- One who copies the caller, without a name. Fields as the API names them.
---@class etoro.Copier
---@field Gender? string
---@field Club? string
---@field Country? string
---@field CopyStartedAtCategory? string
---@field AmountCategory? string
---@field AgeCategory? string
---@field CopyRealizedEquity_pnl? string
---@field AvailableCopyBalance? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.PiData client.pi_data
local collection = {}
local mt = { __name = "etoro.pi_data", __index = collection }
local M = {}

--- Lists the caller's copiers (portal: PI Data, Get Copiers Public Info).
---@param options? etoro.RequestOptions
---@return etoro.Copier[]? copiers
---@return etoro.Response|etoro.Error
function collection:copiers(options)
  local client = resource.client_of(self, "client.pi_data:copiers")
  local body, response = resource.object(client, COPIERS, "", nil, options)
  if not body then return nil, response end
  if answers.at(body, "copiers") == nil then
    return {}, response -- documented as null
  end
  local list, err = answers.list(body, "copiers", response, COPIERS)
  if not list then return nil, err end
  return list, response
end

--- Makes client.pi_data.
---@param client etoro.Client
---@return etoro.PiData
function M.new(client)
  return owner.link(setmetatable({}, mt), client)
end

return M
