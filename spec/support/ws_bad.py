"""What a server of streams may do wrong, for ws_server.py."""
import json


def key_of(login):
    """What fits into the reason of a close."""
    return json.loads(login)["data"]["apiKey"] if login else ""


def flooding(kind, number, answer):
    """One text of a flood."""
    if kind == "garbage":
        return "{" * 100
    if kind == "big":
        return "x" * 500000
    if kind == "wide":
        return json.dumps({"messages": [{"content": [0] * 50000}]})
    if kind == "private":
        return json.dumps({"messages": [
            {"topic": "private", "type": "Trading.Order", "id": "1",
             "content": json.dumps({"OrderID": number, "x": "x" * 500000})}]})
    if kind == "answers":
        return json.dumps(answer)
    content = json.dumps({"PriceRateID": str(number), "Bid": str(1 + number)})
    return json.dumps({"messages": [
        {"topic": "instrument:1001", "content": content,
         "type": "Trading.Instrument.Rate", "id": "1"}]})


async def bad(ws, rest):
    """Logs in, and then answers a subscribe as the path says: "other", under
    another id (to a login "stranger" does so); "deaf", not at all; "unknown",
    that it failed where a topic ends in 404; "repeat", with the login in each
    thing that can be told; "flood/N", with N texts of any kind
    that come at once; "say/HEX", with the texts of a list in JSON in the file
    of that name; "odd/HEX", with the fields of an object in JSON, which holds one
    for each operation, instead of its own, and then with the texts in "say"."""
    what, _, more = rest.partition("/")
    login, asked = "", 0
    async for text in ws:
        message = json.loads(text)
        operation = message["operation"]
        answer = {"id": message["id"], "operation": operation, "success": True}
        is_login = operation == "Authenticate"
        if what == ("stranger" if is_login else "other"):
            answer["id"] = "another"
        topics = message["data"].get("topics", [])
        print("asked", operation, " ".join(topics[:3]), flush=True)
        if what == "unknown" and any(one.endswith("404") for one in topics):
            answer.update(success=False, errorCode="SubscribeFailed",
                          errorMessage="no such topic")
        if what == "deaf" and not is_login:
            continue
        if what == "repeat" and not is_login:
            answer.update(success=False, errorCode="E " + login,
                          errorMessage=login)
        odd = json.loads(bytes.fromhex(more)) if what == "odd" else {}
        answer.update(odd.get(operation, {}))
        await ws.send(json.dumps(answer))
        if is_login:
            login = text
        for one in odd.get("say", []) if operation == "Subscribe" else []:
            await ws.send(one)
        if operation != "Subscribe":
            continue
        if what == "repeat":
            await ws.send("said " + login)
            for topic in ("instrument:1001", "private"):
                for said in (login, json.dumps({"Date": login, "Message": login,
                                                "OrderID": 1}),
                             json.dumps({"Date": key_of(login), "Bid": "5"})):
                    await ws.send(json.dumps({"messages": [
                        {"topic": topic, "type": "Order " + login, "id": "1",
                         "content": said}]}))
            asked += 1
            if asked < 3:
                continue
            await ws.close(4001, message["id"] + key_of(login))
        if what == "say":
            with open(bytes.fromhex(more), encoding="utf-8") as file:
                for one in json.load(file):
                    await ws.send(one)
        kind, _, count = more.partition("/")
        for number in range(int(count or 0) if what == "flood" else 0):
            await ws.send(flooding(kind, number, answer))
