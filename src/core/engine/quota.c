#include "core/engine/quota.h"

#include <stdlib.h>
#include <string.h>

#include "core/status.h"

/* One holder for the engine's list, one for each client. The engine lets go of
   an account only when its windows have passed: a client that is closed and
   made anew must not find a full budget that the server has not. */
int etoro_account_new(struct etoro_account **out, const char *origin,
                      struct etoro_secret *key)
{
  struct etoro_account *a;
  size_t n = strlen(origin);
  *out = NULL;
  if (n >= sizeof a->origin)
    return ETORO_EINVAL;
  a = calloc(1, sizeof *a);
  if (!a)
    return ETORO_ENOMEM;
  a->refs = 1;
  memcpy(a->origin, origin, n + 1);
  a->key = etoro_secret_keep(key);
  *out = a;
  return ETORO_OK;
}

void etoro_account_free(struct etoro_account *a)
{
  if (!a || --a->refs)
    return;
  while (a->pools) {
    struct etoro_pool *p = a->pools;
    a->pools = p->next;
    free(p->frees);
    free(p);
  }
  etoro_secret_free(a->key);
  free(a);
}

/* Accounts without a key are never shared: nothing says that two clients whose
   bearer comes from a function are the same user. */
int etoro_account_is(const struct etoro_account *a, const char *origin,
                     const struct etoro_secret *key)
{
  return a->key && key && !strcmp(a->origin, origin)
         && etoro_secret_equal(a->key, etoro_secret_data(key),
                               etoro_secret_len(key));
}

/* A second client may bring another rule for a pool that is in use. The
   stricter one holds for both, since the server counts their calls together; a
   limit that the server itself has told stands above what a client says, but
   for the most that the rule allows. */
static void tighten(struct etoro_pool *p, const struct etoro_pool_rule *rule)
{
  if (!rule->limit)
    return;
  if (!p->given || rule->limit < p->given)
    p->given = rule->limit;
  if (rule->most && (!p->rule.most || rule->most < p->rule.most))
    p->rule.most = rule->most;
  if (p->rule.most && p->rule.limit > p->rule.most)
    p->rule.limit = p->rule.most;
  if (!p->is_told && (!p->rule.limit || p->given < p->rule.limit))
    p->rule.limit = p->given;
  p->rule.is_paced |= rule->is_paced;
  if (rule->reserve > p->rule.reserve)
    p->rule.reserve = rule->reserve;
  if (!p->is_told && rule->window > p->rule.window)
    p->rule.window = rule->window;
}

/* Pools are few, so that a list will do. None is freed before its account:
   jobs point to them. */
struct etoro_pool *etoro_account_pool(struct etoro_account *a,
                                      const struct etoro_pool_rule *rule)
{
  struct etoro_pool *p;
  for (p = a->pools; p; p = p->next)
    if (!strcmp(p->rule.name, rule->name)) {
      tighten(p, rule);
      return p;
    }
  p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->rule = *rule;
  p->given = rule->limit;
  p->next = a->pools;
  a->pools = p;
  return p;
}

/* The slots whose windows have passed by now. They are in order, so that they
   are the first ones. */
static void forget_freed(struct etoro_pool *p, double now)
{
  while (p->count && p->frees[p->first] <= now) {
    p->first++;
    p->count--;
  }
  if (!p->count)
    p->first = 0;
}

/* Calls tend to go to one pool many times in a row: the last answer is kept. */
struct etoro_pool *etoro_account_find(struct etoro_account *a,
                                      const char *name)
{
  static const struct etoro_pool_rule otherwise = {
    "default", 0, 0, ETORO_DEFAULT_WINDOW, 0, 0
  };
  struct etoro_pool *p;
  if (!name)
    name = otherwise.name;
  if (a->found && !strcmp(a->found->rule.name, name))
    return a->found;
  for (p = a->pools; p; p = p->next) {
    if (!strcmp(p->rule.name, name))
      break;
  }
  if (!p && strcmp(name, otherwise.name) != 0)
    return etoro_account_find(a, NULL);
  if (!p)
    p = etoro_account_pool(a, &otherwise);
  a->found = p;
  return p;
}

/* Nothing is to be remembered of it any more: no window runs, nobody waits, no
   pause holds. */
int etoro_account_is_idle(struct etoro_account *a, double now)
{
  struct etoro_pool *p;
  for (p = a->pools; p; p = p->next) {
    forget_freed(p, now);
    if (p->is_queued || p->in_flight || p->count || p->paused_until > now)
      return 0;
  }
  return 1;
}

