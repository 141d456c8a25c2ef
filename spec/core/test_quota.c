#include "core/engine/quota.h"

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static const struct etoro_limits silent = { -1, -1, -1, -1, -1 };

static struct etoro_account *account(const char *key)
{
  struct etoro_account *a;
  struct etoro_secret *s = NULL;
  if (key)
    CHECK(etoro_secret_new(&s, key, strlen(key)) == ETORO_OK);
  CHECK(etoro_account_new(&a, "https://api.example", s) == ETORO_OK);
  etoro_secret_free(s);
  return a;
}

static struct etoro_pool *pool(struct etoro_account *a, const char *name,
                               int limit, int reserve)
{
  struct etoro_pool_rule rule = { "", limit, reserve, 60, 0, 0 };
  memcpy(rule.name, name, strlen(name) + 1);
  return etoro_account_pool(a, &rule);
}

static double wait_of(struct etoro_pool *p, double now)
{
  return etoro_pool_wait(p, ETORO_PRIORITY_READ, now);
}

/* So many calls that start and are answered at one moment. */
static void spend(struct etoro_pool *p, int calls, double now)
{
  int i;
  for (i = 0; i < calls; i++) {
    CHECK(wait_of(p, now) == 0);
    etoro_pool_start(p, now);
    etoro_pool_end(p, 200, &silent, now);
  }
}

static void refused(struct etoro_pool *p, const struct etoro_limits *l,
                    double now)
{
  etoro_pool_start(p, now);
  etoro_pool_end(p, 429, l, now);
}

static void knows_whose_budget_it_is(void)
{
  struct etoro_account *a = account("key-1"), *nobody = account(NULL);
  struct etoro_secret *same, *other;
  char origin[ETORO_ORIGIN_MAX + 1];
  CHECK(etoro_secret_new(&same, "key-1", 5) == ETORO_OK);
  CHECK(etoro_secret_new(&other, "key-2", 5) == ETORO_OK);
  CHECK(etoro_account_is(a, "https://api.example", same));
  CHECK(!etoro_account_is(a, "https://api.example", other));
  CHECK(!etoro_account_is(a, "https://api.example:444", same));
  CHECK(!etoro_account_is(a, "https://api.example", NULL));
  CHECK(!etoro_account_is(nobody, "https://api.example", NULL));
  etoro_secret_free(same);
  etoro_secret_free(other);
  etoro_account_free(a);
  etoro_account_free(nobody);
  etoro_account_free(NULL);
  memset(origin, 'x', sizeof origin);
  origin[sizeof origin - 1] = '\0';
  CHECK(etoro_account_new(&a, origin, NULL) == ETORO_EINVAL && !a);
}

static void finds_pools(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *orders, *rest;
  /* without any rule there is a pool that limits nothing */
  rest = etoro_account_find(a, "nowhere");
  CHECK(rest && rest->rule.limit == 0 && wait_of(rest, 0) == 0);
  CHECK(etoro_account_find(a, NULL) == rest);
  orders = pool(a, "orders", 20, 4);
  CHECK(etoro_account_find(a, "orders") == orders);
  CHECK(etoro_account_find(a, "ordersx") == rest);
  /* the stricter of two rules holds, and one with no limit changes nothing */
  CHECK(pool(a, "orders", 10, 0) == orders);
  CHECK(orders->rule.limit == 10 && orders->rule.reserve == 4);
  CHECK(pool(a, "orders", 30, 5) == orders);
  CHECK(orders->rule.limit == 10 && orders->rule.reserve == 5);
  CHECK(pool(a, "orders", 0, 0) == orders && orders->rule.limit == 10);
  CHECK(pool(a, "default", 7, 1) == rest && rest->rule.limit == 7);
  etoro_account_free(a);
}

