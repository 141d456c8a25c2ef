-- still.lua TIME [OPTION...]: the sandbox as a command, with a clock that stands
-- until it is moved by POST /sandbox/clock. A TIME as +25 or -25 is one that goes, so
-- many seconds beside this machine's.
local arguments = require "etoro.sandbox.arguments"
local sandbox = require "etoro.sandbox"
local times = require "etoro.values.times"

local given = assert(arg[1], "no time")
local beside = given:find "^[+-]%d+$" and math.tointeger(tonumber(given))
local moment = beside or assert(times.parse(given))
local options = assert(arguments.parse { table.unpack(arg, 2) })
options.now = function() return beside and os.time() + beside or moment end
options.on_ready = function(url)
  io.stdout:write("sandbox ", url, "\n")
  io.stdout:flush()
end
assert(sandbox.serve(options))
