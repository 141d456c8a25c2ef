-- What a backtest's page is made of: figures, tables and texts as HTML.

local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"
local style = require "etoro.backtest.style"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
  ['"'] = "&quot;", ["'"] = "&#39;" }

--- What a person has written into a file is text, whatever it looks like.
---@param value any
---@return string html
function M.escape(value)
  return (tostring(value):gsub("[&<>\"']", ESCAPES))
end

--- A number with so many decimals and its thousands apart; a dash for none.
---@param value? number
---@param decimals? integer 2
---@return string
function M.number(value, decimals)
  if not value then return "-" end
  if math.abs(value) >= run_limits.report_plain then return core.figure(value) end
  local sign, whole, rest = core.fixed(value, decimals or 2):match
    "^(-?)(%d+)(.*)$"
  if not (whole .. rest):find "[1-9]" then sign = "" end
  local apart = whole:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return sign .. apart .. rest
end

--- The same with a plus where it is above 0.
---@param value? number
---@param decimals? integer 2
---@return string
function M.signed(value, decimals)
  local text = M.number(value, decimals)
  return value and value > 0 and text:find "[1-9]" and "+" .. text or text
end

--- A price, with the digits that prices of its size have.
---@param value? number
---@return string
function M.price(value)
  local size = math.abs(value or 0)
  return M.number(value, size >= 1000 and 2 or size >= 1 and 4 or 6)
end

--- Units, as they are.
---@param value? number
---@return string
function M.units(value)
  return value and core.figure(value) or "-"
end

local SPANS = { { times.DAY, " days" }, { times.DAY // 24, " hours" },
  { times.DAY // 1440, " minutes" } }

--- A time that passed, in a unit of which there are two at least.
---@param seconds? number
---@return string
function M.span(seconds)
  if not seconds then return "-" end
  for i, span in ipairs(SPANS) do
    if seconds >= 2 * span[1] or seconds == span[1] or i == #SPANS then
      local count = seconds / span[1]
      local is_one = count == 1 and #span[2] - 1
      return M.number(count, count == math.floor(count) and 0 or 1)
        .. span[2]:sub(1, is_one or nil)
    end
  end
end

--- A fraction in percent.
---@param value? number
---@return string
function M.percent(value)
  return value and M.number(100 * value) .. " %" or "-"
end

--- The same with its sign.
---@param value? number
---@return string
function M.gain(value)
  return value and M.signed(100 * value) .. " %" or "-"
end

--- The class of what is gained or lost.
---@param value? number
---@return string
function M.class(value)
  if not value or value == 0 then return "" end
  return value > 0 and "good" or "bad"
end

--- A profit as a cell or figure: its text and class.
---@param value? number
---@return table cell
function M.profit(value)
  return { M.signed(value), M.class(value) }
end

-- A text, or { text, class }, as an element.
local function element(tag, value)
  local text, class = value, ""
  if type(value) == "table" then text, class = value[1], value[2] end
  return ("<%s%s>%s</%s>"):format(tag,
    class ~= "" and (' class="%s"'):format(class) or "", M.escape(text), tag)
end

--- Figures with their names.
---@param list table[] { name, text or { text, class }, small text? }
---@param class? string
---@return string html
function M.figures(list, class)
  local parts = {}
  for i, one in ipairs(list) do
    local small = one[3] and ("<dd><small>%s</small></dd>"):format(
      M.escape(one[3])) or ""
    parts[i] = ("<div><dt>%s</dt>%s%s</div>"):format(M.escape(one[1]),
      element("dd", one[2]), small)
  end
  return ("<dl%s>%s</dl>"):format(class and (' class="%s"'):format(class) or "",
    table.concat(parts))
end

--- A table that is scrolled by itself where it is wider than the page.
---@param name string what it is, for those who do not see it
---@param titles any[] texts, or { text, class }
---@param rows table[] cells: texts, or { text, class }
---@param class? string
---@return string html
function M.table(name, titles, rows, class)
  local parts = { ('<div class="wide%s" role="region" tabindex="0" '
    .. 'aria-label="%s"><table><thead><tr>'):format(class and " " .. class or "",
    M.escape(name)) }
  for _, title in ipairs(titles) do
    parts[#parts + 1] = element("th", title):gsub("^<th", '<th scope="col"')
  end
  parts[#parts + 1] = "</tr></thead><tbody>"
  for _, row in ipairs(rows) do
    parts[#parts + 1] = "<tr>"
    for i = 1, #titles do parts[#parts + 1] = element("td", row[i] or "") end
    parts[#parts + 1] = "</tr>"
  end
  parts[#parts + 1] = "</tbody></table></div>"
  return table.concat(parts)
end

--- A part of the page.
---@param title string
---@param inner string html
---@param is_wide? boolean as wide as the page
---@return string html
function M.part(title, inner, is_wide)
  return ("<section%s><h2>%s</h2>%s</section>"):format(
    is_wide and ' class="full"' or "", M.escape(title), inner)
end

--- A paragraph.
---@param text string
---@param class? string dim, unless told
---@return string html
function M.text(text, class)
  return ('<p class="%s">%s</p>'):format(class or "dim", M.escape(text))
end

--- What was found, as a list.
---@param items string[]
---@return string html
function M.list(items)
  local parts = {}
  for i, item in ipairs(items) do parts[i] = "<li>" .. M.escape(item) .. "</li>" end
  return "<ul>" .. table.concat(parts) .. "</ul>"
end

--- What is said in large letters above all else.
---@param title string
---@param text? string
---@return string html
function M.warning(title, text)
  return '<div class="warn">' .. M.text(title, "loud bad")
    .. (text and M.text(text, "") or "") .. "</div>"
end

--- What no backtest has, whatever it says.
---@return string html
function M.lacks()
  return M.part("What is not in it", M.list {
    "Symbols that are gone: who picks by what is there today picks those that "
      .. "lasted (survivors' bias), and every figure here is the better for it.",
    "Dividends: candles are not adjusted for them. What is held long lacks them, "
      .. "what is held short has not paid them; buy and hold lacks them as well.",
    "The market's answer: bars do not move by what is bought here.",
    "Other tries: if this is the best of many runs, a part of it is luck." }, true)
end

--- The whole page.
---@param title string
---@param head string html above the parts
---@param parts string[] html
---@return string html
function M.document(title, head, parts)
  return table.concat { '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    "<title>", M.escape(title), "</title><style>", style, "</style></head><body>",
    head, "<main>", table.concat(parts), "</main></body></html>" }
end

return M