static void frees_a_slot_one_window_after_its_reply(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 2, 0);
  etoro_pool_start(p, 0); /* at 0 */
  etoro_pool_start(p, 0);
  CHECK(wait_of(p, 0) == -1); /* only a reply can tell */
  etoro_pool_end(p, 200, &silent, 5);
  CHECK(wait_of(p, 5) == 60);
  etoro_pool_end(p, 500, NULL, 10); /* also when it failed */
  CHECK(wait_of(p, 64) == 1);
  CHECK(wait_of(p, 65) == 0);
  etoro_pool_start(p, 0);
  CHECK(wait_of(p, 66) == 4);
  etoro_pool_unsent(p); /* it never reached the server */
  CHECK(wait_of(p, 66) == 0);
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 0, NULL, 67); /* it may have */
  CHECK(wait_of(p, 68) == 2);
  CHECK(wait_of(p, 70) == 0);
  CHECK(!etoro_account_is_idle(a, 126));
  CHECK(etoro_account_is_idle(a, 127));
  /* a clock that jumps frees all there is */
  spend(p, 2, 200);
  CHECK(wait_of(p, 200) == 60);
  CHECK(wait_of(p, 1e9) == 0);
  etoro_account_free(a);
}

static void never_goes_over_its_limit(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 20, 0);
  double sent[400];
  double now = 0;
  size_t n = 0, i;
  while (n < 400) {
    double wait = wait_of(p, now);
    CHECK(wait >= 0 && wait <= 60);
    if (wait > 0) {
      now += wait;
      continue;
    }
    etoro_pool_start(p, now);
    sent[n++] = now;
    now += 0.01 * (double)(n % 7);
    etoro_pool_end(p, 200, &silent, now);
  }
  for (i = 20; i < n; i++)
    CHECK(sent[i] - sent[i - 20] > 60 - 1e-6);
  CHECK(p->cap <= 64); /* a window's worth, however many went through */
  etoro_account_free(a);
}

static void keeps_a_reserve_for_exits(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 20, 4);
  int i;
  spend(p, 16, 0);
  CHECK(wait_of(p, 0) == 60);
  CHECK(etoro_pool_wait(p, ETORO_PRIORITY_ORDER, 0) == 60);
  for (i = 0; i < 4; i++) {
    CHECK(etoro_pool_wait(p, ETORO_PRIORITY_EXIT, 0) == 0);
    etoro_pool_start(p, 0);
  }
  CHECK(etoro_pool_wait(p, ETORO_PRIORITY_EXIT, 0) == 60);
  etoro_account_free(a);
  /* a reserve as large as the limit must not shut everybody out */
  a = account(NULL);
  p = pool(a, "p", 3, 5);
  CHECK(wait_of(p, 0) == 0);
  spend(p, 1, 0);
  CHECK(wait_of(p, 0) == 60);
  CHECK(etoro_pool_wait(p, ETORO_PRIORITY_EXIT, 0) == 0);
  etoro_account_free(a);
}

static void obeys_what_replies_say(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 100, 0);
  struct etoro_limits l = { -1, 50, 49, 60, 30 };
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 0);
  CHECK(p->rule.limit == 50 && p->rule.window == 30);
  spend(p, 49, 0);
  CHECK(wait_of(p, 0) == 30);
  /* a new client's rule does not undo that */
  CHECK(pool(a, "p", 20, 0) == p && p->rule.limit == 50);
  /* what others have used counts */
  l.remaining = 10;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 100);
  spend(p, 10, 100);
  CHECK(wait_of(p, 100) == 30);
  /* an answer that came late tells of no more than is known */
  l.remaining = 30;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 131);
  spend(p, 30, 131);
  CHECK(wait_of(p, 131) > 0);
  /* nonsense changes little */
  l.limit = 1e300;
  l.remaining = 1e300;
  l.window = 1e300;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 200);
  CHECK(p->rule.limit == 1000000);
  CHECK(p->rule.window == ETORO_POOL_WINDOW_MAX);
  /* at ETORO_POOL_LIMIT_MAX and ETORO_POOL_WINDOW_MAX, and one past them */
  l.limit = 999999;
  l.window = 3599;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 200);
  CHECK(p->rule.limit == 999999 && p->rule.window == 3599);
  l.limit = 1000000;
  l.window = 3600;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 200);
  CHECK(p->rule.limit == 1000000 && p->rule.window == 3600);
  l.limit = 1000001;
  l.window = 3601;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 200);
  CHECK(p->rule.limit == 1000000 && p->rule.window == 3600);
  l.limit = 0;
  l.remaining = -1;
  l.window = 0;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 200);
  CHECK(p->rule.limit == 1000000);
  etoro_account_free(a);
}

