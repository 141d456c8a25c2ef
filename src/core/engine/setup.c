#include "core/engine/setup.h"

#include <string.h>

/* A request with a body, or one whose method calls for a length of 0. */
/* The body is not copied: the job has it for as long as the handle may read
   it. An empty one needs a text all the same, as without one libcurl would
   read from stdin. */
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

/* CURLOPT_CUSTOMREQUEST changes the word alone; how libcurl behaves, with a
   body or without, goes by the option that is set before it. */
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

CURLcode etoro_setup_request(struct etoro_job *j)
{
  struct etoro_handle *h = j->handle;
  CURL *easy = h->easy;
  int is_get = !j->body && !strcmp(j->method, "GET");
  CURLcode rc = CURLE_OK;
  /* One GET after the other is the common case: nothing to set then. is_get is
     taken back first, as a method that was set half fits no request. */
  if (!is_get || !h->is_get) {
    h->is_get = 0;
    rc = set_method(j, easy);
    h->is_get = is_get && !rc;
  }
  if (!rc) /* the handle has the URL up to there */
    rc = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET,
                          j->url + strlen(j->client->base.origin));
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, j->lines);
  return rc;
}
