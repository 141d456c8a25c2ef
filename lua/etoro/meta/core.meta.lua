---@meta etoro.core

-- The C module as the language server sees it. Not for users: etoro.client and
-- the resources stand in front of it.

---@class etoro.core
local core = {}

--- JSON's null: a light userdata.
---@type lightuserdata
core.null = nil

--- Opens a regular file for reading and for writing at its end, for nobody else
--- at the same time; a new one is its owner's alone.
---@param path string
---@return file*? file
---@return string? reason
function core.append_file(path) end

--- For sorting, whatever the locale: numbers by value and in front of texts,
--- all else by the bytes of its text.
---@param a any
---@param b any
---@return boolean
function core.before(a, b) end

--- Takes a base URL apart.
---@param url string
---@return { origin: string, path: string, https: boolean, loopback: boolean }? base
---@return string? message
function core.base(url) end

--- The engine this state shares; with a table a new one, whose requests are
--- taken and answered by hand under a clock that only advance moves.
---@param options? { now: number, seed: integer? } with a seed its ids and
---pauses are the same every time
---@return etoro.core.Engine
function core.engine(options) end

--- Leaves an open file no more than so many bytes.
---@param file file*
---@param bytes integer
---@return true? done
---@return string? reason
function core.cut_file(file, bytes) end

--- Tells an open file that can still be found from one that was removed.
---@param file file*
---@return boolean
function core.has_path(file) end

--- The claims of a signed token; its signature is not looked at.
---@param token etoro.Secret
---@return string? json
---@return string? message
function core.claims(token) end

--- Percent-encodes a text.
---@param text string
---@param part? "segment"|"query"|"list" list keeps commas
---@return string? encoded
---@return string? message
function core.escape(text, part) end

---@return table<string, any>
function core.features() end

--- A number as text with a point: an integer whole, a float with at most so
--- many significant digits, as %g writes it.
---@param number number
---@param digits? integer 14
---@return string
function core.figure(number, digits) end

--- A number with so many digits behind the point.
---@param number number
---@param digits integer
---@return string
function core.fixed(number, digits) end

--- SHA-256 as base64url: the S256 challenge of a PKCE code verifier.
---@param secret etoro.Secret
---@return string
function core.fingerprint(secret) end

--- Decodes JSON in one pass: secrets are sealed, integers exact (digits as a
--- string past 64 bits), empty lists marked, null in objects absent.
---@param text string
---@param keep_null? boolean keep null in objects too
---@param is_plain? boolean seal nothing
---@return any value nil for an empty text and for null
---@return string? message when it is no JSON
function core.decode(text, keep_null, is_plain) end

--- A JSON text as it may be shown, broken text too: "****" for what stands under
--- the names of secrets.
---@param text string
---@return string
function core.hidden(text) end

--- Reads an HTTP date.
---@param text string
---@return number? seconds since 1970
function core.http_date(text) end

--- Tells whether a header's name and value can be sent.
---@param name string
---@param value string
---@return boolean
function core.is_header(name, value) end

--- A text with asterisks for what stands behind the names of secrets, as JSON,
--- forms and the like write them.
---@param text string
---@return string
function core.masked(text) end

--- The steps of a path as the most lenient of servers would read it: no
--- escapes, also not of escapes, no double or final slashes, no dots, no matrix
--- parameters, no case, no query.
---@param path string
---@return string[]
function core.path_steps(path) end

--- The ASCII letters of a text in lower case; all other bytes stay.
---@param text string
---@return string
function core.lower(text) end

--- What a decimal text says, blanks around it apart. A number is itself.
---@param value any
---@return number? number
function core.number(value) end

--- What the system means by an errno, the third value of io.open and its like.
---@param errno integer
---@return string
function core.reason(errno) end

--- tostring, with a point in floats.
---@param value any
---@return string
function core.text(value) end

---@param text string
---@return string
function core.upper(text) end

---@param value any
---@return boolean
function core.is_secret(value) end

---@param text string
---@return boolean
function core.is_uuid(text) end

--- The shortest plain decimal that reads back as the same number.
---@param value number finite
---@return string
function core.json_number(value) end

--- What a quote is at this moment, as a table of its own.
---@param quote table
---@param changed? table<string, true> the set that it keeps; a copy of the quote's
---@return table
function core.quote_copy(quote, changed) end

--- Merges the content of a stream's message into a quote.
---@param quote table
---@param content string JSON
---@param now number seconds since 1970
---@param is_snapshot? boolean
---@param is_waiting? boolean what changed is added to what had
---@param heard? number the time on a clock that nobody sets; now
---@return boolean? is_new nil where the content is no JSON object
function core.quote_merge(quote, content, now, is_snapshot, is_waiting, heard) end

