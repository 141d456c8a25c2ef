-- What users wrote to each other: posts, comments and replies with their
-- likes, shared by all callers of a box, and how the answers show them.

local assets = require "etoro.sandbox.market.assets"
local ceilings = require "etoro.sandbox.ceilings"
local social_fixture = require "etoro.sandbox.social.fixture"
local json = require "etoro.values.json"
local people_fixture = require "etoro.sandbox.people.fixture"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local M = {}

local HOUR = 3600

local function attach_markets(box, node)
  node.markets = {}
  for symbol in node.text:gmatch("%$([A-Za-z0-9.%-]+)") do
    local instrument = assets.by_symbol(box, symbol)
      or assets.by_symbol(box, (symbol:gsub("%.$", "")))
    if instrument then node.markets[#node.markets + 1] = instrument end
  end
end

local function new_node(box, fields)
  fields.id = fields.id or box.rng:uuid()
  fields.created = fields.created or box:now()
  fields.likes, fields.language = {}, "en"
  fields.attachments = fields.attachments or json.list()
  attach_markets(box, fields)
  return fields
end

-- A node of the fixture: { id, author, hours ago, text }.
local function old_node(box, row)
  local node = new_node(box, { id = row[1], owner = people_fixture.by_id(row[2]),
    created = box:now() - row[3] * HOUR, text = row[4] })
  for _, gcid in ipairs(row.likes or {}) do
    M.like(box, node, people_fixture.by_id(gcid))
  end
  return node
end

local function new_post(state, node)
  node.comments, node.shares, node.saved, node.followed = {}, {}, {}, {}
  table.insert(state.posts, 1, node)
  state.by_id[node.id] = node
  return node
end

local function add_old_post(box, state, row)
  local post = new_post(state, old_node(box, row))
  post.news, post.kind = row.news, row.kind or row.poll and "Poll"
    or "Default"
  post.metadata = row.metadata
  if row.poll then
    post.poll = M.new_poll(row.poll.id, row.poll.title, row.poll.options)
  end
  for _, row_of_comment in ipairs(row.comments or {}) do
    local comment = old_node(box, row_of_comment)
    M.add_comment(post, comment)
    for _, answer in ipairs(row_of_comment.replies or {}) do
      M.add_reply(comment, old_node(box, answer))
    end
  end
end

--- The posts of a box, newest first, and by id.
function M.state(box)
  local state = box.areas.social
  if state then return state end
  state = { posts = {}, by_id = {}, polls = 8000 }
  box.areas.social = state
  local old = social_fixture.posts
  for i = #old, 1, -1 do add_old_post(box, state, old[i]) end
  return state
end

function M.new_poll(id, title, texts)
  local poll = { id = id, title = title, options = {}, votes = {} }
  for i, text in ipairs(texts) do
    poll.options[i] = { id = id * 10 + i, text = text }
  end
  return poll
end

--- Makes a post of the caller's; fields: text, kind, attachments, ...
function M.add_post(ctx, fields)
  fields.owner = ctx.caller.owner
  fields.kind = fields.kind or "Default"
  return new_post(M.state(ctx.box), new_node(ctx.box, fields))
end

function M.add_comment(post, node)
  node.replies, node.parent, node.parent_kind = {}, post, "Post"
  post.comments[#post.comments + 1] = node
  return node
end

function M.add_reply(comment, node)
  node.parent, node.parent_kind = comment, "Comment"
  comment.replies[#comment.replies + 1] = node
  return node
end

--- Makes a comment or reply of the caller's.
function M.new_node(ctx)
  return new_node(ctx.box, { owner = ctx.caller.owner,
    text = ctx.body.message, attachments = ctx.body.attachments })
end

--- Writes a node anew.
function M.edit(ctx, node)
  local body = ctx.body
  node.text = body.message or node.text
  node.attachments = body.attachments or node.attachments
  node.updated, node.edited = ctx.box:now(), true
  attach_markets(ctx.box, node)
end

--- Keeps the place of a node, and empties it.
function M.blank(ctx, node)
  node.deleted, node.updated = true, ctx.box:now()
  node.text, node.attachments, node.markets = "", json.list(), {}
end

function M.like(box, node, user)
  for _, like in ipairs(node.likes) do
    if like.owner == user then return end
  end
  node.likes[#node.likes + 1] = { id = box.rng:uuid(), owner = user,
    created = box:now() }
end

function M.unlike(node, user)
  for i, like in ipairs(node.likes) do
    if like.owner == user then return table.remove(node.likes, i) end
  end
end

function M.user(user)
  local id = ("%d"):format(user.gcid)
  local roles = json.list { "Regular" }
  if user.level and user.level > 0 then roles[2] = "PI" end
  return {
    id = id, username = user.username, firstName = user.first_name,
    lastName = user.last_name, avatar = assets.avatar("people", id),
    roles = roles, isBlocked = false, isPrivate = false,
    countryCode = user.country or 0, piLevel = user.level or 0,
  }
end

local ASSET_TYPES = { "FOREX", "CommodityMetals", "CFD", "Index", "Stocks",
  "ETF", [10] = "CryptoCoin" }

local function tags(node)
  return reply.each(node.markets, function(instrument)
    local market = assets.market(instrument)
    return { market = {
      id = market.id, symbolName = market.symbolName,
      displayName = market.displayName, avatar = market.avatar,
      assetType = ASSET_TYPES[instrument.instrumentTypeID] or "CFD",
      internalId = instrument.instrumentID, application = "eToro",
      assetTypeId = market.assetTypeId,
    } }
  end)
end

local function entity(node)
  return {
    id = node.id, owner = M.user(node.owner), obsoleteId = node.id,
    message = { text = node.text, languageCode = node.language },
    created = times.format(node.created),
    updated = node.updated and times.format(node.updated) or json.null,
    isDeleted = node.deleted == true, isSpam = false,
    editStatus = node.edited and "Edited" or "None",
    attachments = json.list(node.attachments), tags = tags(node),
    mentions = json.list(),
  }
end

local function show_poll(ctx, poll, owner)
  local out = { id = poll.id, title = poll.title, gcid = owner.gcid,
    options = json.list() }
  for i, option in ipairs(poll.options) do
    local count = 0
    for _, voted in pairs(poll.votes) do
      if voted == option.id then count = count + 1 end
    end
    out.options[i] = { id = option.id, index = i, text = option.text,
      isUserVoted = poll.votes[ctx.caller.owner] == option.id,
      votesCount = count }
  end
  return out
end

--- A post without what others did to it.
function M.post(ctx, post)
  local out = entity(post)
  out.type, out.metadata = post.kind, post.metadata or {}
  if post.poll then
    out.metadata.poll = show_poll(ctx, post.poll, post.owner)
  elseif post.shared then
    out.metadata.share = { sharedPost = M.post(ctx, post.shared),
      sharedOriginPost = M.post(ctx, post.origin) }
  end
  return out
end

local function emotions(node)
  local out = reply.each(node.likes, function(like)
    return { type = "Like", id = like.id, owner = M.user(like.owner),
      obsoleteId = like.id, created = times.format(like.created),
      parent = { id = node.id, obsoleteId = node.id,
        type = node.parent_kind and (node.replies and "Comment" or "Reply")
          or "Post" } }
  end)
  return { like = { paging = { totalCount = #out }, emotions = out } }
end

local function is_liking(user, node)
  for _, like in ipairs(node.likes) do
    if like.owner == user then return true end
  end
  return false
end

local function context(ctx, node)
  local user = ctx.caller.owner
  return {
    isOwner = node.owner == user, isFlaggingAsSpam = false,
    isSubscribed = false, isLiking = is_liking(user, node), isSaved = false,
    isPinned = false, isRequesterBlocking = false,
    isInteractionRestricted = false,
  }
end

--- A comment or reply with what others did to it.
function M.comment(ctx, node)
  local shown = entity(node)
  shown.parent = { id = node.parent.id, obsoleteId = node.parent.id,
    type = node.parent_kind }
  local replies = json.list()
  for i = 1, math.min(ceilings.box_replies_shown, #(node.replies or {})) do
    replies[i] = M.comment(ctx, node.replies[i])
  end
  return { entity = shown, repliesCount = #(node.replies or {}),
    replies = replies, emotionsData = emotions(node),
    requesterContext = context(ctx, node) }
end

local function count_below(post)
  local count = 0
  for _, comment in ipairs(post.comments) do
    if not comment.deleted then count = count + 1 end
    for _, answer in ipairs(comment.replies) do
      if not answer.deleted then count = count + 1 end
    end
  end
  return count
end

--- A post with what others did to it and its latest comments, at most `size`.
function M.discussion(ctx, post, size)
  local user = ctx.caller.owner
  local who = context(ctx, post)
  who.isSaved = post.saved[user] ~= nil
  who.isPinned = post.pinned ~= nil
  who.isFollowing = post.followed[user] == true
  local comments = json.list()
  for i = #post.comments, math.max(1, #post.comments - size + 1), -1 do
    comments[#comments + 1] = M.comment(ctx, post.comments[i])
  end
  return {
    id = post.id, post = M.post(ctx, post), requesterContext = who,
    commentsData = { reactionPaging = { totalCount = #post.comments },
      comments = comments },
    emotionsData = emotions(post),
    summary = { totalCommentsAndReplies = count_below(post),
      sharedCount = #post.shares },
    reason = json.null,
  }
end

--- A page of a list by ctx.args' take, offsetEntityId and order: its entries
--- and { totalCount, offsetEntityId?, next? }; refused when it has not that id.
--- The list is oldest first; entries have an id.
function M.page(ctx, list)
  local args, ordered = ctx.args, list
  if args.order == "Desc" then
    ordered = {}
    for i = #list, 1, -1 do ordered[#ordered + 1] = list[i] end
  end
  local start = 0
  if args.offsetEntityId then
    local _, at = reply.find(ordered, args.offsetEntityId)
    start = at or reply.refuse(400)
  end
  local page = table.move(ordered, start + 1,
    math.min(start + args.take, #ordered), 1, {})
  local paging = { totalCount = #list }
  if start + args.take < #ordered then
    paging.offsetEntityId = page[#page].id
    -- as on the real service, the path is not the call's own
    paging.next = ("/api/v1/reactions?take=%d&offsetEntityId=%s"):format(
      args.take, paging.offsetEntityId)
  end
  return page, paging
end

return M
