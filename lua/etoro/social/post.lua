-- A post in the social feeds.

local answers = require "etoro.resource.answers"
local batches = require "etoro.resource.batches"
local comment = require "etoro.social.comment"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local pages = require "etoro.resource.pages"
local resource = require "etoro.resource"

local POST = "/api/v1/posts/{postId}"
local VOTES = POST .. "/polls/{pollId}/options/{optionId}/votes"
local UPDATE = operations["PUT " .. POST]
local SHARE = operations["POST /api/v1/posts/shares"]
local SHARES = operations["GET " .. POST .. "/shares"]
local VOTE = operations["POST " .. VOTES]
local UNVOTE = operations["DELETE " .. VOTES]

---@class etoro.NewShare
---@field message string
---@field sharedDiscussionId? string
---@field attachments? table[]

---@class etoro.Share: etoro.api.SharesResponsePostShare
---@field [string] any what else the API tells, in any spelling

--- A post. Feeds and posts:get give it with what stands around it (the post
--- itself in `post`), calls that write one give the post alone: fields as the
--- API names them.
---@class etoro.Post
---@field id string UUID
---@field post? table owner, message, created, attachments, metadata and more
---@field commentsData? table the first comments, plain; see each_comment
---@field emotionsData? table
---@field requesterContext? table isOwner, isLiking, isSaved and more
---@field summary? table totalCommentsAndReplies, sharedCount
---@field message? { text: string, languageCode: string }
---@field owner? table
---@field created? string ISO 8601
---@field metadata? table of a poll, share, trade or other kind of post
---@field [string] any what else the API tells, in any spelling
local methods = {}
local mt = { __name = "etoro.post", __index = methods }
local M = {}

local function id_of(item)
  local id = item.id
  if id == nil then id = answers.at(item, "post.id") end
  return type(id) == "string" and id or nil
end

--- Makes a post of an item in an answer, in place.
---@param item any
---@param client etoro.Client
---@return etoro.Post
function M.wrap(item, client)
  if type(item) ~= "table" then return item end
  links.link(item, client, nil, { postId = id_of(item) })
  return setmetatable(item, mt)
end

-- The client of a method's self and parameters with its id; nil, err when it
-- is gone, or came without an id.
local function alive(self, what, params)
  local link, err = resource.alive(self, what)
  if not link then return nil, err end
  if not link.ids.postId then
    return nil, errors.unexpected("the API gave this post no id")
  end
  return link.client, resource.with(params, link.ids)
end

local function wrap_comment(item, client, self, params)
  return comment.wrap(item, client, self, params.postId)
end

-- What an update changed: in the post, wherever the table has it.
local function show_update(post, changed)
  if type(changed) ~= "table" then return end
  local target = type(post.post) == "table" and post.post or post
  for name, value in pairs(changed) do target[name] = value end
end

--- Changes its text or attachments, and shows the answer in the table (portal:
--- Posts, Update an Existing Post).
---@param fields { message?: string, attachments?: table[] }|string a string is
---the message
---@param options? etoro.RequestOptions
---@return etoro.Post? post the table itself
---@return etoro.Response|etoro.Error
function methods:update(fields, options)
  local client, params = alive(self, "post:update", nil)
  if not client then return nil, params end
  params.body = comment.fields(fields)
  local body, response = resource.send(client, UPDATE, params, options)
  if body == nil then return nil, response end
  show_update(self, body)
  return self, response
end

--- A comment by its id, without reading it: for a call on one that is known
--- already, such as post:comment_by_id(id):like().
---@param id string
---@return etoro.Comment comment holds its entity.id alone
function methods:comment_by_id(id)
  local link = links.of(self, "post:comment_by_id")
  resource.check_id("comment", id, "string")
  return comment.by_id(id, link.client, self, link.ids.postId)
end

--- Shares it as a post of the caller's own (portal: Posts, Share a Post).
--- Where this post is a share itself, say so with sharedDiscussionId.
---@param fields etoro.NewShare|string a string is the message
---@param options? etoro.RequestOptions
---@return etoro.Post? post the new one
---@return etoro.Response|etoro.Error
function methods:share(fields, options)
  local client, params = alive(self, "post:share", nil)
  if not client then return nil, params end
  local body = resource.with(comment.fields(fields), {})
  body.sharedOriginDiscussion = body.sharedOriginDiscussion or params.postId
  local item, response = resource.object(client, SHARE, "", { body = body },
    options)
  if not item then return nil, response end
  return M.wrap(item, client), response
end

-- An id that some operations want for tracing.
local function traced(params)
  params = resource.with(params, {})
  params.client_request_id = params.client_request_id or core.uuid()
  return params
end

