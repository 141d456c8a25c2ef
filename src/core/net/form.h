/* A body of type application/x-www-form-urlencoded, some of whose values are
   secret, in memory that is overwritten before it is released. */
#ifndef ETORO_FORM_H
#define ETORO_FORM_H

#include <stddef.h>

#include "core/bytes/buf.h"
#include "core/bytes/secret.h"
#include "core/limits.h"

#define ETORO_FORM_TYPE "application/x-www-form-urlencoded"

struct etoro_form {
  struct etoro_buf body;
  /* one holder each: what no log may show, also as encoded */
  struct etoro_secret *secrets[ETORO_FORM_SECRETS_MAX];
  size_t nsecrets;
};

/* Makes an empty form; allocates nothing. */
void etoro_form_init(struct etoro_form *f);

/* Adds a field. ETORO_ENOMEM, or ETORO_ETOOBIG: past one of the ceilings. f
   is fit for nothing but etoro_form_free then. */
int etoro_form_add(struct etoro_form *f, const char *name, const char *value,
                   size_t n);

/* The same for a secret, which the form keeps. */
int etoro_form_add_secret(struct etoro_form *f, const char *name,
                          struct etoro_secret *value);

/* Releases everything; f is empty and usable again afterwards. */
void etoro_form_free(struct etoro_form *f);

#endif
