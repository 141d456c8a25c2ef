/* Whether an answer is the API's own word that it did nothing. */
#ifndef ETORO_REFUSAL_H
#define ETORO_REFUSAL_H

#include <stddef.h>

/* 1 when the n bytes are one whole JSON object of the shape in which the API
   itself refuses: {"errorCode": "...", ...}, or {"success": false, "error":
   {"code": "...", ...}, ...}, with a code that is a text and not empty. A page,
   a proxy's own object, an empty or a cut answer is none: who wrote it may not
   know what the API has done. */
int etoro_refusal_is_api(const char *text, size_t n);

#endif
