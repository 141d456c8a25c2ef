-- still.lua TIME [OPTION...]: the sandbox as a command, with a clock that stands
-- until it is moved by POST /sandbox/clock.
local arguments = require "etoro.sandbox.arguments"
local sandbox = require "etoro.sandbox"
local times = require "etoro.values.times"

local moment = assert(times.parse((assert(arg[1], "no time"))))
local options = assert(arguments.parse { table.unpack(arg, 2) })
options.now = function() return moment end
options.on_ready = function(url)
  io.stdout:write("sandbox ", url, "\n")
  io.stdout:flush()
end
assert(sandbox.serve(options))
