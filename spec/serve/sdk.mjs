// The protocol's own client (npm @modelcontextprotocol/sdk, in the folder MODULES)
// against a server: node sdk.mjs MODULES COMMAND [ARGUMENT...]. Ends with 0 where
// the server is one, and prints what it saw.
import { pathToFileURL } from "node:url"
import { deepStrictEqual as same, ok } from "node:assert"

const [modules, command, ...args] = process.argv.slice(2)
const from = name => import(pathToFileURL(
  `${modules}/@modelcontextprotocol/sdk/dist/esm/client/${name}.js`))
const { Client } = await from("index")
const { StdioClientTransport } = await from("stdio")

const client = new Client({ name: "judge", version: "1" }, { capabilities: {} })
await client.connect(new StdioClientTransport({ command, args, env: process.env,
  stderr: "inherit" }))
same(client.getServerVersion().name, "lua-etoro")
ok(client.getInstructions().length > 0)
await client.ping()

const { tools } = await client.listTools()
const writes = tools.filter(tool => !tool.annotations.readOnlyHint)
same(writes.map(tool => tool.name), ["cancel_order", "edit_position", "place",
  "prepare_close", "prepare_order"])

const call = async (name, given) => {
  const { content, isError } = await client.callTool({ name, arguments: given })
  return { value: JSON.parse(content[0].text), isError, warning: content[1]?.text }
}

const quotes = await call("quotes", { symbols: ["AAPL"] })
ok(quotes.value[0].ask > quotes.value[0].bid)
ok((await call("quotes", { symbols: ["NOSUCHSYMBOL"] })).warning)
same((await call("instrument", { symbol: "NOSUCHSYMBOL" })).isError, true)

const { value: { prepared } } = await call("prepare_order",
  { symbol: "AAPL", transaction: "buy", amount: 100 })
const placed = await Promise.all([1, 2].map(() => call("place", { prepared })))
same(placed.map(one => one.value.state), ["filled", "filled"])
same(placed[0].value.order.orderId, placed[1].value.order.orderId)
same((await call("positions")).value.length, 1)

await client.callTool({ name: "nope" }).then(() => ok(false),
  problem => same(problem.code, -32602))
const abort = new AbortController()
const slow = client.callTool({ name: "equity" }, undefined, { signal: abort.signal })
abort.abort()
await slow.then(() => ok(false), () => {})
await client.ping()
await client.close()
console.log(`${tools.length} tools`)
