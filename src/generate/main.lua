-- make generate OPENAPI="path ...": writes operations.lua, client/pools.lua,
-- sandbox/answers/specs.lua, and meta/api.meta.lua, which is for editors, in
-- lua/etoro.
-- The specs have a file of their own, spec/support/answer_types.lua.
-- make rows: writes meta/resources.meta.lua, for editors as well.
-- make drift OPENAPI=path: prints how another document differs from them.

local answer_drift = require "src.generate.answer_drift"
local common = require "src.generate.common"
local drift = require "src.generate.drift"
local merge = require "src.generate.merge"
local meta = require "src.generate.meta"
local read = require "src.generate.read"
local rows = require "src.generate.rows"
local shapes = require "src.generate.shapes"
local write = require "src.generate.write"

local USAGE = "usage: main.lua generate|drift DOCUMENT [FOLDER [KNOWLEDGE]]\n"
  .. "       main.lua shapes DOCUMENT [FOLDER]\n"
  .. "       main.lua rows FOLDER"

local function fail(message)
  io.stderr:write(message, "\n")
  os.exit(1)
end

-- A file is written only when that changes it.
local function put(path, text)
  local file = io.open(path, "rb")
  local before = file and file:read("a")
  if file then file:close() end
  if before == text then
    print(path .. ": unchanged")
    return
  end
  file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  print(path .. ": written")
end

local function version_of(document)
  local version = type(document.info) == "table" and document.info.version
  return version and tostring(version):match "^%S+" or "without a version"
end

-- Documents by their paths, the oldest first, with a blank in between; the text
-- of their versions.
local function read_documents(paths)
  local documents, versions = {}, {}
  for path in paths:gmatch "%S+" do
    documents[#documents + 1] = read.file(path)
    versions[#versions + 1] = version_of(documents[#documents])
  end
  return documents, table.concat(versions, " and ")
end

-- What documents have by operation: the last one that has it is right, and what
-- the first lacks is since then.
local function read_all(documents, of)
  local all = {}
  for i, document in ipairs(documents) do
    local since = i > 1 and version_of(document) or nil
    for name, entry in pairs(of(document)) do
      local is_new = all[name] == nil
      all[name] = entry
      if of == read.operations and is_new then entry.since = since end
    end
  end
  return all
end

local function merged(paths, knowledge)
  local documents, version = read_documents(paths)
  local operations, complaints = merge.operations(read_all(documents,
    read.operations), knowledge, documents)
  return operations, complaints, version, merge.answers(read.bodies(read_all(
    documents, read.answers)), knowledge.answers)
end

-- Paths of the parts of the table of operations.
local function part_paths(folder)
  local paths = {}
  local pipe = assert(io.popen("find '" .. folder
    .. "/operations' -name '*.lua' 2>/dev/null"))
  for path in pipe:lines() do paths[#paths + 1] = path end
  pipe:close()
  table.sort(paths)
  return paths
end

local function put_parts(folder, by_part, version)
  put(folder .. "/operations.lua", write.index(by_part, version))
  local written = {}
  for _, part in ipairs(common.sorted_keys(by_part)) do
    local path = folder .. "/operations/" .. part .. ".lua"
    put(path, write.part(by_part[part], version))
    written[path] = true
  end
  for _, path in ipairs(part_paths(folder)) do
    if not written[path] then
      assert(os.remove(path))
      print(path .. ": removed")
    end
  end
end

local function generate(path, folder, knowledge)
  local operations, complaints, version, answers = merged(path, knowledge)
  for _, name in ipairs(complaints.unused) do
    io.stderr:write("knowledge of no operation: ", name, "\n")
  end
  if #complaints.missing > 0 then
    fail("knowledge lacks:\n  " .. table.concat(complaints.missing, "\n  "))
  elseif #complaints.pools > 0 then
    fail("other quotas:\n  " .. table.concat(complaints.pools, "\n  "))
  end
  put_parts(folder, write.parts(operations, knowledge.parts), version)
  put(folder .. "/client/pools.lua", write.pools(knowledge.pools))
  put(folder .. "/sandbox/answers/specs.lua", write.answers(answers,
    knowledge.made_up, version))
  put(folder .. "/meta/api.meta.lua", meta.operations(operations, version,
    answers))
end

local function write_shapes(paths, folder)
  local documents, version = read_documents(paths)
  put(folder .. "/answer_types.lua", shapes.answers(read_all(documents,
    read.answers), version))
end

local function write_rows(folder)
  local texts, paths = {}, {}
  local pipe = assert(io.popen("find '" .. folder .. "' -name '*.lua'"))
  for path in pipe:lines() do paths[#paths + 1] = path end
  pipe:close()
  table.sort(paths)
  for _, path in ipairs(paths) do
    local file = assert(io.open(path, "rb"))
    texts[#texts + 1] = file:read "a"
    file:close()
  end
  put(folder .. "/meta/resources.meta.lua", rows.meta(texts))
end

-- How answers differ from those that are kept; nil where none are.
local function answers_drift(paths, folder)
  local path = folder == "lua/etoro" and "spec/support/answer_types.lua"
    or folder .. "/answer_types.lua"
  local kept = loadfile(path)
  if not kept then return nil end
  local documents, version = read_documents(paths)
  local text = shapes.answers(read_all(documents, read.answers), version)
  return answer_drift.lines(shapes.read(kept()), shapes.read(assert(load(text))()))
end

local function show_drift(path, folder, knowledge)
  local known = {}
  for _, part in ipairs(part_paths(folder)) do
    for name, entry in pairs(assert(loadfile(part))()) do known[name] = entry end
  end
  local newer, _, version = merged(path, knowledge)
  local documents = read_documents(path)
  local last = documents[#documents]
  local lines = drift.lines(known, newer, knowledge.pools,
    answers_drift(path, folder), { version = version_of(last),
      operations = read.operations(last) })
  if #lines == 0 then lines[1] = "no differences" end
  print(version)
  for _, line in ipairs(lines) do print(line) end
end

local RUNS = {
  generate = { generate, "lua/etoro" }, drift = { show_drift, "lua/etoro" },
  rows = { write_rows },
  shapes = { write_shapes, "spec/support" },
}

local command, path, folder, module = arg[1], arg[2], arg[3], arg[4]
local run = RUNS[command]
if not run or not path or path == "" then fail(USAGE) end
local ok, message = pcall(run[1], path, folder or run[2],
  require(module or "src.generate.knowledge"))
if not ok then fail(tostring(message)) end
