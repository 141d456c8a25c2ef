--- The ceilings and defaults of what runs on a client: indicators, strategies,
--- backtests, serve and the command. limits.lua has the client's own, and says how
--- both are written.
---@class etoro.RunLimits
return {
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
  -- parts of one: how far the close of a bar that was over may change, until all bars of
  -- its symbol are read anew
  strategy_bar_changed = 0.02,
  -- seconds: behind a bar's end, until the API shows it as over
  strategy_bar_lag = 2,
  -- seconds: until a bar that is late is asked for again; then twice as many
  strategy_late_pause = 5,
  -- looks: for a bar that is late
  strategy_late_looks = 4,
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
  -- seconds: an older price is no ground for an entry
  strategy_price_age = 300,
  -- seconds: that the end of a run follows what is under way
  strategy_end_wait = 30,
  -- seconds: between two looks at it
  strategy_end_look = 2,
  -- seconds: between two looks at what a run's positions are worth
  strategy_view_look = 15,
  -- parts of one: of a key's calls for the portfolio, that have to be left for such a look
  strategy_view_spare = 0.5,
  -- seconds: after which there is one in any case
  strategy_view_longest = 120,
  -- seconds: until the portfolio shows what was opened
  strategy_shown_within = 60,
  -- parts of equity: how far from its target a holding may be
  strategy_drift = 0.01,
  -- times equity: a target; leverage goes by the order's own field
  strategy_weight_max = 10,
  -- instructions: of Lua, one callback; some ten seconds
  strategy_instructions = 1000000000,
  -- seconds: that a call of a run waits for its budget before that is told
  command_wait_told = 5,
  -- seconds: between two times that it is told
  command_wait_again = 60,
  -- instructions: of Lua, in main between two sleeps; some second
  strategy_main_instructions = 100000000,
  -- notes, errors, moments of equity: of one run that its result holds
  strategy_notes_kept = 10000,
  -- days: of a year in a backtest's measures
  year_days = 365.25,
  -- parts of one: of the largest value, below which a deviation is rounding
  measures_digits = 1e-12,
  -- columns: of the row of bars that a report draws equity with
  command_sparkline = 60,
  -- columns: of the texts of a report behind their names
  command_report_text = 62,
  -- trades: that a report lists, the last ones
  command_trades_shown = 20,
  -- parts of one: of the profit, from which on the other time of filling is told
  fill_difference = 0.1,
  -- points: of a line in a report's page; more are thinned out
  report_points = 2000,
  -- bins: of the profits of trades in it
  report_bins = 24,
  -- trades: that it lists, the last ones, and orders that were not filled
  report_trades = 500,
  -- drawings: of prices in it, of the symbols with most trades
  report_prices = 12,
  -- labels: along the time of a drawing
  report_labels = 6,
  -- dollars: from which on its figures have an exponent
  report_plain = 1e15,
  -- remarks: on the data and of the run that it tells
  report_remarks = 100,
  -- cuts: of the history that the check of causality runs to
  causality_cuts = 20,
  -- seconds: by which each look at the machine's clock, memory leaps in one run of it
  causality_leap = 3600.25,
  -- bytes: of a file that a strategy reads, looked through for prices of its bars
  source_read = 16777216,
  -- prices: of each symbol that are looked for
  source_prices = 20,
  -- digits: of a price that is not found everywhere by chance
  source_digits = 4,
  -- prices: fewer that can be looked for tell nothing
  source_least = 5,
  -- parts of one: of them, from which on a file has the prices of the bars
  source_share = 0.5,
  -- starts: that the check of the warm-up runs from
  warmup_starts = 8,
  -- orders: of one run
  backtest_orders_max = 250000,
  -- orders: refused before they were any, of one run
  backtest_refused_max = 500000,
  -- lines: that one run writes; a quarter of a minute's work
  backtest_notes_max = 2000000,
  -- orders: that were refused before they were any, and that its result holds
  backtest_refused_kept = 10000,
  -- parts of one: of what it began with, from which on an account is lost
  backtest_lost = 0.01,
  -- bars: that two decisions may be apart and still be the same one
  parity_bars = 5,
  -- runs: of a sweep that begins without --yes
  sweep_runs = 20000,
  -- values: of one setting in it
  sweep_values = 1000001,
  -- steps: how far behind its end a range may come to lie by rounding
  sweep_slack = 1e-9,
  -- runs: that it lists, the best ones
  sweep_best = 10,
  -- runs: that failed, and are named
  sweep_failures_told = 20,
  -- parts of one: of the best's value, that its neighbours keep on a plateau
  sweep_plateau = 0.5,
  -- seconds: between two looks at its workers
  sweep_look = 0.2,
  -- processes: that share a sweep; as ETORO_WORKERS_MAX
  sweep_workers = 256,
  -- days: of trading in a year, to tell a Sharpe ratio of a day as one of a year
  sweep_days = 252,
  -- cells: of a row or column of the map in a sweep's page; more values share one
  report_map = 48,
  -- letters: of a value of a setting beside a drawing; of longer ones the beginning
  report_letters = 10,
  -- orders: of a sweep's best that is run once more through the wire
  sweep_replay = 10000,
  -- rows: of the neighbours of a sweep's best that its page lists
  report_around = 26,
  -- parts of one: the odds below which a sweep's best is called no more than luck
  sweep_sure = 0.95,
  -- values: of each setting, that its map on a terminal shows
  sweep_map = 40,
  -- bytes: of what a worker has begun to tell and not ended
  sweep_line = 1048576,
  -- dollars: that a backtest begins with
  backtest_cash = 10000,
  -- bars: that are read again, beside those that passed since
  bars_overlap = 3,
  -- bars: of the stretch that is read at once, where all of them are there
  bars_range_window = 8000,
  -- days: of the longest stretch that is read at once, where nothing comes
  bars_range_widest = 730,
  -- bars: in which the two routes are compared
  bars_range_shared = 100,
  -- parts of one: how far their opens and closes may lie apart
  bars_range_slack = 0.005,
  -- parts of one: of what is kept, that has to come until it is written again
  bars_checkpoint = 0.05,
  -- parts of one: as near are two prices of files that tell of the same one
  data_same_price = 0.000001,
  -- faults: that a file of bars is told, of each kind; the rest is counted
  data_faults_told = 20,
  -- a ratio: of a bar's open and the close before, from which it is told
  data_jump = 1.4,
  -- a ratio: of a high, or low, and the open and close, from which it is told
  data_spike = 3,
  -- parts of one: of the steps from bar to bar, from which on one is usual
  data_steps_share = 0.05,
  -- steps: so many in a row that are longer than a bar, most of them of one longer length,
  -- are bars of that length
  data_longer_steps = 30,
  -- parts of one: how near to a split's ratio such a jump is told as one
  data_split_slack = 0.08,

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
  -- symbols: that are kept for a completion, the newest
  command_kept_symbols = 500,
  -- seconds: between two lines of a wait where stderr is no terminal
  command_told_again = 10,
  -- parts: of a long wait, one of which passes between two of them
  command_told_share = 8,
  -- seconds: in the queue, after which that is told
  command_queued_told = 0.6,
  -- seconds: after a request went out, until that is told
  command_sent_told = 3,
  -- seconds: that calls which read may take once nobody asks: behind a pipe's end
  serve_patience = 10,
  -- seconds: that `place` of etoro serve waits for the end, unless told otherwise
  serve_wait = 10,
  -- orders and closes: prepared and not done yet; the oldest make room
  serve_prepared_max = 1000,
  -- calls: under way at a time, and messages of a batch; more than budgets let through
  serve_calls_max = 64,
  -- bytes: one answer; a program that reads more asks for less at a time
  serve_answer_max = 2 ^ 20,
  -- bytes: one message that comes in; the largest order has some 500
  serve_line_max = 2 ^ 20,
  -- bytes: shown of what a wrong argument raises
  serve_message_max = 1000,
  -- rows: of a chart of bars; half of the smallest usual terminal
  command_chart_rows = 12,
  -- columns: of a chart where there is no terminal
  command_chart_columns = 80,
  -- columns: of them that the scale of a chart takes
  command_chart_scale = 14,
  -- items: of a search, unless --limit says
  command_search_items = 20,
  -- seconds: a pause that is worth a line
  command_pause_told = 1,
  -- days: of history, unless --since says
  command_history_days = 30,
  -- seconds: that this machine's clock may be off without a word
  command_clock_skew = 30,
  -- positions: that the question before real money names
  command_ask_positions = 20,
  -- bytes: of a run's log, after which it is moved aside
  command_log_max = 16 * 1024 * 1024,
  -- notes: that wait for a command or webhook of --notify; more are left out
  command_notify_queue = 100,
  -- seconds: that it may take for one
  command_notify_time = 30,
  -- seconds: that the end of a run waits for it
  command_notify_end = 10,
  -- seconds: that a run is waited for which is asked how it stands or to halt
  command_control_wait = 5,
  -- seconds: the same until it has closed what it holds
  command_halt_wait = 120,
  -- programs: that a run answers at once
  command_control_most = 8,
  -- bytes: of what one asks
  command_control_line = 4096,
  -- bytes: of a state's name, that its socket is named by; a longer one by a digest
  command_socket_name = 48,

  -- Inside: waits

  -- seconds: between two tables of etoro watch
  command_watch_tick = 0.25,
  -- seconds: between two tables of etoro run
  command_run_tick = 1,
  -- prices: that the trend of etoro watch shows
  command_trend = 16,

  -- instructions: of a strategy's callback between two looks at its budget
  strategy_burst = 1000000,

  -- Inside: the etoro command

  -- seconds: for the list that a scope's name is compared with
  command_scopes_patience = 5,
}