static void keeps_to_what_the_user_set(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool_rule rule = { "p", 10, 0, 60, 10, 0 };
  struct etoro_pool *p = etoro_account_pool(a, &rule);
  struct etoro_limits l = { -1, 60, 59, 60, 60 };
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 0);
  CHECK(p->rule.limit == 10 && p->count == 1);
  l.remaining = 4; /* others leave less than that */
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 0);
  spend(p, 4, 0);
  CHECK(wait_of(p, 0) == 60);
  l.limit = 5;
  etoro_pool_start(p, 0);
  etoro_pool_end(p, 200, &l, 60);
  CHECK(p->rule.limit == 5);
  rule.limit = rule.most = 3;
  CHECK(etoro_account_pool(a, &rule) == p && p->rule.limit == 3);
  etoro_account_free(a);
}

static void pauses_after_a_429(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 60, 4);
  struct etoro_limits l = { 7, 60, 0, 20, 60 };
  refused(p, &l, 0);
  CHECK(wait_of(p, 0) == 7);
  CHECK(etoro_pool_wait(p, ETORO_PRIORITY_ORDER, 3) == 4);
  CHECK(wait_of(p, 7) == 53); /* all were used up by others */
  CHECK(wait_of(p, 60) == 0);
  etoro_account_free(a);
  /* Retry-After, else the reset; the longer of two pauses */
  a = account(NULL);
  p = pool(a, "p", 0, 0);
  l = silent;
  l.retry_after = 7;
  l.reset = 100;
  refused(p, &l, 0);
  CHECK(wait_of(p, 0) == 7 && wait_of(p, 7) == 0);
  l.retry_after = -1;
  refused(p, &l, 10);
  CHECK(wait_of(p, 10) == 100);
  l.retry_after = 1;
  refused(p, &l, 20);
  CHECK(wait_of(p, 20) == 90);
  CHECK(!etoro_account_is_idle(a, 20) && etoro_account_is_idle(a, 110));
  l.retry_after = 1e9;
  refused(p, &l, 200);
  CHECK(wait_of(p, 200) == ETORO_POOL_PAUSE_MAX);
  l.retry_after = 900; /* which it is, and one more is no more */
  refused(p, &l, 1200);
  CHECK(wait_of(p, 1200) == 900);
  l.retry_after = 901;
  refused(p, &l, 2200);
  CHECK(wait_of(p, 2200) == 900);
  /* no budget: no pause but the server's */
  refused(p, NULL, 4000);
  CHECK(wait_of(p, 4000) == 0);
  etoro_account_free(a);
}

static double exit_wait(struct etoro_pool *p, double now)
{
  return etoro_pool_wait(p, ETORO_PRIORITY_EXIT, now);
}

/* An exit that goes out now and is refused, or answered. */
static void try_exit(struct etoro_pool *p, int status,
                     const struct etoro_limits *l, double now)
{
  CHECK(exit_wait(p, now) == 0);
  CHECK(etoro_pool_try(p, now) == 1);
  etoro_pool_start(p, now);
  etoro_pool_end(p, status, l, now);
}

/* While entries are held, exits are tried at once, then less and less often;
   wherever the refusal comes from: a pause, what others used, a guess. */
