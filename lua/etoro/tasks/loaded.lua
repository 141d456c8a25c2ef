-- What a program loads when it first has tasks, filled in by the modules
-- themselves: a call that nobody else waits beside goes without them.

---@class etoro.LoadedTasks
---@field scheduler? table etoro.tasks.scheduler
---@field waiting? table etoro.tasks.waiting
return {}