--- Merges a push that holds one message of an instrument and nothing else.
---@param text string JSON
---@param quotes table<integer, table>
---@param now number seconds since 1970
---@param waiting table<integer, any> which of the quotes wait for their reader
---@param heard? number the time on a clock that nobody sets; now
---@return table|false|nil quote false where nothing is new, nil where it is another text
---@return boolean is_fresh it did not wait, and does now
function core.quote_push(text, quotes, now, waiting, heard) end

--- Writes a value as JSON; nil, its place and a message for what JSON cannot
--- hold.
---@param value any
---@param spec? table|string specs of an object's fields by name, or one spec
---@param root string what the place begins with
---@param most integer tables in each other
---@param is_shown boolean bytes that are not UTF-8 become U+FFFD
---@return string? json
---@return string? place
---@return string? message
function core.json_write(value, spec, root, most, is_shown) end

--- The metatable of a value that is written already: its `text`.
---@type table
core.json_written = nil

--- The metatable of an empty list in an answer, by which it is written as one.
---@type table
core.empty_list = nil

--- Makes a folder for its owner alone; one that is there will do.
---@param path string
---@return boolean? made
---@return string? message
function core.make_dir(path) end

---@return number seconds on a clock that is never set
function core.monotonic() end

---@return number seconds since 1970
function core.now() end

--- A number from -1 to 1 that looks random: a point of a wave of the sandbox's
--- prices.
---@param start integer
---@param wave integer
---@param point integer
---@return number
function core.noise(start, wave, point) end

--- Whether a date is surely before a moment that is written as
--- 2026-12-31T23:59:59. Only what is written like that, with a fraction
--- perhaps, in UTC, of a year after 999, is sure.
---@param date any
---@param limit string of another length nothing is before it
---@return boolean
function core.precedes(date, limit) end

--- An instrument's prices in the sandbox, a function of start and time alone.
---@param options { start: integer, middle: number, lively: number, spread: number, digits: integer }
---@return etoro.core.PriceLine
function core.price_line(options) end

---@param n integer how many random bytes it is made of, 1 to 256
---@return etoro.Secret token base64url
function core.random_token(n) end

---@param text string
---@return etoro.Secret
function core.secret(text) end

---@param name string of an environment variable
---@return etoro.Secret? secret nil when it is unset or empty
function core.secret_env(name) end

--- Reads a file of one line.
---@param path string
---@return etoro.Secret? secret
---@return integer|string mode of the file, or why there is no secret
function core.secret_file(path) end

--- The JSON that a secret holds; what is secret in that stays so.
---@param secret etoro.Secret
---@return any value
---@return string? message
function core.decode_secret(secret) end

--- What a key looks like; nothing else of it is told.
---@param secret etoro.Secret
---@return "plain"|"user_key"|"cut"|"labelled"|"quoted"|"blank"|"odd" look
function core.key_look(secret) end

--- Runs a program of the PATH to its end, and kills it where it takes longer.
---@param words string[] its name and arguments, which others can see
---@param seconds number
---@param input? etoro.Secret its stdin
---@return integer|"untold"|nil status that it ends with, -1 for a signal, "untold"
---where the process ignores SIGCHLD; nil where it did not run
---@return etoro.Secret|string|nil output what it printed; else why it did not run
function core.run_program(words, seconds, input) end

--- A line of a descriptor, such as a terminal's, as a secret.
---@param fd integer
---@return etoro.Secret? secret
---@return string? message
function core.secret_line(fd) end

--- Opens a regular file for reading; anything else that has a name, such as a
--- pipe, is refused, because reading it may wait for ever.
---@param path string
---@return file*? file
---@return string? reason
function core.open_file(path) end

---@return string uuid a random one
function core.uuid() end

--- Gives a function that calls another under the hook that this thread has now, and
--- leaves the thread without one.
---@return fun(handler: (fun(raised: any): any), fn: function, ...: any): boolean, ...
function core.watched() end

--- Puts a text in the place of a file, its owner's alone, and waits until it is on
--- the disk: after a loss of power there is the old one or the new one.
---@param path string
---@param text string
---@return true? done
---@return string? message
function core.write_file(path, text) end

--- A text that shows a mask; wiped when it is collected.
---@class etoro.Secret
local secret = {}


--- Compares without telling, by its time, how much is the same.
---@param text string
---@return boolean
function secret:matches(text) end

---@return string
function secret:reveal() end

--- Writes it with a line end into a file of its owner's alone (0600), in the place
--- of one that is there; a link is replaced, not followed. What the options
--- api_key_file and user_key_file read.
---@param path string
---@return true? done
---@return string? message
function secret:save(path) end

---@class etoro.core.PriceLine
local price_line = {}

