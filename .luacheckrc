std = "lua54"
max_line_length = 100
ignore = { "581" } -- "not (x > y)" is how a NaN is refused
exclude_files = { "build", "lua/etoro/meta/core.meta.lua" }
files["spec"] = { std = "+busted" }
files["spec/mutate/hook.lua"] = { globals = { "coroutine", "os" } }
files["examples/hosts/mod_etoro_quote.lua"] = { globals = { "module" } }
files["examples/hosts/positions.lua"] = { globals = { "lighty" } }
files["examples/hosts/nvim_etoro.lua"] = { std = "luajit", read_globals = { "vim" } }
