-- Feeds, posts, comments, likes, uploads: see spec/call/requests_spec.lua.
local POST = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
local COMMENT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
local REPLY = "c3d4e5f6-a7b8-4901-9def-345678901234"
local TRACE = "6a7aa746-d94d-4c4f-a755-32827ea53141"
local AT_POST = "/api/v1/posts/" .. POST
local AT_COMMENT = AT_POST .. "/comments/" .. COMMENT
local AT_REPLY = AT_COMMENT .. "/replies/" .. REPLY

local FEED = '{"discussions":[{"id":"' .. POST .. '","post":{"id":"' .. POST
  .. '","message":{"text":"Up","languageCode":"en"}},"summary":'
  .. '{"sharedCount":0}}],"paging":{"next":"/api/v1/feeds/user/7890?offset=20'
  .. '&take=20","offSet":0,"take":20},"metadata":{"streamType":"x"}}'
local ONE_POST = '{"id":"' .. POST .. '","message":{"text":"Up",'
  .. '"languageCode":"en"},"type":"Default"}'
local ONE_COMMENT = '{"entity":{"id":"' .. COMMENT
  .. '","message":{"text":"Down"}},"repliesCount":0,"replies":[]}'
local ONE_REPLY = '{"entity":{"id":"' .. REPLY .. '","message":'
  .. '{"text":"Up"}}}'
local PICTURE = "\137PNG\r\n\26\nbytes"

local function has_post(posts) return posts[1].post.message.text == "Up" end
local function is_first_post(post) return post.post.message.text == "Up" end
local function is_post(post)
  return post.id == POST and post.message.text == "Up"
end
local function is_comment(comment) return comment.entity.id == COMMENT end
local function is_reply(reply) return reply.entity.id == REPLY end
local function is_true(result) return result == true end

local function post(client) return client.posts:by_id(POST) end
local function comment(client) return post(client):comment_by_id(COMMENT) end
local function reply(client) return comment(client):reply_by_id(REPLY) end