--- Goes through those who shared it, page by page (portal: Posts, List Shares
--- of a Post). The iterator raises the error object when a page fails.
---@param params? etoro.CommentPage with limit, client_request_id (UUID)
---@param options? etoro.RequestOptions
---@return fun(): etoro.Share?
function methods:each_share(params, options)
  local client, all = alive(self, "post:each_share", params)
  if not client then error(all, 0) end
  return pages.each(client, SHARES, traced(all), options)
end

--- Reads one page of those who shared it.
---@param params? etoro.CommentPage with client_request_id (UUID)
---@param options? etoro.RequestOptions
---@return etoro.Share[]? shares
---@return etoro.Response|etoro.Error with meta.paging
function methods:page_of_shares(params, options)
  local client, all = alive(self, "post:page_of_shares", params)
  if not client then return nil, all end
  return pages.page(client, SHARES, traced(all), options)
end

-- The poll that a post shows.
local function poll_of(post)
  return batches.id(answers.at(post, "metadata.poll.id"))
    or batches.id(answers.at(post, "post.metadata.poll.id"))
end

local function vote(self, what, op, option_id, params, options)
  local client, all = alive(self, what, traced(params))
  if not client then return nil, all end
  all.optionId = option_id
  all.pollId = all.pollId or poll_of(self)
  if all.pollId == nil then
    return nil, errors.invalid("pollId", "is not known: this post shows no"
      .. " poll; refresh it, or give pollId")
  end
  return resource.done(client, op, all, options)
end

--- Votes for an option of its poll (portal: Posts, Vote on a Poll Option).
---@param option_id integer as in metadata.poll.options
---@param params? { pollId?: integer, client_request_id?: string }
---@param options? etoro.RequestOptions
---@return true? done
---@return etoro.Response|etoro.Error
function methods:vote(option_id, params, options)
  return vote(self, "post:vote", VOTE, option_id, params, options)
end

--- Takes the vote back (portal: Posts, Remove Vote from Poll Option).
---@param option_id integer
---@param params? { pollId?: integer, client_request_id?: string }
---@param options? etoro.RequestOptions
---@return true? done
---@return etoro.Response|etoro.Error
function methods:unvote(option_id, params, options)
  return vote(self, "post:unvote", UNVOTE, option_id, params, options)
end

resource.rows(methods, "post", {
  --- Reads the post again into this table (portal: Posts, Get a Single Post by
  --- ID).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post the table itself
  ---@return etoro.Response|etoro.Error
  refresh = { "GET " .. POST, fill = true },

  --- Deletes it (portal: Posts, Soft Delete a Post). Any further use of the
  --- table or its comments is an error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. POST, ends = "post" },

  --- Comments on it (portal: Comments and Replies, Create a Comment on a Post).
  ---@param fields etoro.NewComment|string a string is the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Comment? comment
  ---@return etoro.Response|etoro.Error
  comment = { "POST " .. POST .. "/comments", { "body", comment.fields },
    wrap = wrap_comment },

  --- Goes through its comments, page by page (portal: Comments and Replies, List
  --- Comments on a Post). The iterator raises the error object when a page
  --- fails.
  ---@param params? etoro.CommentPage and limit: the most comments to give
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.Comment?
  each_comment = { "GET " .. POST .. "/comments", "params", each = true,
    wrap = wrap_comment },

  --- Reads one page of its comments.
  ---@param params? etoro.CommentPage
  ---@param options? etoro.RequestOptions
  ---@return etoro.Comment[]? comments
  ---@return etoro.Response|etoro.Error with meta.reactionPaging
  page_of_comments = { "GET " .. POST .. "/comments", "params", page = true,
    wrap = wrap_comment },

  --- Likes it (portal: Likes, Like a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  like = { "POST " .. POST .. "/likes", fixed = { body = {} },
    done = true },

  --- Takes the like back (portal: Likes, Unlike a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unlike = { "DELETE " .. POST .. "/likes", done = true },

  --- Follows what is said on it (portal: Posts, Follow a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  follow = { "POST " .. POST .. "/follows", done = true },

  --- Stops following it (portal: Posts, Unfollow a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unfollow = { "DELETE " .. POST .. "/follows", done = true },

  --- Pins it to the caller's profile (portal: Posts, Pin a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  pin = { "POST " .. POST .. "/pins", done = true },

  --- Takes it off the caller's profile (portal: Posts, Unpin a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unpin = { "DELETE " .. POST .. "/pins", done = true },

  --- Saves it for the saved feed (portal: Posts, Save a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  save = { "POST " .. POST .. "/saves", done = true },

  --- Takes it out of the saved feed (portal: Posts, Unsave a Post).
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unsave = { "DELETE " .. POST .. "/saves", done = true },
}, alive)

return M
