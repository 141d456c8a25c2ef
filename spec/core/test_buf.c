#include "core/bytes/buf.h"

#include <stdint.h>

#include "check.h"
#include "core/limits.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static void appends(void)
{
  struct etoro_buf b;
  etoro_buf_init(&b, 100);
  CHECK(b.data == NULL && b.len == 0);
  CHECK(etoro_buf_add(&b, NULL, 0) == ETORO_OK);
  CHECK(b.data == NULL);
  CHECK(etoro_buf_add(&b, "a\0b", 3) == ETORO_OK);
  CHECK(etoro_buf_puts(&b, "cd") == ETORO_OK);
  CHECK(b.len == 5 && memcmp(b.data, "a\0bcd", 6) == 0);
  etoro_buf_free(&b);
  CHECK(b.data == NULL && b.len == 0 && b.cap == 0 && b.max == 100);
  CHECK(etoro_buf_puts(&b, "again") == ETORO_OK);
  CHECK_TEXT("again", b.data, b.len);
  etoro_buf_free(&b);
  etoro_buf_free(&b);
}

static void keeps_its_ceiling(void)
{
  struct etoro_buf b;
  size_t max;
  for (max = 0; max < 200; max++) {
    size_t i;
    etoro_buf_init(&b, max);
    for (i = 0; i < max; i++)
      CHECK(etoro_buf_add(&b, "x", 1) == ETORO_OK);
    CHECK(etoro_buf_add(&b, "y", 1) == ETORO_ETOOBIG);
    CHECK(etoro_buf_add(&b, "y", SIZE_MAX) == ETORO_ETOOBIG);
    CHECK(etoro_buf_reserve(&b, max) == ETORO_OK);
    CHECK(etoro_buf_reserve(&b, max + 1) == ETORO_ETOOBIG);
    CHECK(b.len == max && (!b.data || strlen(b.data) == max));
    etoro_buf_free(&b);
  }
  etoro_buf_init(&b, SIZE_MAX);
  CHECK(etoro_buf_puts(&b, "x") == ETORO_OK);
  CHECK(etoro_buf_add(&b, "y", SIZE_MAX - 1) == ETORO_ETOOBIG);
  CHECK(etoro_buf_reserve(&b, SIZE_MAX) == ETORO_ETOOBIG);
  CHECK_TEXT("x", b.data, b.len);
  etoro_buf_free(&b);
}

static void reserves_once(void)
{
  struct etoro_buf b;
  const char *place;
  int i;
  etoro_buf_init(&b, 5000);
  CHECK(etoro_buf_reserve(&b, 1000) == ETORO_OK);
  CHECK(b.len == 0 && b.data && b.data[0] == '\0');
  place = b.data;
  for (i = 0; i < 1000; i++)
    CHECK(etoro_buf_add(&b, "z", 1) == ETORO_OK);
  CHECK(b.data == place);
  etoro_buf_free(&b);
}

static void grows_over_the_wiped_size(void)
{
  struct etoro_buf b;
  char block[1000];
  size_t i;
  etoro_buf_init(&b, 2000000);
  for (i = 0; i < 2000; i++) {
    memset(block, (int)('a' + i % 26), sizeof block);
    CHECK(etoro_buf_add(&b, block, sizeof block) == ETORO_OK);
  }
  CHECK(b.len == 2000000 && b.data[b.len] == '\0');
  CHECK(etoro_buf_add(&b, "x", 1) == ETORO_ETOOBIG);
  for (i = 0; i < b.len; i++)
    CHECK(b.data[i] == (char)('a' + i / 1000 % 26));
  etoro_buf_free(&b);
}

/* Nothing that was added stands in the block any more. */
static void is_clean(const struct etoro_buf *b)
{
  size_t i;
  for (i = 0; i < b->cap; i++)
    CHECK(b->data[i] == '\0');
}

static void resets_and_wipes(void)
{
  struct etoro_buf b;
  size_t cap;
  etoro_buf_init(&b, 5000);
  etoro_buf_reset(&b, 0);
  CHECK(b.data == NULL);
  CHECK(etoro_buf_reserve(&b, 50) == ETORO_OK);
  memset(b.data, 0, b.cap);
  CHECK(etoro_buf_puts(&b, "a canary that is long enough") == ETORO_OK);
  cap = b.cap;
  etoro_buf_reset(&b, cap);
  CHECK(b.len == 0 && b.cap == cap);
  is_clean(&b);
  CHECK(etoro_buf_puts(&b, "another canary") == ETORO_OK);
  etoro_buf_reset(&b, cap);
  is_clean(&b);
  etoro_buf_reset(&b, cap - 1);
  CHECK(b.data == NULL && b.cap == 0);
}

