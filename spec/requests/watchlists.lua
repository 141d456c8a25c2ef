-- Watchlists, lists and price alerts: see spec/call/requests_spec.lua.
local ALERT = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
local ENVELOPE = '{"status":200,"watchlists":[{"watchlistId":"12345",'
  .. '"name":"Tech","Gcid":7890,"watchlistType":"Static","totalItems":1,'
  .. '"isDefault":false,"isUserSelectedDefault":false,"watchlistRank":1,'
  .. '"dynamicUrl":null,"items":[{"itemId":1001,"itemType":"Instrument",'
  .. '"itemRank":1}]}],"exception":null,"meta":{"pageNumber":0,'
  .. '"itemsPerPage":100},"isSucceeded":true}'
local ONE_ALERT = '{"alertId":"' .. ALERT .. '","instrumentId":1001,'
  .. '"symbol":"AAPL","targetPrice":185.5,"currentPrice":182.3,'
  .. '"createdAt":"2026-04-20T10:00:00Z","updatedAt":"2026-04-25T14:30:00Z"}'

local function is_tech(list)
  return list.watchlistId == "12345"
    and list.name == "Tech"
    and list.items[1].itemId == 1001
end

local function is_list_of_tech(lists)
  return #lists == 1
    and is_tech(lists[1])
end

local function is_true(result) return result == true end

local function is_itself(list) return list.watchlistId == "12345" end

local function is_alert(alert)
  return alert.alertId == ALERT
    and alert.targetPrice == 185.5
end

