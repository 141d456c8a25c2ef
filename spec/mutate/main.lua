-- Plants faults in the code, one at a time, runs the specs that run the faulty
-- line, and tells which faults no spec notices. See `make mutate`.

local cjson = require "cjson"
local uv = require "luv"

local coverage = require "spec.mutate.coverage"
local equivalents = require "spec.mutate.equivalents"
local faults = require "spec.mutate.faults"
local report = require "spec.mutate.report"
local shell = require "spec.mutate.shell"

local HOME = os.getenv "MUTATE_DIR" or "build/mutate"
local COUNT = tonumber(os.getenv "MUTANTS") or 100
local SEED = tonumber(os.getenv "SEED") or os.time()
local FILES = os.getenv "FILES" or ""
local JOBS = tonumber(os.getenv "JOBS") or #uv.cpu_info()
local BUSTED = os.getenv "BUSTED" or "$(shell command -v busted)"
local CFLAGS = "-O1 -w" -- no words for debuggers, which differ by column
local SLACK = 30 -- seconds a spec gets beyond three times its usual time

-- Data and generated files.
local LEFT_OUT = { "^lua/etoro/operations%.lua$", "%.meta%.lua$",
  "^lua/etoro/sandbox/.*/fixture%.lua$",
  "^lua/etoro/sandbox/answers/specs%.lua$", "^src/core/status%.h$" }

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function lines_from(command)
  local list, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local CLEAN = {} -- by copy: the modules without a fault

local function all_specs()
  return lines_from "git ls-files 'spec/**/*_spec.lua'"
end

local function now() return uv.hrtime() / 1e9 end

local function is_wanted(path)
  for _, pattern in ipairs(LEFT_OUT) do
    if path:find(pattern) then return false end
  end
  if FILES == "" then return true end
  for part in FILES:gmatch "%S+" do
    if path:find(part, 1, true) then return true end
  end
  return false
end

