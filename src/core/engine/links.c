#include "core/engine/links.h"

#include <string.h>

#include "core/limits.h"
#include "core/status.h"

static void add(struct etoro_links *all, struct etoro_link *link)
{
  link->next = all->first;
  link->prev = NULL;
  if (all->first)
    all->first->prev = link;
  all->first = link;
  all->count++;
}

static void drop(struct etoro_links *all, struct etoro_link *link)
{
  if (link->prev)
    link->prev->next = link->next;
  else
    all->first = link->next;
  if (link->next)
    link->next->prev = link->prev;
  all->count--;
}

/* HTTP/1.1 alone, since what is sent is a request for an upgrade; a connection
   of its own, since it is given to nobody else. */
static CURLcode set_up(CURL *easy)
{
  CURLcode rc;
#define SET(option, value) \
  (rc = rc ? rc : curl_easy_setopt(easy, option, value))
  rc = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_FRESH_CONNECT, 1L);
  SET(CURLOPT_PIPEWAIT, 0L);
#undef SET
  return rc;
}

/* Gives the handle back without its libcurl half: whatever was set or read
   through that is nobody's any more. */
static void give_back(struct etoro_link *link)
{
  struct etoro_handle *h = link->handle;
  link->handle = NULL;
  curl_easy_cleanup(h->easy);
  h->easy = NULL;
  etoro_client_reuse(link->client, h);
}

int etoro_links_open(struct etoro_links *all, struct etoro_link *link,
                     struct etoro_client *c, CURLM *multi)
{
  struct etoro_handle *h;
  memset(link, 0, sizeof *link);
  link->fd = -1;
  if (all->count >= ETORO_LINKS_MAX)
    return ETORO_ETOOBIG;
  h = etoro_client_handle(c);
  if (!h)
    return ETORO_ENOMEM;
  link->client = c;
  link->handle = h;
  h->error[0] = '\0';
  if (etoro_client_renew_handle(c, h) || set_up(h->easy)
      || curl_multi_add_handle(multi, h->easy)) {
    give_back(link);
    return ETORO_ECURL;
  }
  add(all, link);
  return ETORO_OK;
}

void etoro_links_close(struct etoro_links *all, struct etoro_link *link,
                       CURLM *multi, struct etoro_poller *poller)
{
  if (!link->handle)
    return;
  if (link->is_up)
    etoro_links_heed(link, 0, poller); /* while the descriptor is open */
  drop(all, link);
  curl_multi_remove_handle(multi, link->handle->easy);
  give_back(link);
  link->is_up = 0;
  link->fd = -1;
}

int etoro_links_land(struct etoro_links *all, CURL *easy, CURLcode rc)
{
  struct etoro_link *link = all->first;
  curl_socket_t fd = CURL_SOCKET_BAD;
  while (link && link->handle->easy != easy)
    link = link->next;
  if (!link)
    return 0;
  if (!rc)
    rc = curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
  if (!rc && fd == CURL_SOCKET_BAD)
    rc = CURLE_COULDNT_CONNECT;
  link->rc = rc;
  link->has_failed = rc != CURLE_OK;
  link->is_up = !rc;
  link->fd = rc ? -1 : (int)fd;
  return 1;
}

int etoro_links_own(const struct etoro_links *all, int fd)
{
  const struct etoro_link *link;
  for (link = all->first; link; link = link->next)
    if (link->is_up && link->fd == fd)
      return 1;
  return 0;
}

int etoro_links_heed(struct etoro_link *link, int events,
                     struct etoro_poller *poller)
{
  if (!link->is_up || link->events == events)
    return ETORO_OK;
  link->events = events;
  return poller ? etoro_poller_watch(poller, link->fd, events) : ETORO_OK;
}

int etoro_links_watch(const struct etoro_links *all,
                      struct etoro_poller *poller)
{
  const struct etoro_link *link;
  int rc = ETORO_OK;
  for (link = all->first; link && !rc; link = link->next)
    if (link->is_up)
      rc = etoro_poller_watch(poller, link->fd, link->events);
  return rc;
}

unsigned etoro_links_fill(const struct etoro_links *all,
                          struct curl_waitfd *out)
{
  const struct etoro_link *link;
  unsigned n = 0;
  for (link = all->first; link; link = link->next) {
    if (!link->is_up || !link->events)
      continue;
    out[n].fd = link->fd;
    out[n].events =
        (short)((link->events & ETORO_POLL_IN ? CURL_WAIT_POLLIN : 0)
                | (link->events & ETORO_POLL_OUT ? CURL_WAIT_POLLOUT : 0));
    out[n++].revents = 0;
  }
  return n;
}

int etoro_link_send(struct etoro_link *link, const void *bytes, size_t n,
                    size_t *done)
{
  CURLcode rc = curl_easy_send(link->handle->easy, bytes, n, done);
  if (rc)
    *done = 0;
  return rc && rc != CURLE_AGAIN ? ETORO_EIO : ETORO_OK;
}

int etoro_link_recv(struct etoro_link *link, void *bytes, size_t n,
                    size_t *done)
{
  CURLcode rc = curl_easy_recv(link->handle->easy, bytes, n, done);
  if (rc)
    *done = 0;
  if (rc && rc != CURLE_AGAIN)
    return ETORO_EIO;
  return !rc && !*done ? ETORO_ECLOSED : ETORO_OK;
}
