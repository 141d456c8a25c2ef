/* Packed answers, unpacked as they come in. libcurl could do it, but does not
   see where a packed stream ends: one that breaks off is a short text to it,
   or an empty one. Only what this build can unpack is offered to servers. */
#ifndef ETORO_UNPACK_H
#define ETORO_UNPACK_H

#include <stddef.h>

#include "core/bytes/buf.h"

struct etoro_unpack;

/* The encodings as Accept-Encoding lists them; "identity" when there are
   none. */
const char *etoro_unpack_offer(void);

/* Makes what unpacks an encoding, by the value of Content-Encoding. *out is
   NULL for one that packs nothing. ETORO_EINVAL: it is none of ours. */
int etoro_unpack_open(struct etoro_unpack **out, const char *name, size_t n);

/* Takes bytes in and adds what they hold to out. ETORO_ESYNTAX: they are not
   packed like that, or stand behind the end; else the codes of
   etoro_buf_add. */
int etoro_unpack_add(struct etoro_unpack *u, const void *bytes, size_t n,
                     struct etoro_buf *out);

/* 1 when the stream has come to its end, and what it holds is what was packed
   as far as its checksum says. */
int etoro_unpack_is_whole(const struct etoro_unpack *u);

void etoro_unpack_free(struct etoro_unpack *u); /* takes NULL */

#endif
