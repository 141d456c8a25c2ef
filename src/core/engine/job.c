#include "core/engine/job.h"

#include <stdlib.h>
#include <string.h>

#include "core/bytes/mask.h"
#include "core/net/headers.h"
#include "core/status.h"

static const char id_name[] = "x-request-id: ";

int etoro_method_has_length(const char *method)
{
  return !strcmp(method, "POST") || !strcmp(method, "PUT")
         || !strcmp(method, "PATCH");
}

/* What the caller gives goes out as it is: a line break in it would begin a
   header, or a request, of its own. */
static const char *refuse(const struct etoro_request *r)
{
  size_t i;
  if (!etoro_header_name_valid(r->method, strlen(r->method)))
    return "the method is not a token";
  if (!etoro_target_valid(r->target, strlen(r->target)))
    return "the path must start with one slash and be percent-encoded";
  if (r->request_id && !etoro_uuid_valid(r->request_id, strlen(r->request_id)))
    return "request_id must be a UUID";
  for (i = 0; i < r->nheaders; i++)
    if (!etoro_header_value_valid(r->headers[i], strlen(r->headers[i])))
      return "a header holds a line break or another control character";
  if (r->content_type
      && !etoro_header_value_valid(r->content_type, strlen(r->content_type)))
    return "the content type holds a control character";
  return NULL;
}

/* Where the copies go, all in one block. */
struct layout {
  char *at;
};

/* Copies text to the next free place. block_size has counted its room, and the
   zero behind it. */
static char *place(struct layout *l, const char *text, size_t n)
{
  char *start = l->at;
  memcpy(start, text, n);
  start[n] = '\0';
  l->at += n + 1;
  return start;
}

static char *place_text(struct layout *l, const char *text)
{
  return place(l, text, strlen(text));
}

/* Bytes behind the job for all that it copies: one allocation for a request,
   which cannot fail half-way. */
static size_t block_size(const struct etoro_client *c,
                         const struct etoro_request *r)
{
  size_t i;
  size_t n = strlen(r->method) + strlen(r->target) + strlen(c->base.origin)
             + strlen(c->base.path) + 3;
  n += sizeof id_name + ETORO_UUID_LEN;
  /* Two more than the caller's: the request id and the content type. */
  n += (r->nheaders + 2) * sizeof(struct curl_slist);
  n += r->nsecrets * sizeof r->secrets[0];
  for (i = 0; i < r->nheaders; i++)
    n += strlen(r->headers[i]) + 1;
  for (i = 0; i < r->nfinals; i++)
    n += strlen(r->finals[i]) + 1;
  n += 1;
  if (r->content_type)
    n += strlen(r->content_type) + sizeof "Content-Type: ";
  return n + (r->body ? r->body_len + 1 : 0);
}

/* One string for the whole URL: rails look at its path, libcurl sends what is
   behind the origin, credentials go by its beginning. */
static void place_url(struct etoro_job *j, struct layout *l,
                      const char *target)
{
  const struct etoro_base *base = &j->client->base;
  size_t origin = strlen(base->origin);
  size_t path = strlen(base->path);
  char *url = l->at;
  memcpy(url, base->origin, origin);
  memcpy(url + origin, base->path, path);
  memcpy(url + origin + path, target, strlen(target) + 1);
  j->url = url;
  j->target = url + origin + path;
  l->at += origin + path + strlen(target) + 1;
}

/* The request id first, then what the caller added. */
static void place_lines(struct etoro_job *j, struct layout *l,
                        const struct etoro_request *r)
{
  size_t i;
  char *line = l->at;
  memcpy(line, id_name, sizeof id_name - 1);
  memcpy(line + sizeof id_name - 1, j->request_id, ETORO_UUID_LEN + 1);
  l->at += sizeof id_name + ETORO_UUID_LEN;
  j->lines[0].data = line;
  /* Its place is first because the last one is linked to the credentials'
     lines, which other requests share. */
  j->nlines = 1;
  for (i = 0; i < r->nheaders; i++)
    j->lines[j->nlines++].data = place_text(l, r->headers[i]);
  if (r->body && r->content_type) {
    j->lines[j->nlines++].data = l->at;
    memcpy(l->at, "Content-Type: ", 14);
    l->at += 14;
    place_text(l, r->content_type);
  }
  for (i = 1; i < j->nlines; i++)
    j->lines[i - 1].next = &j->lines[i];
  j->lines[j->nlines - 1].next = NULL;
}

