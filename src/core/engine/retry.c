#include "core/engine/retry.h"

#include "core/limits.h"

/* One question decides for a write: may the server have carried it out? Then
   it goes out again only where twice is as good as once. */
enum etoro_verdict etoro_retry_verdict(enum etoro_class klass,
                                       enum etoro_ending ending)
{
  switch (ending) {
  case ETORO_ENDING_LIMITED:
    return klass == ETORO_CLASS_ONCE ? ETORO_VERDICT_DONE
                                     : ETORO_VERDICT_AGAIN;
  case ETORO_ENDING_LIMITED_BY_OTHERS:
    if (klass == ETORO_CLASS_ONCE)
      return ETORO_VERDICT_DONE;
    return klass == ETORO_CLASS_NEVER ? ETORO_VERDICT_UNCERTAIN
                                      : ETORO_VERDICT_AGAIN;
  case ETORO_ENDING_UNSENT:
    return ETORO_VERDICT_AGAIN;
  case ETORO_ENDING_SERVER:
  case ETORO_ENDING_LOST:
    return klass == ETORO_CLASS_SAFE ? ETORO_VERDICT_AGAIN
                                     : ETORO_VERDICT_UNCERTAIN;
  case ETORO_ENDING_ANSWER:
  case ETORO_ENDING_FAILED:
    break;
  }
  return ETORO_VERDICT_DONE;
}

/* Takes a number that is none to the lower end. */
static double clamp(double v, double low, double high)
{
  if (!(v > low))
    return low;
  return v < high ? v : high;
}

/* Full jitter: many programs that lost the same server must not come back in
   step. The jitter on a server's own wait is small, but there, for the same
   reason. */
double etoro_retry_backoff(int n, double random, double retry_after)
{
  double span = ETORO_RETRY_BASE;
  double wait, least;
  random = clamp(random, 0.0, 1.0);
  for (; n > 1 && span < ETORO_RETRY_CAP; n--)
    span *= 2;
  wait = clamp(span, 0.0, ETORO_RETRY_CAP) * random;
  least =
      clamp(retry_after, 0.0, ETORO_RETRY_AFTER_MAX) * (1.0 + 0.1 * random);
  return wait > least ? wait : least;
}

void etoro_retry_bucket_init(struct etoro_retry_bucket *b, double now)
{
  b->tokens = ETORO_RETRY_BURST;
  b->stamp = now;
}

/* The bucket may go below 0: each resend then waits its turn, none is lost. */
double etoro_retry_bucket_take(struct etoro_retry_bucket *b, double now)
{
  if (now > b->stamp)
    b->tokens += (now - b->stamp) * ETORO_RETRY_RATE;
  if (b->tokens > ETORO_RETRY_BURST)
    b->tokens = ETORO_RETRY_BURST;
  b->stamp = now; /* also when the clock went back: it must not stand still */
  b->tokens -= 1.0;
  return b->tokens < 0.0 ? -b->tokens / ETORO_RETRY_RATE : 0.0;
}
