-- Messages to the caller inside the app.

local resource = require "etoro.resource"

local MESSAGES = "/api/v1/notifications/messages"

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
local collection, M = resource.define "notifications"

resource.rows(collection, "client.notifications", {
  --- Lists the messages, once a second at most (portal: Notifications, Get
  --- In-App Notifications).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Notification[]? messages
  ---@return etoro.Response|etoro.Error with meta.meta.notSeen
  list = { "GET " .. MESSAGES, list = "messages" },

  --- Marks all messages as read (portal: Notifications, Mark All Notifications
  --- as Read).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  mark_all_read = { "PATCH " .. MESSAGES, done = true },
})

return M
