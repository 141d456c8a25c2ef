-- Posts: writing, sharing, polls, and what one can do to a post.

local ceilings = require "etoro.sandbox.ceilings"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local wall = require "etoro.sandbox.social.wall"
local times = require "etoro.values.times"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.empty,
  statuses = { body = 422, path = 404 } }

-- The post of the path.
local function find(ctx)
  local post = wall.state(ctx.box).by_id[ctx.args.postId]
  if not post or post.deleted then reply.refuse(404) end
  return post
end
M.find = find

-- The same, of the caller's own.
local function find_own(ctx)
  local post = find(ctx)
  if post.owner ~= ctx.caller.owner then reply.refuse(403) end
  return post
end

local function given(text)
  return text ~= nil and text ~= ""
end

local function has_content(body)
  return given(body.message) or body.attachments and #body.attachments > 0
end

local function create(ctx)
  if not has_content(ctx.body) then return reply.new(422) end
  local post = wall.add_post(ctx, { text = ctx.body.message or "",
    attachments = ctx.body.attachments })
  return reply.new(201, wall.post(ctx, post))
end
handlers["POST /api/v1/posts"] = create
handlers["POST /api/v1/feeds/post"] = create

handlers["POST /api/v1/posts/polls"] = function(ctx)
  local wanted = ctx.body.poll
  if not given(ctx.body.message) or not given(wanted.title) then
    return reply.new(422)
  end
  local texts = {}
  table.sort(wanted.options, function(a, b) return a.index < b.index end)
  for i, option in ipairs(wanted.options) do
    if option.index ~= i or not given(option.text) then
      return reply.new(422)
    end
    texts[i] = option.text
  end
  local state = wall.state(ctx.box)
  state.polls = state.polls + 1
  local post = wall.add_post(ctx, { text = ctx.body.message, kind = "Poll",
    attachments = ctx.body.attachments,
    poll = wall.new_poll(state.polls, wanted.title, texts) })
  return reply.new(201, wall.post(ctx, post))
end

handlers["POST /api/v1/posts/shares"] = function(ctx)
  local posts = wall.state(ctx.box).by_id
  local origin = posts[ctx.body.sharedOriginDiscussion]
  local direct = posts[ctx.body.sharedDiscussionId
    or ctx.body.sharedOriginDiscussion]
  if not origin or origin.deleted or not direct or direct.deleted then
    return reply.new(404)
  end
  local post = wall.add_post(ctx, { text = ctx.body.message,
    kind = "Share", attachments = ctx.body.attachments, shared = direct,
    origin = origin })
  origin.shares[#origin.shares + 1] = post
  return reply.new(201, wall.post(ctx, post))
end

handlers["GET /api/v1/posts/{postId}"] = function(ctx)
  local post = find(ctx)
  return reply.new(200, wall.discussion(ctx, post, ctx.args.take))
end

handlers["PUT /api/v1/posts/{postId}"] = function(ctx)
  local post = find_own(ctx)
  if not has_content(ctx.body) then return reply.new(422) end
  wall.edit(ctx, post)
  return reply.new(200, wall.post(ctx, post))
end

handlers["DELETE /api/v1/posts/{postId}"] = function(ctx)
  local post = find_own(ctx)
  wall.blank(ctx, post)
  return reply.new(204)
end

handlers["GET /api/v1/posts/{postId}/shares"] = function(ctx)
  local post = find(ctx)
  local page, paging = wall.page(ctx, post.shares)
  return reply.new(200, { paging = paging,
    postShares = reply.each(page, function(share)
      return { shareReactionId = share.id, owner = wall.user(share.owner),
        createdAt = times.format(share.created) }
    end) })
end

-- The pairs of POST and DELETE that end in the same state however often they
-- come: `set` gets ctx, the post, and whether it is to be or not.
local function mark(name, lookup, set)
  for method, on in pairs { POST = true, DELETE = false } do
    handlers[method .. " /api/v1/posts/{postId}/" .. name] = function(ctx)
      local post = lookup(ctx)
      set(ctx, post, on)
      return reply.new(204)
    end
  end
end

-- A number that grows with every mark: the order in which they were made.
local function next_mark(ctx)
  local state = wall.state(ctx.box)
  state.marks = (state.marks or 0) + 1
  return state.marks
end

mark("likes", find, function(ctx, post, on)
  if on then
    wall.like(ctx.box, post, ctx.caller.owner)
  else
    wall.unlike(post, ctx.caller.owner)
  end
end)

mark("follows", find, function(ctx, post, on)
  post.followed[ctx.caller.owner] = on or nil
end)

mark("saves", find, function(ctx, post, on)
  local owner = ctx.caller.owner
  post.saved[owner] = on and (post.saved[owner] or next_mark(ctx)) or nil
end)

mark("pins", find_own, function(ctx, post, on)
  post.pinned = on and (post.pinned or next_mark(ctx)) or nil
end)

-- poll, option, post
local function find_option(ctx)
  local post = find(ctx)
  local poll = post.poll
  if not poll or poll.id ~= ctx.args.pollId then reply.refuse(422) end
  for _, option in ipairs(poll.options) do
    if option.id == ctx.args.optionId then return poll, option, post end
  end
  reply.refuse(404)
end

local VOTES = " /api/v1/posts/{postId}/polls/{pollId}/options/{optionId}/votes"

-- One vote each, and none on one's own poll.
handlers["POST" .. VOTES] = function(ctx)
  local poll, option, post = find_option(ctx)
  local user = ctx.caller.owner
  local earlier = poll.votes[user]
  if post.owner == user or earlier and earlier ~= option.id then
    return reply.new(422)
  end
  poll.votes[user] = option.id
  return reply.new(202)
end

handlers["DELETE" .. VOTES] = function(ctx)
  local poll, option = find_option(ctx)
  local user = ctx.caller.owner
  if poll.votes[user] == option.id then poll.votes[user] = nil end
  return reply.new(202)
end

-- The bytes of the part named "file" of a multipart body.
local function file_of(request)
  local kind = request.headers["content-type"] or ""
  local boundary = kind:match('^multipart/form%-data;.*boundary="?([^";]+)')
  if not boundary then return nil end
  local text, mark_text = "\r\n" .. request.body, "\r\n--" .. boundary
  local from = 1
  while true do
    local _, at = text:find(mark_text, from, true)
    local stop = at and text:find(mark_text, at, true)
    if not stop then return nil end
    local head, start = text:match("^(.-)\r\n\r\n()", at + 1)
    if head and start <= stop and head:find('[; ]name="file"') then
      return text:sub(start, stop - 1)
    end
    from = stop
  end
end

local function size_of(bytes) -- width, height; 0 where it does not say
  if bytes:sub(13, 16) ~= "IHDR" or #bytes < 24 then return 0, 0 end
  local width, height = (">I4I4"):unpack(bytes, 17)
  return width, height
end

handlers["POST /api/v1/attachments"] = function(ctx)
  local bytes = file_of(ctx.request)
  if not bytes or bytes == "" then return reply.new(400) end
  local ending = bytes:sub(1, 8) == "\137PNG\r\n\26\n" and "png"
    or bytes:sub(1, 3) == "\255\216\255" and "jpg"
  if not ending or #bytes > ceilings.box_upload_max then
    return reply.new(422)
  end
  local url = ("https://example.org/media/%s.%s"):format(ctx.box.rng:uuid(),
    ending)
  local width, height = size_of(bytes)
  return reply.new(200, { url = url, title = "", host = "example.org",
    description = "", mediaType = "Image",
    media = { image = { width = width, height = height, url = url } } })
end

return M
