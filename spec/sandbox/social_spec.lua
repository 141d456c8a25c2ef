local box = require "spec.support.box"

local POSTS = "/api/v1/posts"
local FEED = "/api/v1/feeds/"
local NO_ID = "00000000-0000-4000-8000-000000000000"
local OTHER = { ["x-user-key"] = "other" }
local POLL = POSTS .. "/10000000-0000-4000-8000-000000000003/polls/7001"
local TRACE = "?client_request_id=" .. box.ID

describe("the sandbox's feeds", function()
  local b
  before_each(function()
    b = box.new { limits = false, user_keys = { other = {
      "etoro-public:feed:read", "etoro-public:feed:write" } } }
  end)

  local function post(text, headers)
    local status, made = b:ask("POST", POSTS, { message = text }, headers)
    assert.equal(201, status)
    return made
  end

  local function get(path, headers)
    local status, body = b:ask("GET", path, nil, headers)
    assert.equal(200, status)
    return body
  end

  local function feed(name, headers)
    local body = get(FEED .. name, headers)
    local texts = {}
    for i, one in ipairs(body.discussions) do
      texts[i] = one.post.message.text
    end
    return texts, body
  end

  local function me(headers)
    return ("%d"):format(get("/api/v1/me", headers).gcid)
  end

  it("list what was posted, newest first", function()
    post "one"
    b:advance(1)
    post "two $AAPL."
    local texts = feed "for-you?take=2"
    assert.same({ "two $AAPL.", "one" }, texts)
    assert.same({ "two $AAPL.", "one" }, (feed("users/" .. me())))
    assert.same({ "two $AAPL.", "one" }, (feed("user/" .. me())))
    assert.equal("two $AAPL.", feed("markets/1001")[1])
    assert.equal("two $AAPL.", feed("instrument/1001?take=1")[1])
    assert.equal("two $AAPL.", feed("news")[1])
    assert.is_not.equal("two $AAPL.", feed("following")[1])
    assert.equal("two $AAPL.", feed("following", OTHER)[1])
    assert.same({}, (feed "users/77"))
  end)

  it("page by offset until there is no more", function()
    local all = feed "for-you"
    local seen, offset = {}, 0
    repeat
      local texts, body = feed("for-you?take=5&offset=" .. offset)
      for _, text in ipairs(texts) do seen[#seen + 1] = text end
      assert.equal(offset, body.paging.offSet)
      offset = offset + 5
    until not body.paging.next
    assert.equal(12, #all)
    assert.same(all, seen)
    assert.same({}, (feed("for-you?offset=" .. offset)))
    for _, bad in ipairs { "take=0", "take=101", "take=x", "offset=-1" } do
      assert.equal(400, (b:ask("GET", FEED .. "news?" .. bad)))
    end
  end)

  it("have marks of one's own", function()
    local id = post("mine").id
    local path = POSTS .. "/" .. id
    for _, mark in ipairs { "saves", "pins", "follows" } do
      for _ = 1, 2 do
        assert.equal(204, (b:ask("POST", path .. "/" .. mark)))
      end
    end
    assert.equal(204, (b:ask("POST", path .. "/likes", "{}")))
    assert.equal(400, (b:ask("POST", path .. "/likes")))
    local who = get(path).requesterContext
    assert.is_true(who.isOwner and who.isSaved and who.isPinned
      and who.isFollowing and who.isLiking)
    assert.same({ "mine" }, (feed "saved"))
    assert.same({ "mine" }, (feed("users/" .. me() .. "/pinned")))
    who = get(path, OTHER).requesterContext
    assert.is_true(who.isPinned)
    assert.is_false(who.isOwner or who.isSaved or who.isFollowing
      or who.isLiking)
    assert.equal(403, (b:ask("POST", path .. "/pins", nil, OTHER)))
    assert.equal(1, get(path).emotionsData.like.paging.totalCount)
    for _, mark in ipairs { "saves", "pins", "follows", "likes" } do
      assert.equal(204, (b:ask("DELETE", path .. "/" .. mark)))
    end
    assert.same({}, (feed "saved"))
    assert.equal(0, get(path).emotionsData.like.paging.totalCount)
  end)

  it("lose a deleted post, which only its owner may touch", function()
    local path = POSTS .. "/" .. post("gone soon").id
    assert.equal(403, (b:ask("PUT", path, { message = "x" }, OTHER)))
    assert.equal(403, (b:ask("DELETE", path, nil, OTHER)))
    local _, edited = b:ask("PUT", path, { message = "changed" })
    assert.equal("changed", edited.message.text)
    assert.equal("Edited", edited.editStatus)
    assert.equal(204, (b:ask("DELETE", path)))
    assert.equal(404, (b:ask("DELETE", path)))
    assert.equal(404, (b:ask("GET", path)))
    assert.same({}, (feed("users/" .. me())))
  end)

  it("refuse what is no post, without a body", function()
    for _, body in ipairs { { message = "" }, "{}",
        { message = ("x"):rep(1001) }, { message = 7 } } do
      local status, answer = b:ask("POST", POSTS, body)
      assert.equal(422, status)
      assert.is_nil(answer)
    end
    assert.equal(404, (b:ask("GET", POSTS .. "/" .. NO_ID)))
    assert.equal(404, (b:ask("GET", POSTS .. "/seven")))
  end)

  describe("with comments", function()
    local path
    before_each(function()
      path = POSTS .. "/" .. post("talk").id .. "/comments"
    end)

    local function comment(text, where)
      b:advance(1)
      local status, made = b:ask("POST", where or path, { message = text })
      assert.equal(201, status)
      return made.entity.id
    end

    local function texts(where, query)
      local body = get(where .. query)
      local out = {}
      for i, one in ipairs(body.comments) do
        out[i] = one.entity.message.text
      end
      return out, body.reactionPaging
    end

    it("page by a cursor, in both orders", function()
      for _, text in ipairs { "a", "b", "c", "d", "e" } do comment(text) end
      local page, paging = texts(path, "?take=2")
      assert.same({ "e", "d" }, page)
      assert.equal(5, paging.totalCount)
      page, paging = texts(path, "?take=2&offsetEntityId="
        .. paging.offsetEntityId)
      assert.same({ "c", "b" }, page)
      page, paging = texts(path, "?take=2&offsetEntityId="
        .. paging.offsetEntityId)
      assert.same({ "a" }, page)
      assert.is_nil(paging.offsetEntityId)
      assert.same({ "a", "b" }, (texts(path, "?take=2&order=Asc")))
      assert.equal(400, (b:ask("GET", path .. "?offsetEntityId=x")))
    end)

    it("and replies, one level deep", function()
      local one = path .. "/" .. comment("first")
      local id = comment("under it", one .. "/replies")
      local shown = get(path).comments[1]
      assert.equal(1, shown.repliesCount)
      local parent = shown.replies[1].entity.parent
      assert.equal("Comment", parent.type)
      assert.equal(204, (b:ask("POST", one .. "/replies/" .. id .. "/likes",
        "{}")))
      local _, changed = b:ask("PUT", one .. "/replies/" .. id,
        { message = "changed" })
      assert.equal("changed", changed.entity.message.text)
      assert.equal(1, changed.emotionsData.like.paging.totalCount)
      assert.equal(204, (b:ask("DELETE", one .. "/replies/" .. id)))
      assert.same({ "" }, (texts(one .. "/replies", "")))
      assert.equal(404, (b:ask("DELETE", one .. "/replies/" .. id)))
      assert.equal(403, (b:ask("DELETE", one, nil, OTHER)))
      assert.equal(404, (b:ask("POST", path .. "/" .. NO_ID .. "/replies",
        { message = "x" })))
      assert.equal(422, (b:ask("POST", path, { message = ("x"):rep(501) })))
    end)

    it("are written by the older path too", function()
      local id = path:match "posts/([^/]+)"
      comment("old way", "/api/v1/reactions/" .. id .. "/comment")
      assert.same({ "old way" }, (texts(path, "")))
    end)
  end)

  it("have polls, one vote each", function()
    local _, made = b:ask("POST", POSTS .. "/polls", { message = "?",
      poll = { title = "Which", options = { { text = "a", index = 1 },
        { text = "b", index = 2 } } } })
    assert.equal("Poll", made.type)
    assert.equal(2, #made.metadata.poll.options)
    local function vote(method, option)
      return (b:ask(method, POLL .. "/options/" .. option .. "/votes"
        .. TRACE))
    end
    assert.equal(202, vote("POST", "70012"))
    assert.equal(202, vote("POST", "70012"))
    assert.equal(422, vote("POST", "70011"))
    assert.equal(404, vote("POST", "5"))
    assert.equal(400, (b:ask("POST", POLL .. "/options/70011/votes")))
    local poll = get(POSTS .. "/10000000-0000-4000-8000-000000000003").post
      .metadata.poll
    assert.is_true(poll.options[2].isUserVoted)
    assert.equal(1, poll.options[2].votesCount)
    assert.equal(202, vote("DELETE", "70012"))
    assert.equal(202, vote("POST", "70011"))
  end)

  it("have shares", function()
    local id = post("origin").id
    for i = 1, 3 do
      local status, made = b:ask("POST", POSTS .. "/shares", {
        message = i == 1 and "" or "see", sharedOriginDiscussion = id })
      assert.equal(201, status)
      assert.equal(id, made.metadata.share.sharedOriginPost.id)
    end
    local body = get(POSTS .. "/" .. id .. "/shares" .. TRACE .. "&take=2")
    assert.equal(2, #body.postShares)
    body = get(POSTS .. "/" .. id .. "/shares" .. TRACE .. "&offsetEntityId="
      .. body.paging.offsetEntityId)
    assert.equal(1, #body.postShares)
    assert.equal(3, get(POSTS .. "/" .. id).summary.sharedCount)
    assert.equal(404, (b:ask("POST", POSTS .. "/shares",
      { message = "", sharedOriginDiscussion = NO_ID })))
    assert.equal(400, (b:ask("GET", POSTS .. "/" .. id .. "/shares")))
  end)

  it("take pictures", function()
    local function upload(bytes, name)
      return b:ask("POST", "/api/v1/attachments" .. TRACE, "--x\r\n"
        .. 'Content-Disposition: form-data; name="' .. (name or "file")
        .. '"; filename="a"\r\n\r\n' .. bytes .. "\r\n--x--\r\n",
        { ["content-type"] = "multipart/form-data; boundary=x" })
    end
    local status, made = upload(
      "\137PNG\r\n\26\n\0\0\0\13IHDR\0\0\1\4\0\0\0\3")
    assert.equal(200, status)
    assert.same({ width = 260, height = 3, url = made.url },
      made.media.image)
    assert.equal(200, (upload "\255\216\255\0"))
    assert.equal(422, (upload "GIF89a"))
    assert.equal(422, (upload("\255\216\255" .. ("x"):rep(8388608))))
    assert.equal(400, (upload("\255\216\255", "image")))
    local _, shown = b:ask("POST", POSTS, { attachments = { made } })
    assert.equal(made.url, shown.attachments[1].url)
  end)
end)
