#include "core/setup.h"

#include <string.h>

#define PATH_SHORT 256

/* A request with a body, or one whose method calls for a length of 0. */
static CURLcode set_upload(const struct etoro_job *j, CURL *easy)
{
  CURLcode rc = curl_easy_setopt(easy, CURLOPT_POST, 1L);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                          (curl_off_t)j->body_len);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, j->body ? j->body : "");
  return rc;
}

static CURLcode set_method(const struct etoro_job *j, CURL *easy)
{
  const char *m = j->method;
  const char *custom = m;
  CURLcode rc;
  int is_upload = j->body || etoro_method_has_length(m);
  if (is_upload)
    rc = set_upload(j, easy);
  else
    rc = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  if (!rc && !is_upload && !strcmp(m, "HEAD"))
    rc = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (!strcmp(m, is_upload ? "POST" : "GET") || !strcmp(m, "HEAD"))
    custom = NULL; /* what libcurl says by itself */
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom);
  return rc;
}

/* libcurl would parse a URL and write it out again for every request, at a
   seventh of its own cost; the origin's parts are at hand already. Escapes
   are left to it, because parts that are set get theirs in lower case. NULL
   when the URL is not of this kind; the parts then say nothing. */
static CURLU *take_apart(const struct etoro_job *j)
{
  CURLU *parts = j->handle->parts;
  const char *path = j->url + strlen(j->client->base.origin);
  const char *query = strchr(path, '?');
  char text[PATH_SHORT];
  size_t n = query ? (size_t)(query - path) : strlen(path);
  if (n >= sizeof text || strchr(path, '%'))
    return NULL;
  memcpy(text, path, n);
  text[n] = '\0';
  if (curl_url_set(parts, CURLUPART_PATH, text, 0)
      || curl_url_set(parts, CURLUPART_QUERY, query ? query + 1 : NULL, 0))
    return NULL;
  return parts;
}

/* Newer versions forget the text when parts are set, no parts too, and go by
   the parts as long as there are any; older ones look at both. So whichever
   counts is set last. */
static CURLcode give_url(struct etoro_job *j, CURL *easy)
{
  CURLU *parts = take_apart(j);
  CURLcode rc;
  if (!parts) {
    rc = curl_easy_setopt(easy, CURLOPT_CURLU, NULL);
    return rc ? rc : curl_easy_setopt(easy, CURLOPT_URL, j->url);
  }
  rc = curl_easy_setopt(easy, CURLOPT_URL, j->url);
  return rc ? rc : curl_easy_setopt(easy, CURLOPT_CURLU, parts);
}

/* Most requests of a handle ask for what its last one did. */
static CURLcode set_url(struct etoro_job *j, CURL *easy)
{
  struct etoro_handle *h = j->handle;
  size_t n = strlen(j->url) + 1;
  CURLcode rc;
  if (n <= sizeof h->url && !memcmp(h->url, j->url, n))
    return CURLE_OK;
  h->url[0] = '\0';
  rc = give_url(j, easy);
  if (!rc && n <= sizeof h->url)
    memcpy(h->url, j->url, n);
  return rc;
}

CURLcode etoro_setup_request(struct etoro_job *j)
{
  struct etoro_handle *h = j->handle;
  CURL *easy = h->easy;
  int is_get = !j->body && !strcmp(j->method, "GET");
  CURLcode rc = CURLE_OK;
  if (!is_get || !h->is_get) {
    h->is_get = 0;
    rc = set_method(j, easy);
    h->is_get = is_get && !rc;
  }
  if (!rc)
    rc = set_url(j, easy);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, j->lines);
  return rc;
}