--- Writes bars of bid prices as a list in JSON. The newest begins at `from`
--- and may still be forming. volume: the price's id at `from`; false where
--- nothing changes hands, nil where it is not told.
---@param what { from: integer, width: integer, count: integer, now: number, id: integer, volume?: integer|false, ascending?: boolean }
---@return string json
---@return number high
---@return number low
---@return number open of the oldest
---@return number close of the newest
---@return integer volume of all
function price_line:bars(what) end

--- Holds the middle price from a time on; without a price it walks again. Of
--- more than 1,024 the oldest is forgotten.
---@param time number
---@param price? number
function price_line:pin(time, price) end

---@param time number
---@return number bid
---@return number ask
function price_line:quote(time) end

---@class etoro.core.Operation what the requests of one operation have in common

---@param method string
---@param class "safe"|"keyed"|"close"|"never"|"once"
---@param writes? boolean it changes something
---@param pool? string
---@param finals? string[] codes that make a 429 final
---@return etoro.core.Operation
function core.operation(method, class, writes, pool, finals) end

---@class etoro.core.Engine
local engine = {}

--- Moves a manual clock on.
---@param seconds number
function engine:advance(seconds) end

--- Sets a timer of the caller's own; nil takes it away.
---@param seconds? number
function engine:alarm(seconds) end

--- Manual wire: ends an attempt with a reply.
---@param job etoro.core.Job
---@param status integer
---@param headers string a block of lines
---@param body string
---@return true? done
---@return string? message
function engine:answer(job, status, headers, body) end

---@param options table base_url, api_key, user_key, bearer, client_id,
---client_secret, renewable, ca_file,
---proxy, user_agent, connect_timeout, max_connections, max_body, events,
---parent: a client whose halt holds for it too; keys_of: one whose api_key,
---proxy and certificates it shares
---@return etoro.core.Client? client
---@return string? message
function engine:client(options) end

function engine:close() end

--- Manual wire: what a stream of a client logs in with.
---@param client etoro.core.Client
---@return table<string, etoro.Secret> sealed by header
function engine:credentials(client) end

---@return etoro.Event? event
---@return lightuserdata? address of the client it belongs to
function engine:event() end

--- Manual wire: ends an attempt without a reply.
---@param job etoro.core.Job
---@param code "lost"|"timeout"|"refused"|"truncated"
---@param sent boolean
---@return true? done
---@return string? message
function engine:fail(job, code, sent) end

--- A watched job that is done, told once.
---@return integer? id
function engine:next_done() end

--- Opens or makes a journal: a file whose lines are on disk before what they
--- announce is sent.
---@param path string
---@return etoro.core.Journal? journal
---@return string? message it is in use, some other program's, not writable
---@return "invalid"|"closed"|nil kind
function engine:journal(path) end

---@return number seconds on the engine's clock
function engine:now() end

--- The descriptor that stands for the engine in a host's loop.
---@return integer? descriptor
---@return string? message
function engine:pollfd() end

--- What has been done since the engine was opened.
---@return etoro.Stats
function engine:stats() end

--- Does what can be done now; when that finishes nothing, waits.
---@param wait? number seconds
---@return integer? finished
---@return boolean|string has_news event or next_done would tell something; or
---the message
---@return string? kind "closed" in a child process
function engine:step(wait) end

--- Opens a WebSocket at the client's origin, in the engine's loop.
---@param client etoro.core.Client
---@param options { target: string, open_timeout?: number, close_timeout?: number }
---@return etoro.core.Stream? stream
---@return string? message
---@return "invalid"|"closed"|nil kind
function engine:stream(client, options) end

--- Steps until a job is done, something is to be told, or so many seconds have
--- passed.
---@param job etoro.core.Job
---@param seconds number
---@return boolean? has_news event or next_done would tell something
---@return boolean|string|nil is_done of the job, or a message
---@return string? kind "closed" in a child process
function engine:run(job, seconds) end

--- Behind an operation: target, body, content_type, headers, request_id, priority,
--- timeout, deadline, max_retries, urgent, intent, pool.
---@param client etoro.core.Client
---@param request table|etoro.core.Operation a table has method, target, body or form, content_type, headers, finals,
---request_id, class, timeout, deadline, max_retries, urgent
---@return etoro.core.Job? job
---@return string? message
---@return "invalid"|"closed"|nil kind
function engine:submit(client, request, ...) end

--- Manual wire: the next request to be sent.
---@return etoro.core.Job? job
---@return table? request method, target, body, lines, credentials
function engine:take() end

---@return number? seconds until a timer is due
function engine:timeout() end

---@return number seconds since 1970 on the engine's clock
function engine:unix() end

---@return integer watched jobs that are done and unread
function engine:untaken() end

---@class etoro.core.Client
local client = {}

---@return lightuserdata
function client:address() end

--- A text with asterisks for the client's own secrets.
---@param text string
---@return string
function client:masked(text) end

--- What is left of each pool's budget.
---@return table<string, { limit: integer, left: integer, reserve: integer, resets_in?: number, paused_for?: number }>
function client:budget() end

