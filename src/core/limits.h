/* Every ceiling and default of the C side, once: its unit, what it is, and
   why it is that much. lua/etoro/values/limits.lua is the same for Lua; what
   both need stands in both under one name, and spec/project/limits_spec.lua
   compares them. doc/limits.md tells users of those that they can meet: all
   but what stands under "Inside". Sizes that follow from a format (an id, a
   digest, a double as text) stand with the format. */
#ifndef ETORO_LIMITS_H
#define ETORO_LIMITS_H

/* Defaults of a client and of one call */

/* seconds: one attempt; the slowest answers of the API take some ten */
#define ETORO_DEFAULT_TIMEOUT 30.0
/* seconds: a call with all its waits; five windows of a budget */
#define ETORO_DEFAULT_DEADLINE 300.0
/* seconds: until a connection stands, TLS and proxy included */
#define ETORO_DEFAULT_CONNECT_TIMEOUT 10.0
/* resends: outlives a restart of the server, not an outage */
#define ETORO_DEFAULT_MAX_RETRIES 4
/* connections: of one client over HTTP/1.1; a browser has six to eight */
#define ETORO_DEFAULT_MAX_CONNECTIONS 8
/* bytes: a decoded body; the longest history has some 10 MiB */
#define ETORO_DEFAULT_MAX_BODY (64 * 1024 * 1024)
/* seconds: the window of a pool that is told without one, as documented */
#define ETORO_DEFAULT_WINDOW 60.0

/* seconds: until a stream is open, its upgrade included */
#define ETORO_DEFAULT_WS_OPEN_TIMEOUT 20.0
/* seconds: that a stream's good-bye may take; then it is cut */
#define ETORO_DEFAULT_WS_CLOSE_TIMEOUT 2.0

/* Requests */

/* lines: headers that a request may add; no operation has more than a few */
#define ETORO_HEADER_LINES_MAX 32
/* codes: those that make a 429 final; the operations have two at most */
#define ETORO_FINALS_MAX 8
/* bytes: an encoded form; a login's is below 8 KiB */
#define ETORO_FORM_MAX (64 * 1024)
/* secrets: kept of one form, each plain and, where it differs, encoded */
#define ETORO_FORM_SECRETS_MAX 8
/* bytes: an encoded path or query value; servers stop far below */
#define ETORO_ESCAPED_MAX (16 * 1024 * 1024)
/* bytes: a user agent; some servers refuse longer ones */
#define ETORO_USER_AGENT_MAX 250
/* bytes: client id and secret of OAuth, encoded; a header line has no more */
#define ETORO_LOGIN_MAX 8192

/* URLs */

/* bytes: a host's name, by RFC 1035 */
#define ETORO_HOST_MAX 253
/* bytes: one part of it between dots, by RFC 1035 */
#define ETORO_HOST_LABEL_MAX 63
/* bytes with the end: a base URL's origin, and its path; a host fits */
#define ETORO_ORIGIN_MAX 300
/* bytes with the end: the path of ca_file or of the system's certificates */
#define ETORO_CA_PATH_MAX 1024

/* Replies */

/* bytes: header lines of one attempt; below libcurl's own, which says less */
#define ETORO_REPLY_HEADERS_MAX (256 * 1024)
/* secrets: of one answer; a list of tokens has some hundred */
#define ETORO_DECODED_SECRETS_MAX 4096
/* objects and lists in each other: an answer; as lua-cjson has it */
#define ETORO_DECODED_DEPTH_MAX 1000
/* objects and lists in each other: a refusal that is read for its code; the
   parser calls itself */
#define ETORO_REFUSAL_DEPTH_MAX 32
/* seconds: what Retry-After may say; keeps sums finite */
#define ETORO_RETRY_AFTER_MAX 1e9

/* Resends */

