/* What may be sent again, and when. Pure functions and one token bucket. */
#ifndef ETORO_RETRY_H
#define ETORO_RETRY_H

#define ETORO_CLASSES(X) \
  X(SAFE, "safe")   /* reads, and writes that end in the same state */ \
  X(KEYED, "keyed") /* the request id is an idempotency key */ \
  X(CLOSE, "close") /* full close of a position */ \
  X(NEVER, "never") /* everything else */ \
  X(ONCE, "once")   /* as NEVER, and even a 429 ends it */

#define ETORO_CLASS_NAME(name, text) ETORO_CLASS_##name,
enum etoro_class {
  ETORO_CLASSES(ETORO_CLASS_NAME)
};

/* How one attempt ended, as far as sending again is concerned. */
enum etoro_ending {
  ETORO_ENDING_ANSWER,      /* a reply that is final whatever it says */
  ETORO_ENDING_LIMITED,     /* 429 of the API itself, that is not final */
  ETORO_ENDING_LIMITED_BY_OTHERS, /* 429 that the API may know nothing of */
  ETORO_ENDING_SERVER,      /* 500 and above */
  ETORO_ENDING_LOST,        /* sent, and no whole reply came in time */
  ETORO_ENDING_UNSENT,      /* not a byte of the request left */
  ETORO_ENDING_FAILED       /* unsent, and trying again cannot help */
};

enum etoro_verdict {
  ETORO_VERDICT_DONE,       /* hand it over as it is */
  ETORO_VERDICT_AGAIN,      /* send it again after a wait */
  ETORO_VERDICT_UNCERTAIN   /* hand it over: it may have been carried out */
};

enum etoro_verdict etoro_retry_verdict(enum etoro_class klass,
                                       enum etoro_ending ending);

/* Seconds to wait before resend number n (1 is the first): full jitter over
   min(cap, base * 2^(n - 1)); random is in [0, 1). A server's Retry-After
   (>= 0) is a floor, with up to 10 % of jitter on top. */
double etoro_retry_backoff(int n, double random, double retry_after);

/* Bucket that slows resends down during an outage and never refuses one. */
struct etoro_retry_bucket {
  double tokens;   /* may be below 0: then resends wait their turn */
  double stamp;    /* when tokens was right */
};

void etoro_retry_bucket_init(struct etoro_retry_bucket *b, double now);

/* Takes one token and gives the seconds after which it may be used. */
double etoro_retry_bucket_take(struct etoro_retry_bucket *b, double now);

#endif
