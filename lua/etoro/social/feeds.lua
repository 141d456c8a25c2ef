-- The social feeds: lists of posts, page by page.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local comment = require "etoro.social.comment"
local core = require "etoro.core"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local pages = require "etoro.resource.pages"
local post = require "etoro.social.post"
local resource = require "etoro.resource"

local FEEDS = "/api/v1/feeds/"
local OF_KIND = {
  following = operations["GET " .. FEEDS .. "following"],
  for_you = operations["GET " .. FEEDS .. "for-you"],
  news = operations["GET " .. FEEDS .. "news"],
  saved = operations["GET " .. FEEDS .. "saved"],
  market = operations["GET " .. FEEDS .. "markets/{marketId}"],
  instrument = operations["GET " .. FEEDS .. "instrument/{marketId}"],
  users = operations["GET " .. FEEDS .. "users/{userId}"],
  user = operations["GET " .. FEEDS .. "user/{userId}"],
  pinned = operations["GET " .. FEEDS .. "users/{userId}/pinned"],
}
local OLDER_POST = operations["POST " .. FEEDS .. "post"]
local OLDER_COMMENT = operations["POST /api/v1/reactions/{postId}/comment"]

---@class etoro.FeedPage
---@field take? integer posts a page, 1 to 100; 20
---@field offset? integer posts to leave out
---@field reactionsPageSize? integer comments with each post, 1 to 50; 10
---@field badgesExperimentIsEnabled? boolean

---@class etoro.FeedQuery: etoro.FeedPage
---@field kind? string following, for_you, news, saved, market, instrument,
---users, user or pinned
---@field marketId? string|integer for market and instrument
---@field userId? integer gcid, for users, user and pinned
---@field requesterUserId? integer for instrument and user, the older feeds
---@field limit? integer the most posts to give

---@class etoro.Feeds client.feeds
local collection = {}
local mt = { __name = "etoro.feeds", __index = collection }
local tostring = core.text -- not up to the locale

local M = {}

local client_of = resource.client_of

local function wrapper(client)
  return function(item) return post.wrap(item, client) end
end

-- The feed that is meant, and its parameters as the API takes them.
local function select_feed(params)
  params = resource.with(params, {})
  local kind = params.kind
  if kind == nil then
    kind = params.marketId ~= nil and "market"
      or params.userId ~= nil and "users" or "for_you"
  end
  local op = OF_KIND[kind]
  if not op then
    local nearest = type(kind) == "string" and check.nearest(kind, OF_KIND)
    blame.raise(("unknown feed '%s'%s"):format(tostring(kind), nearest
      and " (did you mean '" .. nearest .. "'?)" or ""))
  end
  params.kind = nil
  if params.marketId == nil then return op, params end
  local err
  params.marketId, err = resource.id_text(params.marketId, "marketId")
  if params.marketId == nil then return nil, err end
  return op, params
end

--- Writes a post by the older path; client.posts:create is the one to use
--- (portal: Feeds, Create a New Discussion Post).
---@param fields etoro.NewPost|string a string is the message
---@param options? etoro.RequestOptions
---@return etoro.Post? post
---@return etoro.Response|etoro.Error
function collection:post(fields, options)
  local client = client_of(self, "client.feeds:post")
  if fields == nil then blame.raise("missing field 'message'") end
  local item, response = resource.object(client, OLDER_POST, "",
    { body = comment.fields(fields) }, options)
  if not item then return nil, response end
  return post.wrap(item, client), response
end

--- Comments on a post by the older path, which takes older ids too;
--- post:comment is the one to use (portal: Feeds, Create a Comment on a Post).
---@param post_id string|integer
---@param fields etoro.NewComment|string a string is the message
---@param options? etoro.RequestOptions
---@return etoro.Comment? comment
---@return etoro.Response|etoro.Error
function collection:comment(post_id, fields, options)
  local client = client_of(self, "client.feeds:comment")
  local id, err = resource.id_text(post_id, "postId")
  if id == nil and err then return nil, err end
  local item, response = resource.object(client, OLDER_COMMENT, "",
    { postId = id, body = comment.fields(fields) }, options)
  if not item then return nil, response end
  local parent = post.wrap({ id = id }, client)
  return comment.wrap(item, client, parent, id), response
end

local function page(self, what, params, options)
  local client = client_of(self, what)
  local op, rest = select_feed(params)
  if not op then return nil, rest end
  return pages.page(client, op, rest, options, wrapper(client))
end

local function each(self, what, params, options)
  local client = client_of(self, what)
  local op, rest = select_feed(params)
  if not op then error(rest, 0) end
  return pages.each(client, op, rest, options, wrapper(client))
end

--- Goes through a feed, post by post; pages are fetched as they are needed.
--- The iterator raises the error object when a page fails.
---
---     for post in client.feeds:each { kind = "news", limit = 100 } do
---       print(post.post.message.text)
---     end
---
--- Kinds (portal: Feeds): following, for_you (the default), news, saved;
--- market with a marketId; users and pinned (which is all at once) with a
--- userId; instrument and user are older forms of market and users.
---@param params? etoro.FeedQuery
---@param options? etoro.RequestOptions for each page
---@return fun(): etoro.Post?
function collection:each(params, options)
  return each(self, "client.feeds:each", params, options)
end

--- Reads one page of a feed; kinds as for each.
---@param params? etoro.FeedQuery
---@param options? etoro.RequestOptions
---@return etoro.Post[]? posts
---@return etoro.Response|etoro.Error with meta: paging and metadata
function collection:page(params, options)
  return page(self, "client.feeds:page", params, options)
end

-- Each kind by its own name: client.feeds:news { ... } reads a page,
-- client.feeds:each_news { ... } goes through all.
for kind in pairs(OF_KIND) do
  local of_page, of_each = "client.feeds:" .. kind,
    "client.feeds:each_" .. kind
  collection[kind] = function(self, params, options)
    params = resource.with(params, { kind = kind })
    return page(self, of_page, params, options)
  end
  collection["each_" .. kind] = function(self, params, options)
    params = resource.with(params, { kind = kind })
    return each(self, of_each, params, options)
  end
end

---@alias etoro.NextPost fun(): etoro.Post?
---@alias etoro.FeedReader fun(self, params?: etoro.FeedQuery): etoro.Post[]?
---@alias etoro.FeedIterator fun(self, p?: etoro.FeedQuery): etoro.NextPost

---@class etoro.Feeds
---@field following etoro.FeedReader portal: Feeds, Get Following Feed
---@field for_you etoro.FeedReader
---@field news etoro.FeedReader
---@field saved etoro.FeedReader
---@field market etoro.FeedReader
---@field instrument etoro.FeedReader
---@field users etoro.FeedReader
---@field user etoro.FeedReader
---@field pinned etoro.FeedReader
---@field each_following etoro.FeedIterator
---@field each_for_you etoro.FeedIterator
---@field each_news etoro.FeedIterator
---@field each_saved etoro.FeedIterator
---@field each_market etoro.FeedIterator
---@field each_instrument etoro.FeedIterator
---@field each_users etoro.FeedIterator
---@field each_user etoro.FeedIterator
---@field each_pinned etoro.FeedIterator

--- Makes client.feeds.
---@param client etoro.Client
---@return etoro.Feeds
function M.new(client)
  return links.link(setmetatable({}, mt), client)
end

return M
