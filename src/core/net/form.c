#include "core/net/form.h"

#include <string.h>

#include "core/status.h"
#include "core/net/uri.h"

/* The buffer overwrites what it lets go of, also when it grows: the body holds
   the secrets in the clear. */
void etoro_form_init(struct etoro_form *f)
{
  etoro_buf_init(&f->body, ETORO_FORM_MAX);
  f->nsecrets = 0;
}

/* Encoded as for a query: servers of OAuth read a plus as a blank in a form, so
   that both have to go out as their bytes' numbers. */
int etoro_form_add(struct etoro_form *f, const char *name, const char *value,
                   size_t n)
{
  int rc = f->body.len ? etoro_buf_puts(&f->body, "&") : ETORO_OK;
  if (!rc)
    rc = etoro_uri_encode(&f->body, name, strlen(name), ETORO_URI_QUERY);
  if (!rc)
    rc = etoro_buf_puts(&f->body, "=");
  if (!rc)
    rc = etoro_uri_encode(&f->body, value, n, ETORO_URI_QUERY);
  return rc;
}

/* A server's answer may repeat a secret as it is or as it was sent. Masks look
   for both, so that the encoded one is kept as a secret of its own where it
   differs. Each that is kept belongs to the form from then on, also when a
   later step fails. */
int etoro_form_add_secret(struct etoro_form *f, const char *name,
                          struct etoro_secret *value)
{
  size_t n = etoro_secret_len(value);
  size_t start;
  int rc;
  if (f->nsecrets + 2 > ETORO_FORM_SECRETS_MAX)
    return ETORO_ETOOBIG; /* before the body has what no mask would know */
  rc = etoro_form_add(f, name, "", 0);
  if (rc)
    return rc;
  start = f->body.len;
  rc =
      etoro_uri_encode(&f->body, etoro_secret_data(value), n, ETORO_URI_QUERY);
  if (rc)
    return rc;
  f->secrets[f->nsecrets++] = etoro_secret_keep(value);
  if (f->body.len - start == n) /* encoding only ever makes it longer */
    return ETORO_OK;
  rc = etoro_secret_new(&f->secrets[f->nsecrets], f->body.data + start,
                        f->body.len - start);
  if (!rc)
    f->nsecrets++;
  return rc;
}

void etoro_form_free(struct etoro_form *f)
{
  while (f->nsecrets)
    etoro_secret_free(f->secrets[--f->nsecrets]);
  etoro_buf_free(&f->body);
}
