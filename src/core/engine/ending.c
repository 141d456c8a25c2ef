#include "core/engine/ending.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/status.h"

#define CODE_TOO_LARGE ((CURLcode)100) /* CURLE_TOO_LARGE, since 8.6 */

/* Why a callback, or what stands before it, stopped a transfer. */
static enum etoro_code write_code(const struct etoro_job *j)
{
  if (j->write_status == ETORO_ETOOBIG)
    return ETORO_CODE_TOO_LARGE;
  if (j->write_status == ETORO_ENOMEM)
    return ETORO_CODE_OUT_OF_MEMORY;
  return ETORO_CODE_BAD_ENCODING; /* it is not packed as it says */
}

/* 1 when one header line does not end. Some libcurls call their own ceiling a
   lack of memory; then there is none. */
static int is_line_endless(struct etoro_job *j, CURLcode rc)
{
  static const char of_trailers[] = "Out of memory in chunked";
  void *block;
  if (!j->is_sent
      || (rc != CODE_TOO_LARGE && rc != CURLE_OUT_OF_MEMORY
          && strncmp(j->handle->error, of_trailers, sizeof of_trailers - 1)))
    return 0;
  /* A block of the size that libcurl could not have had: if it is there, there
     was memory enough. */
  block = malloc(ETORO_HEADER_LINE_ROOM);
  free(block);
  j->is_header_large = block != NULL;
  return block != NULL;
}

/* Told apart from a host that is not reached: nothing listens there, which
   mostly is a wrong port or a service that is down. */
static int is_refused(CURL *easy)
{
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  return error == ECONNREFUSED;
}

static enum etoro_code connect_code(CURL *easy)
{
  return is_refused(easy) ? ETORO_CODE_REFUSED : ETORO_CODE_CONNECT;
}

/* What a failure is called when libcurl's code alone does not say. */
static enum etoro_code stage_code(const struct etoro_job *j)
{
  if (!j->is_sent)
    return ETORO_CODE_CONNECT;
  return j->status ? ETORO_CODE_TRUNCATED : ETORO_CODE_LOST;
}

/* What a proxy answered when it was asked for a tunnel; 0: nothing. */
static long tunnel_answer(CURL *easy)
{
  long answer = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &answer);
  return answer;
}

/* 1 when a request did not leave because its proxy gave no way to the API,
   which has not been spoken to. */
static int is_proxy_at_fault(const struct etoro_job *j, CURL *easy,
                             CURLcode rc)
{
  const struct etoro_proxy *p = &j->client->proxy;
  /* Once the tunnel stands, what fails is between the API and us. */
  if (!*p->url || j->is_sent || tunnel_answer(easy) / 100 == 2)
    return 0;
  switch (rc) {
  case CURLE_OK:
  case CURLE_OUT_OF_MEMORY:
  case CURLE_SSL_CACERT_BADFILE:
    return 0;
  case CURLE_COULDNT_RESOLVE_HOST:
    return !p->is_socks; /* some have us look up the API's name */
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
    /* A proxy without TLS of its own hands on the API's: the certificate was
       the API's. */
    return p->is_https;
  default:
    return 1;
  }
}

/* In words of ours: libcurl's may repeat the proxy's URL. */
static void describe_proxy(struct etoro_job *j, CURL *easy, CURLcode rc)
{
  const char *words = curl_easy_strerror(rc);
  char answered[48];
  long answer = tunnel_answer(easy);
  if (answer >= 300) {
    snprintf(answered, sizeof answered, "it answered CONNECT with %ld",
             answer);
    words = answered;
  } else if (rc == CURLE_COULDNT_RESOLVE_PROXY
             || rc == CURLE_COULDNT_RESOLVE_HOST)
    words = "no address found for it";
  else if (rc == CURLE_OPERATION_TIMEDOUT)
    words = "it did not answer in time";
  else if (rc == CURLE_PEER_FAILED_VERIFICATION)
    words = "its certificate is not to be trusted";
  else if (rc == CURLE_COULDNT_CONNECT && is_refused(easy))
    words = "it refused the connection";
  snprintf(j->detail, sizeof j->detail, "proxy %.*s: %s",
           ETORO_PROXY_NAME_SHOWN, j->client->proxy.name, words);
}

/* For a deadline of ours, which ends a transfer that libcurl has no result of
   yet. */
int etoro_ending_waits_for_proxy(struct etoro_job *j)
{
  CURL *easy = j->handle ? j->handle->easy : NULL;
  if (!easy || !is_proxy_at_fault(j, easy, CURLE_OPERATION_TIMEDOUT))
    return 0;
  describe_proxy(j, easy, CURLE_OPERATION_TIMEDOUT);
  return 1;
}

