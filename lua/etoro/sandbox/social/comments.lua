-- Comments on posts, and replies to comments.

local posts = require "etoro.sandbox.social.posts"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local wall = require "etoro.sandbox.social.wall"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.empty,
  statuses = { body = 422, path = 404 } }

local COMMENTS = " /api/v1/posts/{postId}/comments"
local COMMENT = COMMENTS .. "/{commentId}"
local REPLIES = COMMENT .. "/replies"
local REPLY = REPLIES .. "/{replyId}"

local function find_comment(ctx)
  return reply.find(posts.find(ctx).comments, ctx.args.commentId)
    or reply.refuse(404)
end

local function find_reply(ctx)
  return reply.find(find_comment(ctx).replies, ctx.args.replyId)
    or reply.refuse(404)
end

local function find_own(ctx, find)
  local node = find(ctx)
  if node.deleted then reply.refuse(404) end
  if node.owner ~= ctx.caller.owner then reply.refuse(403) end
  return node
end

local function create(find, add)
  return function(ctx)
    local parent = find(ctx)
    if ctx.body.message == "" then return reply.new(422) end
    local node = add(parent, wall.new_node(ctx))
    return reply.new(201, wall.comment(ctx, node))
  end
end

local function list(find, field)
  return function(ctx)
    local parent = find(ctx)
    local page, paging = wall.page(ctx, parent[field])
    return reply.new(200, { reactionPaging = paging,
      comments = reply.each(page, function(node)
        return wall.comment(ctx, node)
      end) })
  end
end

handlers["POST" .. COMMENTS] = create(posts.find, wall.add_comment)
handlers["POST /api/v1/reactions/{postId}/comment"] =
  handlers["POST" .. COMMENTS]
handlers["GET" .. COMMENTS] = list(posts.find, "comments")
handlers["POST" .. REPLIES] = create(find_comment, wall.add_reply)
handlers["GET" .. REPLIES] = list(find_comment, "replies")

-- What comments and replies have in common.
for path, find in pairs { [COMMENT] = find_comment, [REPLY] = find_reply } do
  handlers["PUT" .. path] = function(ctx)
    local node = find_own(ctx, find)
    if ctx.body.message == "" then return reply.new(422) end
    wall.edit(ctx, node)
    return reply.new(200, wall.comment(ctx, node))
  end

  handlers["DELETE" .. path] = function(ctx)
    local node = find_own(ctx, find)
    wall.blank(ctx, node)
    return reply.new(204)
  end

  handlers["POST" .. path .. "/likes"] = function(ctx)
    local node = find(ctx)
    wall.like(ctx.box, node, ctx.caller.owner)
    return reply.new(204)
  end

  handlers["DELETE" .. path .. "/likes"] = function(ctx)
    local node = find(ctx)
    wall.unlike(node, ctx.caller.owner)
    return reply.new(204)
  end
end

return M