static void tries_exits_in_a_pool_that_is_shut(void)
{
  static const struct etoro_limits told[] = { { 900, -1, -1, -1, -1 },
                                              { -1, 20, 0, -1, -1 },
                                              { 50, 20, 0, 50, 60 },
                                              { -1, -1, -1, -1, -1 } };
  /* from ETORO_POOL_GAP_FIRST to ETORO_POOL_GAP_MAX */
  static const double gaps[] = { 1, 2, 4, 8, 16, 30, 30 };
  size_t i, n;
  for (i = 0; i < sizeof told / sizeof told[0]; i++) {
    struct etoro_account *a = account(NULL);
    struct etoro_pool *p = pool(a, "p", 20, 4);
    double now = 1000;
    size_t tries = told[i].retry_after > 0 ? sizeof gaps / sizeof gaps[0] : 5;
    spend(p, 1, now);
    refused(p, &told[i], now);
    CHECK(etoro_pool_wait(p, ETORO_PRIORITY_ORDER, now) >= 50);
    for (n = 0; n < tries; n++) {
      try_exit(p, 429, &told[i], now);
      CHECK(exit_wait(p, now) == gaps[n]);
      CHECK(etoro_pool_wait(p, ETORO_PRIORITY_ORDER, now) > 25);
      now += gaps[n];
    }
    /* one that gets through lets the next one go at once */
    try_exit(p, 200, &silent, now);
    try_exit(p, 429, &told[i], now);
    CHECK(exit_wait(p, now) == 1);
    CHECK(etoro_pool_wait(p, ETORO_PRIORITY_ORDER, now) > 1);
    etoro_account_free(a);
  }
}

static void tries_no_exit_without_need(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 2, 0);
  struct etoro_limits l = silent;
  l.retry_after = 5;
  CHECK(!etoro_pool_try(p, 0));
  /* a budget of ours that is used up is no refusal */
  spend(p, 2, 0);
  CHECK(exit_wait(p, 0) == 60 && !etoro_pool_try(p, 0));
  /* an exit that met the 429 itself has been tried */
  refused(p, &l, 60);
  CHECK(exit_wait(p, 60) == 0);
  CHECK(etoro_pool_try(p, 60) && exit_wait(p, 60) == 1);
  /* a later pause begins anew */
  CHECK(exit_wait(p, 200) == 0 && !etoro_pool_try(p, 200));
  refused(p, &l, 200);
  CHECK(exit_wait(p, 200) == 0);
  /* never longer than everybody else */
  for (; etoro_pool_try(p, 200);)
    if (exit_wait(p, 200) == 5)
      break;
  CHECK(exit_wait(p, 203) == 2);
  etoro_account_free(a);
}

static void learns_a_limit_nobody_told(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 60, 0);
  double forgotten;
  int i;
  spend(p, 20, 0);
  for (i = 0; i < 5; i++)
    etoro_pool_start(p, 0);
  etoro_pool_end(p, 429, &silent, 1);
  CHECK(p->rule.limit == 20);
  CHECK(wait_of(p, 1) > 0);
  etoro_pool_end(p, 200, &silent, 1); /* these were under way */
  etoro_pool_end(p, 200, &silent, 1);
  etoro_pool_end(p, 429, NULL, 1);
  etoro_pool_end(p, 429, &silent, 1);
  CHECK(p->rule.limit == 22);
  CHECK(wait_of(p, 1) == 59);
  CHECK(wait_of(p, 60) == 0);
  spend(p, 20, 60);
  CHECK(wait_of(p, 60) == 1);
  /* it may be outdated after an hour */
  forgotten = p->forget_at;
  CHECK(forgotten == 1 + 60 * ETORO_POOL_LEARNED);
  CHECK(wait_of(p, forgotten - 1) == 0 && p->rule.limit == 22);
  CHECK(wait_of(p, forgotten) == 0 && p->rule.limit == 60);
  etoro_account_free(a);
  /* one with nothing to go by must not count for long: ETORO_POOL_GUESSED
     windows */
  a = account(NULL);
  p = pool(a, "p", 60, 0);
  refused(p, &silent, 0);
  CHECK(p->rule.limit == 1 && wait_of(p, 0) == 0);
  spend(p, 1, 0);
  CHECK(wait_of(p, 0) == 60);
  spend(p, 60, 60);
  /* what a reply tells beats what was learned */
  refused(p, &silent, 61);
  refused(p, &silent, 121);
  CHECK(p->is_learned);
  {
    struct etoro_limits l = { -1, 40, 39, -1, -1 };
    etoro_pool_start(p, 0);
    etoro_pool_end(p, 200, &l, 200);
    CHECK(!p->is_learned && p->rule.limit == 40);
  }
  etoro_account_free(a);
}

