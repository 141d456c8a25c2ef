-- The layers of lua/etoro, which is also where they are described: its rooms,
-- from the ground up. A room is a folder of lua/etoro or one file of it, and the
-- longest name that fits a file is its room. A file may require its own room's
-- and those of rooms that stand above it in this list, never one below; circles
-- of files there are none. `make lint` draws the arrows from the files and
-- holds them against this list (.ci/arrows.lua).
return {
  -- { room, what it is, only = the rooms it may use, if not all before it }
  rooms = {
    { "values.limits", "ceilings and defaults, as data" },
    { "errors", "the error object and its makers" },
    { "values", "what goes in and out: JSON, times, types, spellings, checks" },
    { "indicators", "averages, ranges, crossings: one value in, one out",
      only = { "errors", "values", "values.limits" } },
    { "operations", "generated: each operation of the API, as data" },
    { "client.pools", "generated: the API's rate limits, as data" },
    { "tasks", "coroutines, one scheduler, and how a call waits" },
    { "call", "how one call is made: arguments, the one send, its outcome" },
    { "client", "what a client is made of: options, keys, budgets, renewal" },
    { "oauth", "login with eToro" },
    { "resource", "what resources share: rows, objects, answers, pages, batches, links" },
    { "market", "instruments, rates, candles, alerts, watchlists" },
    { "social", "feeds, posts, people" },
    { "agents", "agent-portfolios and their tokens" },
    { "trading", "orders and positions, and what became of them" },
    { "stream", "prices and private events as they happen" },
    { "money", "the account, its equity and balances" },
    { "client.init", "the client: the roof over all that one offers" },
    { "sandbox", "a stand-in for the API, on this machine",
      only = { "values.limits", "errors", "values", "operations",
        "client.pools", "tasks", "client.init" } },
    { "strategy", "a plain Lua file that drives an account" },
    { "backtest", "the same file over the past, and the bars of the past" },
    { "serve", "JSON-RPC for programs in other languages" },
    { "init", "what `require \"etoro\"` gives" },
    { "command", "the etoro command" },
    { "meta", "for editors alone, loaded by nobody" },
  },

  -- Modules in C, which any room may use.
  native = { "core", "httpd", "terminal" },

  -- Files, or rooms of them, that no other file of lua/etoro requires, and who
  -- does.
  entries = {
    init = "users",
    command = "src/command/etoro",
    meta = "editors read it",
  },

  -- Faults as they are shown that are to be mended; the list only shrinks.
  known = {},
}
