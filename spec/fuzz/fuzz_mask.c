/* libFuzzer target: what must hold of masking whatever the bytes are. The first
   byte says how long the secret is that follows it; the rest is the text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/mask.h"
#include "core/status.h"

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char *copy_of(const void *bytes, size_t n)
{
  char *copy = malloc(n + !n);
  MUST(copy != NULL);
  if (n)
    memcpy(copy, bytes, n);
  return copy;
}

/* Bytes become asterisks or stay. */
static void only_masks(const char *before, const char *after, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++)
    MUST(after[i] == before[i] || after[i] == '*');
}

static int holds(const char *text, size_t n, const char *what, size_t len)
{
  size_t i;
  for (i = 0; i + len <= n; i++)
    if (!memcmp(text + i, what, len))
      return 1;
  return 0;
}

static void secrets_are_gone(const char *secret, size_t len, const char *text,
                             size_t n)
{
  struct etoro_secret *s;
  char *copy = copy_of(text, n);
  int would;
  MUST(etoro_secret_new(&s, secret, len) == ETORO_OK);
  would = etoro_mask_would(&s, 1, copy, n);
  MUST(!n || !memcmp(text, copy, n));
  etoro_mask_secrets(&s, 1, copy, n);
  MUST(would || !n || !memcmp(text, copy, n));
  only_masks(text, copy, n);
  if (len >= 8 && !memchr(secret, '*', len))
    MUST(!holds(copy, n, secret, len));
  etoro_secret_free(s);
  free(copy);
}

static void names_are_bounded(const char *text, size_t n,
                              enum etoro_mask_mode mode)
{
  char *copy = copy_of(text, n);
  int found = etoro_mask_named(copy, n, mode);
  only_masks(text, copy, n);
  MUST(found || !n || !memcmp(text, copy, n));
  if (mode == ETORO_MASK_JSON && !etoro_mask_may_hold(text, n))
    MUST(!n || !memcmp(text, copy, n));
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  char *secret, *text;
  size_t len;
  if (!n)
    return 0;
  len = data[0] < n ? data[0] : n - 1;
  secret = copy_of(data + 1, len);
  text = copy_of(data + 1 + len, n - 1 - len);
  secrets_are_gone(secret, len, text, n - 1 - len);
  names_are_bounded(text, n - 1 - len, ETORO_MASK_JSON);
  names_are_bounded(text, n - 1 - len, ETORO_MASK_TEXT);
  free(secret);
  free(text);
  return 0;
}
