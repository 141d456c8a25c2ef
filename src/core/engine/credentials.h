/* Who is calling, as the header lines that say so. One set is made per
   credential and origin, and shared by all requests that carry it: the lines
   lie in wiped memory and are never copied by us. Reference counted, one
   thread only. */
#ifndef ETORO_CREDENTIALS_H
#define ETORO_CREDENTIALS_H

#include <curl/curl.h>

#include "core/bytes/buf.h"
#include "core/bytes/secret.h"
#include "core/net/uri.h"

struct etoro_credentials;

enum etoro_body_kind {
  ETORO_BODY_NONE,   /* no body and no length either: GET, DELETE */
  ETORO_BODY_EMPTY,  /* a length of 0, and no Content-Type */
  ETORO_BODY_JSON,   /* Content-Type: application/json */
  ETORO_BODY_OTHER   /* the request brings its own Content-Type */
};

/* One of three families, or none: both keys, a bearer, or an OAuth client's
   id with its secret for HTTP Basic. The rest is NULL. */
struct etoro_identity {
  struct etoro_secret *api_key;
  struct etoro_secret *user_key;
  struct etoro_secret *bearer;
  const char *client_id;
  struct etoro_secret *client_secret;
};

/* Keeps the secrets it is given, copies the rest. ETORO_EINVAL: a secret is
   empty, it or user_agent holds a control character or a line break,
   user_agent is longer than ETORO_USER_AGENT_MAX, half of a pair is missing,
   or more than one family is given. */
int etoro_credentials_new(struct etoro_credentials **out, const char *origin,
                          const char *user_agent,
                          const struct etoro_identity *who);
struct etoro_credentials *etoro_credentials_keep(struct etoro_credentials *c);
void etoro_credentials_free(struct etoro_credentials *c); /* takes NULL */

/* The list that a request's own headers are put in front of; NULL when url
   is not of the origin that the set was made for. Lives as long as c. */
struct curl_slist *etoro_credentials_lines(struct etoro_credentials *c,
                                           const char *url,
                                           enum etoro_body_kind kind);

/* The secrets as they were given; NULL where there is none. */
struct etoro_secret *etoro_credentials_api_key(struct etoro_credentials *c);
struct etoro_secret *etoro_credentials_user_key(struct etoro_credentials *c);
struct etoro_secret *etoro_credentials_bearer(struct etoro_credentials *c);

/* Overwrites every occurrence of a secret in n bytes with asterisks: a proxy
   may echo a request's headers in its error page. */
void etoro_credentials_mask(const struct etoro_credentials *c, char *bytes,
                            size_t n);

/* 1 when that would overwrite anything; leaves the bytes as they are. */
int etoro_credentials_would_mask(const struct etoro_credentials *c,
                                 char *bytes, size_t n);

#endif
