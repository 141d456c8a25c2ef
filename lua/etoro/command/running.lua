-- etoro status, halt and resume: they speak to a run through the socket beside its
-- state. What cannot be asked is read from the state's file; a halt stands in a file
-- of its own, which needs nobody to answer.

local core = require "etoro.core"
local etoro = require "etoro"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local run_files = require "etoro.command.run_files"
local run_limits = require "etoro.values.run_limits"
local run_show = require "etoro.command.run_show"
local run_table = require "etoro.command.run_table"
local run_talk = require "etoro.command.run_talk"
local command_words = require "etoro.command.words"
local terminal = require "etoro.command.terminal"
local types = require "etoro.values.types"
local values_kept = require "etoro.values.kept"

local tostring = core.text -- not up to the locale

local M = {}

local function exists(path)
  local file, _, code = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil or code ~= 2 -- ENOENT
end

local function has_run(state) return exists(state) or exists(state .. ".lock") end

local function place_file(args, place)
  local file = run_files.of_word(args.file)
  file.portfolio = file.portfolio or args.portfolio
  run_files.place(file, place, args.state)
  return file
end

-- The run that is meant. A slip in its name, or in its account, must not look like a
-- halt that was carried out.
local function find(args)
  local place, other = "demo", "real"
  if args.real then place, other = other, place end
  local file = place_file(args, place)
  if has_run(file.state) then return file, place end
  local has_other = not args.state and has_run(place_file(args, other).state)
  exits.exit(exits.NOT_FOUND, ("%s is not there: it has not run on %s%s"):format(
    file.state, run_show.account(place, file.portfolio), has_other
      and (", but on the %s one: give --%s"):format(other, other) or ""))
end

-- Asks the run, and waits for its first answer.
local function ask(file, asked)
  local talk, problem, why = run_talk.ask(file.state, asked)
  if not talk then return nil, why == "absent" and "none" or "mute", problem end
  local answer = talk:answer(run_limits.command_control_wait)
  if not answer then
    talk:close()
    return nil, "mute", ("it has not answered within %d seconds"):format(
      run_limits.command_control_wait)
  elseif answer.kind == "failed" then
    exits.exit(exits.FAILED, tostring(answer.message))
  end
  return talk, answer
end

local function names_of(owned)
  local words = {}
  for i, id in ipairs(types.sorted_names(owned)) do
    words[i] = ("%s %s"):format(owned[id].symbol, id)
  end
  return #words > 0 and table.concat(words, ", ") or "nothing"
end

