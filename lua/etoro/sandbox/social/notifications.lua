-- Notifications: a few wait for every owner, and can be marked as read.

local answers = require "etoro.sandbox.answers"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.empty }

local HOUR = 3600

-- Those that wait for an owner, newest first:
-- { id, hours ago, type, category, text, status }.
local MESSAGES = {
  { "40000000-0000-4000-8000-000000000001", 0.5, "PriceAlert", "Trading",
    "AAPL is at your price.", "New" },
  { "40000000-0000-4000-8000-000000000002", 4, "NewCopier", "Social",
    "tidewatcher started to copy you.", "New" },
  { "40000000-0000-4000-8000-000000000003", 26, "Comment", "Social",
    "harborlight answered you.", "Seen" },
  { "40000000-0000-4000-8000-000000000004", 70, "Deposit", "Money",
    "Your deposit is there.", "Read" },
}

local function messages_of(ctx)
  local owner, now = ctx.caller.owner, ctx.box:now()
  if owner.notifications then return owner.notifications end
  local out = {}
  for i, row in ipairs(MESSAGES) do
    out[i] = { id = row[1], published = now - row[2] * HOUR, kind = row[3],
      category = row[4], text = row[5], status = row[6] }
  end
  owner.notifications = out
  return out
end

local READ = "GET /api/v1/notifications/messages"

local function show(message)
  return { messageId = message.id, correlationId = message.id,
    notificationType = message.kind, message = message.text,
    readStatus = message.status, publishDate = times.format(message.published),
    subCategory = message.kind, category = message.category,
    rtlLanguage = false }
end

handlers[READ] = function(ctx)
  local list, new = messages_of(ctx), 0
  for _, message in ipairs(list) do
    if message.status == "New" then new = new + 1 end
  end
  return reply.new(200, answers.body(ctx.box, READ, {
    messages = reply.each(list, show), meta = { notSeen = new } }))
end

handlers["PATCH /api/v1/notifications/messages"] = function(ctx)
  for _, message in ipairs(messages_of(ctx)) do message.status = "Read" end
  return reply.new(204)
end

return M