/* seconds: the span of the first pause, doubled with each */
#define ETORO_RETRY_BASE 0.5
/* seconds: the longest span of a pause */
#define ETORO_RETRY_CAP 30.0
/* resends: of one client at once, until an outage slows them down */
#define ETORO_RETRY_BURST 20.0
/* resends a second: behind that, for all calls of a client together */
#define ETORO_RETRY_RATE 10.0

/* Budgets */

/* bytes with the end: a pool's name; the longest we know has 22 */
#define ETORO_POOL_NAME_MAX 32
/* requests: a window's limit as headers tell it; more is none */
#define ETORO_POOL_LIMIT_MAX 1000000
/* seconds: the longest window that headers can set; a slip in one must not end
   a program's calls for good */
#define ETORO_POOL_WINDOW_MAX 3600.0
/* seconds: the longest that a reply can make a pool pause, for the same */
#define ETORO_POOL_PAUSE_MAX 900.0
/* seconds: from one try of an exit to the next, in a pool that a 429 has shut;
   doubled with each */
#define ETORO_POOL_GAP_FIRST 1.0
/* seconds: the longest such gap; a position must not stay open for it */
#define ETORO_POOL_GAP_MAX 30.0
/* windows: for which a limit counts that a 429 taught, by what was answered */
#define ETORO_POOL_LEARNED 60
/* windows: the same with nothing to go by */
#define ETORO_POOL_GUESSED 1

/* Connections and waits */

/* connections: a cancel or close may open beyond max_connections */
#define ETORO_EXIT_CONNECTIONS 4
/* requests: of one client at once over HTTP/2; what servers commonly allow */
#define ETORO_STREAMS_MAX 100
/* connections: kept open by an engine, or max_connections if that is more */
#define ETORO_KEPT_CONNECTIONS_MAX 64
/* seconds: a wait in the queue that an event tells of */
#define ETORO_WAIT_TOLD 0.002
/* events: that wait to be read; then the oldest is forgotten. A power of 2
   times the first room */
#define ETORO_EVENTS_MAX 8192

/* Streams */

/* connections: of streams, in one engine; the API's hold 5,000 topics each */
#define ETORO_LINKS_MAX 64
/* bytes: a message that comes; the API's have some 300 */
#define ETORO_WS_MESSAGE_MAX (1024 * 1024)
/* messages: of one stream that nobody has taken; then it is read no further */
#define ETORO_WS_QUEUE_MAX 4096
/* bytes: of them together */
#define ETORO_WS_QUEUE_BYTES (4 * 1024 * 1024)
/* bytes: frames of one stream that have not gone out */
#define ETORO_WS_OUTPUT_MAX (256 * 1024)
/* digits: of an instrument's id; so it fits a long everywhere */
#define ETORO_INSTRUMENT_DIGITS 9
/* bytes: of a date or a price's id in a push */
#define ETORO_TICK_TEXT_MAX 64
/* seconds: after a price, in which an older one counts as overtaken */
#define ETORO_TICK_LATE_SECONDS 10

/* Secrets */

/* bytes: a key file; a key has some hundred */
#define ETORO_KEY_FILE_MAX (64 * 1024)
/* words: of a program that is asked for a key, with the NULL behind them */
#define ETORO_PROGRAM_WORDS_MAX 32
/* bytes: a name that may be a secret's; longer spellings are none */
#define ETORO_SECRET_NAME_MAX 40
/* bytes: a secret that is looked for in text; a shorter one is in any text */
#define ETORO_MASKED_MIN 8

/* The journal */

/* lines: that a slow disk may leave waiting; some 30 MB */
#define ETORO_JOURNAL_LINES_MAX 100000
/* seconds: that closing waits for a disk, and an order on a manual wire */
#define ETORO_JOURNAL_PATIENCE 5.0

/* The sandbox's HTTP server */

/* bytes: the default for a request's body; an upload of the API has 8 MiB */
#define ETORO_HTTPD_BODY_MAX (64 * 1024 * 1024)
/* bytes: of memory for each connection; a request's head fits */
#define ETORO_HTTPD_HEAD_MAX (64 * 1024)
/* values: of one header of an answer */
#define ETORO_HTTPD_HEADER_VALUES_MAX 1000
/* connections: at once, where the system has epoll */
#define ETORO_HTTPD_CONNECTIONS_MAX 4000

