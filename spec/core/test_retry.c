#include "core/engine/retry.h"
#include "core/limits.h"

#include <limits.h>

#include "check.h"

static void gives_the_verdict(enum etoro_class klass,
                              const enum etoro_verdict expected[7])
{
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_ANSWER) == expected[0]);
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_LIMITED) == expected[1]);
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_SERVER) == expected[2]);
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_LOST) == expected[3]);
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_UNSENT) == expected[4]);
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_FAILED) == expected[5]);
  CHECK(etoro_retry_verdict(klass, ETORO_ENDING_LIMITED_BY_OTHERS)
        == expected[6]);
}

static void never_resends_what_may_be_done(void)
{
  static const enum etoro_verdict safe[7] = {
    ETORO_VERDICT_DONE,  ETORO_VERDICT_AGAIN, ETORO_VERDICT_AGAIN,
    ETORO_VERDICT_AGAIN, ETORO_VERDICT_AGAIN, ETORO_VERDICT_DONE,
    ETORO_VERDICT_AGAIN
  };
  static const enum etoro_verdict same_id[7] = {
    ETORO_VERDICT_DONE,      ETORO_VERDICT_AGAIN, ETORO_VERDICT_UNCERTAIN,
    ETORO_VERDICT_UNCERTAIN, ETORO_VERDICT_AGAIN, ETORO_VERDICT_DONE,
    ETORO_VERDICT_AGAIN
  };
  static const enum etoro_verdict never[7] = {
    ETORO_VERDICT_DONE,      ETORO_VERDICT_AGAIN, ETORO_VERDICT_UNCERTAIN,
    ETORO_VERDICT_UNCERTAIN, ETORO_VERDICT_AGAIN, ETORO_VERDICT_DONE,
    ETORO_VERDICT_UNCERTAIN
  };
  static const enum etoro_verdict once[7] = {
    ETORO_VERDICT_DONE,      ETORO_VERDICT_DONE,  ETORO_VERDICT_UNCERTAIN,
    ETORO_VERDICT_UNCERTAIN, ETORO_VERDICT_AGAIN, ETORO_VERDICT_DONE,
    ETORO_VERDICT_DONE
  };
  gives_the_verdict(ETORO_CLASS_SAFE, safe);
  gives_the_verdict(ETORO_CLASS_KEYED, same_id);
  gives_the_verdict(ETORO_CLASS_CLOSE, same_id);
  gives_the_verdict(ETORO_CLASS_NEVER, never);
  gives_the_verdict(ETORO_CLASS_ONCE, once);
}

static int is_near(double a, double b)
{
  return a - b < 1e-9 && b - a < 1e-9;
}

static void backs_off(void)
{
  const double most = 0.999999;
  double span = ETORO_RETRY_BASE;
  int n;
  for (n = 1; n < 40; n++) {
    double wait = etoro_retry_backoff(n, 0.5, -1);
    CHECK(is_near(wait,
                  0.5 * (span < ETORO_RETRY_CAP ? span : ETORO_RETRY_CAP)));
    CHECK(etoro_retry_backoff(n, 0, -1) == 0);
    CHECK(etoro_retry_backoff(n, most, -1) < span);
    span *= 2;
  }
  CHECK(etoro_retry_backoff(INT_MAX, most, -1) < ETORO_RETRY_CAP);
  CHECK(is_near(etoro_retry_backoff(0, 0.5, -1), 0.5 * ETORO_RETRY_BASE));
  CHECK(
      is_near(etoro_retry_backoff(INT_MIN, 0.5, -1), 0.5 * ETORO_RETRY_BASE));
}

static void obeys_the_server(void)
{
  const double infinity = 1e308 * 10, none = infinity - infinity;
  CHECK(etoro_retry_backoff(1, 0, 60) == 60);
  CHECK(is_near(etoro_retry_backoff(1, 0.5, 60), 63));
  CHECK(etoro_retry_backoff(1, 0.999999, 60) < 66);
  CHECK(etoro_retry_backoff(1, 0, 0) == 0);
  CHECK(is_near(etoro_retry_backoff(3, 0.5, 0.1), 1.0)); /* a floor only */
  CHECK(etoro_retry_backoff(1, 0.5, infinity) < 2e9);
  CHECK(etoro_retry_backoff(1, 0, ETORO_RETRY_AFTER_MAX) == 1e9);
  CHECK(etoro_retry_backoff(1, 0, ETORO_RETRY_AFTER_MAX + 1) == 1e9);
  CHECK(etoro_retry_backoff(1, none, none) == 0);
  CHECK(etoro_retry_backoff(1, 7.0, -1) <= ETORO_RETRY_BASE);
  CHECK(etoro_retry_backoff(1, -7.0, -1) == 0);
}

/* ETORO_RETRY_BURST at once, then ETORO_RETRY_RATE a second. */
static void slows_down(void)
{
  struct etoro_retry_bucket b;
  int i;
  etoro_retry_bucket_init(&b, 1000);
  for (i = 0; i < 20; i++)
    CHECK(etoro_retry_bucket_take(&b, 1000) == 0);
  for (i = 1; i <= 50; i++)
    CHECK(is_near(etoro_retry_bucket_take(&b, 1000), i / 10.0));
  CHECK(is_near(etoro_retry_bucket_take(&b, 1005), 0.1));
  CHECK(etoro_retry_bucket_take(&b, 1010) == 0);
  /* Rest fills it to the brim and no further. */
  for (i = 0; i < 20; i++)
    CHECK(etoro_retry_bucket_take(&b, 5000) == 0);
  CHECK(is_near(etoro_retry_bucket_take(&b, 5000), 0.1));
  /* A clock that went back delays, but is followed from there. */
  CHECK(is_near(etoro_retry_bucket_take(&b, 4000), 0.2));
  CHECK(etoro_retry_bucket_take(&b, 4001) == 0);
}

int main(void)
{
  never_resends_what_may_be_done();
  backs_off();
  obeys_the_server();
  slows_down();
  return 0;
}
