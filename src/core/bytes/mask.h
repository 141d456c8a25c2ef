/* Overwriting secrets in text that is about to be shown. Every byte that goes
   is replaced by an asterisk, so JSON stays JSON. */
#ifndef ETORO_MASK_H
#define ETORO_MASK_H

#include <stddef.h>

#include "core/bytes/secret.h"

/* Overwrites every occurrence of the secrets in n bytes: as they are, with any
   of their characters escaped as JSON, a URL or HTML may escape them, also more
   than once, and the start of one where the text is cut. A secret of less than
   8 bytes stays, since it would blank out plain words. NULL in the list is
   none. */
void etoro_mask_secrets(struct etoro_secret *const *list, size_t count,
                        char *bytes, size_t n);

/* 1 when etoro_mask_secrets would overwrite anything; leaves the bytes as they
   are. */
int etoro_mask_would(struct etoro_secret *const *list, size_t count,
                     char *bytes, size_t n);

enum etoro_mask_mode {
  ETORO_MASK_JSON, /* the inside of a JSON string that holds JSON: names and
                      texts in quotes, which are escaped once or more */
  ETORO_MASK_TEXT  /* also forms, XML and what else an error may hold */
};

/* Overwrites the values behind the names of secrets in n bytes. Gives 1 when
   there was one. */
int etoro_mask_named(char *bytes, size_t n, enum etoro_mask_mode mode);

/* 0 when etoro_mask_named with ETORO_MASK_JSON is sure to find nothing. */
int etoro_mask_may_hold(const char *bytes, size_t n);

#endif
