-- Posts: writing, reading and finding them by id. The feeds list them.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local post = require "etoro.social.post"
local resource = require "etoro.resource"

local POSTS = "/api/v1/posts"
local UPLOAD = operations["POST /api/v1/attachments"]

---@class etoro.NewPost
---@field message? string up to 1000 characters
---@field attachments? table[] such as client.posts:upload gives

---@class etoro.NewPoll: etoro.NewPost
---@field poll { title: string, options: string[]|table[] } 2 to 4 options

---@class etoro.Posts client.posts
local collection, M = resource.define "posts"

-- Options given as plain texts, numbered in their order.
local function with_options(fields)
  if type(fields) ~= "table" or type(fields.poll) ~= "table"
      or type(fields.poll.options) ~= "table" then
    return fields
  end
  local copy = resource.with(fields, { poll = resource.with(fields.poll,
    { options = {} }) })
  for i, option in ipairs(fields.poll.options) do
    if type(option) == "string" then
      option = { text = option, index = i }
    end
    copy.poll.options[i] = option
  end
  return copy
end

--- A post by its id, without reading it: for a call on one that is known
--- already, such as client.posts:by_id(id):like().
---@param id string UUID
---@return etoro.Post post holds its id alone
function collection:by_id(id)
  local client = resource.client_of(self, "client.posts:by_id")
  resource.check_id("post", id, "string")
  return post.wrap({ id = id }, client)
end

local PICTURES = { "\137PNG\r\n\26\n", "\255\216\255" }

local function is_picture(bytes)
  for _, start in ipairs(PICTURES) do
    if bytes:sub(1, #start) == start then return true end
  end
  return false
end

local function unreadable(path, reason)
  return errors.invalid(nil, "the picture cannot be read: " .. path .. ": "
    .. reason)
end

-- A picture's bytes, or those of the file that is named.
local function read_picture(picture)
  if type(picture) == "string" then return picture end
  if type(picture) ~= "table" or type(picture.path) ~= "string" then
    blame.raise("picture: a string of bytes or { path = } expected")
  end
  local file, reason = core.open_file(picture.path)
  if not file then return nil, unreadable(picture.path, reason) end
  -- no more than tells that it is too large
  local bytes, _, code = file:read(UPLOAD.body.file.max_bytes + 1)
  file:close()
  if not bytes and code then
    return nil, unreadable(picture.path, core.reason(code))
  end
  return bytes or ""
end

--- Uploads a picture, to go into `attachments` of a post or comment (portal:
--- Attachments, Upload a Media Attachment).
---@param picture string|{ path: string } the bytes of a JPEG or PNG, or where
---to read them; up to 8 MB
---@param params? { client_request_id?: string } UUID, for tracing
---@param options? etoro.RequestOptions
---@return etoro.api.Attachment? attachment
---@return etoro.Response|etoro.Error
function collection:upload(picture, params, options)
  local client = resource.client_of(self, "client.posts:upload")
  local bytes, err = read_picture(picture)
  if not bytes then return nil, err end
  if not is_picture(bytes) then
    return nil, errors.invalid("file", "is neither a JPEG nor a PNG")
  end
  params = resource.with(params, { body = { file = bytes } })
  params.client_request_id = params.client_request_id or core.uuid()
  return resource.object(client, UPLOAD, "", params, options)
end

resource.rows(collection, "client.posts", {
  --- Writes a post (portal: Posts, Create a New Discussion Post).
  ---@param fields etoro.NewPost|string a string is the message
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post
  ---@return etoro.Response|etoro.Error
  create = { "POST " .. POSTS, { "body", post.fields }, wrap = post.wrap },

  --- Writes a post with a poll; options are texts, or { text, index } (portal:
  --- Posts, Create a Poll Post).
  ---@param fields etoro.NewPoll
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post its metadata.poll holds the ids to vote with
  ---@return etoro.Response|etoro.Error
  create_poll = { "POST " .. POSTS .. "/polls", { "body", with_options },
    wrap = post.wrap },

  --- Shares a post; see also post:share (portal: Posts, Share a Post).
  ---@param fields etoro.NewShare with sharedOriginDiscussion, the post's id
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post the new one
  ---@return etoro.Response|etoro.Error
  share = { "POST " .. POSTS .. "/shares", "body", wrap = post.wrap },

  --- Reads one post (portal: Posts, Get a Single Post by ID).
  ---@param id string UUID
  ---@param params? { take?: integer, badgesExperimentIsEnabled?: boolean } take:
  ---how many comments to give with it; 10
  ---@param options? etoro.RequestOptions
  ---@return etoro.Post? post
  ---@return etoro.Response|etoro.Error
  get = { "GET " .. POSTS .. "/{postId}", "postId", "params",
    wrap = post.wrap },
})

return M
