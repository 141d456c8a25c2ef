-- How this module calls itself to servers, where nothing else is asked for.

local version = require "etoro.values.version"

return ("lua-etoro/%s (libcurl)"):format(version)