/* Room at the end: moved down first, grown only when that does not help. */
static int make_room(struct etoro_pool *p)
{
  size_t cap = p->cap ? 2 * p->cap : 32;
  double *frees;
  if (p->first + p->count < p->cap)
    return 1;
  if (p->first) {
    memmove(p->frees, p->frees + p->first, p->count * sizeof *p->frees);
    p->first = 0;
    return 1;
  }
  frees = realloc(p->frees, cap * sizeof *frees);
  if (!frees)
    return 0;
  p->frees = frees;
  p->cap = cap;
  return 1;
}

/* As a rule the new slot frees last. Where the server has told of a shorter
   window meanwhile, it frees before some of the others. */
static void use_slot(struct etoro_pool *p, double until)
{
  size_t at;
  if (!make_room(p)) /* uncounted: at worst the server says 429 */
    return;
  at = p->first + p->count++;
  while (at > p->first && p->frees[at - 1] > until) {
    p->frees[at] = p->frees[at - 1];
    at--;
  }
  p->frees[at] = until;
}

/* What was learned without a word of the server's may be long outdated: its
   limit was raised, or another program used the key then. */
static void forget_learned(struct etoro_pool *p, double now)
{
  if (!p->is_learned || now < p->forget_at)
    return;
  p->is_learned = 0;
  p->rule.limit = p->given;
}

/* Requests of that priority that a window has room for. */
static int allowed_in(const struct etoro_pool *p, enum etoro_priority priority)
{
  int allowed = p->rule.limit;
  if (priority != ETORO_PRIORITY_EXIT)
    allowed -= p->rule.reserve;
  /* a pool that lets nobody through would hang its callers */
  return allowed < 1 ? 1 : allowed;
}

/* Seconds until there is room for everybody of that priority. Requests under
   way count in full: the server may have counted them already,
   and nobody knows how long they take. A slot frees one window after its reply
   came, which is at least one window after the server counted it. */
static double room_in(struct etoro_pool *p, enum etoro_priority priority,
                      double now)
{
  int allowed, over;
  if (now < p->paused_until)
    return p->paused_until - now;
  if (p->rule.limit <= 0)
    return 0;
  forget_freed(p, now);
  forget_learned(p, now);
  allowed = allowed_in(p, priority);
  over = p->in_flight + (int)p->count - allowed;
  if (over < 0)
    return 0;
  if ((size_t)over >= p->count)
    return -1; /* too many are under way: only their replies make room */
  return p->frees[p->first + (size_t)over] - now;
}

/* A wait that lasts until the next one's turn, at least. */
static double paced(const struct etoro_pool *p, double wait, double now)
{
  double turn = p->rule.is_paced ? p->paced_until - now : 0;
  return wait >= 0 && turn > wait ? turn : wait;
}

/* Cancel and close may be what stops a loss, and a 429 that somebody's reads
   have brought may be over sooner than it says: so they are not held back for
   as long as the rest, and not let loose either. */
double etoro_pool_wait(struct etoro_pool *p, enum etoro_priority priority,
                       double now)
{
  double wait = room_in(p, priority, now);
  double early;
  if (priority != ETORO_PRIORITY_EXIT)
    return paced(p, wait, now);
  if (wait == 0 || now >= p->shut_until)
    return wait;
  early = p->try_at > now ? p->try_at - now : 0;
  return wait < 0 || early < wait ? early : wait;
}

/* The gap doubles with each try, until an answer is no refusal: a server that
   means its 429 is not to be hammered. */
int etoro_pool_try(struct etoro_pool *p, double now)
{
  if (now >= p->shut_until || room_in(p, ETORO_PRIORITY_EXIT, now) == 0)
    return 0;
  p->try_at = now + p->try_gap;
  p->try_gap *= 2;
  if (p->try_gap > ETORO_POOL_GAP_MAX)
    p->try_gap = ETORO_POOL_GAP_MAX;
  return 1;
}

/* The next exit may be tried at once. */
static void let_try(struct etoro_pool *p, double now)
{
  p->try_at = now;
  p->try_gap = ETORO_POOL_GAP_FIRST;
}

/* From the moment a place is taken, not from the first byte: two calls that are
   let through in one round must not share the last slot. */
/* An exit takes its turn ahead of time, and the others wait for it. */
void etoro_pool_start(struct etoro_pool *p, double now)
{
  p->in_flight++;
  if (p->paced_until < now)
    p->paced_until = now;
  if (p->rule.is_paced && p->rule.limit > 0)
    p->paced_until += p->rule.window / allowed_in(p, ETORO_PRIORITY_READ);
}

