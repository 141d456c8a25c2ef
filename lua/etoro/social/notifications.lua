-- Messages to the caller inside the app.

local operations = require "etoro.operations"
local owner = require "etoro.resource.links"
local resource = require "etoro.resource"

local LIST = operations["GET /api/v1/notifications/messages"]
local MARK = operations["PATCH /api/v1/notifications/messages"]

---@class etoro.Notification
---@field messageId string UUID
---@field message? string
---@field readStatus? "New"|"Seen"|"Read"
---@field publishDate? string ISO 8601
---@field notificationType? string
---@field category? string
---@field actionLink? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.Notifications client.notifications
local collection = {}
local mt = { __name = "etoro.notifications", __index = collection }
local M = {}

--- Lists the messages, once a second at most (portal: Notifications, Get
--- In-App Notifications).
---@param options? etoro.RequestOptions
---@return etoro.Notification[]? messages
---@return etoro.Response|etoro.Error with meta.meta.notSeen
function collection:list(options)
  local client = resource.client_of(self, "client.notifications:list")
  return resource.list(client, LIST, "messages", nil, options)
end

--- Marks all messages as read (portal: Notifications, Mark All Notifications
--- as Read).
---@param options? etoro.RequestOptions
---@return true? done
---@return etoro.Response|etoro.Error
function collection:mark_all_read(options)
  local client = resource.client_of(self, "client.notifications:mark_all_read")
  return resource.done(client, MARK, nil, options)
end

--- Makes client.notifications.
---@param client etoro.Client
---@return etoro.Notifications
function M.new(client)
  return owner.link(setmetatable({}, mt), client)
end

return M
