"""The trades of an SMA cross over a CSV, worked out without lua-etoro.

usage: sma_judge.py FILE.csv FAST SLOW WEIGHT STOP CASH SPREAD FEE FILL
Prints a JSON list. FILL: next_open or same_close. Bars are bids: a buy pays a
spread more. Decided at a bar's close; a stop is looked for before anything else
in each bar, the one of the entry among them where it was filled at the open."""
import csv, json, math, sys

path, fill = sys.argv[1], sys.argv[9]
fast, slow = map(int, sys.argv[2:4])
weight, stop, cash, spread, fee = map(float, sys.argv[4:9])
with open(path) as file:
    bars = [(row["time"], *(float(row[k]) for k in ("open", "low", "close")))
            for row in csv.DictReader(file)]
trades, held, wish = [], None, None

def cents(value):
    return math.floor(value * 100 + 0.5) / 100

def average(i, n):
    return sum(bar[3] for bar in bars[i - n + 1:i + 1]) / n

def leave(price, time, reason):
    global cash, held
    gain = cents((price - held["entry_price"]) * held["units"])
    cash = cents(cash + held["amount"] + gain - fee)
    trades.append({**held, "exit_price": price, "exit_time": time,
                   "reason": reason, "profit": cents(gain - 2 * fee)})
    held = None

def carry_out(bid, time):  # what is wished for, at a price
    global cash, held, wish
    if wish == "close" and held:
        leave(bid, time, "close")
    elif wish and wish != "close":
        (amount, level), price = wish, bid * (1 + spread)
        units = math.floor(amount / price * 1e6 + 1e-4) / 1e6
        held = {"units": units, "stop": level, "amount": amount,
                "entry_price": price, "entry_time": time}
        cash = cents(cash - amount - fee)
    wish = None

for i, (time, first, low, last) in enumerate(bars):
    carry_out(first, time)
    if held and low <= held["stop"]:
        leave(min(first, held["stop"]), time, "stop_loss")
    if i < slow:
        continue
    now, before = (average(k, fast) - average(k, slow) for k in (i, i - 1))
    if now > 0 >= before and not held:
        ask = last * (1 + spread)
        digits = len(("%.14g" % ask).partition(".")[2])  # as many as it has
        level = float("%.*f" % (max(digits, 2), ask * (1 - stop)))
        wish = math.floor(weight * cash * 100 + 1e-6) / 100, level
    elif now < 0 <= before and held:
        wish = "close"
    if fill == "same_close":
        carry_out(last, None)
print(json.dumps(trades))