/* Fills the block: what must be aligned first. */
static void place_all(struct etoro_job *j, const struct etoro_request *r)
{
  struct layout l;
  size_t i;
  j->lines = (struct curl_slist *)(void *)(j + 1);
  j->secrets = (struct etoro_secret **)(void *)(j->lines + r->nheaders + 2);
  for (i = 0; i < r->nsecrets; i++)
    j->secrets[j->nsecrets++] = etoro_secret_keep(r->secrets[i]);
  l.at = (char *)(j->secrets + r->nsecrets);
  j->method = place_text(&l, r->method);
  place_url(j, &l, r->target);
  place_lines(j, &l, r);
  j->finals = l.at;
  for (i = 0; i < r->nfinals; i++)
    place_text(&l, r->finals[i]);
  *l.at++ = '\0';
  if (!r->body && etoro_method_has_length(r->method))
    j->body_kind = ETORO_BODY_EMPTY;
  if (r->body) {
    j->body = place(&l, r->body, r->body_len);
    j->body_len = r->body_len;
    j->body_kind = r->content_type ? ETORO_BODY_OTHER : ETORO_BODY_JSON;
  }
}

/* One that is given is an idempotency key: the same request went out under it
   before. */
static int choose_id(struct etoro_job *j, const char *given,
                     etoro_random_fn *random, void *random_context)
{
  unsigned char bytes[16];
  int rc;
  if (given) {
    /* Its length was looked at by refuse. */
    memcpy(j->request_id, given, sizeof j->request_id);
    return ETORO_OK;
  }
  rc = random(random_context, bytes, sizeof bytes);
  if (!rc)
    etoro_uuid_format(j->request_id, bytes);
  return rc;
}

static int make_intent(struct etoro_job *j, const struct etoro_request *r,
                       const char **why)
{
  int rc;
  /* Made here and started by the engine: only a job that there is can have an
     intent on disk. */
  if (!r->intent)
    return ETORO_OK;
  rc = etoro_entry_new(&j->intent, r->journal, r->intent, r->intent_len);
  if (rc == ETORO_EINVAL)
    *why = "the intent is not one line";
  return rc;
}

static void copy_rules(struct etoro_job *j, const struct etoro_request *r,
                       double now)
{
  j->klass = r->klass;
  j->priority = r->priority;
  j->is_write = r->is_write;
  j->timeout = r->timeout;
  /* From the moment of the call: time in the queue counts. */
  j->deadline_at = now + r->deadline;
  j->max_retries = r->max_retries;
  j->is_urgent = r->is_urgent || r->priority == ETORO_PRIORITY_EXIT;
  j->started_at = now;
}

int etoro_job_new(struct etoro_job **out, struct etoro_client *client,
                  const struct etoro_request *request, double now,
                  etoro_random_fn *random, void *random_context,
                  const char **why)
{
  int rc;
  struct etoro_job *j;
  *out = NULL;
  *why = refuse(request);
  if (*why)
    return ETORO_EINVAL;
  j = malloc(sizeof *j + block_size(client, request));
  if (!j)
    return ETORO_ENOMEM;
  memset(j, 0, sizeof *j);
  j->refs = 1;
  j->client = etoro_client_keep(client);
  etoro_buf_init(&j->headers, ETORO_REPLY_HEADERS_MAX);
  etoro_buf_init(&j->reply, client->max_body);
  rc = choose_id(j, request->request_id, random, random_context);
  if (!rc)
    rc = make_intent(j, request, why);
  if (rc) {
    etoro_job_free(j);
    return rc;
  }
  place_all(j, request);
  copy_rules(j, request, now);
  *out = j;
  return ETORO_OK;
}

struct etoro_job *etoro_job_keep(struct etoro_job *j)
{
  j->refs++;
  return j;
}

