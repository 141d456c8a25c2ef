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


async def etoro(ws, rest):
    """As eToro's: login, subscriptions with snapshots, then what the path says:
    nothing, or how often each connection is cut behind how many pushes."""
    cut = int(rest) if rest.isdigit() else 0
    sent, price = 0, 100.0

    def frame(topic, kind, content):
        return json.dumps({"messages": [{"topic": topic, "type": kind, "id": "1",
                                         "content": json.dumps(content)}]})

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
        if message["operation"] != "Subscribe":
            continue
        print("subscribed", " ".join(data["topics"]), flush=True)
        for topic in data["topics"]:
            if topic == "private":
                await ws.send(frame(topic, "Trading.OrderForOpen.Update",
                                    {"OrderID": 7, "CID": 5, "StatusID": 3}))
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


HANDLERS = {"etoro": etoro, "echo": echo, "fragments": fragments, "ping": ping,
            "close": close, "closed": closed, "flood": flood,
            "offered": offered}


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
    plain = await websockets.serve(serve, ping_interval=None, **options)
    rough = await asyncio.start_server(raw, **options)
    way = await asyncio.start_server(proxy, **options)
    secure = 0
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        secure = port_of(await websockets.serve(
            serve, ping_interval=None, ssl=context, **options))
    print("ready", port_of(plain), port_of(rough), secure, port_of(way),
          flush=True)
    await asyncio.Future()


asyncio.run(main())