local function standing_line(answer)
  return ("it holds %s; orders without an end: %d"):format(
    names_of(answer.owned or {}), #types.sorted_names(answer.orders or {}))
end

local LEFT = { resting = exits.DONE, unknown = exits.UNKNOWN, open = exits.FAILED }

-- What became of each position, and the code that says so.
local function tell_closed(session, answer)
  local code = answer.message and exits.FAILED or exits.OK
  for _, one in ipairs(answer.closed) do
    code = code ~= exits.OK and code or LEFT[one.state] or exits.OK
    if not session.out.is_json then
      session.out:line(one.state == "closed"
        and ("closed %s %s"):format(one.symbol, tostring(one.positionID))
        or ("%s %s is %s: %s"):format(one.symbol, tostring(one.positionID),
          one.state == "open" and "not closed" or one.state, one.why or "-"))
    end
  end
  if answer.message then terminal.say("etoro: " .. output.clean(answer.message)) end
  return code
end

local function show_halt(session, file, more)
  if not session.out.is_json then return end
  more.halted, more.file = true, file.halt
  session.out:json(more)
end

-- Where nobody answers, the file alone says it.
local function halt_by_file(session, file, why, problem)
  local closes = session.args.close
  local ok, message = values_kept.write(file.halt, closes and "close" or "halt")
  if not ok then exits.exit(exits.FAILED, message) end
  show_halt(session, file, { running = why ~= "none", answered = false })
  local text = "halted by " .. file.halt
  if why == "none" then
    text = text .. ": it does not run now; the next run opens nothing"
      .. (closes and ", and closes what it holds; what is open stays open until then"
        or "")
    if not session.out.is_json then session.out:line(text) end
    return closes and exits.DONE or exits.OK
  end
  terminal.say(output.clean(("etoro: %s; but whether it runs cannot be told: %s"):format(
    text, problem)))
  return exits.DONE
end

---@param session etoro.command.Session
---@return integer? code
function M.halt(session)
  local file = find(session.args)
  -- nothing is opened from here on, whoever answers
  local ok, problem = values_kept.write(file.halt, "halt")
  if not ok then exits.exit(exits.FAILED, problem) end
  local talk, answer, why = ask(file, { ask = "halt", close = session.args.close })
  if not talk then return halt_by_file(session, file, answer, why) end
  local _ <close> = talk
  if not session.out.is_json then
    session.out:line("halted: nothing is opened any more; " .. standing_line(answer))
    output.flush()
  end
  if not session.args.close then
    return show_halt(session, file, { running = true, answered = true,
      positions = answer.owned, orders = answer.orders })
  end
  local closed, has_ended = talk:answer(run_limits.command_halt_wait)
  if not closed then
    exits.exit(exits.DONE, has_ended and "the run has ended before it said that all is"
      .. " closed" or ("it closes what it holds, and has not said within %d seconds"
      .. " that this is done"):format(run_limits.command_halt_wait))
  end
  show_halt(session, file, { running = true, answered = true, closed = closed.closed,
    positions = closed.owned, orders = closed.orders })
  local code = tell_closed(session, closed)
  if not session.out.is_json then session.out:line(standing_line(closed)) end
  return code
end

---@param session etoro.command.Session
---@return integer? code
function M.resume(session)
  local file = find(session.args)
  local ok, problem, code = os.remove(file.halt)
  if not ok and code ~= 2 then -- ENOENT
    exits.exit(exits.FAILED, tostring(problem))
  end
  local talk, why = ask(file, { ask = "resume" })
  if talk then talk:close() end
  if session.out.is_json then
    return session.out:json { halted = false, file = file.halt,
      running = why ~= "none", answered = talk ~= nil }
  end
  session.out:line((ok and "resumed" or "it was not halted")
    .. (why == "none" and "; it does not run now" or ""))
end

-- What a run has written of itself.
local function kept_of(path)
  local kept, why, problem = values_kept.read(path)
  if why == "absent" then
    exits.exit(exits.NOT_FOUND, path .. " is not there: it has not come as far")
  elseif not kept then
    exits.exit(exits.FAILED, problem or path .. " is cut or broken")
  end
  return kept
end

local ENDED = { over = true, failed = true }

-- How a run stands that nobody asked: as it has written that last.
local function from_file(session, file, why, problem)
  local kept = kept_of(file.state)
  local view, saved = kept.view, tostring(session.out:moment(kept.saved))
  local one = { strategy = kept.strategy, saved = kept.saved, state = kept.state,
    owned = kept.owned or {}, orders = kept.orders or {}, view = view,
    halted = exists(file.halt), is_running = why ~= "none" }
  if why ~= "none" then
    one.run = ("cannot be asked: %s; as it stood at %s"):format(problem, saved)
  elseif view and not ENDED[view.state] then
    view.state, one.is_killed = "killed", true
    one.run = "none: it was killed, or its machine went down; as it stood at "
      .. saved
  else
    one.run = "none: it has ended"
  end
  return one
end

local function standing_of(session, file)
  local talk, answer, problem = ask(file, { ask = "status" })
  if not talk then return from_file(session, file, answer, problem) end
  talk:close()
  answer.saved, answer.is_running = answer.view and answer.view.time, true
  answer.run = "goes on"
  return answer
end

local function positions_of(kept)
  local owned, profits, words = kept.owned or {}, {}, {}
  for _, one in ipairs(kept.view and kept.view.positions or {}) do
    profits[tostring(one.positionID)] = one.profit
  end
  for _, id in ipairs(types.sorted_names(owned)) do
    words[#words + 1] = ("%s %s%s"):format(owned[id].symbol, id,
      profits[id] and " (" .. output.gain(profits[id]) .. ")" or "")
  end
  return #words > 0 and table.concat(words, ", ") or "none"
end

local function view_rows(session, view)
  local budget, now = view.budget, os.time()
  return {
    { "state", view.state },
    { "equity", output.usd(view.equity) .. " USD" },
    { "profit", output.gain(view.profit) .. " USD, of what it holds" },
    { "orders", run_table.orders(view) },
    { "budget", budget and ("%d of %d calls left, %s"):format(budget.left,
      budget.limit, budget.pool) or "-" },
    { "stream", run_table.stream(view, now) .. (view.stream.doubt
      and ", stale: " .. view.stream.doubt or "") },
    { "decided", view.last
      and session.out:moment(view.last.time) .. " " .. view.last.text or "-" },
    view.problem and { "problem", command_words.shell(view.problem,
      session.args) } or nil,
  }
end

---@param session etoro.command.Session
function M.status(session)
  local file, place = find(session.args)
  local one = standing_of(session, file)
  local owned, under_way = one.owned or {}, one.orders or {}
  if session.out.is_json then
    return session.out:json { strategy = one.strategy, account = place,
      portfolio = file.portfolio, running = one.is_running,
      killed = one.is_killed or false, saved = one.saved, halted = one.halted,
      positions = owned, orders = under_way, state = one.state,
      status = one.view }
  end
  local rows = {
    { "strategy", ("%s on %s"):format(tostring(one.strategy),
      run_show.account(place, file.portfolio)) },
    { "run", one.run },
    { "saved", session.out:moment(one.saved) },
    { "halted", one.halted and "yes" or "no" },
    { "holds", positions_of(one) },
    { "under way", #types.sorted_names(under_way) },
  }
  for _, row in ipairs(one.view and view_rows(session, one.view) or {}) do
    rows[#rows + 1] = row
  end
  rows[#rows + 1] = { "keeps", etoro.encode(one.state or {}) }
  session.out:fields(rows)
end

return M
