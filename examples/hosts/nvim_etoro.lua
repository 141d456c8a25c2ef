-- The account in Neovim, whose Lua is LuaJIT: a client of `etoro serve --stdio`.
-- Answers come as Neovim's loop goes on; nothing waits for them.
--
--   local account = dofile("nvim_etoro.lua").start { "--rails", "rails.json" }
--   account:call("quotes", { symbols = { "AAPL" } }, function(err, rates, warning)
--     print(err and err.message or rates[1].ask)
--   end)
--   account:stop()

local M, methods = {}, {}

local function decode(text) return vim.json.decode(text, { luanil = { object = true } }) end

local function take(self, line)
  local ok, answer = pcall(decode, line)
  local done = ok and answer.id and self.waiting[answer.id]
  if not done then return end
  self.waiting[answer.id] = nil
  if answer.error then return done(answer.error) end
  local told, warning = answer.result.content[1], answer.result.content[2]
  if answer.result.isError then return done(decode(told.text)) end
  done(nil, decode(told.text), warning and warning.text)
end

--- Calls a tool; done gets nil and the value, or a table with a message.
function methods:call(tool, arguments, done)
  self.count = self.count + 1
  self.waiting[self.count] = done
  vim.fn.chansend(self.job, vim.json.encode { jsonrpc = "2.0", id = self.count,
    method = "tools/call", params = { name = tool, arguments = arguments } } .. "\n")
end

--- Ends it; an order under way is followed to its end.
function methods:stop() vim.fn.chanclose(self.job, "stdin") end

--- Starts the server, with more of its arguments. What is left unanswered when
--- it ends is told so: an order may have been placed all the same.
function M.start(arguments, command)
  local self = setmetatable({ waiting = {}, count = 0, rest = "", said = "" },
    { __index = methods })
  local argv = vim.list_extend(command or { "etoro" }, { "serve", "--stdio" })
  self.job = vim.fn.jobstart(vim.list_extend(argv, arguments or {}), {
    on_stdout = function(_, pieces) -- the first goes on where the last one ended
      pieces[1] = self.rest .. pieces[1]
      self.rest = table.remove(pieces)
      for _, line in ipairs(pieces) do take(self, line) end
    end,
    on_stderr = function(_, pieces) self.said = self.said .. table.concat(pieces, " ") end,
    on_exit = function(_, code)
      local ended = { kind = "closed", message = ("ended with %d: %s"):format(code, self.said) }
      local waiting = self.waiting
      self.waiting = {} -- one that is told may ask again
      for _, done in pairs(waiting) do done(ended) end
    end,
  })
  return self
end

return M
