#include "core/bytes/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes/secret.h"
#include "core/limits.h"
#include "core/status.h"

/* Nothing that was added stands behind len or in a block that was given back:
   what shortens or moves a buffer overwrites what it leaves; only growth above
   ETORO_BUF_WIPED_MAX is realloc's. */

void etoro_buf_init(struct etoro_buf *b, size_t max)
{
  b->data = NULL;
  b->len = 0;
  b->cap = 0;
  b->max = max < SIZE_MAX ? max : SIZE_MAX - 1; /* room for the '\0' */
}

static int move(struct etoro_buf *b, size_t cap)
{
  int is_large = b->cap >= ETORO_BUF_WIPED_MAX;
  char *data = is_large ? realloc(b->data, cap) : malloc(cap);
  if (!data)
    return ETORO_ENOMEM;
  if (b->data && !is_large) {
    memcpy(data, b->data, b->len);
    etoro_wipe(b->data, b->len);
    free(b->data);
  }
  data[b->len] = '\0';
  b->data = data;
  b->cap = cap;
  return ETORO_OK;
}

/* Makes room for extra bytes and a '\0' behind the present ones. */
static int grow(struct etoro_buf *b, size_t extra)
{
  size_t cap, least;
  if (extra > b->max - b->len)
    return ETORO_ETOOBIG;
  least = b->len + extra + 1;
  if (least <= b->cap)
    return ETORO_OK;
  /* Doubled, so that adding byte by byte stays linear, and never past the
     ceiling. */
  cap = b->cap <= b->max / 2 ? b->cap * 2 : b->max + 1;
  if (cap < ETORO_BUF_FIRST)
    cap = ETORO_BUF_FIRST;
  return move(b, cap < least ? least : cap);
}

int etoro_buf_add(struct etoro_buf *b, const void *src, size_t n)
{
  int rc;
  if (!n)
    return ETORO_OK;
  rc = grow(b, n);
  if (rc)
    return rc;
  memcpy(b->data + b->len, src, n);
  b->len += n;
  b->data[b->len] = '\0';
  return ETORO_OK;
}

int etoro_buf_puts(struct etoro_buf *b, const char *text)
{
  return etoro_buf_add(b, text, strlen(text));
}

int etoro_buf_reserve(struct etoro_buf *b, size_t n)
{
  if (n > b->max)
    return ETORO_ETOOBIG;
  /* Not n <= cap: the zero behind them needs a byte, too. */
  if (n < b->cap)
    return ETORO_OK;
  return move(b, n + 1);
}

void etoro_buf_reset(struct etoro_buf *b, size_t keep)
{
  if (b->cap > keep) {
    etoro_buf_free(b);
    return;
  }
  etoro_wipe(b->data, b->len);
  b->len = 0;
}

void etoro_buf_free(struct etoro_buf *b)
{
  etoro_wipe(b->data, b->len);
  free(b->data);
  b->data = NULL;
  b->len = 0;
  b->cap = 0;
}

/* At the start of a block that is kept. */
struct etoro_spare {
  struct etoro_spare *next;
  size_t cap;
};

void etoro_spares_take(struct etoro_spares *s, struct etoro_buf *b)
{
  struct etoro_spare *spare = s->first;
  /* A block larger than the buffer's ceiling would let it grow past it. */
  if (!spare || b->data || spare->cap > b->max)
    return;
  s->first = spare->next;
  s->count--;
  b->cap = spare->cap;
  b->len = 0;
  b->data = (char *)spare;
  b->data[0] = '\0';
}

void etoro_spares_give(struct etoro_spares *s, struct etoro_buf *b)
{
  struct etoro_spare *spare;
  if (!b->data || b->cap < sizeof *spare || b->cap > ETORO_SPARE_SIZE_MAX
      || s->count >= ETORO_SPARES_MAX) {
    etoro_buf_free(b);
    return;
  }
  /* Before it can be anybody else's, and before its first bytes are the
     link. */
  etoro_wipe(b->data, b->len);
  spare = (struct etoro_spare *)(void *)b->data;
  spare->cap = b->cap;
  spare->next = s->first;
  s->first = spare;
  s->count++;
  etoro_buf_init(b, b->max);
}

void etoro_spares_free(struct etoro_spares *s)
{
  while (s->first) {
    struct etoro_spare *spare = s->first;
    s->first = spare->next;
    free(spare);
  }
  s->count = 0;
}