static enum etoro_code code_of(struct etoro_job *j, CURL *easy, CURLcode rc)
{
  if (is_line_endless(j, rc))
    return ETORO_CODE_TOO_LARGE;
  if (is_proxy_at_fault(j, easy, rc))
    return ETORO_CODE_PROXY;
  switch (rc) {
  case CURLE_OK:
    return ETORO_CODE_NONE;
  case CURLE_COULDNT_RESOLVE_HOST:
    return ETORO_CODE_DNS;
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_PROXY:
    return ETORO_CODE_PROXY;
  case CURLE_COULDNT_CONNECT:
    return connect_code(easy);
  case CURLE_OPERATION_TIMEDOUT:
    /* What was sent may have been carried out, what was not cannot. */
    return j->is_sent ? ETORO_CODE_TIMEOUT : ETORO_CODE_CONNECT_TIMEOUT;
  case CURLE_PEER_FAILED_VERIFICATION:
    return ETORO_CODE_CERTIFICATE;
  case CURLE_SSL_CACERT_BADFILE:
    return ETORO_CODE_CA_FILE;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
    return ETORO_CODE_HANDSHAKE;
  case CURLE_WRITE_ERROR:
    return write_code(j);
  case CURLE_PARTIAL_FILE:
    return ETORO_CODE_TRUNCATED;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_UNSUPPORTED_PROTOCOL:
    return ETORO_CODE_PROTOCOL;
  case CURLE_OUT_OF_MEMORY:
    return ETORO_CODE_OUT_OF_MEMORY;
  default:
    return stage_code(j);
  }
}

static double seconds_of(CURL *easy, CURLINFO info)
{
  curl_off_t us = 0;
  curl_easy_getinfo(easy, info, &us);
  return (double)us / 1e6;
}

/* Read for events alone: five questions for each attempt that nobody would
   look at. */
static void read_timing(struct etoro_job *j, CURL *easy)
{
  j->timing.name = seconds_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
  j->timing.connect = seconds_of(easy, CURLINFO_CONNECT_TIME_T);
  j->timing.tls = seconds_of(easy, CURLINFO_APPCONNECT_TIME_T);
  j->timing.first_byte = seconds_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
  j->timing.total = seconds_of(easy, CURLINFO_TOTAL_TIME_T);
}

static void read_version(struct etoro_job *j, CURL *easy)
{
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  j->http_version = version == CURL_HTTP_VERSION_2_0   ? 20
                    : version == CURL_HTTP_VERSION_1_1 ? 11
                    : version == CURL_HTTP_VERSION_1_0 ? 10
                                                       : 0;
  /* Over plain http it is always 1.1. What was spoken last says how many
     requests may be under way at once: see etoro_client_room. */
  if (j->http_version && j->client->base.is_https)
    j->client->speaks_h1 = j->http_version != 20;
}

/* What is said beside the code. */
static void describe(struct etoro_job *j, CURL *easy, CURLcode rc)
{
  const char *words = j->handle->error;
  if (j->code == ETORO_CODE_PROXY)
    describe_proxy(j, easy, rc);
  else if (j->is_header_large)
    snprintf(j->detail, sizeof j->detail, "%s",
             j->header_bytes > ETORO_REPLY_HEADERS_MAX
                 ? "its lines do not end"
                 : "one line does not end");
  else if (rc && j->code != ETORO_CODE_TOO_LARGE) {
    size_t n;
    if (rc == CURLE_ABORTED_BY_CALLBACK) /* see on_request of wire.c */
      words = "it was kept from an earlier request";
    else if (!*words || strchr(words, '@')) /* none that may hold a login */
      words = curl_easy_strerror(rc);
    /* Cut rather than refused: any text that ends here is better than none. */
    n = strlen(words);
    if (n >= sizeof j->detail)
      n = sizeof j->detail - 1;
    memcpy(j->detail, words, n);
    j->detail[n] = '\0';
  }
}

void etoro_ending_read(struct etoro_job *j, CURL *easy, CURLcode rc)
{
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  j->status = status < 200 ? 0 : (int)status;
  /* libcurl calls an answer complete that ends amid its headers */
  if (!rc && (status < 200 || !j->is_headed))
    rc = status < 200 ? CURLE_GOT_NOTHING : CURLE_PARTIAL_FILE;
  if (!rc && j->unpack && !etoro_unpack_is_whole(j->unpack))
    rc = CURLE_PARTIAL_FILE; /* whatever came out of it so far */
  /* Not kept until the next attempt: a job that waits for a retry would hold a
     window of 32 KB or more. */
  etoro_unpack_free(j->unpack);
  j->unpack = NULL;
  j->code = code_of(j, easy, rc);
  read_version(j, easy);
  if (j->client->wants_events)
    read_timing(j, easy);
  describe(j, easy, rc);
}

enum etoro_code etoro_ending_link(struct etoro_link *link,
                                  char detail[ETORO_DETAIL_MAX])
{
  struct etoro_job j; /* one that was never sent */
  memset(&j, 0, sizeof j);
  j.client = link->client;
  j.handle = link->handle;
  j.code = code_of(&j, link->handle->easy, link->rc);
  describe(&j, link->handle->easy, link->rc);
  memcpy(detail, j.detail, ETORO_DETAIL_MAX);
  return j.code;
}
