-- The social feeds: lists of posts, page by page.

local blame = require "etoro.values.blame"
local nearest = require "etoro.values.nearest"
local comment = require "etoro.social.comment"
local core = require "etoro.core"
local post = require "etoro.social.post"
local resource = require "etoro.resource"

local FEEDS = "/api/v1/feeds/"
local OF_KIND = {
  following = "following", for_you = "for-you", news = "news", saved = "saved",
  market = "markets/{marketId}", instrument = "instrument/{marketId}",
  users = "users/{userId}", user = "user/{userId}",
  pinned = "users/{userId}/pinned",
}

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
local collection, M = resource.define "feeds"
local tostring = core.text -- not up to the locale

resource.rows(collection, "client.feeds", {
  --- Lists the instruments that a user looks at most (v1.375.0, Impressions).
  ---@param gcid integer
  ---@param options? etoro.RequestOptions
  ---@return { id: integer, score: number, targetType: integer }[]? assets
  ---@return etoro.Response|etoro.Error
  top_assets = { "GET /api/v1/impressions/topassets/user/{gcid}", "gcid",
    list = "" },

  --- Writes a post by the older path; client.posts:create is the one to use
  --- (portal: Feeds, Create a New Discussion Post).
  ---@param fields etoro.NewPost|string a string is the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post
  ---@return etoro.Response|etoro.Error
  post = { "POST " .. FEEDS .. "post", { "body", post.fields },
    wrap = post.wrap },

  --- Comments on a post by the older path, which takes older ids too;
  --- post:comment is the one to use (portal: Feeds, Create a Comment on a Post).
  ---@param post_id string|integer
  ---@param fields etoro.NewComment|string a string is the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Comment? comment
  ---@return etoro.Response|etoro.Error
  comment = { "POST /api/v1/reactions/{postId}/comment",
    { "postId", resource.id_text }, { "body", comment.fields },
    wrap = function(item, client, _, params)
      local id = params.postId
      return comment.wrap(item, client, post.wrap({ id = id }, client), id)
    end },
})

-- Parameters of a feed as the API takes them.
local function of_feed(params)
  if params == nil then return nil end
  params = resource.with(params, {})
  params.kind = nil
  local err
  params.marketId, err = resource.id_text(params.marketId, "marketId")
  if err then return nil, err end
  return params
end

-- Each kind by its own name: client.feeds:news { ... } reads a page,
-- client.feeds:each_news { ... } goes through all.
for kind, path in pairs(OF_KIND) do
  local op = "GET " .. FEEDS .. path
  resource.rows(collection, "client.feeds", {
    [kind] = { op, { "params", of_feed }, page = true, wrap = post.wrap },
    ["each_" .. kind] = { op, { "params", of_feed }, each = true,
      wrap = post.wrap },
  })
end

-- The kind of feed that parameters are of.
local function kind_of(params)
  params = resource.with(params, {})
  local kind = params.kind
  if kind == nil then
    return params.marketId ~= nil and "market"
      or params.userId ~= nil and "users" or "for_you"
  elseif OF_KIND[kind] then
    return kind
  end
  blame.raise(("unknown feed '%s'%s"):format(tostring(kind),
    nearest.hint(kind, OF_KIND)))
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
  resource.client_of(self, "client.feeds:each")
  return collection["each_" .. kind_of(params)](self, params, options)
end

--- Reads one page of a feed; kinds as for each.
---@param params? etoro.FeedQuery
---@param options? etoro.RequestOptions
---@return etoro.Post[]? posts
---@return etoro.Response|etoro.Error with meta: paging and metadata
function collection:page(params, options)
  resource.client_of(self, "client.feeds:page")
  return collection[kind_of(params)](self, params, options)
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

return M
