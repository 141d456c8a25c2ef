// Writes spec/indicators/fixture.json: what independent libraries make of a
// long random series. Run where both are installed (npm i talib-web@0.1.3
// technicalindicators@3.1.0): node fixture.mjs >fixture.json
import * as talib from "talib-web";
import { readFileSync } from "node:fs";
import ti from "technicalindicators";

const N = 1000; // beyond 1024 talib-web writes over its own memory

// The same series is made in indicators_spec.lua.
let seed = 20261127;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const bars = { open: [], high: [], low: [], close: [], volume: [] };
let last = 100;
for (let i = 0; i < N; i++) {
  const close = last * (1 + (random() - 0.5) * 0.04);
  bars.open.push(last);
  bars.high.push(Math.max(last, close) * (1 + random() * 0.01));
  bars.low.push(Math.min(last, close) * (1 - random() * 0.01));
  bars.close.push(close);
  bars.volume.push(1000 + Math.floor(random() * 9000));
  last = close;
}

// Both leave out what comes before the first value; talib-web leaves old
// memory behind the last one instead, so it is told how many come before.
const cut = (list, before) => [...list].slice(0, N - before);
const late = (list) => Array(N - list.length).fill(null).concat(list);
// The first three values, and then every 37th.
const some = (list) => {
  const all = late(list), first = all.findIndex((v) => v !== null);
  const out = {};
  all.forEach((v, i) => {
    if (v !== null && (i < first + 3 || i % 37 === 0)) out[i + 1] = v;
  });
  return out;
};

await talib.init("data:application/wasm;base64," + readFileSync(
  new URL("node_modules/talib-web/lib/talib.wasm", import.meta.url), "base64"));
const of = { inReal: bars.close }, all = bars;
// Ours are told from the first average on, 13 later.
const di = (made) => cut(made.output, 14).slice(13);
const fixture = {
  origin: "talib-web 0.1.3 (TA-Lib), and technicalindicators 3.1.0",
  sma: some(ti.SMA.calculate({ period: 30, values: bars.close })),
  ema: some(ti.EMA.calculate({ period: 30, values: bars.close })),
  wma: some(ti.WMA.calculate({ period: 30, values: bars.close })),
  rma: some(ti.WEMA.calculate({ period: 14, values: bars.close })),
  stddev: some(ti.SD.calculate({ period: 20, values: bars.close })),
  roc: some(ti.ROC.calculate({ period: 10, values: bars.close })),
  rsi: some(cut(talib.RSI({ ...of, timePeriod: 14 }).output, 14)),
  highest: some(cut(talib.MAX({ ...of, timePeriod: 20 }).output, 19)),
  lowest: some(cut(talib.MIN({ ...of, timePeriod: 20 }).output, 19)),
  atr: some(ti.ATR.calculate({ ...all, period: 14 })),
  adx: some(cut(talib.ADX({ ...all, timePeriod: 14 }).output, 27)),
  "adx.plus": some(di(talib.PLUS_DI({ ...all, timePeriod: 14 }))),
  "adx.minus": some(di(talib.MINUS_DI({ ...all, timePeriod: 14 }))),
};
const bands = ti.BollingerBands.calculate({ period: 20, stdDev: 2,
  values: bars.close });
for (const name of ["upper", "middle", "lower"])
  fixture["bollinger." + name] = some(bands.map((v) => v[name]));
const raw = ti.Stochastic.calculate({ ...all, period: 14, signalPeriod: 1 })
  .map((v) => v.k);
const slow = ti.SMA.calculate({ period: 3, values: raw });
fixture["stochastic.signal"] = some(ti.SMA.calculate({ period: 3,
  values: slow }));
fixture.stochastic = some(slow.slice(2));
const macd = ti.MACD.calculate({ values: bars.close, fastPeriod: 12,
  slowPeriod: 26, signalPeriod: 9, SimpleMAOscillator: false,
  SimpleMASignal: false }).filter((v) => v.signal !== undefined);
fixture.macd = some(macd.map((v) => v.MACD));
fixture["macd.signal"] = some(macd.map((v) => v.signal));
fixture["macd.histogram"] = some(macd.map((v) => v.histogram));
fixture.vwap = some(ti.VWAP.calculate(bars));
console.log(JSON.stringify(fixture, null, 1));
