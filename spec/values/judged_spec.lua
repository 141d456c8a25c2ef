-- The decoder of answers against its judges (spec/support/json_judge.lua), over
-- ETORO_TEXTS texts: answers of the sandbox and of the specs, cut at every
-- byte, mutated, and made at random; and its numbers against strtod,
-- ETORO_DOUBLES of them. ETORO_SEED says which.
local core = require "etoro.core"
local etoro = require "etoro"
local docs = require "spec.support.docs"
local bodies = require "spec.bench.bodies"
local judge = require "spec.support.json_judge"
local process = require "spec.support.process"

local COUNT = tonumber(os.getenv "ETORO_TEXTS") or 200000
local DOUBLES = tonumber(os.getenv "ETORO_DOUBLES") or 30000
local SEED = tonumber(os.getenv "ETORO_SEED") or 1

-- Answers of the sandbox to all that can be read without a body.
local function sandbox_answers()
  local list, box = {}, etoro.sandbox.new { limits = false }
  local handle = box.handle
  function box.handle(self, request)
    local answer = handle(self, request)
    list[#list + 1] = answer.body ~= "" and answer.body or nil
    return answer
  end
  local client = assert(box:client { rate_limit = false, max_retries = 0 })
  for _, op in pairs(etoro.operations) do
    if op.method == "GET" then
      client:request { path = op.path:gsub("{[^}]+}", "1001") }
    end
  end
  client:close()
  return list
end

-- What stands in quotes in the specs and looks like JSON.
local function spec_answers()
  local list, seen = {}, {}
  local found = process.run { "find", "spec", "-name", "*.lua" }.stdout
  for path in found:gmatch "[^\n]+" do
    for text in docs.read(path):gmatch "'([%[{][^'\n]+)'" do
      if not seen[text] then list[#list + 1] = text end
      seen[text] = true
    end
  end
  return list
end

local PIECES = { "{", "}", "[", "]", ",", ":", '"', "\\", "null", "true",
  "false", "0", "-", ".", "e", "1e400", "9007199254740993", " ", "\n", "\0",
  "\t", "\1", "\\u0041", "\\ud83d", "\\ude00", "\\u00", "\\n", '\\"',
  '"userToken":', '"apiKey":"x"', '{\\"userToken\\":\\"abc\\"}', "1.",
  "18446744073709551616", "\195\169", "\255", "\239\187\191", "[]", "{}",
  '"a":', "/", "\\/", "9", "Infinity", "'", "\127" }

local function mutated(text)
  for _ = 1, math.random(1, 3) do
    local at, kind = math.random(1, #text + 1), math.random(5)
    local piece = PIECES[math.random(#PIECES)]
    if kind == 1 then -- put in
      text = text:sub(1, at - 1) .. piece .. text:sub(at)
    elseif kind == 2 then -- written over
      text = text:sub(1, at - 1) .. piece .. text:sub(at + #piece)
    elseif kind == 3 then -- left out
      text = text:sub(1, at - 1) .. text:sub(at + math.random(1, 4))
    elseif kind == 4 then -- twice
      local piece_end = at + math.random(0, 20)
      text = text:sub(1, piece_end) .. text:sub(at)
    else -- another byte
      text = text:sub(1, at - 1) .. string.char(math.random(0, 255))
        .. text:sub(at + 1)
    end
  end
  return text
end

local NAMES = { "a", "b", "instrumentID", "symbolFull", "userToken", "api-key",
  "x", "access_token", "\\u0061pi\\u004bey", "", "\195\169",
  "a name that is longer than what is remembered of names by far",
  "fifteen bytes..", "sixteen bytes...", "seventeen bytes.." }

local function random_string()
  local parts = {}
  for i = 1, math.random(0, 6) do
    local kind = math.random(8)
    parts[i] = kind == 1 and ("\\u%04x"):format(math.random(0, 0xffff))
      or kind == 2 and ({ '\\"', "\\\\", "\\n", "\\/", "\\t" })[math.random(5)]
      or kind == 3 and utf8.char(math.random(0x80, 0xd7ff))
      or ("abcdefghijklmnopqrstuvwxyz"):rep(2):sub(1, math.random(0, 40))
  end
  return '"' .. table.concat(parts) .. '"'
end

local function random_number()
  local kind = math.random(7)
  if kind == 1 then return ("%d"):format(math.random(0)) end
  if kind == 2 then return tostring(math.random(-1000, 1000)) end
  if kind == 3 then return ("%.17g"):format(math.random() * 1e6) end
  if kind == 4 then
    return ("%de%d"):format(math.random(-99, 99), math.random(-340, 320))
  end
  if kind == 5 then
    return ("%d.%0" .. math.random(1, 25) .. "d"):format(
      math.random(-10 ^ 9 | 0, 10 ^ 9 | 0), math.random(0, 10 ^ 6 | 0))
  end
  if kind == 6 then return tostring(math.random(0)) .. math.random(0, 99) end
  return ("%d.%02d"):format(math.random(0, 5000), math.random(0, 99))
end

local random_value

local function random_items(depth, is_object)
  local parts = {}
  for i = 1, math.random(0, 5) do
    local name = is_object and '"' .. NAMES[math.random(#NAMES)] .. '":' or ""
    parts[i] = name .. random_value(depth + 1)
  end
  return table.concat(parts, ({ ",", ", ", " ,\n" })[math.random(3)])
end

function random_value(depth)
  local kind = math.random(depth < 4 and 7 or 5)
  if kind <= 2 then return random_string() end
  if kind <= 4 then return random_number() end
  if kind == 5 then return ({ "true", "false", "null" })[math.random(3)] end
  if kind == 6 then return "[" .. random_items(depth, false) .. "]" end
  return "{" .. random_items(depth, true) .. "}"
end

describe("a decoded answer and its judges #slow", function()
  local answers, judged

  setup(function()
    math.randomseed(SEED)
    judged = 0
    answers = spec_answers()
    assert(#answers > 300)
    for _, text in ipairs(sandbox_answers()) do answers[#answers + 1] = text end
    answers[#answers + 1] = bodies.small()
  end)

  local function look_at(text)
    judged = judged + 1
    local ok, message = pcall(judge.judge, text, judged % 2 == 0)
    if not ok then error(("%s (seed %d)"):format(message, SEED), 0) end
  end

  it("are of one mind about all answers of sandbox and specs, whole", function()
    for _, text in ipairs(answers) do
      look_at(text)
      look_at(text)
    end
  end)

  it("and cut at every byte", function()
    for _, text in ipairs(answers) do
      if #text < 600 then
        for n = 0, #text - 1 do look_at(text:sub(1, n)) end
      end
    end
  end)

  it("and with faults in them", function()
    local short = {}
    for _, text in ipairs(answers) do
      if #text < 3000 then short[#short + 1] = text end
    end
    for _ = 1, COUNT // 2 do look_at(mutated(short[math.random(#short)])) end
  end)

  it("and about texts that are made up", function()
    while judged < COUNT do
      local text = random_value(0)
      look_at(text)
      look_at(mutated(text))
    end
    assert.is_true(judged >= COUNT)
  end)
end)

-- Exactly in the middle between two doubles, or next to it.
local function halfway()
  local fives = math.random(0, 3)
  local middle = math.random(1 << 52, (1 << 53) - 1) * 2 + 1
  for _ = 1, fives do middle = middle * 5 end
  local text = ("%de-%d"):format(middle, fives)
  local kind = math.random(3)
  if kind == 1 then return text end
  local zeros = ("0"):rep(math.random(0, 30))
  return (text:gsub("e", "." .. zeros .. (kind == 2 and "1e" or "0e")))
end

local DOUBLE_TEXTS = {
  halfway,
  function() -- any bits
    local value
    repeat
      value = string.unpack("<d", string.pack("<i8", math.random(0)))
    until value == value and value - value == 0
    return ("%.17g"):format(value)
  end,
  function() -- more digits than a double has
    local digits = {}
    for i = 1, math.random(1, 40) do digits[i] = math.random(0, 9) end
    return ("%d.%se%d"):format(math.random(0, 99), table.concat(digits),
      math.random(-330, 300))
  end,
  function() -- an amount or a rate
    return ("%.8f"):format(math.random() * 10 ^ math.random(-6, 9))
  end,
  function() return ("%.16g"):format(math.random() * 1e6) end,
}

describe("a decoded number #slow", function()
  it("is the double that strtod finds, for " .. DOUBLES, function()
    math.randomseed(SEED)
    for _ = 1, DOUBLES, 1000 do
      local texts = {}
      for i = 1, 1000 do
        local text = DOUBLE_TEXTS[math.random(#DOUBLE_TEXTS)]():gsub("^%-", "")
        texts[i] = (math.random(2) == 1 and "-" or "") .. text
      end
      local values = core.decode("[" .. table.concat(texts, ",") .. "]")
      for i, text in ipairs(texts) do
        local value, expected = values[i], tonumber(text) -- by strtod
        if type(value) == "string" then
          if value ~= text or expected - expected == 0 then
            error(("%s is %q (seed %d)"):format(text, value, SEED))
          end
        elseif value + 0.0 ~= expected + 0.0 then
          error(("%s is %a, not %a (seed %d)"):format(text, value, expected,
            SEED))
        end
      end
    end
  end)
end)
