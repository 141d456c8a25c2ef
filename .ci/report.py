"""Opens pages of backtests in headless Chromium and looks at them.

usage: report.py OUT PAGE.html...     CHROMIUM: the program, chromium
Each page at 400, 800 and 1600 pixels, light and dark, and as it is printed: it
asks for nothing, says nothing on the console, has all its parts, nothing wider
than the screen, no text below 12 pixels, no texts that overlap, and contrasts of
4.5 for texts and 3 for lines. Screenshots and prints are left in OUT. A page of
the name "planted" has all of these faults, and each must be found."""
import asyncio
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

import websockets

WIDTHS = (400, 800, 1600)
PARTS = ("Equity", "Drawdown", "Exposure", "Trades on the price", "Months, in %",
         "Measures", "Profits of trades", "Costs", "Fills", "Trades", "Orders",
         "What it ran with", "What is not in it")
OF_SWEEP = ("The best", "Map", "Around it", "Luck", "All runs", "What it ran with",
            "What is not in it")
OF_WALK = ("Unseen", "Windows", "What is left", "What it ran with",
           "What is not in it")
PLANTED = ("console", "asks for", "pixels wide", "has a script", "has no part",
           "shows no part", "small text", "contrast", "text beside", "too wide",
           "overlap")
LIMIT = 30  # seconds: for the browser to start, for one answer

LOOK = (pathlib.Path(__file__).parent / "report.js").read_text(encoding="utf-8")


class Browser:
    """One tab, by the DevTools protocol."""

    def __init__(self, socket):
        self.socket, self.last, self.events = socket, 0, []

    async def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        await self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), LIMIT))
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    async def wait(self, method):
        while not any(event["method"] == method for event in self.events):
            self.events.append(
                json.loads(await asyncio.wait_for(self.socket.recv(), LIMIT)))


def told(events, url):
    """What a page had to say, and what it asked for beside itself."""
    for event in events:
        params = event.get("params", {})
        if event["method"] in ("Runtime.consoleAPICalled", "Log.entryAdded",
                               "Runtime.exceptionThrown"):
            yield f"console: {json.dumps(params)[:300]}"
        elif event["method"] == "Network.requestWillBeSent":
            if params["request"]["url"] != url:
                yield f"asks for {params['request']['url'][:200]}"


def parts_of(url):
    name = url.rsplit("/", 1)[-1]
    return (OF_SWEEP if name.startswith("sweep") else
            OF_WALK if name.startswith("walk") else PARTS)


async def show(tab, url, width, scheme, media):
    tab.events.clear()
    await tab.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                   deviceScaleFactor=1, mobile=False)
    await tab.call("Emulation.setEmulatedMedia", media=media, features=[
        {"name": "prefers-color-scheme", "value": scheme}])
    await tab.call("Page.navigate", url=url)
    await tab.wait("Page.loadEventFired")
    result = await tab.call("Runtime.evaluate", returnByValue=True,
                            expression=f"({LOOK})({json.dumps(parts_of(url))})")
    if "exceptionDetails" in result:
        raise RuntimeError(result["exceptionDetails"])
    seen = result["result"]["value"]
    return seen, seen["faults"] + list(told(tab.events, url))


async def keep(tab, path):
    shot = await tab.call("Page.captureScreenshot", captureBeyondViewport=True)
    path.write_bytes(base64.b64decode(shot["data"]))


async def look(tab, out, page):
    faults, least = [], 99
    url, name = page.resolve().as_uri(), page.stem
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            seen, found = await show(tab, url, width, scheme, "screen")
            await keep(tab, out / f"{name}-{width}-{scheme}.png")
            least = min(least, seen["contrast"])
            faults += [f"{name}, {width}, {scheme}: {one}" for one in found]
        seen, found = await show(tab, url, 700, scheme, "print")
        await keep(tab, out / f"{name}-print-{scheme}.png")
        least = min(least, seen["contrast"])
        faults += [f"{name}, printed, {scheme}: {one}" for one in found]
    pdf = await tab.call("Page.printToPDF", printBackground=True)
    (out / f"{name}.pdf").write_bytes(base64.b64decode(pdf["data"]))
    if name == "planted":
        faults = [f"{one}: planted, and not found" for one in PLANTED
                  if not any(one in fault for fault in faults)]
    print(f"{name}: least contrast {least:.2f}, {len(faults)} faults")
    return faults


async def drive(address, out, pages):
    faults = []
    async with websockets.connect(address, max_size=None) as socket:
        tab = Browser(socket)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.call(f"{domain}.enable")
        for page in pages:
            faults += await look(tab, out, page)
    return faults


async def address_of(profile, process):
    """The socket of the first tab, when the browser has told its port."""
    port = profile / "DevToolsActivePort"
    for _ in range(LIMIT * 10):
        if process.poll() is not None:
            raise RuntimeError("the browser ended at its start")
        if port.exists() and "\n" in port.read_text():
            number = port.read_text().split("\n")[0]
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{number}/json/list",
                             timeout=LIMIT) as answer:
                for tab in json.load(answer):
                    if tab["type"] == "page":
                        return tab["webSocketDebuggerUrl"]
        await asyncio.sleep(0.1)
    raise RuntimeError("the browser told no port")


def end(process):
    """Lets the browser end its own processes, which killing it would leave."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main():
    out, pages = pathlib.Path(sys.argv[1]), [pathlib.Path(p) for p in sys.argv[2:]]
    out.mkdir(parents=True, exist_ok=True)
    profile = pathlib.Path(tempfile.mkdtemp())
    program = [os.environ.get("CHROMIUM", "chromium"), "--headless=new",
               "--remote-debugging-port=0", f"--user-data-dir={profile}",
               "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking", "--hide-scrollbars"]
    if os.geteuid() == 0:
        program.append("--no-sandbox")  # which root has not
    process = subprocess.Popen(program + ["about:blank"], start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def run():
        return await drive(await address_of(profile, process), out, pages)

    try:
        faults = asyncio.run(asyncio.wait_for(run(), 240))
    finally:
        end(process)
        shutil.rmtree(profile, ignore_errors=True)
    for fault in faults[:60]:
        print(fault)
    print(f"{len(pages)} pages, {len(faults)} faults; what they look like: {out}")
    sys.exit(1 if faults else 0)


main()
