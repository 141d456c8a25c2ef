--- Every ceiling and default of the Lua side, once: its unit, what it is, and
--- why it is that much. src/core/limits.h is the same for C; what both need
--- stands in both under one name, and spec/project/limits_spec.lua compares
--- them. doc/limits.md tells users of those that they can meet: all but what
--- stands under "Inside". Elsewhere: what the API tells of its own (quota pools,
--- ranges of parameters), in the generated tables; what the sandbox alone has, in its ceilings.lua.
---@class etoro.Limits
return {
  -- Defaults of a client and of one call

  -- seconds: one attempt; the slowest answers of the API take some ten
  default_timeout = 30,
  -- seconds: a call with all its waits; five windows of a budget
  default_deadline = 300,
  -- seconds: until a connection stands, TLS and proxy included
  default_connect_timeout = 10,
  -- resends: outlives a restart of the server, not an outage
  default_max_retries = 4,
  -- connections: of one client over HTTP/1.1; a browser has six to eight
  default_max_connections = 8,
  -- bytes: a decoded body; the longest history has some 10 MiB
  default_max_body = 64 * 2 ^ 20,
  -- seconds: after a lost attempt's end, until it cannot be under way
  default_settle = 10,

  -- What options may say

  -- seconds: a timeout, deadline or window; the system's waits are as fine
  seconds_min = 0.001,
  -- seconds, or bytes of max_body: any that the core can count with
  option_max = 2 ^ 40,
  -- resends: max_retries; no deadline has room for so many
  retries_max = 1000,
  -- connections: max_connections; below a process's usual 1024 descriptors
  connections_max = 1000,
  -- requests or seconds: what rate_limit may say of a pool, as the core has it
  pool_limit_max = 1e6,

  -- Calls

  -- lines: headers that a request may add; no operation has more than a few
  header_lines_max = 32,
  -- bytes: an answer in err.response; a screen full
  error_response_max = 4096,
  -- bytes: a server's text in err.message; a few lines
  error_message_max = 1000,
  -- bytes: an error's code as a login page sent it
  error_code_max = 200,
  -- faults: that a message names; the rest is counted
  faults_told_max = 5,
  -- keys: that a warning of what is missing names; the rest is counted
  missing_told_max = 10,
  -- requests: of one batch at a time; the rate limits are what bounds it
  batch_requests_max = 8,

  -- seconds: from preparing an order until it is not placed any more
  prepared_lifetime = 120,

  -- Streams

  -- seconds: of a stream's first pause between two attempts to connect
  stream_backoff_min = 1,
  -- seconds: of its longest
  stream_backoff_max = 30,
  -- seconds: until the login is answered
  stream_login = 20,
  -- seconds: until a subscribe is answered
  stream_reply = 30,
  -- seconds: without any frame, until the connection is renewed
  stream_silence = 180,
  -- seconds: of a session, until its next loss counts as the first
  stream_stable = 120,
  -- bytes: of topics in one frame; the server takes 25,600 of a frame
  stream_frame = 20480,
  -- topics: of one connection; the server takes no more
  stream_topics = 4999,
  -- events: that wait for somebody, quotes apart
  stream_queue = 10000,

  -- Rails

  -- seconds: in which writes_per_minute counts
  rails_minute = 60,
  -- seconds: that an order counts beside a portfolio that does not show it
  rails_shown_within = 60,

  -- Indicators and strategies

  -- values: that an indicator's back reaches, where keep is not given
  indicator_kept = 64,
  -- values: an indicator's length, and its keep; each holds so many at most
  indicator_length_max = 100000,
  -- parts of one: what the start of an average weighs when it is forgotten
  indicator_forgotten = 0.001,
  -- characters: a strategy's name, which names its files
  strategy_name_max = 64,
  -- days: of a run in a box that says no number
  strategy_days = 30,
  -- bars: of each symbol that a strategy can look back at; twice as many stand
  strategy_bars_kept = 1000,
  -- seconds: behind a bar's end, until the API shows it as over
  strategy_bar_lag = 2,
  -- seconds: that a callback waits for its order to be filled
  strategy_order_wait = 5,
  -- seconds: that a callback waits for a position to be closed
  strategy_close_wait = 10,
  -- seconds: between two looks at an order that waits
  strategy_order_look = 60,
  -- seconds: between two looks at prices for on_quote
  strategy_quote_look = 60,
  -- seconds: between two looks whether a run is to end
  strategy_stop_look = 1,
  -- seconds: until the portfolio shows what was opened
  strategy_shown_within = 60,
  -- parts of equity: how far from its target a holding may be
  strategy_drift = 0.01,
  -- times equity: a target; leverage goes by the order's own field
  strategy_weight_max = 10,
  -- instructions: of Lua, one callback; some ten seconds
  strategy_instructions = 1000000000,
  -- notes: of one run that its result holds; on_note hears all
  strategy_notes_kept = 10000,

  -- Values

  -- tables in each other: in a body; the API's have some five
  body_depth_max = 100,

  -- Waits

  -- seconds: of tasks in one step of a host's loop; a frame has 0.016
  loop_budget = 0.002,

  -- Logging in

  -- seconds: one attempt at the login's server
  default_oauth_timeout = 30,
  -- seconds: a login's call with its waits; somebody sits in front of it
  default_oauth_deadline = 60,
  -- seconds: until a connection to it stands
  default_oauth_connect_timeout = 10,
  -- bytes: an answer of it; tokens and keys have a few KiB
  oauth_body_max = 2 ^ 20,
  -- seconds: before its end a token is renewed, or a tenth of its life before
  oauth_renewed_before = 30,

  -- The market

  -- ids: of one request for instruments; more have met 413 and 414
  instruments_batch = 50,
  -- ids: of one request for rates, as documented
  rates_batch = 100,
  -- bars: of one request for candles, as documented
  bars_max = 1000,
  -- bars: where no count is given; the API's own
  default_bars = 100,
  -- instruments: of one request for eligibility, as documented
  eligibility_max = 100,
  -- symbols: whose trouble one warning explains
  symbols_explained_max = 3,
  -- characters: a symbol; the longest has some twenty
  symbol_max = 100,
  -- pages: of one search; the API has some ten thousand instruments
  symbols_pages_max = 50,
  -- symbols: in err.near; the message names half as many
  near_max = 10,
  -- seconds: that an instrument stays in the cache: a day
  cache_lifetime = 86400,
  -- seconds: that an unknown symbol stays unknown
  cache_missing_lifetime = 300,
  -- bytes: a cache's file that is read; all instruments have some 3 MiB
  cache_file_max = 16 * 2 ^ 20,

  -- People

  -- users: of one request; more have met 414
  people_batch = 50,

  -- Trading

  -- ids: of ended orders that a journal keeps, and as many of before
  journal_ended_kept = 1000,
  -- orders: of one origin that are known by id, and as many of before
  known_orders_max = 20000,
  -- seconds: order:wait, unless told; a market order fills in a few
  order_wait = 30,
  -- seconds: that an order's cancel is followed, unless told
  cancel_wait = 10,
  -- seconds: until the positions of an order show, unless told
  order_show_wait = 10,
  -- seconds: that a close is followed, unless told; the history runs behind
  close_wait = 30,
  -- seconds: that an edit is followed, unless told
  edit_wait = 10,
  -- pages: of the trade history that a proof reads
  history_pages_max = 20,
  -- looks: the first ones, in the evidence of an unknown outcome
  evidence_looks = 50,
  -- seconds: for the reads of an order's check; it does not wait longer
  precheck_patience = 5,
  -- seconds: that an answer to a check counts for the next order
  precheck_kept = 60,
  -- instruments: whose answers a client keeps
  precheck_kept_max = 1000,
  -- seconds: a price that tells a size; it need not be right to the cent
  size_price_age = 60,
  -- seconds: a price that stops and limits are compared with
  stop_price_age = 2,
  -- seconds: how old costs may be without a warning
  costs_age = 3600,

  -- The etoro command

  -- seconds: that close waits for the outcome, unless --wait says
  command_close_wait = 30,
  -- seconds: the same where the market is closed
  command_shut_wait = 2,
  -- seconds: that order waits for the fill, unless --wait says
  command_order_wait = 15,
  -- seconds: the same with --trigger, which fills some day
  command_trigger_wait = 1,
  -- seconds: after which an order's wait is told, and why
  command_told_after = 0.5,
  -- seconds: in the queue, after which that is told
  command_queued_told = 0.6,
  -- seconds: after a request went out, until that is told
  command_sent_told = 3,
  -- items: of a search, unless --limit says
  command_search_items = 20,
  -- seconds: a pause that is worth a line
  command_pause_told = 1,
  -- days: of history, unless --since says
  command_history_days = 30,
  -- seconds: that this machine's clock may be off without a word
  command_clock_skew = 30,

  -- Inside: answers

  -- bytes: of an answer that are looked at for it; masks make it shorter
  error_shown_max = 16 * 4096,
  -- tables in each other: in what is shown; an answer's 1000, in a few of ours
  shown_depth_max = 1010,
  -- names: whose spellings are remembered; a program has some hundred
  spellings_max = 512,

  -- Inside: waits

  -- seconds: between two tables of etoro watch
  command_watch_tick = 0.25,
  -- prices: that its trend shows
  command_trend = 16,
  -- seconds: between two looks at a stream's answers and pauses
  stream_tick = 0.25,
  -- seconds: a task's sleep while it waits for an event with a time limit
  stream_wait_tick = 0.05,
  -- messages: that a stream takes before others have their turn
  stream_batch = 64,

  -- seconds: one wait in C; a signal just before it is seen after that
  wait_slice = 0.25,
  -- instructions: of a strategy's callback between two looks at its budget
  strategy_burst = 1000000,
  -- seconds: that a reader of what others share is waited for
  reader_patience = 5,
  -- seconds: between looks whether what others do is done
  shared_tick = 0.02,
  -- seconds: between a task's looks at a request that it shares
  oauth_tick = 0.01,
  -- seconds: past its deadline after which a shared request is given up
  oauth_grace = 5,
  -- tokens: whose successors are kept in mind; tasks may hold old ones
  oauth_tokens_kept = 64,

  -- Inside: time zones

  -- bytes: of a zone's file; the largest of the system's has some 4 KiB
  zone_file_max = 65536,
  -- moments: in it at which clocks change; the most are some 300
  zone_moments_max = 4000,
  -- characters: of a zone's name; the longest has some 30
  zone_name_max = 64,
  -- times: of a day, that one schedule names; each minute of it
  schedule_clocks_max = 1440,

  -- Inside: timers

  -- seconds: that etoro.at may be late; a machine that slept is later
  timer_late = 60,
  -- seconds: after which etoro.at looks whether somebody has set the clock
  timer_look = 30,
  -- runs: of an etoro.at that are not repeated where a clock is set back; a day
  -- of one in five minutes
  timer_runs_kept = 288,

  -- Inside: searches

  -- items: of a page of a search for symbols, as documented
  symbols_page = 1000,
  -- items: that every server has on a page; fewer are the last
  symbols_page_min = 20,
  -- items: of a search for what may have been meant
  near_page = 100,
  -- symbols: up to which each is searched for by itself, not in the list
  symbols_searched_max = 20,
  -- items: of a search for what begins like a symbol nobody knows
  precheck_near_page = 50,
  -- searches: for it, each a letter shorter
  precheck_looks_max = 3,

  -- Inside: the journal and orders

  -- bytes: of a journal that are read at once
  journal_chunk = 65536,
  -- lines: of a journal after which other tasks get a turn
  journal_turn = 200,
  -- bytes: of a journal's line that a problem shows
  journal_line_shown = 200,

  -- Inside: what trading compares

  -- units: what two figures may differ by; the account keeps six digits, and a
  -- sum of two is off by two of the last
  same_units = 2e-6,
  -- units, of each: further ones, that a double may lose
  same_units_share = 1e-9,
  -- units, of each: of a part, as the most; a smaller one has to be told from
  -- none
  same_units_part = 1 / 4,
  -- of one: what two rates may differ by, as a double loses
  same_rate = 1e-9,
  -- of one: what an order may come to of what was asked for; amounts are
  -- rounded and converted
  same_size = 1.01,
  -- per cent: by which a stop may miss its bound; a rounding does
  stop_slack = 1e-6,
  -- seconds: that a Date header may be behind; it has whole ones
  date_slack = 2,
  -- seconds: that this machine's clock may be off, or no proof goes by it
  clock_trusted = 60,
  -- seconds: that a clock in order may go back between a journal's lines
  recover_clock_slack = 2,
  -- seconds: for which a part may be under way, or show still
  part_window = 300,

  -- Inside: how trading looks

  -- items: of a page of the trade history, as documented
  history_page = 100,
  -- orders: that one case compares candidates by; each is a request
  evidence_lookups = 10,
  -- orders: the same where many cases share them, after a restart
  recover_lookups = 100,
  -- refusals: that the account contradicts, until an order is given up
  order_doubts = 3,
  -- seconds: that closes share a portfolio
  close_batch_age = 0.4,
  -- seconds: that closes share a history
  close_history_age = 1,
  -- looks: of a batch, for one at the outcome
  close_batch_turn = 3,
  -- looks: after which the server has no outcome to tell
  close_misses = 3,

  -- Inside: the etoro command

  -- seconds: for the list that a scope's name is compared with
  command_scopes_patience = 5,
}
