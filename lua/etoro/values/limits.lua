--- Every ceiling and default of the Lua side, once: its unit, what it is, and
--- why it is that much. src/core/limits.h is the same for C; what both need
--- stands in both under one name, and spec/project/limits_spec.lua compares
--- them. doc/limits.md tells users of those that they can meet: all but what
--- stands under "Inside". Elsewhere: those of strategies, backtests and the
--- command, which a client does without, in run_limits.lua; what the API tells
--- of its own (quota pools, ranges of parameters), in the generated tables; what
--- the sandbox alone has, in its ceilings.lua.
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
  -- seconds: without a price in an open market, until a topic is stale
  stream_stale = 120,
  -- seconds: without any frame, until the connection is renewed
  stream_silence = 180,
  -- seconds: of a session, until its next loss counts as the first
  stream_stable = 120,
  -- bytes: of one frame that asks for topics; the server takes 25,600
  stream_frame = 20480,
  -- bytes: around the topics of such a frame, at most
  stream_envelope = 128,
  -- topics: of one connection; the server takes no more
  stream_topics = 4999,
  -- connections: of one stream, each with so many topics
  stream_connections = 8,
  -- frames: of a connection that are asked again in halves, for what is not taken
  stream_splits = 64,
  -- events: that wait for somebody, quotes apart
  stream_queue = 10000,
  -- bytes: of the texts that made them
  stream_queue_bytes = 16777216,
  -- seconds: until it is told whose a stream's private events are
  stream_identity = 5,
  -- seconds: until that is asked again
  stream_identity_pause = 30,
  -- seconds: in which a private event that comes again is the same one
  stream_private_seen = 60,
  -- private events: that are remembered, or wait for whose they are
  stream_private_kept = 1000,
  -- seconds: that a private event waits for the answer that it may belong to
  stream_early_wait = 30,
  -- private events: that wait for that; then the oldest is told
  stream_early_kept = 50,

  -- seconds: between two looks of one who waits that private events bring about
  hint_pause = 3,
  -- seconds: between two looks of a stream at what the account holds
  reconcile_pause = 3,
  -- seconds: until a portfolio shows for certain what a private event tells of
  reconcile_lag = 10,
  -- seconds: the longest pause until a look that failed is made again
  reconcile_retry_max = 30,

  -- Rails

  -- seconds: in which writes_per_minute counts
  rails_minute = 60,
  -- seconds: that an order counts beside a portfolio that does not show it
  rails_shown_within = 60,

  -- Indicators and strategies

  -- bars: of one page of those between two times
  bars_range_page = 2000,
  -- days: until bars between two times are there for certain; 12 were measured
  bars_range_lag = 13,

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
  -- bars: between two times, that one call reads
  bars_between_max = 20000,
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
  -- pages: of any list; one that has not ended by then is not going to
  list_pages_max = 10000,
  -- symbols: in err.near; the message names half as many
  near_max = 10,
  -- seconds: that an instrument stays in the cache: a day
  cache_lifetime = 86400,
  -- seconds: that an unknown symbol stays unknown
  cache_missing_lifetime = 300,
  -- seconds: that a list of positions or orders waits for symbols
  names_wait = 5,
  -- seconds: until symbols that could not be had are asked for again
  names_pause = 30,
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
  -- seconds: that a copy's beginning or end is followed, unless told
  copy_wait = 10,
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
  -- parts of the price: how far from it the API takes the rate of a limit
  limit_rate_band = 0.1,
  -- parts of the price: a stop that is closer to 0 than that is none
  no_stop = 0.001,
  -- seconds: how old costs may be without a warning
  costs_age = 3600,

  -- Inside: answers

  -- bytes: of an answer that are looked at for it; masks make it shorter
  error_shown_max = 16 * 4096,
  -- tables in each other: in what is shown; an answer's 1000, in a few of ours
  shown_depth_max = 1010,
  -- names: whose spellings are remembered; a program has some hundred
  spellings_max = 512,

  -- Inside: waits

  -- looks: at all topics of a stream, within the time that makes one stale
  stream_stale_looks = 8,
  -- topics: that such a look takes in one step
  stream_stale_batch = 2000,
  -- topics: that one call subscribes or unsubscribes before others have their turn
  stream_topics_turn = 250,
  -- seconds: between two looks at a stream whose reader has no room
  stream_tick = 0.25,
  -- seconds: at least, between two looks at a stream's answers and pauses
  stream_look_least = 0.05,
  -- seconds: that an answer may be late while what came before it is unread
  stream_look_late = 5,
  -- orders and positions: that a stream compares before others have their turn
  reconcile_turn = 250,
  -- messages: that a stream takes before others have their turn
  stream_batch = 64,
  -- prices: the same of these, which are merged many at a time
  stream_prices = 256,

  -- seconds: one wait in C; a signal just before it is seen after that
  wait_slice = 0.25,
  -- tasks and one: that can wait for a job at once, a power of 2; they take more
  -- memory than a machine has
  parked_places = 16777216,
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
  -- runs: of an etoro.at that are not repeated where a clock is set back; a day's
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

  -- units: what two figures may differ by: two of the last of the account's six digits
  same_units = 2e-6,
  -- units, of each: further ones, that a double may lose
  same_units_share = 1e-9,
  -- units, of each: of a part, as the most; a smaller one has to be told from none
  same_units_part = 1 / 4,
  -- of one: what two rates may differ by, as a double loses
  same_rate = 1e-9,
  -- of one: what an order may come to of what was asked for; amounts are rounded
  same_size = 1.01,
  -- per cent: by which a stop may miss its bound; a rounding does
  stop_slack = 1e-6,
  -- seconds: that a Date header may be behind; it has whole ones
  date_slack = 2,
  -- seconds: that this machine's clock may be off, or no proof goes by it
  clock_trusted = 60,
  -- seconds: for which a journal goes by what it heard last of the server's time
  journal_clock_age = 60,
  -- seconds: that a clock in order may go back between a journal's lines
  recover_clock_slack = 2,
  -- seconds: until a copy that nothing shows is taken for one that never arrived
  copy_shown_within = 600,
  -- seconds: for which a part may be under way, or show still
  part_window = 300,

  -- Inside: how trading looks

  -- seconds: that the portfolio was seen behind, at most; an absence counts from then
  portfolio_lag = 10,
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
  -- closes: of a batch, each of which an event may have its outcome asked for
  close_batch_told = 20,
  -- looks: after which the server has no outcome to tell
  close_misses = 3,

  -- Inside: the etoro command

  -- seconds: for a keyring, whose user may have to unlock it first
  keyring_wait = 60,
}
