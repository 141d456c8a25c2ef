local files = require "spec.support.files"
local process = require "spec.support.process"
local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
local PNG = "\137PNG\r\n\26\nbytes"

describe("client.posts", function()
  local api, client, status, answer
  before_each(function()
    status, answer = 200, ""
    api = scripted.new(function() return status, answer end)
    client = api:client { max_retries = 0 }
  end)
  after_each(function() client:close() end)

  local function refused(...) api:refused(...) end

  it("writes, reads, comments, likes and deletes in the sandbox", function()
    local box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local boxed = assert(box:client { rate_limit = false })
    local post = assert(boxed.posts:create "hello")
    assert.equal("hello", post.message.text)
    assert.equal(post, post:update "hello again")
    assert.equal("hello again", post.message.text)
    for _, name in ipairs { "like", "follow", "pin", "save" } do
      assert.is_true((assert(post[name](post))))
      assert.is_true((assert(post["un" .. name](post))))
    end
    local comment = assert(post:comment "first")
    assert.is_true((assert(comment:like())))
    local reply = assert(comment:reply { message = "thanks" })
    assert.is_true((assert(reply:like())))
    assert.equal(comment.entity.id, post:each_comment()().entity.id)
    assert.equal(reply.entity.id, comment:each_reply()().entity.id)
    assert.equal(reply, reply:update "thanks a lot")
    assert.equal("thanks a lot", reply.entity.message.text)
    assert.equal(comment, comment:update "First")
    assert.is_true((assert(reply:delete())))
    assert.is_true((assert(comment:delete())))
    assert.equal(post, post:refresh())
    assert.equal("hello again", post.post.message.text)
    assert.equal("string", type(boxed.posts:get(post.id).id))
    assert.is_true((assert(post:delete())))
    boxed:close()
  end)

  it("votes in the poll that the post shows", function()
    answer = '{"id":"' .. ID .. '","metadata":{"poll":{"id":55,"options":'
      .. '[{"id":1,"text":"Up"}]}}}'
    local post = assert(client.posts:create_poll { message = "m", poll = {
      title = "t", options = { "Up", "Down" } } })
    api:clear()
    status, answer = 202, ""
    assert.is_true((assert(post:vote(1))))
    assert.is_true((assert(post:unvote(1))))
    local path = "/api/v1/posts/" .. ID .. "/polls/55/options/1/votes"
    assert.equal(path, api.requests[1].path)
    assert.equal(path, api.requests[2].path)
    assert.matches("^client_request_id=%x+%-%x+%-4", api.requests[1].query)
    assert.not_equal(api.requests[1].query, api.requests[2].query)
    api:clear()
    refused("pollId is not known: this post shows no poll; refresh it, or give"
      .. " pollId", client.posts:by_id(ID):vote(1))
    refused("pollId must be at least 1, got 0",
      client.posts:by_id(ID):vote(1, { pollId = 0 }))
    refused("optionId must be at least 1, got 0", post:vote(0))
    local vote = post.vote
    raises(function() vote({}, 1) end,
      "bad self: call this as post:vote(...), with a colon")
  end)

  it("keeps one tracing id for all pages of a list", function()
    answer = '{"postShares":[{"shareReactionId":"a"}],"paging":'
      .. '{"offsetEntityId":"c"}}'
    local iterator = client.posts:by_id(ID):each_share()
    iterator()
    answer = '{"postShares":[{"shareReactionId":"b"}]}'
    assert.equal("b", iterator().shareReactionId)
    local id = api.requests[1].query:match "client_request_id=([%x-]+)"
    assert.equal(id, api.requests[2].query:match "client_request_id=([%x-]+)")
    assert.matches("&offsetEntityId=c$", api.requests[2].query)
  end)

  it("shows what an update changed where the post has it", function()
    answer = '{"id":"' .. ID .. '","post":{"id":"' .. ID
      .. '","message":{"text":"old"},"kept":1}}'
    local post = assert(client.posts:get(ID))
    answer = '{"id":"' .. ID .. '","message":{"text":"new"}}'
    assert.equal(post, post:update "new")
    assert.equal("new", post.post.message.text)
    assert.equal(1, post.post.kept)
    answer = ""
    assert.equal(post, post:update "newer")
  end)

  it("ends comments and replies with what they hang on", function()
    answer = '{"entity":{"id":"' .. ID .. '"}}'
    local post = client.posts:by_id(ID)
    local comment = assert(post:comment "a")
    local reply = assert(comment:reply "b")
    status, answer = 204, ""
    assert(comment:delete())
    for _, gone in ipairs { comment, reply } do
      local result, err = gone:like()
      assert.is_nil(result)
      assert.equal("this comment was deleted; nothing more can be done with"
        .. " it", err.message)
    end
    local other = post:comment_by_id(ID)
    assert(post:delete())
    for _, call in ipairs {
      function() return post:like() end,
      function() return other:like() end,
      function() return other:reply "c" end,
    } do
      local result, err = call()
      assert.is_nil(result)
      assert.equal("closed", err.kind)
      assert.equal("this post was deleted; nothing more can be done with it",
        err.message)
    end
  end)

  it("says so where an answer has no id", function()
    answer = '{"message":{"text":"x"}}'
    local post = assert(client.posts:create "x")
    local result, err = post:like()
    assert.is_nil(result)
    assert.equal("the API gave this post no id", err.message)
    answer = '{"entity":7,"id":7}'
    local comment = assert(client.posts:by_id(ID):comment "x")
    result, err = comment:like()
    assert.is_nil(result)
    assert.equal("the API gave this comment no id", err.message)
    result, err = client.posts:by_id(ID):comment_by_id(ID):reply "x"
    assert.is_nil(err.kind)
    result, err = result:like()
    assert.is_nil(result)
    assert.equal("the API gave this comment no id", err.message)
    for _, text in ipairs { "7", "", '"x"' } do
      answer = text
      result, err = client.posts:create "x"
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.is_true(err.may_have_executed)
    end
  end)

  it("uploads a picture, from memory or a file", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    local path = folder .. "/a.png"
    files.write(path, PNG)
    answer = '{"url":"https://e.example/a.png"}'
    for _, picture in ipairs { PNG, { path = path } } do
      api:clear()
      local attachment = assert(client.posts:upload(picture))
      assert.equal("https://e.example/a.png", attachment.url)
      local request = api.requests[1]
      local boundary = request.headers["content-type"]:match(
        "^multipart/form%-data; boundary=(etoro%-[%x-]+)$")
      assert.equal("--" .. boundary .. "\r\nContent-Disposition: form-data;"
        .. ' name="file"; filename="file.png"\r\nContent-Type: image/png\r\n'
        .. "\r\n" .. PNG .. "\r\n--" .. boundary .. "--\r\n", request.body)
      assert.matches("^client_request_id=%x+%-", request.query)
    end
    api:clear()
    refused("file is neither a JPEG nor a PNG", client.posts:upload "GIF89a")
    refused("file is neither a JPEG nor a PNG", client.posts:upload "")
    refused("file must have at most 8388608 bytes, got 8388609",
      client.posts:upload(PNG .. ("x"):rep(8388609 - #PNG)))
    refused("the picture cannot be read: " .. folder
      .. "/b.png: No such file or directory",
      client.posts:upload { path = folder .. "/b.png" })
    assert(os.execute("mkfifo '" .. folder .. "/pipe'"))
    for name, problem in pairs { [""] = "it is a directory, not a file",
      ["/pipe"] = "it is a pipe, not a file",
      ["/a\0"] = "a path holds no zero byte" }
    do
      refused("the picture cannot be read: " .. folder
        .. name .. ": " .. problem,
        client.posts:upload { path = folder .. name })
    end
    raises(function() client.posts:upload(5) end,
      "picture: a string of bytes or { path = } expected")
  end)

  it("sends nothing that is wrong", function()
    refused("message must have at most 1000 characters, got 1001",
      client.posts:create(("x"):rep(1001)))
    local post = client.posts:by_id(ID)
    refused("message must have at most 500 characters, got 501",
      post:comment(("x"):rep(501)))
    refused("message is not valid UTF-8", client.posts:create "\255")
    refused("poll.options must have 2 to 4 items, got 1",
      client.posts:create_poll { message = "m", poll = { title = "t",
        options = { "one" } } })
    refused("poll.options[1].index must be at least 1, got 0",
      client.posts:create_poll { message = "m", poll = { title = "t",
        options = { { text = "a", index = 0 }, "b" } } })
    refused("order must be one of Asc, Desc; got 'ascc' (did you mean 'Asc'?)",
      post:page_of_comments { order = "ascc" })
    for _, id in ipairs { "", "x", "..", "12345" } do
      local result, err = client.posts:by_id(id):like()
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      result, err = post:comment_by_id(id):like()
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
    end
    raises(function() client.posts:by_id(5) end,
      "post id: string expected, got number")
    raises(function() post:comment() end, "missing field 'message'")
    raises(function() post:comment { text = "a" } end,
      "unknown field 'text'")
    raises(function() post:comment_by_id() end,
      "comment id: string expected, got nil")
    raises(function() post:comment_by_id(ID):reply_by_id() end,
      "reply id: string expected, got nil")
    raises(function() post.like() end,
      "bad self: call this as post:like(...), with a colon")
    raises(function() post:each_comment { limit = 0 } end,
      "bad parameter 'limit': whole number from 1 expected, got 0")
    raises(function() client.posts:create_poll { message = "m" } end,
      "missing field 'poll'")
    raises(function() post:share() end, "missing field 'message'")
    assert.same({}, api.lines)
  end)
end)