return {
  { op = "GET /api/v1/feeds/following",
    call = function(client)
      return client.feeds:following { take = 100, offset = 20 }
    end,
    method = "GET", target = "/api/v1/feeds/following?offset=20&take=100",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/for-you",
    call = function(client)
      return client.feeds:for_you { reactionsPageSize = 50 }
    end,
    method = "GET", target = "/api/v1/feeds/for-you?reactionsPageSize=50",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/news",
    call = function(client)
      return client.feeds:news { take = 5 }
    end,
    method = "GET", target = "/api/v1/feeds/news?take=5",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/news", note = "post by post",
    call = function(client)
      return client.feeds:each { kind = "news", limit = 1 }()
    end,
    method = "GET", target = "/api/v1/feeds/news",
    answer = FEED, check = is_first_post },
  { op = "GET /api/v1/feeds/saved",
    call = function(client)
      return client.feeds:saved()
    end,
    method = "GET", target = "/api/v1/feeds/saved",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/instrument/{marketId}",
    call = function(client)
      return client.feeds:instrument { marketId = 123456,
        requesterUserId = 7890 }
    end,
    method = "GET",
    target = "/api/v1/feeds/instrument/123456?requesterUserId=7890",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/markets/{marketId}",
    call = function(client)
      return client.feeds:market { marketId = "TSLA",
        badgesExperimentIsEnabled = true }
    end,
    method = "GET",
    target = "/api/v1/feeds/markets/TSLA?badgesExperimentIsEnabled=true",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/user/{userId}",
    call = function(client)
      return client.feeds:user { userId = 7890 }
    end,
    method = "GET", target = "/api/v1/feeds/user/7890",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/users/{userId}",
    call = function(client)
      return client.feeds:users { userId = "7890", take = 1 }
    end,
    method = "GET", target = "/api/v1/feeds/users/7890?take=1",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/users/{userId}/pinned",
    call = function(client)
      return client.feeds:pinned { userId = 7890 }
    end,
    method = "GET", target = "/api/v1/feeds/users/7890/pinned",
    answer = FEED, check = has_post },
  { op = "GET /api/v1/feeds/users/{userId}/pinned", note = "post by post",
    call = function(client)
      return client.feeds:each_pinned { userId = 7890 }()
    end,
    method = "GET", target = "/api/v1/feeds/users/7890/pinned",
    answer = FEED, check = is_first_post },
  { op = "POST /api/v1/feeds/post",
    call = function(client) return client.feeds:post "Up" end,
    method = "POST", target = "/api/v1/feeds/post",
    body = '{"message":"Up"}', status = 201, answer = ONE_POST,
    check = is_post },
  { op = "POST /api/v1/reactions/{postId}/comment",
    call = function(client) return client.feeds:comment(12345, "Down") end,
    method = "POST", target = "/api/v1/reactions/12345/comment",
    body = '{"message":"Down"}', status = 201, answer = ONE_COMMENT,
    check = is_comment },

  { op = "POST /api/v1/attachments",
    call = function(client)
      return client.posts:upload(PICTURE, { client_request_id = TRACE })
    end,
    method = "POST", target = "/api/v1/attachments?client_request_id="
      .. TRACE,
    body = "/^%-%-(etoro%-%x+%-%x+%-%x+%-%x+%-%x+)\r\nContent%-Disposition:"
      .. " form%-data; name=\"file\"; filename=\"file%.png\"\r\n"
      .. "Content%-Type: image/png\r\n\r\n\137PNG\r\n\26\nbytes\r\n"
      .. "%-%-%1%-%-\r\n$/",
    headers = {
      ["content-type"] = "/^multipart/form%-data; boundary=etoro%-%x+%-/",
      ["content-length"] = "/^2%d%d$/",
    },
    answer = '{"url":"https://e.example/p.png","mediaType":"Image"}',
    check = function(attachment)
      return attachment.url == "https://e.example/p.png"
    end },
  { op = "POST /api/v1/posts",
    call = function(client)
      return client.posts:create { message = "Up", attachments = {
        { url = "https://e.example/p.png", mediaType = "Image" } } }
    end,
    method = "POST", target = "/api/v1/posts",
    body = '{"attachments":[{"mediaType":"Image",'
      .. '"url":"https://e.example/p.png"}],"message":"Up"}',
    status = 201, answer = ONE_POST, check = is_post },
  { op = "POST /api/v1/posts/polls",
    call = function(client)
      return client.posts:create_poll { message = "Up", poll = {
        title = "Where?", options = { "Up", { text = "Down", index = 2 } } } }
    end,
    method = "POST", target = "/api/v1/posts/polls",
    body = '{"message":"Up","poll":{"options":[{"index":1,"text":"Up"},'
      .. '{"index":2,"text":"Down"}],"title":"Where?"}}',
    status = 201, answer = ONE_POST, check = is_post },
  { op = "POST /api/v1/posts/shares",
    call = function(client) return post(client):share "Look" end,
    method = "POST", target = "/api/v1/posts/shares",
    body = '{"message":"Look","sharedOriginDiscussion":"' .. POST .. '"}',
    status = 201, answer = ONE_POST, check = is_post },
  { op = "POST /api/v1/posts/shares", note = "of a share",
    call = function(client)
      return client.posts:share { message = "Look",
        sharedOriginDiscussion = POST, sharedDiscussionId = REPLY }
    end,
    method = "POST", target = "/api/v1/posts/shares",
    body = '{"message":"Look","sharedDiscussionId":"' .. REPLY
      .. '","sharedOriginDiscussion":"' .. POST .. '"}',
    status = 201, answer = ONE_POST, check = is_post },
  { op = "GET /api/v1/posts/{postId}",
    call = function(client) return client.posts:get(POST, { take = 0 }) end,
    method = "GET", target = AT_POST .. "?take=0",
    answer = '{"id":"' .. POST .. '","post":' .. ONE_POST .. "}",
    check = is_first_post },
  { op = "PUT /api/v1/posts/{postId}",
    call = function(client) return post(client):update "Up" end,
    method = "PUT", target = AT_POST, body = '{"message":"Up"}',
    answer = ONE_POST, check = is_post },
  { op = "DELETE /api/v1/posts/{postId}",
    call = function(client) return post(client):delete() end,
    method = "DELETE", target = AT_POST, status = 204, check = is_true },

  { op = "POST /api/v1/posts/{postId}/comments",
    call = function(client) return post(client):comment "Down" end,
    method = "POST", target = AT_POST .. "/comments",
    body = '{"message":"Down"}', status = 201, answer = ONE_COMMENT,
    check = is_comment },
  { op = "GET /api/v1/posts/{postId}/comments",
    call = function(client)
      return post(client):page_of_comments { take = 5, order = "Asc",
        offsetEntityId = COMMENT }
    end,
    method = "GET", target = AT_POST .. "/comments?offsetEntityId=" .. COMMENT
      .. "&order=Asc&take=5",
    answer = '{"reactionPaging":{"totalCount":1},"comments":['
      .. ONE_COMMENT .. "]}",
    check = function(comments, response)
      return is_comment(comments[1])
        and response.meta.reactionPaging.totalCount == 1
    end },
  { op = "GET /api/v1/posts/{postId}/comments", note = "one by one",
    call = function(client) return post(client):each_comment()() end,
    method = "GET", target = AT_POST .. "/comments",
    answer = '{"comments":[' .. ONE_COMMENT .. "]}", check = is_comment },
  { op = "PUT /api/v1/posts/{postId}/comments/{commentId}",
    call = function(client)
      return comment(client):update { message = "Down" }
    end,
    method = "PUT", target = AT_COMMENT, body = '{"message":"Down"}',
    answer = ONE_COMMENT, check = is_comment },
  { op = "DELETE /api/v1/posts/{postId}/comments/{commentId}",
    earlier = { { 200, '{"comments":[' .. ONE_COMMENT .. "]}" } },
    call = function(client) return post(client):each_comment()():delete() end,
    method = "DELETE", target = AT_COMMENT, status = 204, check = is_true },
  { op = "POST /api/v1/posts/{postId}/comments/{commentId}/likes",
    call = function(client) return comment(client):like() end,
    method = "POST", target = AT_COMMENT .. "/likes", body = "{}",
    status = 204, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/comments/{commentId}/likes",
    call = function(client) return comment(client):unlike() end,
    method = "DELETE", target = AT_COMMENT .. "/likes", status = 204,
    check = is_true },

  { op = "GET /api/v1/posts/{postId}/comments/{commentId}/replies",
    call = function(client) return comment(client):page_of_replies() end,
    method = "GET", target = AT_COMMENT .. "/replies",
    answer = '{"comments":[' .. ONE_REPLY .. "]}",
    check = function(replies) return is_reply(replies[1]) end },
  { op = "GET /api/v1/posts/{postId}/comments/{commentId}/replies",
    note = "one by one",
    call = function(client)
      return comment(client):each_reply { take = 100 }()
    end,
    method = "GET", target = AT_COMMENT .. "/replies?take=100",
    answer = '{"comments":[' .. ONE_REPLY .. "]}", check = is_reply },
  { op = "POST /api/v1/posts/{postId}/comments/{commentId}/replies",
    call = function(client) return comment(client):reply "Up" end,
    method = "POST", target = AT_COMMENT .. "/replies",
    body = '{"message":"Up"}', status = 201, answer = ONE_REPLY,
    check = is_reply },
  { op = "PUT /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}",
    call = function(client) return reply(client):update "Up" end,
    method = "PUT", target = AT_REPLY, body = '{"message":"Up"}',
    answer = ONE_REPLY, check = is_reply },
  { op = "DELETE /api/v1/posts/{postId}/comments/{commentId}/replies"
      .. "/{replyId}",
    call = function(client) return reply(client):delete() end,
    method = "DELETE", target = AT_REPLY, status = 204, check = is_true },
  { op = "POST /api/v1/posts/{postId}/comments/{commentId}/replies"
      .. "/{replyId}/likes",
    call = function(client) return reply(client):like() end,
    method = "POST", target = AT_REPLY .. "/likes", body = "{}",
    status = 204, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/comments/{commentId}/replies"
      .. "/{replyId}/likes",
    call = function(client) return reply(client):unlike() end,
    method = "DELETE", target = AT_REPLY .. "/likes", status = 204,
    check = is_true },

  { op = "POST /api/v1/posts/{postId}/follows",
    call = function(client) return post(client):follow() end,
    method = "POST", target = AT_POST .. "/follows",
    status = 204, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/follows",
    call = function(client) return post(client):unfollow() end,
    method = "DELETE", target = AT_POST .. "/follows",
    status = 204, check = is_true },
  { op = "POST /api/v1/posts/{postId}/likes",
    call = function(client) return post(client):like() end,
    method = "POST", target = AT_POST .. "/likes", body = "{}",
    status = 204, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/likes",
    call = function(client) return post(client):unlike() end,
    method = "DELETE", target = AT_POST .. "/likes",
    status = 204, check = is_true },
  { op = "POST /api/v1/posts/{postId}/pins",
    call = function(client) return post(client):pin() end,
    method = "POST", target = AT_POST .. "/pins",
    status = 204, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/pins",
    call = function(client) return post(client):unpin() end,
    method = "DELETE", target = AT_POST .. "/pins",
    status = 204, check = is_true },
  { op = "POST /api/v1/posts/{postId}/saves",
    call = function(client) return post(client):save() end,
    method = "POST", target = AT_POST .. "/saves",
    status = 204, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/saves",
    call = function(client) return post(client):unsave() end,
    method = "DELETE", target = AT_POST .. "/saves",
    status = 204, check = is_true },
  { op = "POST /api/v1/posts/{postId}/polls/{pollId}/options"
      .. "/{optionId}/votes",
    call = function(client)
      return post(client):vote(1, { pollId = 42, client_request_id = TRACE })
    end,
    method = "POST", target = AT_POST
      .. "/polls/42/options/1/votes?client_request_id=" .. TRACE,
    status = 202, check = is_true },
  { op = "DELETE /api/v1/posts/{postId}/polls/{pollId}/options"
      .. "/{optionId}/votes",
    call = function(client)
      return post(client):unvote(1, { pollId = 42, client_request_id = TRACE })
    end,
    method = "DELETE", target = AT_POST
      .. "/polls/42/options/1/votes?client_request_id=" .. TRACE,
    status = 202, check = is_true },
  { op = "GET /api/v1/posts/{postId}/shares",
    call = function(client)
      return post(client):page_of_shares { client_request_id = TRACE,
        take = 20 }
    end,
    method = "GET", target = AT_POST .. "/shares?client_request_id=" .. TRACE
      .. "&take=20",
    answer = '{"paging":{"totalCount":1},"postShares":'
      .. '[{"shareReactionId":"r"}]}',
    check = function(shares) return shares[1].shareReactionId == "r" end },
  { op = "GET /api/v1/posts/{postId}/shares", note = "one by one",
    call = function(client)
      return post(client):each_share { client_request_id = TRACE }()
    end,
    method = "GET", target = AT_POST .. "/shares?client_request_id=" .. TRACE,
    answer = '{"postShares":[{"shareReactionId":"r"}]}',
    check = function(share) return share.shareReactionId == "r" end },
}
