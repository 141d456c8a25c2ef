-- Each ceiling of the sandbox, at the limit and one past it.
local box = require "spec.support.box"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local sandbox = require "etoro.sandbox"
local sandbox_options = require "etoro.sandbox.options"
local times = require "etoro.values.times"
local watch = require "etoro.sandbox.trading.watch"

local DAY = 86400
local MARKET = "/api/v1/market-data/instruments"
local LISTS = "/api/v1/watchlists"
local POSTS = "/api/v1/posts"

-- Numbers one after the other as a query has them.
local function ids(count)
  local list = {}
  for i = 1, count do list[i] = ("%d"):format(i) end
  return table.concat(list, ",")
end

describe("the sandbox's ceilings:", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  local function status_of(...) return (b:ask(...)) end

  -- Options: name, what is let pass, what is not.
  for _, row in ipairs {
    { "seed", ceilings.box_seed_max, ceilings.box_seed_max + 2 },
    { "seed", -ceilings.box_seed_max, -ceilings.box_seed_max - 2 },
    { "credit", ceilings.box_sum_max, ceilings.box_sum_max + 1 },
    { "max_alerts", ceilings.box_count_max, ceilings.box_count_max + 1 },
    { "fill_delay", ceilings.box_delay_max, ceilings.box_delay_max + 1 },
    { "window", ceilings.box_window_min, ceilings.box_window_min / 2 },
    { "window", ceilings.box_year_max, ceilings.box_year_max + 1 },
    { "instruments", ceilings.box_instruments_max,
      ceilings.box_instruments_max + 1 },
    { "market_open", { [ceilings.box_id_max] = true },
      { [ceilings.box_id_max + 1] = true } },
  } do
    it(("option %s of %s"):format(row[1], type(row[2]) == "table" and "an id"
      or core.figure(row[2])), function()
        local kind = sandbox_options.KINDS[row[1]]
        assert.is_falsy(kind(row[2]))
        assert.is_string(kind(row[3]))
        assert.has_error(function() sandbox.new { [row[1]] = row[3] } end)
      end)
  end

  -- Controls: path, a body with %s in it, what is let pass, what is not.
  for _, row in ipairs {
    { "trading/price", '{"instrumentId":1001,"price":%.7f}',
      ceilings.box_price_min, ceilings.box_price_min / 2 },
    { "trading/price", '{"instrumentId":1001,"price":%.1f}',
      ceilings.box_price_max, ceilings.box_price_max + 1 },
    { "trading/fate", '{"status":"PartiallyFilled","share":%.5f}',
      ceilings.box_share_min, ceilings.box_share_min / 2 },
    { "faults", '{"fault":"oversize","size":%d}',
      ceilings.box_fault_bytes_max, ceilings.box_fault_bytes_max + 1 },
    { "faults", '{"fault":"stall","seconds":%d}', ceilings.box_year_max,
      ceilings.box_year_max + 1 },
    { "faults", '{"fault":"html","times":%d}', ceilings.box_count_max,
      ceilings.box_count_max + 1 },
  } do
    it(row[1] .. " " .. row[2]:format(row[3]), function()
      local path = "/sandbox/" .. row[1]
      assert.is_true(status_of("POST", path, row[2]:format(row[3])) < 300)
      assert.equal(400, status_of("POST", path, row[2]:format(row[4])))
    end)
  end

  it("max_body of a served box", function()
    local served = assert(sandbox.server { max_body = ceilings.box_body_max })
    served:close()
    assert.has_error(function()
      sandbox.server { max_body = ceilings.box_body_max + 1 }
    end)
  end)

  it("ids of a request for instruments, and for rates", function()
    local most = ceilings.box_instruments_of_request
    assert.equal(200, status_of("GET", MARKET .. "?instrumentIds=" .. ids(most)))
    assert.equal(414, status_of("GET", MARKET .. "?instrumentIds="
      .. ids(most + 1)))
    most = ceilings.box_rates_max
    assert.equal(200, status_of("GET", MARKET .. "/rates?instrumentIds="
      .. ids(most)))
    assert.equal(400, status_of("GET", MARKET .. "/rates?instrumentIds="
      .. ids(most + 1)))
  end)

  it("bars of a request for candles", function()
    local path = MARKET .. "/1001/history/candles/asc/OneMinute/%d"
    for more = 0, 1 do
      local _, body = b:ask("GET", path:format(ceilings.box_bars_max + more))
      assert.equal(ceilings.box_bars_max, #body.candles[1].candles)
    end
  end)

  -- The dates of so many days, the last of them today.
  local function dates(days, first_name, last_name)
    return ("%s=%s&%s=%s"):format(first_name, times.date(box.START
      - days * DAY), last_name, times.date(box.START))
  end

  it("days of balances", function()
    local path = "/api/v1/balances/history"
    local _, body = b:ask("GET", path)
    assert.equal(ceilings.box_balances_days + 1, #body.snapshots)
    local most = ceilings.box_balances_days_max
    path = path .. "?"
    assert.equal(200, status_of("GET", path .. dates(most, "fromDate",
      "toDate")))
    assert.equal(400, status_of("GET", path .. dates(most + 1, "fromDate",
      "toDate")))
  end)

  it("days of statistics, and stretches of gains", function()
    local path = "/api/v2/portfolios/harborlight/"
    local most = ceilings.box_statistics_days_max
    assert.equal(200, status_of("GET", path .. "exposure/history?"
      .. dates(most, "minDate", "maxDate")))
    assert.equal(400, status_of("GET", path .. "exposure/history?"
      .. dates(most + 1, "minDate", "maxDate")))
    local _, body = b:ask("GET", path .. "gain/monthly")
    assert.equal(ceilings.box_gains_count, #body.gains)
    _, body = b:ask("GET", path .. "gain/monthly?count="
      .. ceilings.box_gains_count + 1)
    assert.equal(ceilings.box_gains_count + 1, #body.gains)
  end)

  it("bytes of a picture", function()
    local function upload(size)
      local head = "\137PNG\r\n\26\n"
      local body = "--b\r\nContent-Disposition: form-data; name=\"file\"; "
        .. "filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n" .. head
        .. ("x"):rep(size - #head) .. "\r\n--b--\r\n"
      return status_of("POST", "/api/v1/attachments?client_request_id=" .. box.ID, body,
        { ["content-type"] = "multipart/form-data; boundary=b" })
    end
    assert.equal(200, upload(ceilings.box_upload_max))
    assert.equal(422, upload(ceilings.box_upload_max + 1))
  end)

  it("comments and replies that are shown", function()
    local _, post = b:ask("POST", POSTS, { message = "mine" })
    local path = POSTS .. "/" .. post.id
    assert.equal(204, status_of("POST", path .. "/pins"))
    local first
    for _ = 0, ceilings.box_comments_shown do
      local _, made = b:ask("POST", path .. "/comments", { message = "x" })
      first = first or made.entity.id
    end
    for _ = 0, ceilings.box_replies_shown do
      assert.equal(201, status_of("POST", ("%s/comments/%s/replies"):format(
        path, first), { message = "y" }))
    end
    local _, body = b:ask("GET", ("/api/v1/feeds/users/%s/pinned"):format(
      post.owner.id))
    assert.equal(ceilings.box_comments_shown,
      #body.discussions[1].commentsData.comments)
    _, body = b:ask("GET", path .. "/comments?order=Asc")
    assert.equal(ceilings.box_replies_shown, #body.comments[1].replies)
    assert.equal(ceilings.box_replies_shown + 1, body.comments[1].repliesCount)
  end)

  it("cash accounts", function()
    local path = "/api/v1/money/accounts/cash"
    for i = 1, ceilings.box_cash_accounts_max do
      local status = status_of("POST", path, { tncDocId = 31,
        requestReferenceId = box.ID:sub(1, -2) .. i })
      b:advance(60)
      assert.equal(i < ceilings.box_cash_accounts_max and 202 or 422, status)
    end
    local _, body = b:ask("GET", path)
    assert.equal(ceilings.box_cash_accounts_max, #body.accounts)
  end)

  it("watchlists, and items of one", function()
    b = box.new { limits = false, instruments = 200 }
    local built_in, made = 2, nil
    for i = built_in + 1, ceilings.box_watchlists_max do
      made = select(2, b:ask("POST", ("%s?name=l%d"):format(LISTS, i)))
      assert.is_true(made.isSucceeded)
    end
    local _, refused = b:ask("POST", LISTS .. "?name=last")
    assert.equal("MaxWatchlistsExceeded", refused.exception.reason)
    local items = {}
    for i = 1, ceilings.box_watchlist_items_max + 1 do
      items[i] = { itemId = b.model.instruments[i].instrumentID,
        itemType = "Instrument" }
    end
    local path = ("%s/%s/items"):format(LISTS, made.watchlists[1].watchlistId)
    local last = table.remove(items)
    local _, answer = b:ask("POST", path, box.array(items))
    assert.is_nil(answer)
    _, answer = b:ask("POST", path, box.array { last })
    assert.equal("InvalidItems", answer.exception.reason)
  end)

  it("arrivals that are kept, and their bodies", function()
    local kept, body = ceilings.box_arrivals_kept,
      ceilings.box_arrival_body_kept
    b:ask("POST", "/api/v1/nowhere", ("x"):rep(body + 1))
    assert.equal(body, #b.model.arrivals[1].body)
    for _ = 2, 2 * kept do b:ask("GET", "/api/v1/nowhere") end
    assert.equal(2 * kept, #b.model.arrivals)
    b:ask("GET", "/api/v1/nowhere")
    assert.equal(kept + 1, #b.model.arrivals)
    assert.equal(2 * kept + 1, b.model.arrivals.count)
    assert.equal(kept + 1, b.model.arrivals[1].number)
  end)

  it("looks at prices that somebody waits for", function()
    local looks = 0
    local function after(seconds)
      local book = { last_watch = 0, watch_count = 0, watched = {},
        market = { quote = function()
          looks = looks + 1
          return 1, 1
        end } }
      watch.add(book, { instrument = { instrumentID = 1 }, is_buy = true }, 0)
      looks = 0
      book.watch(book, seconds)
      return looks
    end
    local step, most = ceilings.box_look_step, ceilings.box_looks_max
    assert.equal(0, after(step - 0.01))
    assert.equal(1, after(step))
    assert.equal(most, after(step * most))
    assert.equal(most / 2, after(step * (most + 1)))
  end)
end)