return {
  { op = "GET /api/v1/watchlists",
    call = function(client) return client.watchlists:list() end,
    method = "GET", target = "/api/v1/watchlists",
    answer = ENVELOPE, check = is_list_of_tech },
  { op = "GET /api/v1/watchlists", note = "with all it takes",
    call = function(client)
      return client.watchlists:list { itemsPerPageForSingle = 1000,
        ensureBuiltinWatchlists = false, addRelatedAssets = true }
    end,
    method = "GET", target = "/api/v1/watchlists?addRelatedAssets=true"
      .. "&ensureBuiltinWatchlists=false&itemsPerPageForSingle=1000",
    answer = ENVELOPE, check = is_list_of_tech },
  { op = "POST /api/v2/watchlists",
    call = function(client)
      return client.watchlists:enriched { itemsPerPageForSingle = 5,
        addRelatedAssets = true }
    end,
    method = "POST", target = "/api/v2/watchlists",
    body = '/^{"components":%[{"params":{"addRelatedAssets":true,'
      .. '"itemsPerPageForSingle":5},"type":"userWatchlists"}%],"requestId":'
      .. '"%x+%-%x+%-4%x+%-%x+%-%x+","version":1}$/',
    headers = { ["content-length"] = "/^%d+$/" },
    answer = '{"kind":"component","type":"userWatchlists","status":"ok","data":{'
      .. '"watchlists":[{"watchlistId":"12345","name":"Tech","items":[{'
      .. '"itemId":1001,"itemType":"Instrument"}]}],"enrichmentData":{'
      .. '"instruments":{"1001":{"currentRate":190.5}}}}}',
    check = function(data)
      return is_tech(data.watchlists[1]) and data.watchlists[1].each_item
        and data.enrichmentData.instruments["1001"].currentRate == 190.5
    end },
  { op = "POST /api/v1/watchlists",
    call = function(client)
      return client.watchlists:create { name = "Tech" }
    end,
    method = "POST", target = "/api/v1/watchlists?name=Tech",
    status = 201, answer = ENVELOPE, check = is_tech },
  { op = "POST /api/v1/watchlists", note = "dynamic",
    call = function(client)
      return client.watchlists:create { name = "Tech", type = "Dynamic",
        dynamicQuery = "a=1&b=2" }
    end,
    method = "POST", target = "/api/v1/watchlists?dynamicQuery=a%3D1%26b%3D2"
      .. "&name=Tech&type=Dynamic",
    status = 201, answer = ENVELOPE, check = is_tech },
  { op = "POST /api/v1/watchlists/newasdefault-watchlist",
    call = function(client)
      return client.watchlists:create_default { name = "Tech" }
    end,
    method = "POST",
    target = "/api/v1/watchlists/newasdefault-watchlist?name=Tech",
    status = 201, answer = ENVELOPE, check = is_tech },
  { op = "POST /api/v1/watchlists/default-watchlist/selected-items",
    call = function(client)
      return client.watchlists:create_default_of { 1001,
        { itemId = 32612044, itemType = "Person", itemRank = 2 } }
    end,
    method = "POST",
    target = "/api/v1/watchlists/default-watchlist/selected-items",
    body = '[{"itemId":1001,"itemType":"Instrument"},{"itemId":32612044,'
      .. '"itemRank":2,"itemType":"Person"}]',
    status = 201, answer = ENVELOPE, check = is_tech },
  { op = "GET /api/v1/watchlists/default-watchlists/items",
    call = function(client)
      return client.watchlists:default_items { itemsLimit = 5,
        itemsPerPage = 50 }
    end,
    method = "GET", target = "/api/v1/watchlists/default-watchlists/items"
      .. "?itemsLimit=5&itemsPerPage=50",
    answer = '[{"itemId":1001,"itemType":"Instrument"}]',
    check = function(items) return items[1].itemId == 1001 end },
  { op = "GET /api/v1/watchlists/public/{userId}",
    call = function(client)
      return client.watchlists:public(7890, { itemsPerPageForSingle = 50 })
    end,
    method = "GET",
    target = "/api/v1/watchlists/public/7890?itemsPerPageForSingle=50",
    answer = ENVELOPE, check = is_list_of_tech },
  { op = "GET /api/v1/watchlists/public/{userId}/{watchlistId}",
    call = function(client)
      return client.watchlists:get_public(7890, "12345",
        { pageNumber = 0, itemsPerPage = 30 })
    end,
    method = "GET", target = "/api/v1/watchlists/public/7890/12345"
      .. "?itemsPerPage=30&pageNumber=0",
    answer = '{"watchlistId":"12345","name":"Tech","totalItems":1,'
      .. '"items":[{"itemId":1001,"itemType":"Instrument"}]}',
    check = is_tech },
  { op = "GET /api/v1/watchlists/public/{userId}/{watchlistId}",
    note = "item by item",
    call = function(client)
      return client.watchlists:each_public_item(7890, 12345)()
    end,
    method = "GET", target = "/api/v1/watchlists/public/7890/12345",
    answer = '{"watchlistId":"12345","totalItems":1,'
      .. '"items":[{"itemId":1001,"itemType":"Instrument"}]}',
    check = function(item) return item.itemId == 1001 end },
  { op = "PUT /api/v1/watchlists/rank/{watchlistId}",
    call = function(client) return client.watchlists:by_id "12345":rank(3) end,
    method = "PUT", target = "/api/v1/watchlists/rank/12345?newRank=3",
    status = 204,
    check = function(list) return list.watchlistRank == 3 end },
  { op = "PUT /api/v1/watchlists/setUserSelectedUserDefault/{watchlistId}",
    call = function(client)
      return client.watchlists:by_id "12345":set_default()
    end,
    method = "PUT",
    target = "/api/v1/watchlists/setUserSelectedUserDefault/12345",
    check = function(list) return list.isUserSelectedDefault == true end },
  { op = "GET /api/v1/watchlists/{watchlistId}",
    call = function(client)
      return client.watchlists:get("12345", { pageNumber = 0,
        itemsPerPage = 1000 })
    end,
    method = "GET",
    target = "/api/v1/watchlists/12345?itemsPerPage=1000&pageNumber=0",
    answer = ENVELOPE, check = is_tech },
  { op = "GET /api/v1/watchlists/{watchlistId}", note = "item by item",
    call = function(client)
      return client.watchlists:by_id(12345):each_item { pageNumber = 0 }()
    end,
    method = "GET", target = "/api/v1/watchlists/12345?pageNumber=0",
    answer = ENVELOPE,
    check = function(item) return item.itemId == 1001 end },
  { op = "PUT /api/v1/watchlists/{watchlistId}",
    earlier = { { 200, ENVELOPE } },
    call = function(client)
      return client.watchlists:list()[1]:rename "Tech & more"
    end,
    method = "PUT",
    target = "/api/v1/watchlists/12345?newName=Tech%20%26%20more",
    status = 204,
    check = function(list) return list.name == "Tech & more" end },
  { op = "DELETE /api/v1/watchlists/{watchlistId}",
    call = function(client)
      return client.watchlists:by_id "12345":delete()
    end,
    method = "DELETE", target = "/api/v1/watchlists/12345",
    status = 204, check = is_true },
  { op = "POST /api/v1/watchlists/{watchlistId}/items",
    call = function(client)
      return client.watchlists:by_id "12345":add_items { 1001, "100000" }
    end,
    method = "POST", target = "/api/v1/watchlists/12345/items",
    body = '[{"itemId":1001,"itemType":"Instrument"},'
      .. '{"itemId":100000,"itemType":"Instrument"}]',
    status = 201, check = is_itself },
  { op = "PUT /api/v1/watchlists/{watchlistId}/items",
    call = function(client)
      return client.watchlists:by_id "12345":update_items {
        { itemId = 1001, itemType = "Instrument", itemRank = 7 } }
    end,
    method = "PUT", target = "/api/v1/watchlists/12345/items",
    body = '[{"itemId":1001,"itemRank":7,"itemType":"Instrument"}]',
    status = 204, check = is_itself },
  { op = "DELETE /api/v1/watchlists/{watchlistId}/items",
    call = function(client)
      return client.watchlists:by_id "12345":remove_items { 1001 }
    end,
    method = "DELETE", target = "/api/v1/watchlists/12345/items",
    body = '[{"itemId":1001,"itemType":"Instrument"}]',
    status = 204, check = is_itself },

  { op = "GET /api/v1/curated-lists",
    call = function(client) return client.lists:curated() end,
    method = "GET", target = "/api/v1/curated-lists",
    answer = '{"curatedLists":[{"uuid":"u","name":"Chips",'
      .. '"items":[{"instrumentId":1001}]}]}',
    check = function(lists)
      return lists[1].items[1].instrumentId == 1001
    end },
  { op = "GET /api/v1/curated-lists", note = "of which there are none",
    call = function(client) return client.lists:curated() end,
    method = "GET", target = "/api/v1/curated-lists", status = 204,
    check = function(lists) return #lists == 0 end },
  { op = "GET /api/v1/market-recommendations/{itemsCount}",
    call = function(client) return client.lists:recommendations() end,
    method = "GET", target = "/api/v1/market-recommendations/10",
    answer = '{"ResponseType":"Personal","Recommendations":[1001,1002]}',
    check = function(ids, response)
      return #ids == 2 and ids[1] == 1001 and ids[2] == 1002
        and response.meta.ResponseType == "Personal"
    end },
  { op = "GET /api/v1/market-recommendations/{itemsCount}",
    note = "of which there are none",
    call = function(client) return client.lists:recommendations(100) end,
    method = "GET", target = "/api/v1/market-recommendations/100",
    status = 204, check = function(ids) return #ids == 0 end },

  { op = "GET /api/v1/price-alerts",
    call = function(client) return client.alerts:list() end,
    method = "GET", target = "/api/v1/price-alerts",
    answer = '{"results":[' .. ONE_ALERT .. ']}',
    check = function(alerts) return is_alert(alerts[1]) end },
  { op = "POST /api/v1/price-alerts",
    call = function(client)
      return client.alerts:create { symbol = "AAPL", targetPrice = "185.50" }
    end,
    method = "POST", target = "/api/v1/price-alerts",
    body = '{"symbol":"AAPL","targetPrice":185.50}',
    status = 201, answer = '{"success":true,"data":' .. ONE_ALERT .. "}",
    check = is_alert },
  { op = "PATCH /api/v1/price-alerts/{alertId}",
    call = function(client)
      return client.alerts:by_id(ALERT):update { targetPrice = 185.5 }
    end,
    method = "PATCH", target = "/api/v1/price-alerts/" .. ALERT,
    body = '{"targetPrice":185.5}',
    answer = '{"success":true,"data":' .. ONE_ALERT .. "}",
    check = is_alert },
  { op = "DELETE /api/v1/price-alerts/{alertId}",
    earlier = { { 200, '{"results":[' .. ONE_ALERT .. ']}' } },
    call = function(client) return client.alerts:list()[1]:delete() end,
    method = "DELETE", target = "/api/v1/price-alerts/" .. ALERT,
    answer = '{"success":true,"data":{"alertId":"' .. ALERT .. '"}}',
    check = is_true },
}
