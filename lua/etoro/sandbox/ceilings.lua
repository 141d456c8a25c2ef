--- Every ceiling and default of the sandbox, once: its unit, what it is, and
--- why it is that much; in the form of etoro.values.limits, and held by the
--- same specs. Elsewhere: the defaults of the options (options.lua), what the
--- API's operations tell of themselves, and the numbers of the model: prices,
--- spreads, costs, what somebody holds.
---@class etoro.SandboxCeilings
return {
  -- Options and controls

  -- dollars, or units: no sum or count is larger; all its digits are exact
  box_sum_max = 1e15,
  -- times, or items: a count of faults, tokens, alerts, orders
  box_count_max = 1e9,
  -- seconds: a delay of the model; longer than any program runs
  box_delay_max = 1e9,
  -- seconds: a rate limit's window, at least; as fine as the clock
  box_window_min = 0.001,
  -- seconds: a window at most, and that a fault holds an answer; a year
  box_year_max = 366 * 86400,
  -- integers: a seed on either side of 0; exact as any Lua's number
  box_seed_max = 2 ^ 53,
  -- instruments: that may be made up; the API has some ten thousand
  box_instruments_max = 100000,
  -- ids: the largest that an option or control may name
  box_id_max = 1e12,
  -- dollars: a price that is set by hand, at least; shown to six digits
  box_price_min = 1e-6,
  -- dollars: such a price at most
  box_price_max = 1e9,
  -- parts of the rate: how far from it the rate of a limit may be, as documented
  box_limit_band = 0.1,
  -- parts of an order: that a fate fills, at least
  box_share_min = 0.0001,
  -- bytes: of a fault that pads or keeps an answer; four times max_body
  box_fault_bytes_max = 2 ^ 28,
  -- bytes: of max_body of a served box; what C counts with
  box_body_max = 0x7fffffff,

  -- Requests

  -- ids: of one request for instruments; more are 414, as was seen
  box_instruments_of_request = 100,
  -- ids: of one request for rates, as documented
  box_rates_max = 100,
  -- bars: of one request for candles, as documented
  box_bars_max = 1000,
  -- bars: of one page of candles between two times, as other clients know it
  box_range_max = 2000,
  -- bars: of such a page that asks for no number
  box_range_default = 100,
  -- days: until candles between two times are there, as was measured
  box_range_lag = 12,
  -- days: between the dates of a request for balances, and back from today
  box_balances_days_max = 365,
  -- days: of balances where no date is given
  box_balances_days = 30,
  -- days: between the dates of a request for statistics; two years
  box_statistics_days_max = 731,
  -- stretches: of gains where no count is given
  box_gains_count = 12,
  -- bytes: an uploaded picture, as documented
  box_upload_max = 8 * 2 ^ 20,
  -- comments: with a pinned post; other feeds are asked for a number
  box_comments_shown = 10,
  -- replies: with a comment
  box_replies_shown = 10,

  -- Accounts

  -- accounts: for cash, of one owner
  box_cash_accounts_max = 2,
  -- items: of one watchlist, as its answers say
  box_watchlist_items_max = 100,
  -- lists: of one owner, as the same answers say
  box_watchlists_max = 26,

  -- Streams

  -- topics: of one connection, as was measured
  box_topics_max = 4999,
  -- bytes: a frame of a client at most; above it the line drops, as was seen
  box_client_frame_max = 25600,
  -- bytes: a line of a record at most; a stream's message has 1 MiB
  box_record_line_max = 8388608,
  -- messages: of a stream in the same process that nobody has taken
  box_inbox_max = 4096,
  -- seconds: of silence on a stream before a sign of life
  box_keep_alive = 30,

  -- seconds: within which private events come that are shuffled
  box_shuffle = 0.5,
  -- seconds: between an event and the answer that it comes before
  box_early = 0.05,

  -- What is kept

  -- requests: of the record of arrivals, at least, and twice as many at most
  box_arrivals_kept = 1000,
  -- bytes: of a recorded request's body
  box_arrival_body_kept = 2 ^ 20,

  -- Inside: reading

  -- bytes: of a record that are read at a time
  box_record_piece = 65536,

  -- Inside: time

  -- seconds: so much before its moment something is due; a clock that counts
  -- from 1970 is no finer
  box_instant = 1e-6,
  -- seconds: between looks at answers that a fault holds, on a served box
  box_held_tick = 1,
  -- seconds: between looks at prices that somebody waits for
  box_look_step = 0.25,
  -- looks: after a long pause; the steps get wider instead
  box_looks_max = 400,
}
