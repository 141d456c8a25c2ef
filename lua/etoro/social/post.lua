-- A post in the social feeds.

local answers = require "etoro.resource.answers"
local values_ids = require "etoro.values.ids"
local blame = require "etoro.values.blame"
local comment = require "etoro.social.comment"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local objects = require "etoro.resource.objects"
local resource = require "etoro.resource"

local POST = "/api/v1/posts/{postId}"
local VOTES = POST .. "/polls/{pollId}/options/{optionId}/votes"
local SHARE = operations["POST /api/v1/posts/shares"]

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
local post = objects.kind("post", methods, { "postId" }, "post no id")
local M = {}

local function id_of(item)
  local id = answers.at(item, "id")
  if id == nil then id = answers.at(item, "post.id") end
  return type(id) == "string" and id or nil
end

--- Fields of a new post; a bare string is the message.
---@param fields any
---@return any
function M.fields(fields)
  if fields == nil then blame.raise("missing field 'message'") end
  return comment.fields(fields)
end

--- Makes a post of an item in an answer, in place.
---@param item any
---@param client etoro.Client
---@return etoro.Post
function M.wrap(item, client)
  return post.wrap_in(item, client, nil, { postId = id_of(item) })
end

local function wrap_comment(item, client, self, params)
  return comment.wrap(item, client, self, params.postId)
end

-- What an update changed: in the post, wherever the table has it.
local function show_update(self, _, changed)
  local target = type(self.post) == "table" and self.post or self
  for name, value in pairs(type(changed) == "table" and changed or {}) do
    target[name] = value
  end
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
  local client, params = post.alive(self, "post:share")
  if not client then return nil, params end
  local body = resource.with(comment.fields(fields), {})
  body.sharedOriginDiscussion = body.sharedOriginDiscussion or params.postId
  local item, response = resource.object(client, SHARE, "", { body = body },
    options)
  if not item then return nil, response end
  return M.wrap(item, client), response
end

-- The poll that a post shows.
local function poll_of(self)
  local id = values_ids.read(answers.at(self, "metadata.poll.id"))
    or values_ids.read(answers.at(self, "post.metadata.poll.id"))
  if id then return id end
  return nil, errors.invalid("pollId", "is not known: this post shows no"
    .. " poll; refresh it, or give pollId")
end

-- The poll of the post, and an id that the operation wants for tracing.
local VOTE = { pollId = poll_of, client_request_id = core.uuid }

resource.rows(methods, "post", {
  --- Changes its text or attachments, and shows the answer in the table (portal:
  --- Posts, Update an Existing Post).
  ---@param fields { message?: string, attachments?: table[] }|string a string is
  ---the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post the table itself
  ---@return etoro.Response|etoro.Error
  update = { "PUT " .. POST, { "body", comment.fields },
    changes = show_update },

  --- Goes through those who shared it, page by page (portal: Posts, List Shares
  --- of a Post). The iterator raises the error object when a page fails.
  ---@param params? etoro.CommentPage
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.Share?
  each_share = { "GET " .. POST .. "/shares", "params",
    default = { client_request_id = core.uuid }, each = true },

  --- Reads one page of those who shared it.
  ---@param params? etoro.CommentPage with client_request_id (UUID)
  ---@param options? etoro.RequestOptions
  ---@return etoro.Share[]? shares
  ---@return etoro.Response|etoro.Error with meta.paging
  page_of_shares = { "GET " .. POST .. "/shares", "params",
    default = { client_request_id = core.uuid }, page = true },

  --- Votes for an option of its poll (portal: Posts, Vote on a Poll Option).
  ---@param option_id integer as in metadata.poll.options
  ---@param params? { pollId?: integer, client_request_id?: string }
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  vote = { "POST " .. VOTES, "optionId", "params", default = VOTE, done = true },

  --- Takes the vote back (portal: Posts, Remove Vote from Poll Option).
  ---@param option_id integer
  ---@param params? { pollId?: integer, client_request_id?: string }
  ---@param options? etoro.RequestOptions
  ---@return true? done
  ---@return etoro.Response|etoro.Error
  unvote = { "DELETE " .. VOTES, "optionId", "params", default = VOTE,
    done = true },

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
  ---@param params? etoro.CommentPage
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
  like = { "POST " .. POST .. "/likes", default = { body = {} },
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
}, post.alive)

return M