/* The blocks of the reply go to the client, and so before its holder. */
void etoro_job_free(struct etoro_job *j)
{
  if (!j || --j->refs)
    return;
  etoro_entry_free(j->intent);
  etoro_credentials_free(j->credentials);
  etoro_spares_give(&j->client->spares, &j->headers);
  etoro_unpack_free(j->unpack);
  etoro_job_drop_reply(j);
  etoro_client_free(j->client);
  while (j->nsecrets)
    etoro_secret_free(j->secrets[--j->nsecrets]);
  /* A form or a body may hold a token; the rest of the block is no secret. */
  etoro_wipe(j->body, j->body_len);
  free(j);
}

int etoro_job_unpack(struct etoro_job *j, const char *bytes, size_t n)
{
  const char *name = "";
  size_t len;
  int rc;
  /* By the last Content-Encoding that came: headers are complete when the body
     begins. */
  if (!j->unpack) {
    if (!etoro_headers_find(j->headers.data, j->headers.len,
                            "content-encoding", &name, &len))
      len = 0;
    rc = etoro_unpack_open(&j->unpack, name, len);
    if (rc)
      return rc;
    j->is_packed = j->unpack != NULL;
  }
  return j->unpack ? etoro_unpack_add(j->unpack, bytes, n, &j->reply)
                   : etoro_buf_add(&j->reply, bytes, n);
}

void etoro_job_drop_reply(struct etoro_job *j)
{
  etoro_spares_give(&j->client->spares, &j->reply);
}

#define SETS_MAX 3

/* The sets of credentials that an answer may repeat: the one that it was signed
   with, and those that came in while it was under way. Gives how many. */
static size_t known_sets(const struct etoro_job *j,
                         const struct etoro_credentials *sets[SETS_MAX])
{
  const struct etoro_client *c = j->client;
  size_t n = 0;
  if (j->credentials)
    sets[n++] = j->credentials;
  if (c->credentials && c->credentials != j->credentials)
    sets[n++] = c->credentials;
  if (c->previous && c->previous != j->credentials)
    sets[n++] = c->previous;
  return n;
}

/* All sets, as a server or a proxy may repeat any that it has seen. */
void etoro_job_mask(const struct etoro_job *j, char *bytes, size_t n)
{
  const struct etoro_credentials *sets[SETS_MAX];
  size_t i, count = known_sets(j, sets);
  for (i = 0; i < count; i++)
    etoro_credentials_mask(sets[i], bytes, n);
  if (j->nsecrets)
    etoro_mask_secrets(j->secrets, j->nsecrets, bytes, n);
}

int etoro_job_is_repeated(const struct etoro_job *j, char *bytes, size_t n)
{
  const struct etoro_credentials *sets[SETS_MAX];
  size_t i, count = known_sets(j, sets);
  for (i = 0; i < count; i++)
    if (etoro_credentials_would_mask(sets[i], bytes, n))
      return 1;
  return j->nsecrets && etoro_mask_would(j->secrets, j->nsecrets, bytes, n);
}

void etoro_job_mask_headers(struct etoro_job *j)
{
  /* When they are asked for, and once: most answers' headers are never
     read. */
  if (j->headers.len && !j->is_masked)
    etoro_job_mask(j, j->headers.data, j->headers.len);
  j->is_masked = 1;
}

/* memmem, which not all systems have. */
static int holds(const struct etoro_buf *b, const char *text)
{
  size_t n = strlen(text);
  const char *at = b->data;
  size_t left = b->len;
  while (left >= n) {
    const char *hit = memchr(at, *text, left - n + 1);
    if (!hit)
      return 0;
    if (!memcmp(hit, text, n))
      return 1;
    left -= (size_t)(hit - at) + 1;
    at = hit + 1;
  }
  return 0;
}

/* By their bytes and not as a field of JSON: a code that stands anywhere in a
   429 is enough to stop asking, and to ask once less does no harm. */
int etoro_job_is_final(const struct etoro_job *j)
{
  const char *code;
  for (code = j->finals; *code; code += strlen(code) + 1)
    if (holds(&j->reply, code))
      return 1;
  return 0;
}
