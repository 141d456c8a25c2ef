/* SHA-1 (FIPS 180-4), which the WebSocket's handshake asks for. It proves
   nothing any more: nothing else may use it. */
#ifndef ETORO_SHA1_H
#define ETORO_SHA1_H

#include <stddef.h>

#define ETORO_SHA1_LEN 20

void etoro_sha1(unsigned char out[ETORO_SHA1_LEN], const void *bytes,
                size_t n);

#endif
