-- Runs before the specs (.busted). A sanitizer that was put in front of Lua
-- must not follow into every shell and tool that a spec starts; process.lua
-- puts it in front of the Lua programs it starts.
require("luv").os_unsetenv "LD_PRELOAD"
