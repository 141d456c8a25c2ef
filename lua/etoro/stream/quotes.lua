-- Prices as a stream tells them: sparse. What is absent is unchanged, what is 0
-- or less is none, and only a price moves the time of the price.

local core = require "etoro.core"

local M = {}

---@class etoro.Quote
---@field kind "quote"
---@field instrumentId integer
---@field symbol? string where it was subscribed by it
---@field bid? number nil where there is none
---@field ask? number
---@field last? number no trade: the bid before the markup
---@field date? string of the last message, as it was sent
---@field priced_at? number seconds since 1970 on the client's clock when bid or ask last came
---@field heard_at? number the same on client:now()
---@field priced_date? string the date of that message
---@field bid_date? string of the message that told the bid
---@field ask_date? string of the one that told the ask
---@field isMarketOpen? boolean
---@field isActive? boolean
---@field conversionRateBid? number
---@field conversionRateAsk? number
---@field changed table<string, true> what this message changed; of an event, all
---since the event before it of the instrument
---@field age? number seconds since bid or ask last came, at most, when it was read

--- Makes an empty one.
---@param id integer
---@param symbol? string
---@return etoro.Quote
function M.new(id, symbol)
  return { kind = "quote", instrumentId = id, symbol = symbol, changed = {} }
end

--- Takes a message in. Gives false where it is the last one again, and where it
--- was overtaken: it is a little older than the newest that told the same side. A
--- snapshot never is: it tells flags that no other message tells, also under a
--- price that is known, and that price is no younger for it.
---@param quote etoro.Quote
---@param content string JSON
---@param now number seconds since 1970 on the client's clock
---@param is_snapshot? boolean
---@param is_waiting? boolean nobody has read it yet: what changed is added
---@param heard? number the time on a clock that nobody sets; now
---@return boolean? is_new nil where the content is no JSON object
function M.merge(quote, content, now, is_snapshot, is_waiting, heard)
  return core.quote_merge(quote, content, now, is_snapshot, is_waiting, heard)
end

--- Takes a push in that holds one message of an instrument and nothing else.
---@param text string JSON
---@param quotes table<integer, etoro.Quote>
---@param now number seconds since 1970 on the client's clock
---@param waiting table<integer, any> which of them wait for their reader
---@param heard? number the time on a clock that nobody sets; now
---@return etoro.Quote|false|nil quote false where nothing is new, nil where it is another text
---@return boolean is_fresh it did not wait, and is among those that do
function M.push(text, quotes, now, waiting, heard)
  return core.quote_push(text, quotes, now, waiting, heard)
end

--- What it is at this moment, as an event of its own.
---@param quote etoro.Quote
---@param changed? table<string, true> the set that it keeps; a copy of the quote's
---@return etoro.Quote
function M.copy(quote, changed)
  return core.quote_copy(quote, changed)
end

--- How old its price is, whatever was done to the time of day meanwhile.
---@param quote etoro.Quote
---@param now number on the clock of heard_at
---@return number? seconds nil where it never had one
function M.age(quote, now)
  return quote.heard_at and now - quote.heard_at
end

return M
