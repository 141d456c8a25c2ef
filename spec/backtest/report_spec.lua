-- The page of a backtest: whole, self-contained, and text wherever it is text.
local charts = require "etoro.backtest.charts"
local files = require "spec.support.files"
local backtest_page = require "etoro.backtest.page"
local past = require "spec.support.past"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local SWING = [[
local n = 0
return { name = "swing", symbols = { "AAPL" }, interval = "1d",
  settings = { every = 4, label = "<script>alert('&')</script>" },
  on_bar = function(ctx)
    n = n + 1
    if n % ctx.settings.every == 1 then ctx:buy("AAPL", { amount = 100 })
    elseif n % ctx.settings.every == 3 then ctx:close "AAPL" end
    if n == 30 then ctx:buy("AAPL", { amount = 1e6 }) end
  end }]]

-- Whether all elements that are opened are closed, in order.
local JUDGE = [[
import html.parser, sys
class Judge(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "path", "rect"):
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())
    def handle_startendtag(self, tag, attributes):
        assert tag in ("path", "rect"), tag
judge = Judge()
judge.feed(open(sys.argv[1], encoding="utf-8").read())
assert not judge.open, judge.open
]]

describe("figures of a page #lua", function()
  it("have their thousands apart, and an exponent where they are enormous", function()
    assert.equal("1,234,567.80", backtest_page.number(1234567.8))
    assert.equal("-999.00", backtest_page.number(-999))
    assert.equal("0.00", backtest_page.number(-0.001))
    assert.equal("999,999,999,999,999", backtest_page.number(run_limits.report_plain - 1, 0))
    assert.equal("1e+15", backtest_page.number(run_limits.report_plain))
    assert.equal("-1e+300", backtest_page.number(-1e300))
    assert.equal("+5", backtest_page.signed(5, 0))
    assert.equal("0", backtest_page.signed(0.4, 0))
    assert.equal("-", backtest_page.number(nil))
  end)

  it("tell a time in a unit of which there are two", function()
    for seconds, text in pairs { [0] = "0 minutes", [60] = "1 minute",
      [90] = "1.5 minutes", [3600] = "1 hour", [3700] = "61.7 minutes",
      [7200] = "2 hours", [86400] = "1 day", [100000] = "27.8 hours",
      [172800] = "2 days", [200000] = "2.3 days" } do
      assert.equal(text, backtest_page.span(seconds))
    end
    assert.equal("-", backtest_page.span(nil))
  end)

  -- As a browser puts them where a drawing is 480 pixels wide, and a letter 7.2.
  local function spans_of(html)
    local list = {}
    for half, part, text in html:gmatch
        'left:clamp%(([%d.]+)ch,([%d.]+)%%,100%% %- [%d.]+ch%)">([^<]+)<' do
      local least = half * 7.2
      local middle = math.max(least, math.min(480 - least, part * 4.8))
      list[#list + 1] = { middle - #text * 3.6, middle + #text * 3.6 }
    end
    return list
  end

  it("leave room between the times below a drawing, wherever a month begins", function()
    for day = 1, 31 do
      local points, first = {}, times.parse(("2021-01-%02d"):format(day))
      for i = 1, 1000 do points[i] = { time = times.format(first + i * times.DAY) } end
      local spans = spans_of(charts.plot { title = "", inner = "",
        scale = charts.scale(0, 1), labels = charts.axis(points).labels })
      assert.is_true(#spans > 3)
      for i = 2, #spans do
        assert(spans[i - 1][2] < spans[i][1], ("day %d: %d"):format(day, i))
      end
      assert.is_true(spans[1][1] >= 0 and spans[#spans][2] <= 480)
    end
  end)

  it("are means where they come and go too fast to be drawn", function()
    local values = {}
    for i = 1, run_limits.report_points do values[i] = i % 2 * 100 end
    local smooth, stretch = charts.smooth(values)
    assert.equal(4, stretch)
    assert.equal(run_limits.report_points, #smooth)
    for _, value in ipairs(smooth) do assert.equal(50.0, value) end
    assert.same({ { 1, 9 }, 1 }, { charts.smooth { 1, 9 } })
  end)

  it("stand along a scale at round values, whatever the values are", function()
    assert.same({ 0, 20, 40, 60, 80, 100 }, charts.scale(0, 100).ticks)
    assert.same({ 0, 1, 2 }, charts.scale(0, 2, 1).ticks)
    for _, pair in ipairs { { 0, 0 }, { -1, -1 }, { 1e-9, 2e-9 }, { -1e300, 1e300 },
      { -1.7e308, 1.7e308 }, { 99.99, 100 } } do
      local scale = charts.scale(pair[1], pair[2])
      assert(#scale.ticks <= 9)
      for _, tick in ipairs(scale.ticks) do
        assert(tick >= scale.least and tick <= scale.most)
      end
    end
  end)

  it("have no more labels of times than there is room for", function()
    local function labels(days)
      local points = {}
      for i = 1, days do points[i] = { time = ("2024-03-%02dT00:00:00Z"):format(i) } end
      return charts.axis(points).labels
    end
    assert.equal(run_limits.report_labels, #labels(run_limits.report_labels + 1))
    assert(#labels(run_limits.report_labels + 2) < run_limits.report_labels)
    assert.equal("03-02", labels(5)[1][2])
  end)
end)

describe("the page of a backtest #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  local function page(text, options)
    local result = assert(lab:run(text, options))
    local path = lab.dir .. "/out.html"
    assert(result:report(path))
    local done = process.run { "python3", lab:file("judge.py", JUDGE), path }
    assert.equal(0, done.code, done.stderr)
    local html = assert(files.read(path))
    for _, word in ipairs { "%f[%w]nan%f[%W]", "%f[%w]inf%f[%W]" } do
      assert.is_nil(html:lower():find(word))
    end
    return html, result
  end

  it("has all its parts, asks for nothing, and runs nothing", function()
    local html = page(SWING, { data = lab:walk("AAPL", 8, 900, "2020-01-06") })
    for _, part in ipairs { "Equity", "Drawdown", "Exposure", "Trades on the price",
      "Measures", "Months, in %", "Profits of trades", "Costs", "Fills", "Trades",
      "Orders", "What it ran with", "What is not in it" } do
      assert(html:find("<h2>" .. part .. "</h2>", 1, true), part)
    end
    for _, foreign in ipairs { "://", "<script", "<link", "<img", "src=",
      "@import", "url(" } do
      assert.is_nil(html:find(foreign, 1, true), foreign)
    end
    assert(html:find("&lt;script&gt;alert(&#39;&amp;&#39;)", 1, true))
    assert(html:find("FREE OF COSTS", 1, true))
    assert(html:find("refused", 1, true))
  end)

  it("has no text that is small, and both colours of paper", function()
    local html = page(SWING, { data = lab:walk("AAPL", 8, 50) })
    for size in html:gmatch "font%-size:(%d+)px" do
      assert(math.tointeger(size) >= 12)
    end
    assert.is_nil(html:find("<text", 1, true)) -- which would shrink
    assert(html:find("prefers-color-scheme:dark", 1, true))
    assert(html:find("@media print", 1, true))
  end)

  it("draws no more points, bins and rows than it may", function()
    local html, result = page(SWING, { data = lab:walk("AAPL", 8, 5000, "2001-01-01") })
    local own = html:match 'class="one" d="([^"]*)"'
    local _, points = own:gsub("[ML]", "")
    assert(points <= run_limits.report_points and points > 1000)
    assert.is_nil(own:find "[^ML0-9. ]")
    local _, bars = html:gsub("<rect ", "")
    assert.equal(run_limits.report_bins, bars)
    local _, rows = html:gsub("<td>AAPL</td><td>long</td>", "")
    assert(#result.trades > run_limits.report_trades)
    assert.equal(run_limits.report_trades, rows)
  end)

  it("draws the symbols with most trades, and says how many it leaves out",
    function()
      local symbols = {}
      for i = 1, run_limits.report_prices + 1 do
        symbols[i] = ("S%02d"):format(i)
        lab:walk(symbols[i], i, 40)
      end
      local text = [[return { name = "many", symbols = { %s }, interval = "1d",
        on_bar = function(ctx, bar)
          if bar.symbol ~= "S01" and #ctx:positions(bar.symbol) == 0 then
            ctx:buy(bar.symbol, { amount = 100 })
          end
        end }]]
      local function of(count)
        local list = {}
        for i = 1, count do list[i] = ("%q"):format(symbols[i]) end
        return page(text:format(table.concat(list, ", ")))
      end
      local html = of(run_limits.report_prices)
      assert(html:find("Prices of S01,", 1, true))
      assert.is_nil(html:find("Drawn are", 1, true))
      html = of(run_limits.report_prices + 1)
      assert.is_nil(html:find("Prices of S01,", 1, true))
      assert(html:find("Prices of S13,", 1, true))
      assert(html:find("Drawn are 12 of 13 symbols", 1, true))
    end)

  -- Bought at the open of the second bar, at 110; sold at the fourth's, at 130.
  it("has each trade on the price, from where it began to where it ended",
    function()
      lab:csv("AAPL", { "100 100 100 100", "110 120 110 120", "120 120 120 120",
        "130 150 130 150", "150 150 150 150" })
      local html, result = page [[local n = 0
        return { name = "one", symbols = { "AAPL" }, interval = "1d",
          on_bar = function(ctx)
            n = n + 1
            if n == 1 then ctx:buy("AAPL", { amount = 1100 }) end
            if n == 3 then ctx:close "AAPL" end
          end }]]
      assert.equal(200.0, result.trades[1].profit)
      assert(html:find("<title>long 10 AAPL, 2024-01-02T00:00 to 2024-01-04T00:00, "
        .. "+200.00 USD</title>", 1, true))
      local from, to = html:match '<path class="won" d="M([%d.]+) [%d.]+L([%d.]+)'
      assert.equal("200.0", from) -- the second of six points
      assert.equal("600.0", to)
    end)

  it("shows how much of the equity is held", function()
    lab:csv("AAPL", { "100 100 100 100", "100 100 100 100", "100 200 100 200",
      "200 200 200 200" })
    local _, result = page [[return { name = "half", symbols = { "AAPL" },
      interval = "1d", on_bar = function(ctx, bar)
        if #ctx:positions "AAPL" == 0 and bar.close == 100 then
          ctx:buy("AAPL", { amount = 5000 })
        end
      end }]]
    local invested = {}
    for i, one in ipairs(result.equity) do invested[i] = one.invested end
    assert.same({ 0, 0.0, 5000.0, 10000.0, 10000.0 }, invested)
  end)

  it("tells no more of what a file lacks than it may", function()
    local function remarks(count)
      local rows = {}
      for i = 1, count do rows[i] = i % 2 == 0 and "1 1 1 1" or "2 2 2 2" end
      lab:csv("AAPL", rows)
      local html, result = page [[return { name = "none", symbols = { "AAPL" },
        interval = "1d", on_bar = function(ctx)
          if #ctx:orders() == 0 then ctx:buy("AAPL", { amount = 100 }) end
        end }]]
      local told = html:match "<h3>To look at</h3>(.-)</ul>" or ""
      local _, number = told:gsub("<li>", "")
      return number, #result.data[1].faults
    end
    local number, faults = remarks(9)
    assert.equal(faults, number)
    assert(number > 3)
    number = remarks(3 * run_limits.report_remarks)
    assert(number <= run_limits.report_remarks)
  end)

  it("puts a bar that ends at midnight into the month that it belongs to",
    function()
      local rows = {}
      for i = 1, 32 do rows[i] = i < 32 and "100 100 100 100" or "100 110 100 110" end
      lab:csv("AAPL", rows)
      local html = page [[return { name = "all", symbols = { "AAPL" },
        interval = "1d", on_bar = function(ctx)
          if #ctx:positions "AAPL" == 0 then ctx:buy("AAPL", { amount = 5000 }) end
        end }]]
      local row = html:match "<tr><td>2024</td>(.-)</tr>"
      assert(row:find("^<td>0.0</td><td class=\"g3\">%+5.0</td>"), row)
    end)

  it("has both times of filling side by side where much hangs on which",
    function()
      lab:walk("AAPL", 3, 60)
      local _, result = page [[return { name = "none", symbols = { "AAPL" },
        interval = "1d", on_bar = function(ctx)
          if #ctx:positions "AAPL" == 0 then ctx:buy("AAPL", { amount = 5000 }) end
        end }]]
      local profit = result.measures.profit
      local function fills(other)
        result.other_fill = { fill = "same_close", profit = other,
          measures = { profit = other, trades = 7 } }
        assert(result:report(lab.dir .. "/out.html"))
        local file <close> = assert(io.open(lab.dir .. "/out.html"))
        return file:read("a"):match "<h2>Fills</h2>(.-)</section>"
      end
      assert(fills(profit * 1.09):find("less than a tenth", 1, true))
      local told = fills(profit * 1.11)
      assert(told:find("same_close</th>", 1, true))
      assert(told:find("<td>7</td>", 1, true))
      assert(told:find("made of the moment", 1, true))
    end)

  it("is there for a run without a trade, and for one that failed", function()
    lab:csv("AAPL", { "1 1 1 1", "1 1 1 1", "1 1 1 1" })
    local html = page [[return { name = "none", symbols = { "AAPL" },
      interval = "1d", on_bar = function() end }]]
    assert(html:find("All were filled", 1, true))
    html = page [[return { name = "fails", symbols = { "AAPL" },
      interval = "1d", on_bar = function() error "day <one>" end }]]
    assert(html:find("It ended early", 1, true))
    assert(html:find("day &lt;one&gt;", 1, true))
  end)

  it("has a curve of holding that begins with the cash and ends where it says",
    function()
      lab:csv("AAPL", { "100 100 100 100", "110 120 110 120" })
      lab:file("MSFT.csv", "date,open,high,low,close\n2024-01-02,10,10,10,10\n"
        .. "2024-01-03,10,20,10,20\n")
      local _, result = page [[return { name = "two",
        symbols = { "AAPL", "MSFT" }, interval = "1d", on_bar = function() end }]]
      local hold = result.benchmarks.buy_and_hold
      assert.same({ 10000, 10000.0, 11000.0, 16000.0 }, { table.unpack(hold.equity) })
      assert.equal(6000.0, hold.profit)
    end)

  it("says why it cannot be written", function()
    lab:csv("AAPL", { "1 1 1 1", "1 1 1 1" })
    local result = assert(lab:run [[return { name = "none", symbols = { "AAPL" },
      interval = "1d", on_bar = function() end }]])
    local ok, message = result:report(lab.dir .. "/none/out.html")
    assert.is_nil(ok)
    assert(message:find("none/out.html", 1, true), message)
  end)
end)
