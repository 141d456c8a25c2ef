/* Which proxy a client's calls go through: found once, when the client is
   made, so that what was checked is what is used. */
#ifndef ETORO_PROXY_H
#define ETORO_PROXY_H

#include "core/net/uri.h"

#define ETORO_PROXY_NAME_MAX (ETORO_HOST_MAX + 16)

struct etoro_proxy {
  char *url;                       /* for libcurl; "" for none; owned */
  char name[ETORO_PROXY_NAME_MAX]; /* "host:port": all that may be shown */
  int is_https;                    /* it is spoken to over TLS itself */
  int is_socks;
};

/* Takes the proxy that was given, n bytes, none for none; for NULL the environment's, as
   curl reads it: https_proxy, all_proxy, and no_proxy, none for loopback.
   ETORO_EINVAL writes a sentence to why, without user name and password: its
   URL cannot be read, or would carry keys in the clear. out is to be freed
   whatever comes back. */
int etoro_proxy_choose(struct etoro_proxy *out, const char *given, size_t n,
                       const struct etoro_base *base,
                       char why[ETORO_PROXY_WHY_MAX]);

/* Takes the one that another client goes through. ETORO_OK or ETORO_ENOMEM. */
int etoro_proxy_copy(struct etoro_proxy *out, const struct etoro_proxy *from);

void etoro_proxy_free(struct etoro_proxy *p);

/* 1 when a list as in no_proxy names the host: "*", names with all below
   them, addresses, and networks such as 10.0.0.0/8. */
int etoro_proxy_is_exempt(const char *list, const char *host);

#endif
