-- Comments on a post, and replies to a comment.

local answers = require "etoro.resource.answers"
local links = require "etoro.resource.links"
local objects = require "etoro.resource.objects"
local resource = require "etoro.resource"

local COMMENT = "/api/v1/posts/{postId}/comments/{commentId}"
local REPLIES = COMMENT .. "/replies"
local REPLY = REPLIES .. "/{replyId}"

---@class etoro.NewComment
---@field message string up to 500 characters
---@field attachments? table[] such as client.posts:upload gives

---@class etoro.CommentPage
---@field take? integer items a page, 1 to 100; 20
---@field limit? integer of iterators: the most items to give
---@field client_request_id? string of post:each_share: UUID
---@field order? "Asc"|"Desc" of time; default "Desc"
---@field offsetEntityId? string where to start
---@field badgesExperimentIsEnabled? boolean

--- A reply to a comment. Fields as the API names them.
---@class etoro.Reply
---@field entity table id, owner, message, created, parent and more
---@field emotionsData? table
---@field requesterContext? table
---@field [string] any what else the API tells, in any spelling
local replies = {}
local reply = objects.kind("reply", replies,
  { "postId", "commentId", "replyId" }, "comment no id")

--- A comment on a post. Fields as the API names them.
---@class etoro.Comment: etoro.Reply
---@field repliesCount? integer
---@field replies? table[] the first of them, plain; see each_reply
---@field [string] any what else the API tells, in any spelling
local methods = {}
local comment = objects.kind("comment", methods, { "postId", "commentId" },
  "comment no id")
local M = {}

-- Where an entity is not wrapped its id stands beside the rest.
local function id_of(item)
  local id = answers.at(item, "entity.id")
  if id == nil then id = answers.at(item, "id") end
  return type(id) == "string" and id or nil
end

--- Makes a comment of an item in an answer, in place.
---@param item any
---@param client etoro.Client
---@param post table linked
---@param post_id string
---@return etoro.Comment
function M.wrap(item, client, post, post_id)
  return comment.wrap_in(item, client, post,
    { postId = post_id, commentId = id_of(item) })
end

local function wrap_reply(item, client, parent, ids)
  return reply.wrap_in(item, client, parent, { postId = ids.postId,
    commentId = ids.commentId, replyId = id_of(item) })
end

--- Fields of a new text; a bare string is the message.
---@param fields any
---@return any
function M.fields(fields)
  if type(fields) == "string" then return { message = fields } end
  return fields
end

--- A comment by its id, without reading it: see post:comment_by_id.
function M.by_id(id, client, post, post_id)
  return M.wrap({ entity = { id = id } }, client, post, post_id)
end

--- A reply by its id, without reading it: for a call on one that is known
--- already.
---@param id string
---@return etoro.Reply reply holds its entity.id alone
function methods:reply_by_id(id)
  local link = links.of(self, "comment:reply_by_id")
  resource.check_id("reply", id, "string")
  return wrap_reply({ entity = { id = id } }, link.client, self, link.ids)
end

local function show_update(self, _, answer)
  for name, value in pairs(type(answer) == "table" and answer or {}) do
    self[name] = value
  end
end

resource.rows(replies, "reply", {
  --- Changes its text or attachments, and shows the answer in the table (portal:
  --- Comments and Replies, Update a Reply).
  ---@param fields { message?: string, attachments?: table[] }
  ---@param options? etoro.RequestOptions
  ---@return etoro.Reply? reply the table itself
  ---@return etoro.Response|etoro.Error
  update = { "PUT " .. REPLY, { "body", M.fields }, changes = show_update },

  --- Deletes it (portal: Comments and Replies, Soft Delete a Reply). Any further
  --- use of the table is an error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. REPLY, ends = "comment" },

  --- Likes it (portal: Likes, Like a Reply).
  ---@param options? etoro.RequestOptions
  ---@return true? liked
  ---@return etoro.Response|etoro.Error
  like = { "POST " .. REPLY .. "/likes", default = { body = {} },
    done = true },

  --- Takes the like back (portal: Likes, Unlike a Reply).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unlike = { "DELETE " .. REPLY .. "/likes", done = true },
}, reply.alive)

resource.rows(methods, "comment", {
  --- Changes its text or attachments, and shows the answer in the table (portal:
  --- Comments and Replies, Update a Comment).
  ---@param fields { message?: string, attachments?: table[] }
  ---@param options? etoro.RequestOptions
  ---@return etoro.Comment? comment the table itself
  ---@return etoro.Response|etoro.Error
  update = { "PUT " .. COMMENT, { "body", M.fields }, changes = show_update },

  --- Deletes it (portal: Comments and Replies, Soft Delete a Comment). Any further
  --- use of the table is an error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. COMMENT, ends = "comment" },

  --- Likes it (portal: Likes, Like a Comment).
  ---@param options? etoro.RequestOptions
  ---@return true? liked
  ---@return etoro.Response|etoro.Error
  like = { "POST " .. COMMENT .. "/likes", default = { body = {} },
    done = true },

  --- Takes the like back (portal: Likes, Unlike a Comment).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unlike = { "DELETE " .. COMMENT .. "/likes", done = true },

  --- Replies to it (portal: Comments and Replies, Create a Reply).
  ---@param fields etoro.NewComment|string a string is the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Reply? reply
  ---@return etoro.Response|etoro.Error
  reply = { "POST " .. REPLIES, { "body", M.fields }, wrap = wrap_reply },

  --- Goes through the replies to it, page by page (portal: Comments and Replies,
  --- List Replies on a Comment). The iterator raises the error object when a
  --- page fails.
  ---@param params? etoro.CommentPage
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.Reply?
  each_reply = { "GET " .. REPLIES, "params", each = true, wrap = wrap_reply },

  --- Reads one page of the replies to it.
  ---@param params? etoro.CommentPage
  ---@param options? etoro.RequestOptions
  ---@return etoro.Reply[]? replies
  ---@return etoro.Response|etoro.Error with meta.reactionPaging
  page_of_replies = { "GET " .. REPLIES, "params", page = true,
    wrap = wrap_reply },
}, comment.alive)

return M