static void keeps_spares(void)
{
  struct etoro_spares s = { NULL, 0 };
  struct etoro_buf b, small;
  char *block;
  size_t i, cap;
  etoro_buf_init(&b, 5000);
  etoro_spares_take(&s, &b);
  CHECK(b.data == NULL);
  etoro_spares_give(&s, &b); /* nothing to give */
  CHECK(s.count == 0);
  CHECK(etoro_buf_reserve(&b, 500) == ETORO_OK);
  memset(b.data, 0, b.cap);
  CHECK(etoro_buf_puts(&b, "a canary that is long enough to be seen") == 0);
  block = b.data;
  cap = b.cap;
  etoro_spares_give(&s, &b);
  CHECK(s.count == 1 && b.data == NULL && b.len == 0 && b.cap == 0);
  etoro_buf_init(&small, 100); /* less than the block holds */
  etoro_spares_take(&s, &small);
  CHECK(small.data == NULL && s.count == 1);
  etoro_spares_take(&s, &b);
  CHECK(b.data == block && b.cap == cap && b.len == 0 && s.count == 0);
  CHECK(b.data[0] == '\0');
  for (i = sizeof(void *) + sizeof(size_t); i < cap; i++)
    CHECK(b.data[i] == '\0');
  etoro_spares_take(&s, &b); /* keeps what it has */
  CHECK(b.data == block);
  CHECK(etoro_buf_reserve(&b, 5000) == ETORO_OK);
  etoro_spares_give(&s, &b);
  CHECK(s.count == 1);
  etoro_buf_init(&b, 100000);
  CHECK(etoro_buf_reserve(&b, 100000) == ETORO_OK);
  etoro_spares_give(&s, &b); /* too large to be kept */
  CHECK(s.count == 1 && b.data == NULL);
  for (i = 0; i < 1000; i++) {
    etoro_buf_init(&b, 5000);
    CHECK(etoro_buf_puts(&b, "x") == ETORO_OK);
    etoro_spares_give(&s, &b);
  }
  CHECK(s.count < 1000);
  etoro_spares_free(&s);
  CHECK(s.first == NULL && s.count == 0);
}

/* At ETORO_SPARE_SIZE_MAX and ETORO_SPARES_MAX, and one past them. */
static void keeps_so_many_spares(void)
{
  struct etoro_spares s = { NULL, 0 };
  struct etoro_buf b;
  size_t n;
  for (n = 0; n < 2; n++) {
    etoro_buf_init(&b, 100000);
    CHECK(etoro_buf_reserve(&b, 8191 + n) == ETORO_OK);
    CHECK(b.cap == 8192 + n);
    etoro_spares_give(&s, &b);
    CHECK(s.count == 1);
  }
  for (n = 1; n < 66; n++) {
    etoro_buf_init(&b, 5000);
    CHECK(etoro_buf_puts(&b, "x") == ETORO_OK);
    CHECK(b.cap == ETORO_BUF_FIRST);
    etoro_spares_give(&s, &b);
    CHECK(s.count == (n < 64 ? n + 1 : 64));
  }
  etoro_spares_free(&s);
}

static void failed_growth(int may_fail)
{
  struct etoro_buf b;
  char block[100000];
  size_t i, added = 0;
  memset(block, 'q', sizeof block);
  etoro_buf_init(&b, 10000000);
  for (i = 1; i <= sizeof block; i *= 10) {
    size_t before = b.len;
    int rc = etoro_buf_add(&b, block, i);
    CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
    added += rc == ETORO_OK ? i : 0;
    CHECK(b.len == (rc == ETORO_OK ? before + i : before));
    rc = etoro_buf_reserve(&b, i * 7);
    CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
    CHECK(b.len == added && (!b.data || strlen(b.data) == added));
  }
  etoro_buf_free(&b);
}

int main(void)
{
  appends();
  keeps_its_ceiling();
  reserves_once();
  grows_over_the_wiped_size();
  resets_and_wipes();
  keeps_spares();
  keeps_so_many_spares();
  fail_each_step(failed_growth);
  return 0;
}
