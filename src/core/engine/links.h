/* Connections that libcurl opens, proxy and certificates as for requests, and
   then leaves to others: CONNECT_ONLY. They stay in the engine's multi, but
   are waited for by the engine. */
#ifndef ETORO_LINKS_H
#define ETORO_LINKS_H

#include <curl/curl.h>

#include "core/engine/client.h"
#include "core/net/poller.h"

struct etoro_link {
  struct etoro_link *next, *prev;
  struct etoro_client *client;  /* whose way it goes; not held */
  struct etoro_handle *handle;  /* NULL: not open */
  int fd;                       /* when it is up; else -1 */
  int events;                   /* ETORO_POLL_ flags that are waited for */
  int is_up;
  int has_failed;
  CURLcode rc;                  /* why */
};

struct etoro_links {
  struct etoro_link *first;
  long count;
};

/* Begins to connect. ETORO_OK, ETORO_ENOMEM, ETORO_ECURL; ETORO_ETOOBIG: there
   are ETORO_LINKS_MAX. */
int etoro_links_open(struct etoro_links *all, struct etoro_link *link,
                     struct etoro_client *c, CURLM *multi);

/* Ends it at once. The poller, if any, forgets it. */
void etoro_links_close(struct etoro_links *all, struct etoro_link *link,
                       CURLM *multi, struct etoro_poller *poller);

/* A transfer of the multi's is over: 1 when it is a link's, which is up now or
   has failed. */
int etoro_links_land(struct etoro_links *all, CURL *easy, CURLcode rc);

/* 1 when a descriptor is that of one which is up. */
int etoro_links_own(const struct etoro_links *all, int fd);

/* Says what a link waits for from now on. */
int etoro_links_heed(struct etoro_link *link, int events,
                     struct etoro_poller *poller);

/* Has a poller watch them all. */
int etoro_links_watch(const struct etoro_links *all,
                      struct etoro_poller *poller);

/* Writes what curl_multi_poll is to wait for; at most ETORO_LINKS_MAX. */
unsigned etoro_links_fill(const struct etoro_links *all,
                          struct curl_waitfd *out);

/* Moves bytes without waiting; *done is 0 when it would have to wait. ETORO_OK,
   ETORO_ECLOSED at the stream's end, ETORO_EIO. */
int etoro_link_send(struct etoro_link *link, const void *bytes, size_t n,
                    size_t *done);
int etoro_link_recv(struct etoro_link *link, void *bytes, size_t n,
                    size_t *done);

#endif
