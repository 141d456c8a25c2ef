/* Where a job stands, and why it has no reply. The texts are what Lua sees. */
#ifndef ETORO_CODES_H
#define ETORO_CODES_H

#define ETORO_STATES(X) \
  X(BUDGET, "budget")         /* waits for its turn */ \
  X(CREDENTIAL, "credential") /* waits for a bearer token */ \
  X(JOURNAL, "journal")       /* waits until its intent is on disk */ \
  X(FLIGHT, "flight")         /* an attempt is on the wire */ \
  X(BACKOFF, "backoff")       /* waits before it is sent again */ \
  X(DONE, "done")

#define ETORO_STATE_NAME(name, text) ETORO_STATE_##name,
enum etoro_state {
  ETORO_STATES(ETORO_STATE_NAME)
};

/* Why there is no reply that can be used; NONE, which is 0, when there is one.
   lua/etoro/call/failures.lua has a sentence for each. */
#define ETORO_CODES(X) \
  X(NONE, "none") \
  X(BAD_ENCODING, "bad_encoding") \
  X(CA_FILE, "ca_file") \
  X(CANCELLED, "cancelled") \
  X(CERTIFICATE, "certificate") \
  X(CLOSED, "closed") \
  X(CONNECT, "connect") \
  X(CONNECT_TIMEOUT, "connect_timeout") \
  X(DEADLINE, "deadline") \
  X(DNS, "dns") \
  X(DRY_RUN, "dry_run") \
  X(HALTED, "halted") \
  X(HANDSHAKE, "handshake") \
  X(JOURNAL, "journal") \
  X(LOST, "lost") \
  X(NOT_DEMO, "not_demo") \
  X(OUT_OF_MEMORY, "out_of_memory") \
  X(PROTOCOL, "protocol") \
  X(PROXY, "proxy") \
  X(RATE_LIMITED, "rate_limited") \
  X(REFUSED, "refused") \
  X(SUPERSEDED, "superseded") \
  X(TIMEOUT, "timeout") \
  X(TOO_LARGE, "too_large") \
  X(TRUNCATED, "truncated")

#define ETORO_CODE_NAME(name, text) ETORO_CODE_##name,
enum etoro_code {
  ETORO_CODES(ETORO_CODE_NAME)
};

const char *etoro_state_name(enum etoro_state state);
const char *etoro_code_name(enum etoro_code code);

#endif
