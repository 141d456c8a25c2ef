-- Feeds: the posts of social.lua, chosen and in pages.

local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local wall = require "etoro.sandbox.social.wall"

local tostring = core.text -- not up to the locale

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

-- The posts that `wanted` says yes to, newest first.
local function choose(ctx, wanted)
  local out = {}
  for _, post in ipairs(wall.state(ctx.box).posts) do
    if not post.deleted and wanted(post) then out[#out + 1] = post end
  end
  return out
end

local function show(ctx, posts, name)
  local args = ctx.args
  local offset, take = args.offset or 0, args.take or #posts
  local comments = args.reactionsPageSize or ceilings.box_comments_shown
  local out = { metadata = { streamType = name, designatedStreamType = name,
    experimentName = "" }, paging = { offSet = offset, take = take },
    discussions = reply.page(posts, offset, take, function(post)
      return wall.discussion(ctx, post, comments)
    end) }
  if offset + take < #posts then
    -- as on the real service, the path is not the call's own
    out.paging.next = ("/api/v1/reactions/feed?offset=%d&take=%d"):format(
      offset + take, take)
  end
  return reply.new(200, out)
end

handlers["GET /api/v1/feeds/for-you"] = function(ctx)
  return show(ctx, choose(ctx, function() return true end), "ForYou")
end

-- Everybody follows everybody.
handlers["GET /api/v1/feeds/following"] = function(ctx)
  return show(ctx, choose(ctx, function(post)
    return post.owner ~= ctx.caller.owner
  end), "Following")
end

handlers["GET /api/v1/feeds/news"] = function(ctx)
  return show(ctx, choose(ctx, function(post)
    return post.news or #post.markets > 0
  end), "News")
end

-- Posts in the order of what `key` gives for them, the latest first.
local function latest(ctx, key)
  local posts = choose(ctx, function(post) return key(post) ~= nil end)
  table.sort(posts, function(a, b) return core.before(key(b), key(a)) end)
  return posts
end

handlers["GET /api/v1/feeds/saved"] = function(ctx)
  return show(ctx, latest(ctx, function(post)
    return post.saved[ctx.caller.owner]
  end), "Saved")
end

local function of_user(ctx)
  return show(ctx, choose(ctx, function(post)
    return post.owner.gcid == ctx.args.userId
  end), "User")
end
handlers["GET /api/v1/feeds/user/{userId}"] = of_user
handlers["GET /api/v1/feeds/users/{userId}"] = of_user

handlers["GET /api/v1/feeds/users/{userId}/pinned"] = function(ctx)
  return show(ctx, latest(ctx, function(post)
    if post.owner.gcid == ctx.args.userId then return post.pinned end
  end), "Pinned")
end

local function of_market(ctx)
  local wanted = tostring(ctx.args.marketId)
  return show(ctx, choose(ctx, function(post)
    for _, instrument in ipairs(post.markets) do
      if ("%d"):format(instrument.instrumentID) == wanted then return true end
    end
  end), "Market")
end
handlers["GET /api/v1/feeds/instrument/{marketId}"] = of_market
handlers["GET /api/v1/feeds/markets/{marketId}"] = of_market

return M
