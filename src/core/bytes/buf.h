/* Growing byte buffer with a ceiling. Not shared between threads. What is
   forgotten is overwritten, so that no secret stays behind, neither in freed
   memory nor behind len. */
#ifndef ETORO_BUF_H
#define ETORO_BUF_H

#include <stddef.h>

struct etoro_buf {
  char *data;   /* owned; NULL while empty; data[len] is '\0' otherwise */
  size_t len;   /* bytes in use */
  size_t cap;   /* bytes allocated */
  size_t max;   /* ceiling of len, fixed by etoro_buf_init */
};

/* Makes an empty buffer; allocates nothing. */
void etoro_buf_init(struct etoro_buf *b, size_t max);

/* Appends a copy of n bytes. ETORO_ETOOBIG or ETORO_ENOMEM leave b as it
   was. */
int etoro_buf_add(struct etoro_buf *b, const void *src, size_t n);

/* Appends a C string. Same codes as etoro_buf_add. */
int etoro_buf_puts(struct etoro_buf *b, const char *text);

/* Makes room for n bytes in all, so that they can be added without another
   allocation. Same codes as etoro_buf_add. */
int etoro_buf_reserve(struct etoro_buf *b, size_t n);

/* Forgets the content; keeps the memory up to keep bytes, frees it above. */
void etoro_buf_reset(struct etoro_buf *b, size_t keep);

/* Releases the memory; b is empty and usable again afterwards. */
void etoro_buf_free(struct etoro_buf *b);

/* Small blocks that are kept for later, overwritten: what request after
   request would else allocate and give back. Zeroed, it is empty. */
struct etoro_spares {
  struct etoro_spare *first;
  size_t count;
};

/* Gives a buffer without memory a block, if there is one. */
void etoro_spares_take(struct etoro_spares *s, struct etoro_buf *b);

/* etoro_buf_free, with the block kept where it is worth it. */
void etoro_spares_give(struct etoro_spares *s, struct etoro_buf *b);

void etoro_spares_free(struct etoro_spares *s);

#endif
