/* The upgrade from HTTP/1.1 to a WebSocket (RFC 6455, section 4): the client's
   request, what the server must answer, and the judgement of its answer. */
#ifndef ETORO_WS_HANDSHAKE_H
#define ETORO_WS_HANDSHAKE_H

#include <stddef.h>

#include "core/bytes/buf.h"
#include "core/bytes/ids.h"

#define ETORO_WS_KEY_LEN 24    /* 16 random bytes as base64 */
#define ETORO_WS_ACCEPT_LEN 28 /* a SHA-1 as base64 */

/* Writes a key of 16 random bytes, and a '\0'. ETORO_OK, ETORO_ERANDOM or
   ETORO_ENOMEM. */
int etoro_ws_key(char out[ETORO_WS_KEY_LEN + 1], etoro_random_fn *random,
                 void *context);

/* Writes what a server answers to a key, and a '\0'. ETORO_OK or
   ETORO_ENOMEM. */
int etoro_ws_accept(char out[ETORO_WS_ACCEPT_LEN + 1], const char *key);

/* Appends the request. Offers no extension, so no compression, and no
   subprotocol. All texts are fit for a header line. */
int etoro_ws_request(struct etoro_buf *out, const char *host,
                     const char *target, const char *user_agent,
                     const char *key);

/* The length of the head that text begins with, its empty line included; 0
   while it is not whole. */
size_t etoro_ws_head_length(const char *text, size_t n);

/* ETORO_OK when a whole head is the answer to the key. Else ETORO_EINVAL:
   *why is a static sentence, *status the HTTP status, 0 when it is none. */
int etoro_ws_check(const char *head, size_t n, const char *key, int *status,
                   const char **why);

#endif