static void spreads_calls(void)
{
  struct etoro_pool_rule rule = { "p", 20, 4, 32, 0, 1 };
  struct etoro_account *a = account("k");
  struct etoro_pool *p = etoro_account_pool(a, &rule);
  int i;
  for (i = 0; i < 16; i++) { /* one every 2 s: 16 of 20 are theirs */
    CHECK(wait_of(p, 2 * i) == 0);
    etoro_pool_start(p, 2 * i);
    CHECK(wait_of(p, 2 * i) == 2);
    CHECK(etoro_pool_wait(p, ETORO_PRIORITY_ORDER, 2 * i + 0.5) == 1.5);
    CHECK(etoro_pool_wait(p, ETORO_PRIORITY_EXIT, 2 * i) == 0);
    etoro_pool_end(p, 200, &silent, 2 * i);
  }
  /* a pause saves nothing up */
  CHECK(wait_of(p, 100) == 0);
  etoro_pool_start(p, 100);
  CHECK(wait_of(p, 100) == 2);
  /* an exit goes at once; the others wait for its turn as well */
  etoro_pool_start(p, 100);
  CHECK(wait_of(p, 100) == 4);
  /* a pause after a 429 is longer than a turn */
  {
    struct etoro_limits told = { -1, -1, -1, 30, -1 };
    etoro_pool_end(p, 429, &told, 101);
  }
  CHECK(wait_of(p, 101) > 4);
  etoro_account_free(a);
}

static void paces_if_one_client_does(void)
{
  struct etoro_pool_rule rule = { "p", 60, 0, 60, 0, 0 };
  struct etoro_account *a = account("k");
  struct etoro_pool *p = etoro_account_pool(a, &rule);
  etoro_pool_start(p, 0);
  CHECK(wait_of(p, 0) == 0);
  rule.is_paced = 1;
  CHECK(etoro_account_pool(a, &rule) == p);
  etoro_pool_start(p, 0);
  CHECK(wait_of(p, 0) == 1);
  etoro_account_free(a);
}

static void shows_itself(void)
{
  struct etoro_account *a = account(NULL);
  struct etoro_pool *p = pool(a, "p", 20, 4);
  struct etoro_pool_view v;
  struct etoro_limits l = silent;
  etoro_pool_look(p, 0, &v);
  CHECK(v.limit == 20 && v.left == 20 && v.reserve == 4);
  CHECK(v.resets_in < 0 && v.paused_for == 0);
  spend(p, 3, 10);
  etoro_pool_start(p, 0);
  etoro_pool_look(p, 15, &v);
  CHECK(v.left == 16 && v.resets_in == 55);
  l.retry_after = 30;
  etoro_pool_end(p, 429, &l, 20);
  etoro_pool_look(p, 25, &v);
  CHECK(v.paused_for == 25);
  CHECK(v.limit == 3 && v.left == 0); /* learned */
  etoro_account_free(a);
}

/* Without memory calls go on: a slot that could not be noted is not held. */
static void without_memory(int may_fail)
{
  struct etoro_account *a;
  struct etoro_pool *p;
  int i;
  if (etoro_account_new(&a, "https://api.example", NULL) != ETORO_OK) {
    CHECK(may_fail && !a);
    return;
  }
  p = pool(a, "p", 100, 0);
  CHECK(p || may_fail);
  for (i = 0; p && i < 100; i++) {
    etoro_pool_start(p, 0);
    etoro_pool_end(p, 200, &silent, 0);
  }
  CHECK(!p || wait_of(p, 0) == 60 || (may_fail && wait_of(p, 0) == 0));
  CHECK(!p || (p->count <= 100 && p->in_flight == 0));
  CHECK(etoro_account_find(a, "other") || may_fail);
  etoro_account_free(a);
}

int main(void)
{
  knows_whose_budget_it_is();
  finds_pools();
  frees_a_slot_one_window_after_its_reply();
  never_goes_over_its_limit();
  keeps_a_reserve_for_exits();
  obeys_what_replies_say();
  keeps_to_what_the_user_set();
  pauses_after_a_429();
  tries_exits_in_a_pool_that_is_shut();
  tries_no_exit_without_need();
  learns_a_limit_nobody_told();
  spreads_calls();
  paces_if_one_client_does();
  shows_itself();
  fail_each_step(without_memory);
  return 0;
}
