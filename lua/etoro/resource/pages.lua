-- Lists that come in pages: iterators that fetch the next page when it is
-- needed, over all the ways that the API has of paging. How an operation's
-- pages go on is in etoro.operations (paging).

local answers = require "etoro.resource.answers"
local arguments = require "etoro.call.arguments"
local blame = require "etoro.values.blame"
local core = require "etoro.core"
local count = require "etoro.values.count"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local merged = require "etoro.values.merged"
local call_options = require "etoro.call.options"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local function whole(value)
  value = tonumber(value)
  if value and value > 0 and value == math.floor(value) then return value end
end

-- How many items a page may have: what was asked for, or the API's default.
local function size_of(op, params)
  local name = op.paging.size
  if not name then return nil end
  local spec = op.params.query[name]
  return whole(params[name]) or type(spec) == "table" and whole(spec.default)
    or nil
end

-- Each: whether there are more pages after this one; then `params` asks for
-- the next. A second value says what is wrong with the answer.
local AFTER = {}

-- The API's own count stands against what it gave: nobody may take the list
-- for the whole of it.
local function tell_of_rest(state, total, response)
  state.client:warn(response, ("%s %s counts %s and gave %d"):format(
    state.op.method, state.op.path, count(total, "item"), state.seen))
end

-- All has come.
function AFTER.whole() return false end

-- A server may give fewer items than it was asked for, and count its pages by
-- what it gives or by what it was asked for: from the second page on it is
-- asked for just as many, which is the same either way.
local function fit_size(state, items)
  state.is_short = #items < state.size
  state.may_overlap = state.is_short and state.pages == 1
  if not state.may_overlap then return end
  state.size = #items
  state.params[state.op.paging.size] = #items
end

-- Pages by number, up to a total where the answer has one, else to a page that
-- is shorter than those before; a first one may be all that the server gives at
-- a time.
function AFTER.page(state, body, items, response)
  local paging, params = state.op.paging, state.params
  local page = tonumber(params[paging.page]) or paging.first
  if state.pages == 1 then
    local size = type(body) == "table" and whole(answers.at(body, paging.size))
      or state.size or #items
    state.seen = (page - paging.first) * size
    state.size = state.size or size
  end
  state.seen = state.seen + #items
  params[paging.page] = page + 1
  local total = paging.total and whole(answers.at(body, paging.total))
  if #items == 0 then
    if total and total > state.seen then
      tell_of_rest(state, total, response)
    end
    return false
  end
  fit_size(state, items)
  state.is_promised = total ~= nil and total >= #items
  if state.is_promised then return state.seen < total end
  return #items >= state.size
end

-- `offset` items are left out: as many as have come. paging.next only says
-- that there are more: in the API's examples it leads to another path.
function AFTER.offset(state, body)
  local paging, params = state.op.paging, state.params
  params[paging.offset] = (tonumber(params[paging.offset]) or 0)
    + state.came
  if state.came == 0 then return false end
  state.is_short = not state.size or state.came < state.size
  state.may_overlap = state.is_short
  local holder = paging.next:match("^(.*)%.")
  state.is_promised = type(answers.at(body, holder)) == "table"
  if not state.is_promised then return true end
  local next_url = answers.at(body, paging.next)
  return next_url ~= nil and next_url ~= "" and next_url ~= false
end

local function cursor_text(value)
  if type(value) == "number" then return core.figure(value) end
  return value
end

-- The answer names where the next page starts.
function AFTER.cursor(state, body)
  local paging, params = state.op.paging, state.params
  local more = paging.more and answers.at(body, paging.more)
  local cursor = answers.at(body, paging.next)
  if more == false then return false end
  if cursor == nil or cursor == "" then
    if more == true then
      return nil, "the answer says that there are more pages, but not where"
    end
    return false
  elseif type(cursor) ~= "string" and type(cursor) ~= "number" then
    return nil, "the answer has no usable '" .. paging.next .. "'"
  end
  cursor = cursor_text(cursor)
  if state.cursors[cursor] then
    return nil, "the answer leads back to a page that was read before"
  end
  state.cursors[cursor] = true
  params[paging.cursor] = cursor
  return true
end

-- Whether a page's items stood in an earlier page already. A caller may have
-- put something of his own into those: that does not count.
local function same(new, old)
  if new == old then return true end
  if type(new) ~= "table" or type(old) ~= "table" then return false end
  for name, value in pairs(new) do
    if not same(value, old[name]) then return false end
  end
  return true
end

local function is_repeated(state, items)
  if #items == 0 then return false end
  return state.last ~= nil and #items == #state.last
      and same(items, state.last)
    or state.first ~= nil and #items == #state.first
      and same(items, state.first)
end

