-- busted's plain output, and one line at the very end that a script can read.
return function(options)
  local handler = require "busted.outputHandlers.plainTerminal"(options)
  local busted = require "busted"

  handler.__index = handler
  busted.subscribe({ "exit" }, function()
    print(("%d passed, %d failed"):format(handler.successesCount,
      handler.failuresCount + handler.errorsCount))
    return nil, true
  end)
  return handler
end