local function wanted_files()
  local list = {}
  for _, path in ipairs(lines_from "git ls-files src/core src/binding lua/etoro")
  do
    if path:find "%.[chl]u?a?$" and is_wanted(path) then
      list[#list + 1] = path
    end
  end
  return list
end

local function copy_tree(folder)
  assert(os.execute(("mkdir -p '%s' && git ls-files -z | xargs -0 tar cf -"
    .. " | tar xf - -C '%s'"):format(folder, folder)))
  return uv.fs_realpath(folder)
end

-- The map of the last run serves as long as no file has changed.
local function fingerprint()
  return lines_from("git ls-files -s src lua spec | git hash-object --stdin")[1]
    .. table.concat(lines_from "git diff HEAD -- src lua spec"
    , "\n"):gsub("%s", ""):sub(1, 64)
end

local function fails(tree, known, spec)
  local seconds = math.ceil(3 * (known.times[spec] or 60)) + SLACK
  local code, output = shell.run({ "make", "-s", "run-test", "SPEC=" .. spec,
    "CFLAGS=" .. CFLAGS, "BUSTED=" .. BUSTED .. " --no-keep-going" },
    { cwd = tree, seconds = seconds })
  return code ~= 0, output
end

-- A spec that fails under the hook alone can still judge.
local function is_broken(tree, times, spec)
  return fails(tree, { times = times }, spec)
    and fails(tree, { times = times }, spec)
end

local function measure()
  local path, print_of_now = HOME .. "/map.json", fingerprint()
  local file = io.open(path, "rb")
  if file then
    local kept = cjson.decode(file:read "a")
    file:close()
    if kept.fingerprint == print_of_now then return kept end
  end
  local map, times, broken = {}, {}, {}
  local specs = all_specs()
  local at = 0
  shell.tasks(JOBS, function(slot)
    local tree = copy_tree(("%s/%d"):format(HOME, slot))
    coverage.prepare(tree)
    while at < #specs do
      at = at + 1
      local number, spec, began = at, specs[at], now()
      local ok, output = coverage.add(map, spec, tree)
      times[spec] = now() - began
      if not ok and is_broken(tree, times, spec) then
        broken[spec] = output:sub(-2000)
        print(("cannot tell by %s: it fails without a fault"):format(spec))
      end
      print(("covered %d of %d: %s, %.0f s"):format(number, #specs, spec,
        times[spec]))
    end
  end)
  local all = { fingerprint = print_of_now, map = map, times = times,
    broken = broken }
  write(path, cjson.encode(all))
  return all
end

-- Those named like the file first, then quick ones.
local function specs_for(known, fault)
  local list = {}
  local stem = fault.path:match "([%w_]+)%.%w+$"
  local all = coverage.specs_of(known.map, fault.path, fault.line,
    fault.rule == "return early", all_specs())
  for spec in pairs(all) do
    if not known.broken[spec] then list[#list + 1] = spec end
  end
  local function rank(spec)
    return (spec:find(stem, 1, true) and 0 or 1000) + (known.times[spec] or 60)
  end
  table.sort(list, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    return a < b
  end)
  return list
end

local function build(tree, is_anew)
  return shell.run({ "make", is_anew and "-sB" or "-s", "all", "programs",
    "CFLAGS=" .. CFLAGS }, { cwd = tree, seconds = 900 }) == 0
end

-- The bytes that run; a fault that leaves them as they are is none.
local function code_of(tree, path)
  if path:find "%.lua$" then
    local code = load(read(tree .. "/" .. path), path, "t")
    return code and string.dump(code, true)
  end
  local pipe = assert(io.popen(("cd '%s' && cat build/etoro/*.so")
    :format(tree)))
  local bytes = pipe:read "a"
  pipe:close()
  return bytes
end

local function makes_a_difference(tree, fault, source)
  local path = tree .. "/" .. fault.path
  local is_lua = fault.path:find "%.lua$"
  local old = is_lua and code_of(tree, fault.path) or CLEAN[tree]
  write(path, faults.plant(source, fault))
  if not is_lua and not build(tree) then return false end
  local new = code_of(tree, fault.path)
  return new ~= nil and new ~= old
end

-- A spec that fails once may have had a bad day; twice, it has seen the fault.
local function judge(tree, known, fault)
  local specs = specs_for(known, fault)
  for _, spec in ipairs(specs) do
    if fails(tree, known, spec) and fails(tree, known, spec) then
      return "noticed", spec
    end
  end
  return "survived", #specs .. " specs run the line"
end

local function diff_of(source, fault)
  local planted = faults.plant(source, fault)
  local old, new = {}, {}
  for line in (source .. "\n"):gmatch "([^\n]*)\n" do old[#old + 1] = line end
  for line in (planted .. "\n"):gmatch "([^\n]*)\n" do new[#new + 1] = line end
  local first = 1
  while old[first] == new[first] do first = first + 1 end
  local a, b = #old, #new
  while a > first and b > first and old[a] == new[b] do a, b = a - 1, b - 1 end
  local out = { ("%s:%d: %s"):format(fault.path, first, fault.rule) }
  for i = first, a do out[#out + 1] = "- " .. old[i] end
  for i = first, b do out[#out + 1] = "+ " .. new[i] end
  return table.concat(out, "\n")
end

local function all_faults(files)
  local list = {}
  for _, path in ipairs(files) do
    for _, fault in ipairs(faults.of(path, read(path))) do
      list[#list + 1] = fault
    end
  end
  return list
end

local function shuffle(list, seed)
  math.randomseed(seed, 0)
  for i = #list, 2, -1 do
    local k = math.random(i)
    list[i], list[k] = list[k], list[i]
  end
end

-- Plants one fault and takes it out again.
local function try(tree, known, fault)
  local source = read(fault.path)
  local verdict, by = "useless", nil
  if makes_a_difference(tree, fault, source) then
    verdict, by = judge(tree, known, fault)
  end
  write(tree .. "/" .. fault.path, source)
  return verdict, by
end

local function run_all(known, list)
  local results, at, counted = {}, 0, 0
  local log = assert(io.open(HOME .. "/results.jsonl", "wb"))
  shell.tasks(JOBS, function(slot)
    local tree = copy_tree(("%s/%d"):format(HOME, slot))
    assert(build(tree, true))
    CLEAN[tree] = code_of(tree, "src")
    while at < #list and counted < COUNT do
      at, counted = at + 1, counted + 1
      local fault = list[at]
      local text = diff_of(read(fault.path), fault)
      local verdict, by
      if equivalents.reason(text) then
        verdict = "equivalent"
      else
        verdict, by = try(tree, known, fault)
      end
      if verdict == "useless" or verdict == "equivalent" then
        counted = counted - 1
      end
      results[#results + 1] = { path = fault.path, verdict = verdict,
        by = by, diff = text }
      log:write(cjson.encode(results[#results]), "\n")
      log:flush()
      print(("%d/%d %s %s%s"):format(counted, COUNT, verdict,
        text:match "[^\n]*", by and " (" .. by .. ")" or ""))
    end
  end)
  log:close()
  return results
end

assert(os.execute(("mkdir -p '%s'"):format(HOME)))
io.stdout:setvbuf "line"
local known = measure()
local list = all_faults(wanted_files())
shuffle(list, SEED)
print(("seed %d: %d faults can be planted, %d are tried"):format(SEED, #list,
  math.min(COUNT, #list)))
report.show(run_all(known, list), SEED)
