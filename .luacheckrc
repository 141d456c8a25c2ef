std = "lua54"
max_line_length = 100
ignore = { "581" } -- "not (x > y)" is how a NaN is refused
exclude_files = { "build", "src/binding/core.meta.lua" }
files["spec"] = { std = "+busted" }
files["spec/mutate/hook.lua"] = { globals = { "coroutine", "os" } }