/* Never sent, so never counted by the server: it uses no slot. */
void etoro_pool_unsent(struct etoro_pool *p)
{
  p->in_flight--;
}

/* What the server counts and we do not: other programs with the same key.
   Only the first of those slots is free by the time of reset. */
static void use_others(struct etoro_pool *p, const struct etoro_limits *l,
                       double now)
{
  int ours = p->in_flight + (int)p->count;
  int seen;
  if (!l || l->remaining < 0 || l->remaining >= p->rule.limit)
    return;
  seen = p->rule.limit - (int)l->remaining;
  for (; ours < seen; ours++)
    use_slot(p, now + p->rule.window);
}

/* Takes over what a reply says of the pool's rule: the server's word stands
   above the document's, within what a number of its own may do to us. */
static void correct(struct etoro_pool *p, const struct etoro_limits *l)
{
  if (l->window > 0)
    p->rule.window =
        l->window < ETORO_POOL_WINDOW_MAX ? l->window : ETORO_POOL_WINDOW_MAX;
  if (l->limit > 0 && p->rule.limit > 0) { /* 0: no budget is wanted */
    p->rule.limit =
        l->limit < ETORO_POOL_LIMIT_MAX ? (int)l->limit : ETORO_POOL_LIMIT_MAX;
    if (p->rule.most && p->rule.limit > p->rule.most)
      p->rule.limit = p->rule.most;
    p->is_told = 1;
    p->is_learned = 0;
  }
}

/* Without a word of the server's nothing is paused: the limit that is learned
   then holds the pool back by itself. A later reply can only make a pause
   longer. */
static void pause(struct etoro_pool *p, const struct etoro_limits *l,
                  double now)
{
  double wait = l->retry_after >= 0 ? l->retry_after : l->reset;
  if (wait > ETORO_POOL_PAUSE_MAX)
    wait = ETORO_POOL_PAUSE_MAX;
  if (wait >= 0 && now + wait > p->paused_until)
    p->paused_until = now + wait;
}

/* A 429 without any header that says the limit: what was let through in this
   window is all there is, at the moment. With nothing let through, somebody
   else has used the key up; then one call in a window finds out when that is
   over, and the guess is soon forgotten. */
static void learn(struct etoro_pool *p, double now)
{
  int windows = p->count ? ETORO_POOL_LEARNED : ETORO_POOL_GUESSED;
  p->is_learned = 1;
  p->forget_at = now + windows * p->rule.window;
  if ((int)p->count < p->rule.limit)
    p->rule.limit = p->count ? (int)p->count : 1;
}

/* The request that met a 429 uses no slot: only those that were let through say
   how many that may be. */
static void refuse(struct etoro_pool *p, const struct etoro_limits *l,
                   double now)
{
  if (now >= p->shut_until)
    let_try(p, now);
  if (l)
    pause(p, l, now);
  if (p->shut_until < now + p->rule.window)
    p->shut_until = now + p->rule.window; /* as long as what it took counts */
  if (p->shut_until < p->paused_until)
    p->shut_until = p->paused_until;
  if (p->rule.limit <= 0)
    return;
  if (l && l->limit > 0)
    use_others(p, l, now);
  else
    learn(p, now);
}

/* What a reply, or its lack, says of the pool. A call that may have arrived is
   counted like one that did. */
void etoro_pool_end(struct etoro_pool *p, int status,
                    const struct etoro_limits *limits, double now)
{
  p->in_flight--;
  if (limits) /* first: all below goes by the rule as it is now known */
    correct(p, limits);
  if (p->rule.limit > 0) {
    forget_freed(p, now);
    forget_learned(p, now);
  }
  if (status == 429) {
    refuse(p, limits, now);
    return;
  }
  if (status > 0 && status < 500) /* the server takes calls again */
    let_try(p, now);
  if (p->rule.limit <= 0)
    return;
  use_slot(p, now + p->rule.window);
  if (p->is_learned && (int)p->count > p->rule.limit)
    p->rule.limit = (int)p->count; /* it was under way when we learned */
  use_others(p, limits, now);
}

/* For people and for programs that plan: the same reckoning that lets calls go. */
void etoro_pool_look(struct etoro_pool *p, double now,
                     struct etoro_pool_view *out)
{
  int used;
  forget_freed(p, now);
  forget_learned(p, now);
  used = p->in_flight + (int)p->count;
  out->limit = p->rule.limit;
  out->reserve = p->rule.reserve;
  out->left = used < p->rule.limit ? p->rule.limit - used : 0;
  out->resets_in = p->count ? p->frees[p->first] - now : -1;
  out->paused_for = p->paused_until > now ? p->paused_until - now : 0;
}
