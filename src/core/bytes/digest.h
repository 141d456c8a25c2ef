/* SHA-256 (FIPS 180-4) and the two alphabets of base64 (RFC 4648). What they
   work on may be secret: nothing of it stays behind. */
#ifndef ETORO_DIGEST_H
#define ETORO_DIGEST_H

#include <stddef.h>

#include "core/bytes/buf.h"

#define ETORO_SHA256_LEN 32

void etoro_sha256(unsigned char out[ETORO_SHA256_LEN], const void *bytes,
                  size_t n);

/* Appends n bytes as base64, padded. The codes of etoro_buf_add; on failure
   a part may have been appended. */
int etoro_base64(struct etoro_buf *out, const void *bytes, size_t n);

/* The same with the alphabet for URLs, not padded. */
int etoro_base64url(struct etoro_buf *out, const void *bytes, size_t n);

/* Appends what n characters of base64url, not padded, stand for. ETORO_ESYNTAX
   for anything else; otherwise as above. */
int etoro_base64url_decode(struct etoro_buf *out, const char *text, size_t n);

#endif