local function overlaps(items, last, width)
  for i = 1, width do
    if not same(items[i], last[#last - width + i]) then return false end
  end
  return true
end

-- The items without those that the page before ended with: after a short page
-- the next one may begin in the middle of it, where the server has left out
-- items from what it was asked for.
local function without_overlap(state, items)
  if not state.may_overlap then return items end
  for width = math.min(#items, #state.last), 1, -1 do
    if overlaps(items, state.last, width) then
      return table.move(items, width + 1, #items, 1, {})
    end
  end
  return items
end

-- x-request-id stands for one request.
local function without_id(options)
  if not options or not options.request_id then return options end
  local copy = merged(options)
  copy.request_id = nil
  return copy
end

-- Sends for a page: its items and the whole answer.
local function send(client, op, params, options)
  local body, response = client:send(op, params, options)
  if body == nil then return nil, response end
  local err = answers.failure(body, response, op)
  if err then return nil, err end
  local items
  items, err = answers.list(body, op.paging.list, response, op)
  if not items then return nil, err end
  return items, response, body
end

-- A page that came before, or that is not there, where a short one came and
-- nothing promised more: that one was all.
local function is_end(state, items, err)
  if not state.is_short or state.is_promised then return false end
  return items ~= nil or err.kind == "not_found"
end

-- A page's items, and the answer; nil, err when there should be some.
local function read_page(state)
  local op = state.op
  local items, response, body = send(state.client, op, state.params,
    state.options)
  local is_again = items and is_repeated(state, items)
  if items and not is_again then return items, response, body end
  if is_end(state, items, response) then
    return {}, state.response, {}
  end
  return nil, is_again
    and errors.unexpected("the same page came twice", response, op)
    or response
end

-- Whether there is another page; nil, err when there should be.
local function fetch(state)
  local op = state.op
  if state.pages >= limits.list_pages_max then
    return nil, errors.unexpected("the list has not ended after "
      .. count(state.pages, "page"))
  end
  local items, response, body = read_page(state)
  if not items then return nil, response end
  local new = without_overlap(state, items)
  state.options = without_id(state.options)
  state.pages, state.came = state.pages + 1, #items
  state.last, state.first = items, state.first or items
  state.items, state.index, state.response = new, 0, response
  if state.on_page then state.on_page(new, response) end
  local more, fault = AFTER[op.paging.style](state, body, new, response)
  state.more = more or fault ~= nil
  state.failure = fault and errors.unexpected(fault, response, op)
  return true
end

-- The next item; nil at the end. What is no object raises, and is left behind.
local function step(state)
  while state.index >= #state.items do
    if not state.more then return nil end
    if state.failure then error(state.failure, 0) end
    local ok, err = fetch(state)
    if not ok then error(err, 0) end
  end
  state.index = state.index + 1
  local item = state.items[state.index]
  if type(item) ~= "table" then
    error(errors.unexpected(("item %d of a page is no object but"
      .. " %s"):format(
        state.index, tostring(item)), state.response, state.op), 0)
  end
  return item
end

local function take_limit(params)
  local limit = params.limit
  if limit == nil then return math.huge end
  if type(limit) ~= "number" or not whole(limit) then
    blame.raise(("bad parameter 'limit': whole number from 1 expected, got"
      .. " %s"):format(tostring(limit)))
  end
  params.limit = nil
  return limit
end

--- Parameters as a method got them, with more of its own.
---@param params? table not changed
---@param more? table wins
---@return table copy
function M.with(params, more)
  if params ~= nil and type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. type(params))
  end
  return merged(params, more)
end

--- Goes through a list item by item. Pages are fetched when their first item
--- is asked for. The iterator raises the error object of a page that fails,
--- of a list that repeats a page or does not end, and of an item that is no
--- object (kind protocol); asked again after that it tries that page again, or
--- goes on behind that item.
---@param client etoro.Client
---@param op etoro.Operation one with paging
---@param params? table the operation's parameters, where to start among them,
---and limit: the most items to give
---@param options? etoro.RequestOptions for each page; request_id for the first
---@param wrap? fun(item: table): table? nil leaves the item out
---@param on_page? fun(items: any[], response: etoro.Response) sees each page first
---@return fun(): any
function M.each(client, op, params, options, wrap, on_page)
  params = M.with(params)
  local left = take_limit(params)
  call_options.of_call(options)
  arguments.params(op, params)
  local state = { client = client, op = op, params = params,
    options = options, size = size_of(op, params), seen = 0, pages = 0,
    on_page = on_page,
    items = {}, index = 0, more = true, cursors = {} }
  local cursor = op.paging.cursor and params[op.paging.cursor]
  if cursor then state.cursors[cursor] = true end
  return function()
    while left > 0 do
      local item = step(state)
      if item == nil then
        left = 0
        return nil
      end
      if wrap then item = wrap(item) end
      if item ~= nil then
        left = left - 1
        return item
      end
    end
  end
end

--- Reads one page.
---@param client etoro.Client
---@param op etoro.Operation one with paging
---@param params? table
---@param options? etoro.RequestOptions
---@param wrap? fun(item: table): table
---@return table[]? items
---@return etoro.Response|etoro.Error with meta: what the answer holds besides
function M.page(client, op, params, options, wrap)
  local items, response, body = send(client, op, params, options)
  if not items then return nil, response end
  response.meta = answers.rest(body, op.paging.list)
  if wrap then
    for i, item in ipairs(items) do
      if type(item) == "table" then items[i] = wrap(item) end
    end
  end
  return items, response
end

return M
