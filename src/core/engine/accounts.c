/* Which account's budgets a new client draws on. */
#include "core/engine/engine.h"
#include "core/engine/state.h"
#include "core/status.h"

/* What the client's calls count against: its user key, or its bearer. */
static struct etoro_secret *identity(const struct etoro_client *c)
{
  if (c->is_renewable || !c->credentials)
    return NULL;
  if (etoro_credentials_bearer(c->credentials))
    return etoro_credentials_bearer(c->credentials);
  return etoro_credentials_user_key(c->credentials);
}

/* Lets go of accounts that no client uses and whose windows have passed. */
static void prune_accounts(struct etoro_engine *e)
{
  struct etoro_account **at = &e->accounts;
  double now = etoro_engine_now(e);
  while (*at) {
    struct etoro_account *a = *at;
    if (a->refs > 1 || !etoro_account_is_idle(a, now)) {
      at = &a->next;
      continue;
    }
    *at = a->next;
    etoro_account_free(a);
  }
}

/* Where nothing is limited there is nothing to share. */
static int has_budget(const struct etoro_pool_rule *rules, size_t n)
{
  while (n > 0)
    if (rules[--n].limit)
      return 1;
  return 0;
}

/* A client that fails half-way is freed by its holder, and with it what it
   holds of the account. */
int etoro_engine_admit(struct etoro_engine *e, struct etoro_client *c,
                       const struct etoro_pool_rule *rules, size_t nrules)
{
  struct etoro_secret *key = has_budget(rules, nrules) ? identity(c) : NULL;
  struct etoro_account *a = e->accounts;
  size_t i;
  if (etoro_engine_is_foreign(e))
    return ETORO_ECLOSED;
  prune_accounts(e);
  for (a = e->accounts; a; a = a->next)
    if (etoro_account_is(a, c->base.origin, key))
      break;
  if (!a) {
    int rc = etoro_account_new(&a, c->base.origin, key);
    if (rc)
      return rc;
    a->next = e->accounts;
    e->accounts = a;
  }
  a->refs++;
  c->account = a;
  for (i = 0; i < nrules; i++)
    if (!etoro_account_pool(a, &rules[i]))
      return ETORO_ENOMEM;
  if (c->base.is_https)
    e->may_signal = etoro_tls_may_signal();
  if (e->wire)
    etoro_wire_widen(e->wire, c->max_connections + ETORO_EXIT_CONNECTIONS);
  return ETORO_OK;
}
