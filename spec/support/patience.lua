-- Seconds that what a spec waits for may take: a program's end, a port, an answer,
-- a line. Far more than any of it takes on a machine that is twenty times slower
-- and has a sanitizer in front of Lua: it is there for what never comes, and no
-- spec says a number of its own.
return 600
