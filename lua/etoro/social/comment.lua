-- Comments on a post, and replies to a comment.

local answers = require "etoro.resource.answers"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local resource = require "etoro.resource"

local COMMENT = "/api/v1/posts/{postId}/comments/{commentId}"
local REPLIES = COMMENT .. "/replies"
local REPLY = REPLIES .. "/{replyId}"
local OF_COMMENT = {
  update = operations["PUT " .. COMMENT],
  delete = operations["DELETE " .. COMMENT],
  like = operations["POST " .. COMMENT .. "/likes"],
  unlike = operations["DELETE " .. COMMENT .. "/likes"],
}
local OF_REPLY = {
  update = operations["PUT " .. REPLY],
  delete = operations["DELETE " .. REPLY],
  like = operations["POST " .. REPLY .. "/likes"],
  unlike = operations["DELETE " .. REPLY .. "/likes"],
}

---@class etoro.NewComment
---@field message string up to 500 characters
---@field attachments? table[] such as client.posts:upload gives

---@class etoro.CommentPage
---@field take? integer items a page, 1 to 100; 20
---@field order? "Asc"|"Desc" of time; default "Desc"
---@field offsetEntityId? string where to start
---@field badgesExperimentIsEnabled? boolean

--- A reply to a comment. Fields as the API names them.
---@class etoro.Reply
---@field entity table id, owner, message, created, parent and more
---@field emotionsData? table
---@field requesterContext? table
---@field [string] any what else the API tells, in any spelling
local both = {}
local reply_mt = { __name = "etoro.reply", __index = both }

--- A comment on a post. Fields as the API names them.
---@class etoro.Comment: etoro.Reply
---@field repliesCount? integer
---@field replies? table[] the first of them, plain; see each_reply
---@field [string] any what else the API tells, in any spelling
local methods = {}
local mt = { __name = "etoro.comment", __index = methods }
local M = {}

-- Where an entity is not wrapped its id stands beside the rest.
local function id_of(item)
  local id = answers.at(item, "entity.id")
  if id == nil then id = item.id end
  return type(id) == "string" and id or nil
end

--- Makes a comment of an item in an answer, in place.
---@param item any
---@param client etoro.Client
---@param post table linked
---@param post_id string
---@return etoro.Comment
function M.wrap(item, client, post, post_id)
  if type(item) ~= "table" then return item end
  links.link(item, client, post,
    { postId = post_id, commentId = id_of(item) })
  return setmetatable(item, mt)
end

local function wrap_reply(item, client, comment, ids)
  if type(item) ~= "table" then return item end
  links.link(item, client, comment, { postId = ids.postId,
    commentId = ids.commentId, replyId = id_of(item) })
  return setmetatable(item, reply_mt)
end

-- The client of a method's self with a copy of its ids; nil, err when it is
-- gone, or came without an id.
local function alive(self, what)
  local link, err = resource.alive(self, what)
  if not link then return nil, err end
  local params = resource.with(link.ids, {})
  if not params.commentId
      or getmetatable(self) == reply_mt and not params.replyId then
    return nil, errors.unexpected("the API gave this comment no id")
  end
  return link.client, params
end

local function act(self, name, body, options)
  local client, params = alive(self, "comment:" .. name)
  if not client then return nil, params end
  params.body = body
  local ops = getmetatable(self) == reply_mt and OF_REPLY or OF_COMMENT
  return resource.send(client, ops[name], params, options)
end

--- Changes its text or attachments, and shows the answer in the table (portal:
--- Comments and Replies, Update a Comment; Update a Reply).
---@param fields { message?: string, attachments?: table[] }
---@param options? etoro.RequestOptions
---@return etoro.Comment? comment the table itself
---@return etoro.Response|etoro.Error
function both:update(fields, options)
  local body, response = act(self, "update", M.fields(fields), options)
  if body == nil then return nil, response end
  if type(body) == "table" then
    for name, value in pairs(body) do self[name] = value end
  end
  return self, response
end

--- Deletes it (portal: Comments and Replies, Soft Delete a Comment; Soft
--- Delete a Reply). Any further use of the table is an error.
---@param options? etoro.RequestOptions
---@return true? deleted
---@return etoro.Response|etoro.Error
function both:delete(options)
  local body, response = act(self, "delete", nil, options)
  if body == nil then return nil, response end
  links.finish(self, "deleted", "comment")
  return true, response
end

--- Likes it (portal: Likes, Like a Comment; Like a Reply).
---@param options? etoro.RequestOptions
---@return true? liked
---@return etoro.Response|etoro.Error
function both:like(options)
  local body, response = act(self, "like", {}, options)
  if body == nil then return nil, response end
  return true, response
end

--- Takes the like back (portal: Likes, Unlike a Comment; Unlike a Reply).
---@param options? etoro.RequestOptions
---@return true? done
---@return etoro.Response|etoro.Error
function both:unlike(options)
  local body, response = act(self, "unlike", nil, options)
  if body == nil then return nil, response end
  return true, response
end

for name, method in pairs(both) do methods[name] = method end

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

resource.rows(methods, "comment", {
  --- Replies to it (portal: Comments and Replies, Create a Reply).
  ---@param fields etoro.NewComment|string a string is the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Reply? reply
  ---@return etoro.Response|etoro.Error
  reply = { "POST " .. REPLIES, { "body", M.fields }, wrap = wrap_reply },

  --- Goes through the replies to it, page by page (portal: Comments and Replies,
  --- List Replies on a Comment). The iterator raises the error object when a
  --- page fails.
  ---@param params? etoro.CommentPage and limit: the most replies to give
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
}, alive)

return M