/* Inside: the etoro command */

/* descriptors: that a hook's process closes before it begins; a run has some
   hundred */
#define ETORO_HOOK_FDS_MAX 4096
/* processes: that a sweep is shared among */
#define ETORO_WORKERS_MAX 256

/* bytes: of the path of a folder that the socket of a run lies in */
#define ETORO_CONTROL_PATH_MAX 4096
/* programs: that wait until a run has time for them; others are refused */
#define ETORO_CONTROL_WAITING 16
/* bytes: that are read at once of what a run is asked, or has answered */
#define ETORO_CONTROL_PIECE 4096

/* Inside: the engine */

/* seconds: one wait of an engine; it looks at its clock at least that often */
#define ETORO_WAIT_MAX 3600.0
/* seconds: one wait of the system's; its milliseconds have to fit an int */
#define ETORO_POLL_SECONDS_MAX 86400
/* bytes: read at once from what the command is told on stdin */
#define ETORO_TERMINAL_PIECE 16384
/* jobs: looked past, of clients that cannot send; a step has to end */
#define ETORO_PASSED_MAX 64
/* handles: kept by a client for later; one is about 6 KB */
#define ETORO_IDLE_HANDLES_MAX 128
/* sockets: served in one run, so that it stays short */
#define ETORO_READY_MAX 8
/* events: taken from the kernel at once */
#define ETORO_POLL_BATCH 64
/* threads: that libcurl may look names up in; a name server that hangs must
   not hold up another name */
#define ETORO_RESOLVERS_MAX 1000

/* Inside: streams */

/* frames: pongs that wait for room; then nothing is read */
#define ETORO_WS_ANSWERS_MAX 16
/* bytes: the head of an answer to an upgrade */
#define ETORO_WS_ANSWER_MAX (16 * 1024)
/* bytes: read at once */
#define ETORO_WS_PIECE (16 * 1024)
/* pieces: that one stream reads in one step, so that others have a share */
#define ETORO_WS_PIECES_MAX 4
/* bytes of work: a frame's own, whatever is in it; an empty one takes as long
   as some 100 bytes of a long one */
#define ETORO_WS_FRAME_WORK 32
/* bytes of work: of all streams in one step, so that it stays below 5 ms; a
   stream may overdraw it by a piece */
#define ETORO_GUESTS_WORK_MAX (256 * 1024)
/* seconds: after which an open stream's socket is looked at again, whatever it
   shows, so that it is known until when it was empty. Who has not looked for
   twice as long was away. */
#define ETORO_WS_LOOK 0.5
/* bytes: of a block that is kept for the next message */
#define ETORO_WS_MESSAGE_KEPT (16 * 1024)
/* bytes: of a push that is merged in one pass; the API's have some 300 */
#define ETORO_PUSH_ROOM 2048

/* Inside: replies and sentences */

/* bytes with the end: the system's words for an errno */
#define ETORO_REASON_MAX 128
/* bytes with the end: a sentence about a proxy that is refused */
#define ETORO_PROXY_WHY_MAX 320
/* bytes: a block that is there when libcurl found a header line too long;
   libcurl has no word of its own for a lack of memory here */
#define ETORO_HEADER_LINE_ROOM (256 * 1024)
/* bytes: of an answer from which on the collector is held still */
#define ETORO_BIG_ANSWER (256 * 1024)
/* bytes with the end: libcurl's words on a failure */
#define ETORO_DETAIL_MAX 160
/* bytes: what stands behind a password in a proxy's URL, as an error has it */
#define ETORO_PROXY_REST_SHOWN 120
/* bytes: of a proxy's name in front of libcurl's words */
#define ETORO_PROXY_NAME_SHOWN 90
/* bytes with the end: a sentence about a failure */
#define ETORO_JOURNAL_WHY_MAX 512
/* bytes: of its path in such a sentence */
#define ETORO_JOURNAL_PATH_SHOWN 300
/* bytes: at the file's end, by which a change by somebody else is seen */
#define ETORO_JOURNAL_TAIL 64

