"""A WebSocket server that nobody of this project wrote (python3-websockets),
one that says the bytes it is told, and a proxy, for specs of streams.

    ws_server.py [CERTIFICATE KEY]

Prints "ready WS RAW TLS PROXY", the ports on 127.0.0.1; TLS is 0 without a
certificate. What the first of them does is the path's matter: see HANDLERS.
The second answers /BYTES with those bytes in hexadecimal behind a right
upgrade, and other paths as told in `raw`."""
import asyncio
import base64
import hashlib
import json
import ssl
import sys

import websockets

import ws_bad

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def echo(ws, _):
    async for message in ws:
        await ws.send(message)


async def fragments(ws, _):
    """Each text back, cut into two at every character, then into all."""
    async for text in ws:
        for cut in range(1, len(text)):
            await ws.send([text[:cut], text[cut:]])
        await ws.send(list(text))


async def ping(ws, _):
    """Pings, and says what came back."""
    waiter = await ws.ping(b"are you there")
    await waiter
    await ws.send("ponged")
    await ws.wait_closed()


async def close(ws, rest):
    code, reason = rest.split("/")
    await ws.close(int(code), reason)


async def closed(ws, rest):
    """Tells the first port's log how its client closed."""
    await ws.wait_closed()
    print("closed", ws.close_code, ws.close_reason, flush=True)


async def flood(ws, rest):
    for number in range(int(rest)):
        await ws.send("message %d" % number)
    await ws.close()


async def offered(ws, _):
    headers = getattr(ws, "request_headers", None)
    if headers is None:
        headers = ws.request.headers
    await ws.send("\n".join("%s: %s" % pair for pair in headers.raw_items()))
    await ws.wait_closed()


def frame(topic, kind, content):
    return json.dumps({"messages": [{"topic": topic, "type": kind, "id": "1",
                                     "content": json.dumps(content)}]})


TOLD = set()  # connections that get their private events by /tell


async def tell(ws, _):
    """Sends what it hears, { type, content }, to all in TOLD as private events,
    or, { close }, closes these; then says it back."""
    async for text in ws:
        message = json.loads(text)
        for one in list(TOLD):
            try:
                if "close" in message:
                    await one.close(message["close"])
                else:
                    await one.send(frame("private", message["type"],
                                         message["content"]))
            except websockets.ConnectionClosed:
                TOLD.discard(one)
        await ws.send(text)


async def etoro(ws, rest):
    """As eToro's: login, subscriptions with snapshots, then what the path says:
    nothing, whose the private event is, that such events come by /tell, or how
    often each connection is cut behind how many pushes."""
    cut = int(rest) if rest.isdigit() else 0
    cid = int(rest[4:]) if rest.startswith("cid-") else 5
    sent, price = 0, 100.0

    async for text in ws:
        message = json.loads(text)
        answer = {"id": message["id"], "operation": message["operation"],
                  "success": True}
        data = message["data"]
        if message["operation"] == "Authenticate":
            if rest == "refuse" or data["apiKey"] != "canary-api-key-0123456789":
                answer.update(success=False, errorCode="InvalidKey",
                              errorMessage="the key is not known")
        if rest == "mute":
            continue
        await ws.send(json.dumps(answer))
        if rest == "repeat":
            await ws.send("you said " + text)
        if message["operation"] != "Subscribe":
            continue
        print("subscribed", " ".join(data["topics"]), flush=True)
        for topic in data["topics"]:
            if topic == "private" and rest == "told":
                TOLD.add(ws)
                continue
            if topic == "private":
                await ws.send(frame(topic, "Trading.OrderForOpen.Update",
                                    {"OrderID": 7, "CID": cid, "StatusID": 3}))
                continue
            await ws.send(frame(topic, "Snapshot", {
                "InstrumentID": topic[11:], "Bid": "100", "Ask": "101",
                "IsMarketOpen": "true", "ConversionRateBid": "1",
                "PriceRateID": "s%d" % sent, "Date": "2026-01-01T00:00:00Z"}))
            for content in (
                    {"PriceRateID": "a", "Date": "2026-01-01T00:00:01Z"},
                    {"PriceRateID": "b", "Bid": "100.5"},
                    {"PriceRateID": "b", "Bid": "77"},
                    {"PriceRateID": "c", "Ask": "0", "LastExecution": "-1"},
                    {"PriceRateID": "d", "Ask": "NaN", "Bid": "1e400"},
                    {"PriceRateID": "e", "Ask": "101.5"}):
                await ws.send(frame(topic, "Trading.Instrument.Rate", content))
                sent += 1
        await ws.send(b"\0")
        if cut and sent >= cut:
            await ws.close(1012, "cut")