function client:close() end

--- Ends all writes but cancel and close, also those that wait already.
---@param on boolean
function client:halt(on) end

---@param token string|etoro.Secret
---@param lifetime? number seconds
---@return true? done
---@return string? message
function client:set_token(token, lifetime) end

---@return boolean
function client:wants_token() end

---@class etoro.core.Journal
local journal = {}

--- Has a line written some time later.
---@param line string without a line end
---@return true? done
---@return string? message
---@return "invalid"|"closed"|nil kind
function journal:append(line) end

--- Writes what waits, and lets go of the file.
function journal:close() end

--- Tells whether it is open, and a path is its file's.
---@param path string
---@return boolean
function journal:is(path) end

--- The file's absolute path; nil once it is closed.
---@return string? path
function journal:path() end

--- Waits until all lines are on the disk.
---@param seconds? number at most; 5
---@return true? done
---@return string? message why a line is not
function journal:sync(seconds) end

--- Tells who a secret belongs to, without telling the secret.
---@param secret etoro.Secret
---@return string fingerprint 16 hexadecimal digits, salted by the file
function journal:who(secret) end

---@class etoro.core.Job
local job = {}

--- The reply as it may be shown, its secrets hidden; hands the bytes over, once.
---@param most? integer bytes of it that are wanted
---@return string text
function job:body(most) end

--- The reply as JSON. Hands the bytes over, unless they are no JSON.
---@param keep_null? boolean keep null in objects too
---@param keeps? boolean body is to follow
---@return any value nil for an empty one and for null
---@return string? message when it is no JSON
function job:decode(keep_null, keeps) end

function job:cancel() end

---@return boolean
function job:done() end

---@param name string
---@return string? value
function job:header(name) end

---@return table<string, string> headers names in lower case
function job:headers() end

---@param wants_id? boolean
---@return integer status 0 when there was no reply
---@return string? code why there is no usable reply
---@return integer attempts
---@return number elapsed seconds
---@return boolean uncertain it may have been carried out
---@return boolean sent
---@return boolean ran_before an attempt before the last may have run
---@return string detail
---@return string? request_id
function job:outcome(wants_id) end

---@return string
function job:request_id() end

---@return number seconds on the engine's clock
function job:started() end

---@return "budget"|"credential"|"journal"|"flight"|"backoff"|"done"
function job:state() end

--- Tells whether a byte of it has left, or may have.
---@return boolean
function job:was_sent() end

--- Makes its end show: see engine:next_done and engine:pollfd.
---@param id integer 0: the descriptor alone
function job:watch(id) end

---@class etoro.core.Stream one WebSocket
local stream = {}

--- Says good-bye; "closed" follows among its news.
--- Seconds since the message that `take` gave last had come, at most, when it was
--- taken: more than none where nobody had looked for a while.
---@return number
function stream:age() end

---@param code? integer 1000, or from 3000 to 4999
---@param reason? string
---@return true? done
---@return string? message
---@return "invalid"|"closed"|nil kind
function stream:close(code, reason) end

--- Sends the login with the client's key pair, which Lua does not see.
---@param id string
---@return true? done
---@return string? message
---@return "invalid"|"closed"|nil kind
function stream:login(id) end

---@param bytes? string
---@return true? done
---@return string? message
---@return "invalid"|"closed"|nil kind
function stream:ping(bytes) end

---@param text string
---@return true? done
---@return string? message
---@return "invalid"|"closed"|nil kind
function stream:send(text) end

---@return "connecting"|"upgrading"|"open"|"closing"|"closed"
function stream:state() end

---@return { frames: integer, bytes_in: integer, bytes_out: integer, has_news: boolean, heard_at?: number, drained_at?: number }
function stream:stats() end

--- The oldest of its news. "close" is the peer's good-bye, with its reason and
--- code; behind "closed" nothing comes.
---@return "open"|"text"|"binary"|"pong"|"close"|"closed"|nil kind
---@return string? text of "closed": a code, nil for a good-bye
---@return integer|string|nil code of "closed": a detail
---@return integer? status of "closed": of a refused upgrade, or the good-bye's
---code
function stream:take() end

--- Merges so many pushes of prices at most, up to a message that is another.
---@param quotes table<integer, table> by instrument
---@param now number seconds since 1970
---@param waiting table<integer, any> which of them wait for their reader
---@param fresh table[] gets those that did not, from 1 on
---@param most integer
---@param heard number the time on a clock that nobody sets
---@return integer messages
---@return integer merged
---@return integer fresh
function stream:take_prices(quotes, now, waiting, fresh, most, heard) end

--- Its next news show in the engine's descriptor, and are told once by
--- engine:next_done() under an id other than 0.
---@param id integer
function stream:watch(id) end

return core
