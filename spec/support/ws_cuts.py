"""A market that goes on while its WebSockets are cut at random: for
spec/stream/cuts_spec.lua.

    ws_cuts.py SEED CUTS INSTRUMENTS

Prints "ready PORT"; then, behind CUTS connections that were cut after a
subscription and a last one that was not, "final" with all prices as they are,
what it has cut and how. Each push of a price has the number of all pushes as
its PriceRateID; each private event that number as its OrderID. What a client
of a connection was told is each number from its subscription to its cut."""
import asyncio
import json
import random
import sys

import websockets

SEED, CUTS, INSTRUMENTS = (int(word) for word in sys.argv[1:4])
KINDS = ("close", "abort", "half", "garbage", "early", "mute")
LAST_PUSHES = 10 # behind the last cut: most of its state is the snapshot's

rng = random.Random(SEED)


class Market:
    def __init__(self):
        self.number = 0
        self.prices = {}
        for i in range(INSTRUMENTS):
            self.prices[1001 + i] = {
                "Bid": 100.0, "Ask": 101.0, "LastExecution": 100.0,
                "ConversionRateBid": 1.0, "ConversionRateAsk": 1.0,
                "IsMarketOpen": True, "AllowBuy": True, "PriceRateID": "0",
                "Date": "2026-01-01T00:00:00Z"}

    def change(self, topic):
        """Moves one price; gives the message of it, sparse. A price of 0 is
        none; one that is no number says nothing."""
        state, said = self.prices[topic], {}
        self.number += 1
        said["PriceRateID"] = str(self.number)
        if rng.random() < 0.8:
            said["Date"] = "2026-01-01T00:00:00.%07dZ" % self.number
        for name in ("Bid", "Ask", "LastExecution", "ConversionRateBid"):
            if rng.random() < 0.5:
                value = round(rng.uniform(1, 200), 4)
                chance = rng.random()
                if chance < 0.03:
                    said[name] = rng.choice(("NaN", "1e400", "-Infinity", "x"))
                    continue
                if chance < 0.15:
                    value = rng.choice((0, -1))
                said[name] = str(value)
                state[name] = value if value > 0 else None
        if rng.random() < 0.1:
            state["IsMarketOpen"] = not state["IsMarketOpen"]
            said["IsMarketOpen"] = str(state["IsMarketOpen"]).lower()
        state["PriceRateID"] = said["PriceRateID"]
        state["Date"] = said.get("Date", state["Date"])
        return said

    def snapshot(self, topic):
        """All that there is; what is none is left out, or 0."""
        said = {}
        for name, value in self.prices[topic].items():
            if isinstance(value, bool):
                said[name] = str(value).lower()
            elif value is not None:
                said[name] = str(value)
            elif rng.random() < 0.5:
                said[name] = "0"
        return said


def frame(topic, kind, content):
    return json.dumps({"messages": [{"topic": topic, "type": kind, "id": "1",
                                     "content": json.dumps(content)}]})


def price(topic, kind, content):
    return frame("instrument:%d" % topic, kind, content)


class World:
    def __init__(self):
        self.market = Market()
        self.client = None # who is subscribed
        self.left = 0      # pushes until it is cut
        self.kind = None   # how; None: it is not
        self.cuts = {}     # those of a client that was subscribed, by kind
        self.early = 0     # those of one that was not
        self.done = asyncio.Event()

    def plan(self):
        cuts = sum(self.cuts.values())
        self.left = rng.randrange(200) if cuts < CUTS else LAST_PUSHES
        self.kind = rng.choice(KINDS) if cuts < CUTS else None

    async def push(self):
        """One change of the market, told or not; an own event now and then."""
        if rng.random() < 0.05:
            self.market.number += 1
            text = frame("private", "Trading.OrderForOpen.Update",
                         {"OrderID": self.market.number, "StatusID": 1})
        else:
            topic = 1001 + rng.randrange(INSTRUMENTS)
            text = price(topic, "Trading.Instrument.Rate",
                         self.market.change(topic))
        if self.client:
            await self.client.send(text)
            if rng.random() < 0.05 and "instrument" in text: # twice
                await self.client.send(text)
            self.left -= 1

    async def cut(self):
        client, self.client = self.client, None
        self.cuts[self.kind] = self.cuts.get(self.kind, 0) + 1
        if self.kind == "close":
            await client.close(rng.choice((1000, 1001, 1012, 4001)), "cut")
        elif self.kind == "half":
            client.transport.write(b"\x81\x7e\x01\x00{")
            client.transport.close()
        elif self.kind == "garbage":
            client.transport.write(b"\xff\xff\xff\xff")
            client.transport.close()
        else:
            client.transport.abort()

    async def run(self):
        while not self.done.is_set():
            for _ in range(rng.randrange(1, 20)):
                try:
                    await self.push()
                except websockets.ConnectionClosed:
                    pass
                if self.client and self.left <= 0:
                    break
            if self.client and self.left <= 0:
                if self.kind is None:
                    return self.done.set()
                await self.cut()
            await asyncio.sleep(0.001)


world = World()


async def subscribed(ws, message):
    await ws.send(json.dumps({"id": message["id"], "operation": "Subscribe",
                              "success": True}))
    for topic in message["data"]["topics"]:
        if topic != "private":
            number = int(topic[11:])
            await ws.send(price(number, "Snapshot",
                                world.market.snapshot(number)))
    world.client = ws


async def serve(ws, *_):
    world.plan()
    if world.kind == "early":
        world.early += 1
        return ws.transport.abort()
    try:
        async for text in ws:
            message = json.loads(text)
            if message["operation"] == "Authenticate":
                if world.kind == "mute":
                    world.early += 1
                    return ws.transport.abort()
                await ws.send(json.dumps({"id": message["id"], "success": True,
                                          "operation": "Authenticate"}))
            elif message["operation"] == "Subscribe":
                await subscribed(ws, message)
    except websockets.ConnectionClosed:
        pass


async def main():
    server = await websockets.serve(serve, host="127.0.0.1", port=0,
                                    ping_interval=None, close_timeout=0.2)
    port = next(iter(server.sockets)).getsockname()[1]
    print("ready", port, flush=True)
    await world.run()
    print("final", json.dumps({"prices": world.market.prices,
                               "cuts": world.cuts, "early": world.early,
                               "number": world.market.number}), flush=True)
    await asyncio.Future()


asyncio.run(main())
