-- Faults that make no difference to anybody, each with the reason: they are
-- not planted. A fault is known by its rule and the lines it changes, as
-- `make mutate` shows them, without their place.

local M = {}

local KNOWN = {
  { path = "src/core/bytes/secret.c",
    reason = "where the lengths differ the answer is no already, and the byte"
      .. " behind a secret is there: a zero",
    diff = [[
bound off by one
-     size_t inside = (size_t)0 - (size_t)(i < s->len); /* all ones or none */
+     size_t inside = (size_t)0 - (size_t)(i <= s->len); /* all ones or none */]] },
  { path = "src/core/net/unpack.c",
    reason = "two bytes of it are used, as the code says in so many words",
    diff = [[
constant changed
-   unsigned char head[2]; /* of a deflate stream, until its form is known */
+   unsigned char head[3]; /* of a deflate stream, until its form is known */]] },
  { path = "src/core/net/poller.c",
    reason = "libcurl leaves alone what is no descriptor of its own",
    diff = [[
condition never holds
-     if (fd == p->timer || fd == p->flag)
+     if (((fd == p->timer || fd == p->flag)) && 0)]] },
  { path = "src/binding/lterminal.c",
    reason = "below 0 is below 0",
    diff = [[
constant changed
- static int wake_read = -1, wake_write = -1;
+ static int wake_read = -2, wake_write = -1;]] },
  { path = "lua/etoro/trading/account/history.lua",
    reason = "the index is made anew each time, which is only slower",
    diff = [[
statement removed
-   indexes[items] = index
+   do end]] },
  { path = "lua/etoro/tasks/heap.lua",
    reason = "entries of one time may stand in any order",
    diff = [[
bound off by one
-     if heap[parent].at <= entry.at then break end
+     if heap[parent].at < entry.at then break end]] },
  { path = "lua/etoro/tasks/heap.lua",
    reason = "entries of one time may stand in any order",
    diff = [[
bound off by one
-     if entry.at <= heap[child].at then break end
+     if entry.at < heap[child].at then break end]] },
  { path = "lua/etoro/tasks/heap.lua",
    reason = "entries of one time may stand in any order",
    diff = [[
bound off by one
-     if child < count and heap[child + 1].at < heap[child].at then
+     if child < count and heap[child + 1].at <= heap[child].at then]] },
  { path = "lua/etoro/tasks/heap.lua",
    reason = "entries of one time may stand in any order",
    diff = [[
bound off by one
-   if slot > 1 and heap[math.floor(slot / 2)].at > last.at then
+   if slot > 1 and heap[math.floor(slot / 2)].at >= last.at then]] },
  { path = "lua/etoro/trading/closing/proof.lua",
    reason = "null is no size that was asked for, and no number either",
    diff = [[
condition never holds
-     if units == core.null then units = nil end
+     if (units == core.null) and false then units = nil end]] },
}

local function body_of(diff)
  return (diff:gsub("^[^\n]*:%d+: ", ""))
end

--- Why a fault makes no difference; nil where it may.
---@param diff string as shown: path:line: rule, then the changed lines
---@return string? reason
function M.reason(diff)
  local path = diff:match "^([^:]+):"
  for _, known in ipairs(KNOWN) do
    if known.path == path and known.diff == body_of(diff) then
      return known.reason
    end
  end
end

return M