async def pushes(ws, rest):
    """As eToro's, with so many bids behind each subscription: 1, 2, 3... and
    behind the last of them a private event."""
    async for text in ws:
        message = json.loads(text)
        await ws.send(json.dumps({"id": message["id"], "success": True,
                                  "operation": message["operation"]}))
        if message["operation"] != "Subscribe":
            continue
        topics = message["data"]["topics"]
        for number in range(1, int(rest) + 1):
            for topic in topics:
                await ws.send(json.dumps({"messages": [{
                    "topic": topic, "type": "Trading.Instrument.Rate", "id": "1",
                    "content": json.dumps({"Bid": str(number),
                                           "PriceRateID": str(number)})}]}))
        await ws.send(json.dumps({"messages": [{
            "topic": "private", "type": "Trading.OrderForOpen.Update", "id": "1",
            "content": json.dumps({"OrderID": int(rest)})}]}))
        print("pushed", flush=True)


CONNECTIONS = []


async def topics(ws, rest):
    """As eToro's, for so many topics a connection; each subscribed with a
    snapshot gets one with its id for a bid. Prints each frame. It does not know
    instruments from 900000 on."""
    CONNECTIONS.append(ws)
    number, held, most = len(CONNECTIONS), set(), int(rest)
    async for text in ws:
        message = json.loads(text)
        operation, data = message["operation"], message["data"]
        answer = {"id": message["id"], "operation": operation, "success": True}
        asked = set(data.get("topics", []))
        if operation == "Subscribe":
            if len(held | asked) > most or any(
                    topic[11:].isdigit() and int(topic[11:]) >= 900000
                    for topic in asked):
                answer.update(success=False, errorCode="SubscribeFailed",
                              errorMessage="not all of them")
            else:
                held |= asked
        elif operation == "Unsubscribe":
            held -= asked
        if operation != "Authenticate":
            print("frame", number, operation, len(asked), len(text), len(held),
                  "snapshot" if data.get("snapshot") else "plain",
                  min(asked), flush=True)
        await ws.send(json.dumps(answer))
        if answer["success"] and data.get("snapshot"):
            for topic in data["topics"]:
                if topic != "private":
                    await ws.send(json.dumps({"messages": [{
                        "topic": topic, "type": "Snapshot", "id": "1",
                        "content": json.dumps({"Bid": topic[11:]})}]}))
        if 666 in [int(topic[11:]) for topic in asked if topic[11:].isdigit()]:
            await ws.close(1012, "cut")


async def refusing(ws, rest):
    """Answers the operation of the path with its error code, all else as wanted;
    "other" is told under another id, "none" under none."""
    refused, code = rest.split("/")
    async for text in ws:
        message = json.loads(text)
        answer = {"id": message["id"], "operation": message["operation"],
                  "success": True}
        if message["operation"] == refused:
            if code == "other":
                answer["id"] = "another"
            else:
                answer.update(success=False, errorCode=code,
                              errorMessage="told so")
            if code == "BinaryMessagesNotSupported":
                del answer["id"], answer["operation"]
        await ws.send(json.dumps(answer))


async def stale(ws, rest):
    """As eToro's: behind the snapshot of each topic 1 is silent, 2 has a closed
    market, 3 does not say, 4 has messages without a price, 5 prices, 6 one price
    when half of all was said."""
    def frame(number, content, kind="Trading.Instrument.Rate"):
        return json.dumps({"messages": [{
            "topic": "instrument:%d" % number, "type": kind, "id": "1",
            "content": json.dumps(content)}]})

    async for text in ws:
        message = json.loads(text)
        await ws.send(json.dumps({"id": message["id"], "success": True,
                                  "operation": message["operation"]}))
        if message["operation"] != "Subscribe":
            continue
        for number in range(1, 7):
            content = {"Bid": "1", "PriceRateID": "s"}
            if number != 3:
                content["IsMarketOpen"] = "false" if number == 2 else "true"
            await ws.send(frame(number, content, "Snapshot"))
        for count in range(1, int(rest) + 1):
            await asyncio.sleep(0.05)
            await ws.send(frame(4, {"Date": "2026-01-01T00:00:00Z",
                                    "PriceRateID": str(count)}))
            await ws.send(frame(5, {"Bid": str(count),
                                    "PriceRateID": str(count)}))
            if count == int(rest) // 2:
                await ws.send(frame(6, {"Bid": "2", "PriceRateID": "x"}))


AWAY = {}  # connections of "away" by path, with the answer that each waits for


