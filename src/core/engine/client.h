/* One set of keys at one base URL, with the limits that go with it: what all
   requests of a client share. Belongs to an engine; reference counted, since
   requests outlive the moment a user lets go of the client. */
#ifndef ETORO_CLIENT_H
#define ETORO_CLIENT_H

#include <curl/curl.h>

#include "core/engine/credentials.h"
#include "core/net/proxy.h"
#include "core/engine/quota.h"
#include "core/engine/retry.h"
#include "core/net/tls.h"
#include "core/net/uri.h"
#include "core/limits.h"

struct etoro_job;
struct etoro_wire;

struct etoro_client_options {
  const char *base_url;
  struct etoro_identity who;      /* its secrets are kept by the client */
  int is_renewable;               /* the bearer comes from a function */
  const char *ca_file;            /* NULL: the system's store */
  const char *proxy;              /* NULL: the environment's, "": none */
  size_t proxy_len;
  const char *user_agent;
  double connect_timeout;         /* seconds */
  long max_connections;
  size_t max_body;                /* ceiling of a decoded body, bytes */
  int wants_events;
  int is_demo;                    /* no write on a trading path but demo's */
  int is_dry;                     /* nothing is written at all */
  struct etoro_client *parent;    /* whose halt holds for it too; or NULL */
  struct etoro_client *keys_of;   /* whose api_key, proxy and certificates it
                                     has instead of its own; or NULL */
};

/* An easy handle with everything set that does not change from request to
   request. */
struct etoro_handle {
  struct etoro_handle *next;      /* in the client's list of idle ones */
  CURL *easy;
  struct etoro_job *job;          /* whose attempt it carries */
  struct etoro_wire *wire;        /* that carries it; owned by the engine */
  int fd;                         /* the socket it goes over; -1: not known */
  int is_spoilt;                  /* the connection it got is not ours */
  int is_fresh;                   /* it takes no connection that was kept */
  int is_worn;                    /* an answer may have come through it */
  int is_spent;                   /* one of HTTP/1 has */
  int is_wired;                   /* the wire's callbacks are set */
  int is_get;                     /* its method is set to a plain GET */
  CURLU *origin;                  /* the URL of all its requests */
  char error[CURL_ERROR_SIZE];
};

struct etoro_client {
  unsigned refs;
  struct etoro_base base;
  struct etoro_tls tls;
  struct etoro_credentials *credentials; /* NULL until a bearer is there */
  struct etoro_credentials *previous; /* which answers may still repeat */
  double expires_at;       /* monotonic; 0 when not known */
  unsigned version;        /* counts the credentials that were set */
  int is_renewable;
  int is_refused;          /* the bearer met a 401; a new one is needed */
  int is_closed;
  int wants_events;
  unsigned waiting;        /* calls that wait for a bearer token */
  int is_demo;
  int is_dry;
  int is_halted;
  struct etoro_client *parent; /* one holder, or NULL */
  struct etoro_account *account; /* whose budgets it draws on; one holder */
  struct etoro_proxy proxy;
  char *user_agent;
  double connect_timeout;
  long max_connections;
  size_t max_body;
  int in_flight;
  int speaks_h1;           /* an https answer came over HTTP/1.1 */
  struct etoro_retry_bucket resends;
  int spends_handles;      /* none may read a second answer of HTTP/1 */
  struct etoro_handle *idle;
  int nidle;
  struct etoro_spares spares;  /* for what its requests bring back */
};

#define ETORO_CLIENT_WHY_MAX ETORO_PROXY_WHY_MAX

/* Makes a client; why is a sentence when ETORO_EINVAL or ETORO_EIO comes
   back, else "". now is the engine's clock. */
int etoro_client_new(struct etoro_client **out,
                     const struct etoro_client_options *options, double now,
                     char why[ETORO_CLIENT_WHY_MAX]);
struct etoro_client *etoro_client_keep(struct etoro_client *c);
void etoro_client_free(struct etoro_client *c); /* takes NULL */

/* Replaces the bearer; expires_at is on the engine's clock, 0 for unknown.
   ETORO_EINVAL: the token is empty or holds a control character. */
int etoro_client_renew(struct etoro_client *c, struct etoro_secret *bearer,
                       double expires_at);

/* Overwrites the client's own secrets in n bytes with asterisks. */
void etoro_client_mask(const struct etoro_client *c, char *bytes, size_t n);

/* 1 while it, or a client that it was made from, is halted. */
int etoro_client_is_halted(const struct etoro_client *c);

/* An idle handle or a new one; NULL without memory. */
struct etoro_handle *etoro_client_handle(struct etoro_client *c);

/* Takes a handle back. It must not be in a multi any more, and belong to no
   job. */
void etoro_client_reuse(struct etoro_client *c, struct etoro_handle *h);

/* Gives a handle that is in no multi a new beginning, as if nothing had been
   set or read. ETORO_OK or ETORO_ENOMEM. */
int etoro_client_renew_handle(const struct etoro_client *c,
                              struct etoro_handle *h);

/* 1 while a bearer has to be asked for before anything can be signed. */
int etoro_client_lacks_token(const struct etoro_client *c, double now);

/* How many requests may be on the wire at once. */
int etoro_client_room(const struct etoro_client *c);

#endif
