// The trades of an SMA strategy, long and short, by npm's grademark, as JSON: a
// list with a run for each file.
//
// usage: NODE_PATH=... node grademark.js FAST SLOW STOP TARGET FILE.csv...
// Long while the fast average is above the slow one, else short. grademark fills
// at the next open, looks for stop and target from the bar behind the entry on,
// and asks no rule on the bars of entry and exit; it has no costs.
"use strict"
const fs = require("fs")
const { DataFrame } = require("data-forge")
const { backtest, analyze } = require("grademark")
const { version } = JSON.parse(fs.readFileSync(
  require.resolve("grademark").replace(/build.index\.js$/, "package.json")))

const [fast, slow, stop, target] = process.argv.slice(2, 6).map(Number)

const average = (bars, i, count) => i + 1 < count ? undefined
  : bars.slice(i + 1 - count, i + 1).reduce((sum, bar) => sum + bar.close, 0) / count

const read = path => {
  const lines = fs.readFileSync(path, "utf8").trim().split("\n").slice(1)
  const bars = lines.map(line => {
    const [time, open, high, low, close] = line.split(",")
    return { time, open: +open, high: +high, low: +low, close: +close }
  })
  return bars.map((bar, i) => ({ ...bar, fast: average(bars, i, fast),
    slow: average(bars, i, slow) }))
}

// A level with the two digits that a price has, as its distance.
const distance = (price, part) => Math.abs(price - (price * part).toFixed(2))
const sign = position => position.direction === "long" ? 1 : -1
const strategy = {
  entryRule: (enter, { bar }) => {
    if (bar.slow === undefined || bar.fast === bar.slow) return
    enter({ direction: bar.fast > bar.slow ? "long" : "short" })
  },
  exitRule: (exit, { bar, position }) => {
    if (sign(position) * (bar.fast - bar.slow) < 0) exit()
  },
  stopLoss: ({ entryPrice, position }) =>
    distance(entryPrice, 1 - sign(position) * stop),
  profitTarget: ({ entryPrice, position }) =>
    distance(entryPrice, 1 + sign(position) * target),
}

const run = path => {
  const trades = backtest(strategy, new DataFrame(read(path)))
  const all = analyze(10000, trades.filter(one => one.exitReason !== "finalize"))
  return {
    trades: trades.map(one => ({ side: one.direction, entry_time: one.entryTime,
      entry_price: one.entryPrice, exit_time: one.exitTime,
      exit_price: one.exitPrice, profit: one.profit, reason: one.exitReason })),
    win_rate: all.proportionProfitable, profit_factor: all.profitFactor,
    expectancy: all.expectedValue,
  }
}

console.log(JSON.stringify({ origin: `grademark ${version}`,
  runs: process.argv.slice(6).map(run) }, null, 1))