async def away(ws, rest):
    """As eToro's, but for when: what comes behind a login comes by `have`."""
    async for text in ws:
        message = json.loads(text)
        answer = json.dumps({"id": message["id"], "success": True,
                             "operation": message["operation"]})
        if message["operation"] == "Authenticate":
            await ws.send(answer)
        else:
            AWAY[rest] = ws, answer
            print("asked", rest, message["operation"], flush=True)


async def have(rest, what):
    """Has an "away" say the answer that is asked for, or a bid, or nothing more."""
    ws, answer = AWAY[rest]
    if what == "cut":
        ws.transport.abort()
    elif what == "answer":
        await ws.send(answer)
    else:
        await ws.send(frame("instrument:1001", "Trading.Instrument.Rate",
                            {"PriceRateID": what, "Bid": what}))


HANDLERS = {"away": away, "stale": stale, "topics": topics, "refusing": refusing, "etoro": etoro, "pushes": pushes, "bad": ws_bad.bad, "tell": tell,
            "echo": echo, "fragments": fragments, "ping": ping,
            "close": close, "closed": closed, "flood": flood, "offered": offered}


async def serve(ws, *_):
    path = getattr(ws, "path", None) or ws.request.path
    name, _, rest = path[1:].partition("/")
    try:
        await HANDLERS[name](ws, rest)
    except websockets.ConnectionClosed:
        pass


def accept(key):
    digest = hashlib.sha1(key + MAGIC).digest()
    return base64.b64encode(digest)


def head(key, more=b""):
    return (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept(key)
            + b"\r\n" + more + b"\r\n")


async def drip(writer, data):
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.0005)


async def heard(reader):
    """All that a client says, be it cut or not."""
    data = b""
    try:
        while some := await reader.read(65536):
            data += some
    except ConnectionError:
        pass
    return data


async def raw(reader, writer):
    request = await reader.readuntil(b"\r\n\r\n")
    lines = request.split(b"\r\n")
    path = lines[0].split()[1].decode()
    key = [line.split(b": ")[1] for line in lines
           if line.lower().startswith(b"sec-websocket-key")][0]
    what, _, rest = path[1:].partition("/")
    if what == "hang":
        await reader.read()
    elif what == "have":
        await have(*rest.split("/"))
        writer.write(b"had\r\n")
    elif what == "status":
        writer.write(b"HTTP/1.1 %s Told\r\nLocation: /echo\r\n\r\n"
                     % rest.encode())
    elif what == "drop":
        pass
    elif what == "long":
        more = int(rest) - len(head(key, b"X-More: \r\n"))
        writer.write(head(key, b"X-More: " + b"x" * more + b"\r\n"))
        await reader.read()
    elif what == "key":
        writer.write(head(b"another"))
    elif what == "extension":
        writer.write(head(key, b"Sec-WebSocket-Extensions: "
                               b"permessage-deflate\r\n"))
    elif what == "drip":
        await drip(writer, head(key) + bytes.fromhex(rest))
    elif what == "deaf":
        writer.write(head(key))
        await writer.drain()
        await asyncio.sleep(float(rest))
    elif what in ("pour", "told"):
        frame, count = rest.split("/")
        writer.transport.set_write_buffer_limits(high=0)
        writer.write(head(key) + bytes.fromhex(frame) * int(count))
        await writer.drain()
        if what == "told":
            print("poured", count, flush=True)
        await heard(reader)
    elif what == "cut":
        writer.write(head(key) + bytes.fromhex(rest))
    else:
        writer.write(head(key) + bytes.fromhex(what))
        await writer.drain()
        data = await heard(reader)
        print("heard", what, data.hex(), flush=True)
    try:
        await writer.drain()
        writer.close()
    except ConnectionError:
        pass


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def proxy(reader, writer):
    request = await reader.readuntil(b"\r\n\r\n")
    host, port = request.split()[1].decode().split(":")
    print("tunnel", host, port, flush=True)
    there = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))


def port_of(server):
    return next(iter(server.sockets)).getsockname()[1]


async def main():
    options = {"host": "127.0.0.1", "port": 0}
    # clients may be as slow as they are
    calm = {"ping_interval": None, "close_timeout": 600}
    if int(websockets.__version__.split(".")[0]) >= 14:
        calm["open_timeout"] = None
    plain = await websockets.serve(serve, **calm, **options)
    rough = await asyncio.start_server(raw, **options)
    way = await asyncio.start_server(proxy, **options)
    secure = 0
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        secure = port_of(await websockets.serve(
            serve, **calm, ssl=context, ssl_handshake_timeout=600, **options))
    print("ready", port_of(plain), port_of(rough), secure, port_of(way),
          flush=True)
    await asyncio.Future()


asyncio.run(main())
