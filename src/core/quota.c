#include "core/quota.h"

#include <stdlib.h>
#include <string.h>

#include "core/status.h"

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

int etoro_account_is(const struct etoro_account *a, const char *origin,
                     const struct etoro_secret *key)
{
  return a->key && key && !strcmp(a->origin, origin)
         && etoro_secret_equal(a->key, etoro_secret_data(key),
                               etoro_secret_len(key));
}

struct etoro_pool *etoro_account_pool(struct etoro_account *a,
                                      const struct etoro_pool_rule *rule)
{
  struct etoro_pool *p;
  for (p = a->pools; p; p = p->next)
    if (!strcmp(p->rule.name, rule->name)) {
      if (rule->limit && (!p->rule.limit || rule->limit < p->rule.limit))
        p->rule.limit = rule->limit;
      return p;
    }
  p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->rule = *rule;
  p->next = a->pools;
  a->pools = p;
  return p;
}

static void forget_freed(struct etoro_pool *p, double now)
{
  while (p->count && p->frees[p->first] <= now) {
    p->first++;
    p->count--;
  }
  if (!p->count)
    p->first = 0;
}

struct etoro_pool *etoro_account_find(struct etoro_account *a,
                                      const char *name)
{
  static const struct etoro_pool_rule otherwise = { "default", 0, 0, 60 };
  struct etoro_pool *p;
  struct etoro_pool *fallback = NULL;
  for (p = a->pools; p; p = p->next) {
    if (name && !strcmp(p->rule.name, name))
      return p;
    if (!strcmp(p->rule.name, otherwise.name))
      fallback = p;
  }
  return fallback ? fallback : etoro_account_pool(a, &otherwise);
}

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

static void use_slot(struct etoro_pool *p, double until)
{
  size_t at;
  if (!make_room(p))
    return;
  at = p->first + p->count++;
  while (at > p->first && p->frees[at - 1] > until) {
    p->frees[at] = p->frees[at - 1];
    at--;
  }
  p->frees[at] = until;
}

double etoro_pool_wait(struct etoro_pool *p, enum etoro_priority priority,
                       double now)
{
  int allowed, over;
  if (now < p->paused_until)
    return p->paused_until - now;
  if (p->rule.limit <= 0)
    return 0;
  forget_freed(p, now);
  allowed = p->rule.limit;
  if (priority != ETORO_PRIORITY_EXIT)
    allowed -= p->rule.reserve;
  if (allowed < 1)
    allowed = 1; /* a pool that lets nobody through would hang its callers */
  over = p->in_flight + (int)p->count - allowed;
  if (over < 0)
    return 0;
  if ((size_t)over >= p->count)
    return -1;
  return p->frees[p->first + (size_t)over] - now;
}

void etoro_pool_start(struct etoro_pool *p)
{
  p->in_flight++;
}

void etoro_pool_unsent(struct etoro_pool *p)
{
  p->in_flight--;
}

/* What the server counts and we do not: other programs with the same key. */
static void use_others(struct etoro_pool *p, const struct etoro_limits *l,
                       double now)
{
  int seen = p->rule.limit - (int)l->remaining;
  int ours = p->in_flight + (int)p->count;
  double until = now + (l->reset >= 0 ? l->reset : p->rule.window);
  for (; ours < seen; ours++)
    use_slot(p, until);
}

static void refuse(struct etoro_pool *p, const struct etoro_limits *l,
                   double now)
{
  double wait = l ? l->retry_after : -1;
  if (l && wait < 0)
    wait = l->reset;
  if (wait >= 0 && now + wait > p->paused_until)
    p->paused_until = now + wait;
  if ((l && l->limit > 0) || p->rule.limit <= 0)
    return;
  p->is_learned = 1;
  if ((int)p->count < p->rule.limit)
    p->rule.limit = p->count ? (int)p->count : 1;
}

void etoro_pool_end(struct etoro_pool *p, int status,
                    const struct etoro_limits *limits, double now)
{
  p->in_flight--;
  if (limits && limits->window > 0)
    p->rule.window = limits->window;
  if (limits && limits->limit > 0 && p->rule.limit > 0) {
    p->rule.limit = limits->limit < 1e6 ? (int)limits->limit : 1000000;
    p->is_learned = 0;
  }
  if (p->rule.limit > 0)
    forget_freed(p, now);
  if (status == 429) {
    refuse(p, limits, now);
    return;
  }
  if (p->rule.limit <= 0)
    return;
  use_slot(p, now + p->rule.window);
  if (p->is_learned && (int)p->count > p->rule.limit)
    p->rule.limit = (int)p->count; /* it was under way when we learned */
  if (limits && limits->remaining >= 0)
    use_others(p, limits, now);
}

void etoro_pool_look(struct etoro_pool *p, double now,
                     struct etoro_pool_view *out)
{
  int used;
  forget_freed(p, now);
  used = p->in_flight + (int)p->count;
  out->limit = p->rule.limit;
  out->reserve = p->rule.reserve;
  out->left = used < p->rule.limit ? p->rule.limit - used : 0;
  out->resets_in = p->count ? p->frees[p->first] - now : -1;
  out->paused_for = p->paused_until > now ? p->paused_until - now : 0;
}
