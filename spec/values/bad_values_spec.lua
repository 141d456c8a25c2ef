-- Ids, lists and dates that cannot be: every operation, and every method of a
-- resource that takes some. Each is an error that names the field, before
-- anything is sent.
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local samples = require "spec.support.samples"
local scripted = require "spec.support.scripted"

local UUID = samples.ID

-- What no id is, as a number or as text.
local NO_IDS = { 0, -1, 1.5, 2 ^ 63, 2 ^ 64, -2 ^ 63, 0 / 0, 1 / 0, "", "0",
  "-1", "1.5", "1.0", "1e3", "0x10", "12abc", " 1", "1 ", "+1", "01", "..",
  "a/b", "9223372036854775808", "99999999999999999999", "1\0", "1\n" }

-- What no id is either, and raises.
local NO_TYPES = { true, {}, print, core.null }

-- What is no text in a path.
local NO_STEPS = { "", ".", "..", " a", "a ", "a\n", "\0", "a\127", "\255" }

local NO_DATES = { "2026-02-30", "2026-13-01", "2025-02-29", "today", "",
  "2026-1-2", "31.12.2026", 0 / 0, 1 / 0, -1 / 0, 1e18 }

local function long(spec)
  return type(spec) == "string" and { type = spec } or spec
end

describe("a value that cannot be", function()
  local api, client

  before_each(function()
    api = scripted.new(function() return 200, "{}" end)
    client = api:client { account = "real", max_retries = 0,
      on_event = function() end }
  end)
  after_each(function() client:close() end)

  -- field: what the error is about; raises: only a raised error will do
  local function refused(what, call, field, raises)
    local ok, result, err = pcall(call)
    what = what .. ": " .. (ok and tostring(err) or tostring(result))
    assert.same({}, api.lines, what)
    if not ok and not errors.is(result) then
      assert.matches("spec/values/bad_values_spec.lua:%d+: ", result, nil, nil, what)
      return
    end
    assert.is_nil(raises, what)
    if not ok then result, err = nil, result end -- an iterator's
    assert.is_nil(result, what)
    assert.is_true(errors.is(err), what)
    assert.equal("invalid", err.kind, what)
    if field then assert.equal(field, err.field, what) end
  end

  local function shown(value)
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end

  local function try(name, op, put, values, field, raises)
    for _, value in ipairs(values) do
      local params = samples.params(op)
      put(params, value)
      refused(name .. ", " .. field .. " = " .. shown(value), function()
        local result, err = client:call(name, params)
        return result, err
      end, field, raises)
    end
  end

  -- Calls visit with each parameter of the table: its spec, and how to set it.
  local function each_param(op, visit)
    for place, specs in pairs { path = op.params.path,
      query = op.params.query,
      body = op.body and type(op.body.type) ~= "string" and op.body or {} }
    do
      for field, spec in pairs(specs) do
        visit(field, long(spec), function(params, value)
          if place == "body" then params = params.body end
          params[field] = value
        end, place)
      end
    end
  end

  local function is_id(spec) return spec.type == "integer" and spec.min == 1 end

  it("is refused as an id, by every operation", function()
    local count = 0
    for name, op in pairs(operations) do
      each_param(op, function(field, spec, put, place)
        local function put_in_list(params, value) put(params, { value }) end
        if is_id(spec) then
          count = count + 1
          try(name, op, put, NO_IDS, field)
          if not spec.nullable then
            try(name, op, put, NO_TYPES, field, true)
          end
        elseif spec.type == "list" and is_id(long(spec.items or "any")) then
          count = count + 1
          try(name, op, put_in_list, NO_IDS, field)
          try(name, op, put_in_list, NO_TYPES, field, true)
          if place == "query" then try(name, op, put, { {} }, field) end
        elseif spec.type == "uuid" then
          try(name, op, put, { "", "..", "a/b", "12abc", UUID .. "0",
            " " .. UUID }, field)
        elseif place == "path" and spec.type == "string" and not spec.enum then
          try(name, op, put, NO_STEPS, field)
        end
      end)
    end
    assert.is_true(count > 60, count .. " ids")
  end)

  it("is refused as a day or a time, by every operation", function()
    local count = 0
    for name, op in pairs(operations) do
      each_param(op, function(field, spec, put)
        if spec.type == "date" or spec.type == "datetime" then
          count = count + 1
          try(name, op, put, NO_DATES, field)
        end
      end)
    end
    assert.is_true(count > 10, count .. " dates")
  end)

  it("is refused as one of several words, with the nearest one", function()
    for name, op in pairs(operations) do
      each_param(op, function(field, spec, put)
        if spec.enum and type(spec.enum[1]) == "string" then
          local word = spec.enum[1]
          try(name, op, put, { word .. "x", word:upper() .. "Z", "" }, field)
        end
      end)
    end
  end)

  -- method = the call with an id
  local METHODS = {
    ["instruments:get"] = function(id) return client.instruments:get(id) end,
    ["instruments:many"] = function(id)
      return client.instruments:many { 5, id }
    end,
    ["instruments:list"] = function(id)
      return client.instruments:list { instrumentIds = { id } }
    end,
    ["market:candles"] = function(id)
      return client.market:candles { instrumentId = id }
    end,
    ["orders:get"] = function(id) return client.orders:get(id) end,
    ["orders:open"] = function(id)
      return client.orders:open { instrumentId = id, transaction = "buy",
        amount = 5 }
    end,
    ["orders:costs"] = function(id)
      return client.orders:costs { instrumentId = id, transaction = "buy",
        amount = 5 }
    end,
    ["orders:eligibility"] = function(id)
      return client.orders:eligibility { instrumentIds = { id } }
    end,
    ["positions:get"] = function(id) return client.positions:get(id) end,
    ["positions:cancel_close"] = function(id)
      return client.positions:cancel_close(id)
    end,
    ["account:aggregate"] = function(id)
      return client.account:aggregate { instrumentIds = { id } }
    end,
    ["feeds:user"] = function(id)
      return client.feeds:user { userId = id }
    end,
    ["feeds:each"] = function(id)
      return client.feeds:each { userId = id }()
    end,
    ["people:list"] = function(id)
      return client.people:list { cidList = { id } }
    end,
    ["watchlists:public"] = function(id)
      return client.watchlists:public(id)
    end,
    ["watchlists:get_public"] = function(id)
      return client.watchlists:get_public(id, "a")
    end,
    ["watchlists:each_public_item"] = function(id)
      return client.watchlists:each_public_item(id, "a")()
    end,
    ["watchlist:add_items"] = function(id)
      return client.watchlists:by_id "a":add_items { 5, id }
    end,
    ["watchlists:create_default_of"] = function(id)
      return client.watchlists:create_default_of { id }
    end,
    ["post:vote"] = function(id)
      return client.posts:by_id(UUID):vote(id, { pollId = 5 })
    end,
    ["post:unvote"] = function(id)
      return client.posts:by_id(UUID):unvote(5, { pollId = id })
    end,
  }

  local function refused_by(name, call, value, ...)
    refused(name .. " " .. shown(value), function()
      local result, err = call(value)
      return result, err
    end, ...)
  end

  -- What is no id is an error; what is of another type raises.
  local function refused_by_each(calls, values)
    for name, call in pairs(calls) do
      for _, value in ipairs(values) do refused_by(name, call, value) end
      for _, value in ipairs { true, {}, print } do
        refused_by(name, call, value, nil, true)
      end
    end
  end

  it("is refused as an id, by every method that takes a number", function()
    refused_by_each(METHODS, NO_IDS)
  end)

  -- Ids that are texts to the API.
  local TEXTS = {
    ["watchlists:get"] = function(id) return client.watchlists:get(id) end,
    ["watchlists:get_public"] = function(id)
      return client.watchlists:get_public(5, id)
    end,
    ["watchlist:each_item"] = function(id)
      return client.watchlists:by_id(id):each_item()()
    end,
    ["watchlist:delete"] = function(id)
      return client.watchlists:by_id(id):delete()
    end,
    ["feeds:market"] = function(id)
      return client.feeds:market { marketId = id }
    end,
    ["feeds:comment"] = function(id) return client.feeds:comment(id, "a") end,
    ["posts:get"] = function(id) return client.posts:get(id) end,
    ["post:like"] = function(id) return client.posts:by_id(id):like() end,
    ["alert:delete"] = function(id)
      return client.alerts:by_id(id):delete()
    end,
    ["cash:get"] = function(id) return client.cash:get(id) end,
    ["cash:status"] = function(id) return client.cash:status(id) end,
    ["cash:transactions"] = function(id)
      return client.cash:transactions(id)
    end,
    ["cash:each_transaction"] = function(id)
      return client.cash:each_transaction(id)()
    end,
    ["balances:get"] = function(id)
      return client.balances:get { accountType = "cash", accountId = id }
    end,
    ["people:gain"] = function(id) return client.people:gain(id) end,
    ["people:copiers"] = function(id) return client.people:copiers(id) end,
    ["instruments:details"] = function(id)
      return client.instruments:details(id)
    end,
  }

  it("is refused as an id, by every method that takes a text", function()
    refused_by_each(TEXTS, NO_STEPS)
    for _, name in ipairs { "watchlists:get", "watchlists:get_public",
      "watchlist:delete", "feeds:market", "feeds:comment", "balances:get" }
    do
      for _, value in ipairs { 0, -1, 1.5, 2 ^ 63, "-1", "1.5", "0" } do
        refused_by(name, TEXTS[name], value)
      end
    end
  end)

  it("is refused where an id is missing, at the caller's line", function()
    for _, calls in ipairs { METHODS, TEXTS } do
      for name, call in pairs(calls) do
        if name ~= "instruments:many" and name ~= "post:unvote"
            and not name:find "feeds:[eum]" and name ~= "watchlist:add_items"
            and name ~= "balances:get" and name ~= "people:list"
            and name ~= "account:aggregate" and name ~= "instruments:list"
            and name ~= "watchlists:create_default_of" then
          refused(name, function()
            local result, err = call(nil)
            return result, err
          end)
        end
      end
    end
  end)

  it("is refused anywhere among 10,000 ids", function()
    local ids = {}
    for i = 1, 10000 do ids[i] = i end
    ids[9999] = -7
    for name, call in pairs {
      many = function() return client.instruments:many(ids) end,
      list = function()
        return client.instruments:list { instrumentIds = ids }
      end,
      rates = function() return client.market:rates(ids) end,
      people = function() return client.people:list { cidList = ids } end,
    } do
      refused(name, function()
        local result, err = call()
        return result, err
      end)
    end
  end)

  it("is refused among symbols", function()
    for _, symbol in ipairs { "", " ", "\255", "a\nb", ("x"):rep(101) } do
      refused(shown(symbol), function()
        local result, err = client.market:rates { symbol }
        return result, err
      end, "symbol")
    end
  end)

  it("is refused as an empty list", function()
    for name, call in pairs {
      many = function() return client.instruments:many {} end,
      list = function()
        return client.instruments:list { instrumentIds = {} }
      end,
      rates = function() return client.market:rates {} end,
      people = function() return client.people:list { cidList = {} } end,
      names = function() return client.people:list { usernames = {} } end,
      unnamed = function() return client.people:get "" end,
      nobody = function() return client.people:list {} end,
      add = function() return client.watchlists:by_id "a":add_items {} end,
      remove = function()
        return client.watchlists:by_id "a":remove_items {}
      end,
      default = function() return client.watchlists:create_default_of {} end,
      exchanges = function()
        return client.market:exchanges { exchangeIds = {} }
      end,
      eligibility = function()
        return client.orders:eligibility { instrumentIds = {} }
      end,
    } do
      refused(name, function()
        local result, err = call()
        return result, err
      end)
    end
  end)
end)