/* Inside: the decoder */

/* names: of objects that are remembered; a program meets some hundred, and a
   slot's number is a byte */
#define ETORO_NAMES_MAX 256
/* bytes with the closing quote: of one; longer ones are not remembered. A
   multiple of 16, which are compared at once */
#define ETORO_NAME_ROOM 48
/* strings: of values that are remembered; what is polled is as a rule short */
#define ETORO_VALUES_MAX 256
/* bytes: of one, without an end; 40 with the length in front, from which on Lua
   hashes none */
#define ETORO_VALUE_ROOM 39
/* strings: of each text that are looked for at least */
#define ETORO_VALUES_TRIED 8
/* strings: that one which is found lets look for more */
#define ETORO_VALUES_GAIN 2
/* items: of a list that wait for it on the stack, so that it is made in its
   size; a longer one grows */
#define ETORO_LIST_BATCH 64

/* Inside: the encoder */

/* names: of an object that is written, which are put in order on the stack;
   more take a block of Lua's */
#define ETORO_NAMES_SORTED 12

/* Inside: secrets */

/* bytes: the readable part of a signed token */
#define ETORO_CLAIMS_MAX (64 * 1024)
/* bytes: of one random token; OAuth wants 32 */
#define ETORO_RANDOM_MAX 256
/* letters: of it that are compared; more than the longest has */
#define ETORO_SECRET_LETTERS_MAX 16
/* bytes: a word behind a secret's name from which on it is masked without any
   digit in it; below, it may be a sentence's */
#define ETORO_PROSE_MAX 16
/* bytes: wiped of the stack behind functions that had a secret */
#define ETORO_STACK_WIPED 16384

/* Inside: the sandbox's HTTP server */

/* descriptors: left to the program where it has not, of FD_SETSIZE */
#define ETORO_HTTPD_SPARED 100
/* milliseconds: that raw bytes wait for a slow reader */
#define ETORO_HTTPD_SEND_MS 2000
/* bytes: of a cut answer that are sent at once */
#define ETORO_HTTPD_CUT_BLOCK (16 * 1024)
/* runs: for what is there when the time is over */
#define ETORO_HTTPD_EXTRA_RUNS 16

/* Inside: the sandbox's prices */

/* prices: that one instrument is held at, one after another; for one more the
   first is forgotten */
#define ETORO_WALK_PINS_MAX 1024
/* seconds: before 1970 and after; what is counted in waves fits 64 bits */
#define ETORO_WALK_TIME_MAX 1e12
/* bars: written at once; the API gives no more */
#define ETORO_WALK_BARS_MAX 1000

/* Inside: buffers */

/* bytes: a buffer's first block */
#define ETORO_BUF_FIRST 512
/* bytes: from which growth is left to realloc, which moves large blocks
   uncopied, but may leave a copy: answers with a secret in them are small */
#define ETORO_BUF_WIPED_MAX (256 * 1024)
/* bytes: of the block that an answer's buffer keeps for the next attempt */
#define ETORO_REPLY_KEPT (64 * 1024)
/* blocks: kept by a client for its next requests */
#define ETORO_SPARES_MAX 64
/* bytes: of one of them; larger ones are not kept */
#define ETORO_SPARE_SIZE_MAX (8 * 1024)
/* bytes: unpacked at once */
#define ETORO_UNPACK_PIECE (16 * 1024)

/* Inside: numbers as text */

/* digits: behind the point, where so many are asked for */
#define ETORO_FIXED_DIGITS_MAX 20
/* digits: significant ones; a double has no more */
#define ETORO_FIGURE_DIGITS_MAX 17
/* digits: where none are asked for; as Lua writes a float */
#define ETORO_FIGURE_DIGITS 14

#endif
