-- Every ceiling and default stands once, with its unit and its reason; the tables
-- agree, the page of users tells of them, and each has a spec.
local docs = require "spec.support.docs"
local limits = require "spec.support.limits"
local process = require "spec.support.process"

local values_limits = require "etoro.values.limits"
local values_run_limits = require "etoro.values.run_limits"
local sandbox_ceilings = require "etoro.sandbox.ceilings"

-- What Lua reads of both tables.
local read_by_lua = {}
for _, part in ipairs { values_limits, values_run_limits } do
  for name, value in pairs(part) do
    assert(read_by_lua[name] == nil, name)
    read_by_lua[name] = value
  end
end

local OF_C, OF_LUA = limits.of_c(), limits.of_lua()
for _, entry in ipairs(limits.of_lua(limits.RUN)) do OF_LUA[#OF_LUA + 1] = entry end
local OF_BOX = limits.of_lua(limits.BOX)

-- Constants that are no ceilings: what a format, an algorithm or an interface
-- of somebody else's fixes. In C what ends in _LEN, too, is a format's.
local FIXED_C = [[ENGINE_SLOT REQUEST DIGITS_SAFE BLOCK POLLRDHUP TIMER_ID
  FLAG_ID ETORO_POLL_IN ETORO_POLL_OUT ETORO_POLL_ERROR ETORO_JOURNAL_CHANGED
  ETORO_DECIMAL_MAX BYTES ROOM TWO_TO_63 MSG_NOSIGNAL OBJECT_SLOTS
  LEAST MOST MANTISSA_BITS EXPONENT_BIAS DIGITS_MOST TWO_TO_53
  ETORO_JSON_BLOCK SETS_MAX ETORO_WALK_WAVES ETORO_WALK_DIGITS ETORO_BAR_ROOM
  LOOKS PONG_BYTE ETORO_BAR_MINUTE ROOM_AHEAD RARE_AMONG RARE_TRIES
  STATUS_ABSENT WIPED_AT_ONCE]]
local FIXED_LUA = [[EULER DAY HOUR MINUTE WEEK MONDAY CENT FIRST LAST CERTAIN OTHERS
  ALREADY_CLOSED WAITING_FOR_MARKET VERSION]]
-- In the sandbox: numbers of the model.
local FIXED_BOX = [[NULL_SHARE LATEST OPENING FIRST_TRANSACTIONS FIRST_ID
  SETTLING FEE
  HOURS_BETWEEN OVERNIGHT STAMP_DUTY LEAST INVESTED HELD_SINCE PRIME
  WEEK_SHIFT PHASES FAR LOOK CONTROL_MAX REASON_MAX GOING_AWAY
  LONGEST AHEAD NO_STOP OPEN CLOSE POINTS]]

-- Those without a spec at the limit and one past it, and why.
local WITHOUT = {
  -- change how fast or how large something is, never what comes of it
  [[ETORO_IDLE_HANDLES_MAX ETORO_READY_MAX ETORO_POLL_BATCH ETORO_REPLY_KEPT
    ETORO_UNPACK_PIECE ETORO_BUF_WIPED_MAX ETORO_HTTPD_CUT_BLOCK
    ETORO_HTTPD_EXTRA_RUNS ETORO_BIG_ANSWER ETORO_NAMES_MAX
    ETORO_NAME_ROOM ETORO_LIST_BATCH ETORO_WS_MESSAGE_KEPT
    spellings_max wait_slice shared_tick
    oauth_tick journal_chunk journal_turn timer_look error_shown_max
    close_batch_age close_history_age close_batch_turn reconcile_turn strategy_burst stream_tick
    ETORO_TERMINAL_PIECE stream_look_least stream_stale_looks
    command_watch_tick sweep_look sweep_line bars_range_window bars_range_widest bars_checkpoint]],
  -- an account with so many candidates side by side, or a clock that goes back
  -- by just that: the specs of trading stay well on either side
  "evidence_lookups recover_lookups recover_clock_slack",
  -- another is met before
  [[ETORO_WAIT_MAX ETORO_POLL_SECONDS_MAX
    ETORO_HEADER_LINE_ROOM ETORO_SECRET_LETTERS_MAX ETORO_REASON_MAX
    ETORO_DETAIL_MAX ETORO_PROXY_NAME_SHOWN ETORO_JOURNAL_TAIL
    ETORO_STACK_WIPED]],
  -- meeting them takes more of a machine than a spec may
  [[ETORO_RESOLVERS_MAX ETORO_HTTPD_CONNECTIONS_MAX ETORO_HTTPD_SPARED parked_places
    zone_file_max zone_moments_max stream_look_late]],
  -- a box's fills, answers and portfolio are earlier than these by far
  [[strategy_close_wait
    strategy_shown_within strategy_stop_look]],
  -- meeting them takes as long as they say, on a clock that nobody drives
  [[ETORO_HTTPD_SEND_MS default_oauth_timeout default_oauth_deadline
    default_oauth_connect_timeout oauth_grace
    ETORO_DEFAULT_WS_OPEN_TIMEOUT ETORO_DEFAULT_WS_CLOSE_TIMEOUT
    stream_queue
    command_shut_wait command_told_after command_queued_told
    command_sent_told command_pause_told command_scopes_patience keyring_wait]],
}

local function words(text)
  local set = {}
  for word in text:gmatch "%S+" do set[word] = true end
  return set
end

local function files(command)
  local list = {}
  for path in process.run(command).stdout:gmatch "[^\n]+" do
    list[#list + 1] = path
  end
  assert(#list > 0, "no files")
  return list
end

-- How often each word that a pattern finds stands in the files.
local function counts(command, pattern)
  local found = {}
  for _, path in ipairs(files(command)) do
    for word in docs.read(path):gmatch(pattern) do
      found[word] = (found[word] or 0) + 1
    end
  end
  return found
end

local SPECS = { "find", "spec", "(", "-name", "*_spec.lua", "-o", "-name",
  "test_*.c", ")", "!", "-path", "spec/project/limits_spec.lua" }
local SOURCES = { "find", "src", "-name", "*.[ch]" }
local MODULES = { "find", "lua/etoro", "-name", "*.lua" }

local function names_without(list, has)
  local missing = {}
  for _, entry in ipairs(list) do
    if not has(entry) then missing[#missing + 1] = entry.name end
  end
  return missing
end

describe("the tables of ceilings and defaults", function()
  it("hold some hundred and fifty, each under one name", function()
    assert.is_true(#OF_C > 70 and #OF_LUA > 70)
    for _, list in ipairs { OF_C, OF_LUA } do
      local seen = {}
      for _, entry in ipairs(list) do
        assert.is_nil(seen[entry.name], entry.name)
        seen[entry.name] = true
      end
    end
  end)

  it("are what Lua reads", function()
    local count = 0
    for _, entry in ipairs(OF_LUA) do
      assert.equal(entry.value, read_by_lua[entry.name], entry.name)
    end
    for _ in pairs(read_by_lua) do count = count + 1 end
    assert.equal(#OF_LUA, count)
  end)

  it("agree on what both hold", function()
    local shared = 0
    for _, c in ipairs(OF_C) do
      local value = read_by_lua[limits.shared(c.name)]
      if value then
        assert.equal(c.value, value, c.name)
        shared = shared + 1
      end
    end
    assert.equal(8, shared)
  end)

  it("hold nothing that nobody uses", function()
    local of_c = counts(SOURCES, "ETORO_[%u_]+")
    local of_lua = counts(MODULES, "limits%.([%l_]+)")
    assert.same({}, names_without(OF_C, function(entry)
      return of_c[entry.name] > 1
    end))
    assert.same({}, names_without(OF_LUA, function(entry)
      return of_lua[entry.name]
    end))
  end)

  it("have a spec each, at the limit and one past it", function()
    local without, of_c, of_lua = words(table.concat(WITHOUT, " ")),
      counts(SPECS, "ETORO_[%u_]+"), counts(SPECS, "limits%.([%l_]+)")
    for name in pairs(counts(SPECS, "default_[%l_]+")) do of_lua[name] = 1 end
    local function has_one(entry)
      local name = limits.shared(entry.name)
      local is_told = (of_c[entry.name] or of_lua[name]) ~= nil
      return is_told ~= (without[entry.name] or false)
    end
    assert.same({}, names_without(OF_C, has_one))
    assert.same({}, names_without(OF_LUA, has_one))
  end)

  it("hold all that C defines as a number", function()
    local fixed, strays = words(FIXED_C), {}
    for _, path in ipairs(files(SOURCES)) do
      for line in io.lines(path) do
        local name, value = line:match "^#define ([%w_]+) +(.*)$"
        value = value and value:gsub("%([%l_]+%)", ""):match "^[(%-]*%d"
        if value and not fixed[name] and not name:find "_LEN$"
            and path ~= limits.HEADER then
          strays[#strays + 1] = path .. ": " .. name
        end
      end
    end
    assert.same({}, strays)
  end)

  it("hold all that Lua defines as a number", function()
    local fixed, of_box, strays = words(FIXED_LUA), words(FIXED_BOX), {}
    for _, path in ipairs(files(MODULES)) do
      local room = path:match "^lua/etoro/%l+/"
      for line in io.lines(path) do
        local name, value = line:gsub("^local ", "M."):match "^M%.([%u_]+) = (.*)$"
        if value and value:find "^[(%-]*%d" and not fixed[name]
            and not (room == "lua/etoro/sandbox/" and of_box[name]) then
          strays[#strays + 1] = path .. ": " .. name
        end
      end
    end
    assert.same({}, strays)
  end)
end)

describe("the table of the sandbox's ceilings", function()
  -- how often others look, never what they see
  local WITHOUT_BOX = words "box_held_tick box_record_piece"

  it("is what Lua reads, under names of its own", function()
    local count = 0
    for _, entry in ipairs(OF_BOX) do
      assert.equal(entry.value, sandbox_ceilings[entry.name], entry.name)
      assert.is_nil(read_by_lua[entry.name], entry.name)
    end
    for _ in pairs(sandbox_ceilings) do count = count + 1 end
    assert.equal(#OF_BOX, count)
  end)

  it("holds nothing that nobody uses, or has no spec", function()
    local used = counts(MODULES, "ceilings%.([%l_]+)")
    local told = counts(SPECS, "ceilings%.([%l_]+)")
    assert.same({}, names_without(OF_BOX, function(entry)
      return used[entry.name]
        and (told[entry.name] ~= nil) ~= (WITHOUT_BOX[entry.name] or false)
    end))
  end)
end)

describe("doc/limits.md", function()
  local rows, entries = {}, {}
  for name, value in docs.read "doc/limits.md":gmatch
    "\n| `([%w_]+)` | ([^|]+) | [^|]+ |%f[\n]"
  do
    assert(not rows[name], name)
    rows[name] = value
  end
  for _, list in ipairs { OF_C, OF_LUA, OF_BOX } do
    for _, entry in ipairs(list) do entries[entry.name] = entry end
  end

  it("tells of all that a user can meet", function()
    local function is_told(entry)
      return entry.is_inside or rows[entry.name]
        or rows[limits.shared(entry.name)]
    end
    assert.same({}, names_without(OF_C, is_told))
    assert.same({}, names_without(OF_LUA, is_told))
    assert.same({}, names_without(OF_BOX, is_told))
  end)

  it("has the tables' own numbers", function()
    for name, value in pairs(rows) do
      local entry = assert(entries[name], "no limit is called " .. name)
      assert.equal(limits.shown(entry), value, name)
      assert.is_false(entry.is_inside or false, name)
    end
  end)
end)
