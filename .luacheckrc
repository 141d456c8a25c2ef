std = "lua54"
max_line_length = 100
exclude_files = { "build", "src/binding/core.meta.lua" }
files["spec"] = { std = "+busted" }
