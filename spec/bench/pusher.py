"""A server of price streams for `make bench`, in the mix of messages that the
API was seen to push:

    pusher.py

Prints "ready PORT". Answers a login and subscriptions, with snapshots; to a
connection of the path /ROUNDS that has asked for nothing for a while it pushes
so many messages of each of its topics, as fast as they are read."""
import base64
import hashlib
import json
import random
import socket
import struct
import sys
import threading

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
QUIET = 0.3 # seconds
# Shares of 180,666 messages; the rest tells another name alone.
MIX = ((0.598, ()), (0.168, ("Bid", "Ask")),
       (0.105, ("Bid", "BidDiscounted", "LastExecution")),
       (0.101, ("Ask", "AskDiscounted")), (0.016, ("LastExecution",)))

rng = random.Random(1)


def frame(text):
    data = text.encode()
    if len(data) < 126:
        return struct.pack(">BB", 0x81, len(data)) + data
    return struct.pack(">BBH", 0x81, 126, len(data)) + data


def message(topic, kind, content):
    return frame(json.dumps({"messages": [{
        "topic": topic, "content": json.dumps(content, separators=(",", ":")),
        "id": "3f2504e0-4f89-11d3-9a0c-%012x" % rng.getrandbits(48),
        "type": kind}]}, separators=(",", ":")))


def snapshot(topic):
    return message(topic, "Snapshot", {
        "InstrumentID": topic[11:], "Ask": "101.5", "Bid": "100.5",
        "LastExecution": "100.5", "Date": "2026-11-27T07:00:00.1234567Z",
        "PriceRateID": "1", "IsMarketOpen": "true", "IsExchangeOpen": "true",
        "IsInstrumentActive": "true", "AllowBuy": "true", "AllowSell": "true",
        "MaxPositionUnits": "100000", "OfficialClosingPrice": "100.25",
        "DailyClose": "100.25", "ConversionRateAsk": "1.0",
        "ConversionRateBid": "1.0"})


def change(topic, number):
    at, names = rng.random(), ("UnitMarginBid",)
    for share, some in MIX:
        if at < share:
            names = some
            break
        at -= share
    content = {name: "%.6f" % rng.uniform(90, 110) for name in names}
    content["Date"] = "2026-11-27T08:00:00.1234567Z"
    content["PriceRateID"] = str(100000000000 + number)
    return message(topic, "Trading.Instrument.Rate", content)


def rounds_of(topics):
    """Two rounds, in which no topic has the same PriceRateID."""
    return [b"".join(change(topic, half * len(topics) + i)
                     for i, topic in enumerate(topics)) for half in (0, 1)]


class Connection:
    def __init__(self, sock):
        self.sock, self.data, self.topics = sock, b"", []

    def read(self, n):
        while len(self.data) < n:
            some = self.sock.recv(65536)
            if not some:
                raise ConnectionError
            self.data += some
        out, self.data = self.data[:n], self.data[n:]
        return out

    def read_frame(self):
        first, size = self.read(2)
        size &= 127
        if size == 126:
            size, = struct.unpack(">H", self.read(2))
        mask = self.read(4)
        data = self.read(size)
        times = -(-size // 4)
        key = int.from_bytes((mask * times)[:size], "big")
        return first & 15, (int.from_bytes(data, "big") ^ key).to_bytes(
            size, "big")

    def upgrade(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        key = next(line.split(b": ")[1] for line in head.split(b"\r\n")
                   if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept
            + b"\r\n\r\n")
        return int(head.split()[1][1:])

    def answer(self, asked):
        self.sock.sendall(frame(json.dumps({
            "id": asked["id"], "operation": asked["operation"],
            "success": True})))
        if asked["operation"] == "Subscribe":
            new = [t for t in asked["data"]["topics"] if t != "private"]
            self.topics += new
            self.sock.sendall(b"".join(map(snapshot, new)))

    def serve(self):
        rounds = self.upgrade()
        try:
            while True:
                if self.topics:
                    self.sock.settimeout(QUIET)
                kind, data = self.read_frame()
                if kind == 8:
                    return
                if kind == 1:
                    self.answer(json.loads(data))
        except socket.timeout:
            self.sock.settimeout(None)
        blocks = rounds_of(self.topics)
        for i in range(rounds):
            self.sock.sendall(blocks[i % 2])
        self.read(1 << 30) # until it is closed


def serve(sock):
    with sock:
        try:
            Connection(sock).serve()
        except (ConnectionError, OSError):
            pass


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print("ready", listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


sys.exit(main())
