/* Which certificates are trusted. Debian's libcurl parses the whole CA
   bundle anew for each connection (19 ms); a folder of hashed links costs a
   twentieth of that, and a bundle without a folder beside it is cached. */
#ifndef ETORO_TLS_H
#define ETORO_TLS_H

#include <curl/curl.h>

#include "core/limits.h"

struct etoro_tls {
  /* "" for none; at most one of the two is set */
  char file[ETORO_CA_PATH_MAX];
  char folder[ETORO_CA_PATH_MAX];
};

/* Chooses: the user's own file (NULL for none), else libcurl's folder when
   it holds hashed links and the TLS library can use it, else libcurl's
   bundle. Both empty: libcurl's own defaults. ETORO_EIO: ca_file cannot be
   read. */
int etoro_tls_choose(struct etoro_tls *out, const char *ca_file);

/* 1 when libcurl may raise SIGPIPE as it writes to a TLS connection: before
   7.87 the TLS library wrote to the socket by itself, and of the versions that
   do it for the library these two were looked at. */
int etoro_tls_may_signal(void);

/* How to ask the TLS library what it holds. */
struct etoro_tls_look {
  int (*openssl)(const void *session);    /* NULL: it is not there */
  size_t (*gnutls)(const void *session);
};

/* Finds those of the libraries that libcurl has loaded. */
void etoro_tls_find_look(struct etoro_tls_look *out);

/* 1 when bytes that were taken off the socket of a transfer's connection wait
   in its TLS session, where no look at the socket finds them, or when that
   cannot be told. For use in a callback. */
int etoro_tls_holds_input(const struct etoro_tls_look *look, CURL *easy);

/* Sets the choice on a handle. */
CURLcode etoro_tls_apply(const struct etoro_tls *t, CURL *easy);

#endif
