#include "core/net/unpack.h"

#include <stdlib.h>

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static const char text[] = "{\"id\":9007199254740993}";

static const unsigned char gzip[] = {
  0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab,
  0x56, 0xca, 0x4c, 0x51, 0xb2, 0xb2, 0x34, 0x30, 0x30, 0x37, 0xb4,
  0xb4, 0x34, 0x32, 0x35, 0x31, 0x37, 0x31, 0xb0, 0xb4, 0x34, 0xae,
  0x05, 0x00, 0xfe, 0xbb, 0x11, 0xa2, 0x17, 0x00, 0x00, 0x00,
};

static const unsigned char zlib[] = {
  0x78, 0xda, 0xab, 0x56, 0xca, 0x4c, 0x51, 0xb2, 0xb2, 0x34, 0x30,
  0x30, 0x37, 0xb4, 0xb4, 0x34, 0x32, 0x35, 0x31, 0x37, 0x31, 0xb0,
  0xb4, 0x34, 0xae, 0x05, 0x00, 0x44, 0xda, 0x05, 0x92,
};

static const unsigned char raw[] = {
  0xab, 0x56, 0xca, 0x4c, 0x51, 0xb2, 0xb2, 0x34, 0x30, 0x30, 0x37, 0xb4, 0xb4,
  0x34, 0x32, 0x35, 0x31, 0x37, 0x31, 0xb0, 0xb4, 0x34, 0xae, 0x05, 0x00,
};

static const unsigned char bomb[] = {
  0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31,
  0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xda, 0x8b, 0x6f, 0x06, 0x7f, 0xa0, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0xd7, 0x00,
  0x72, 0x02, 0xbf, 0x51, 0x40, 0x0d, 0x03, 0x00,
};

/* a stream of one block that is not packed */
static const unsigned char brotli[] =
    "\x0b\x0b\x80{\"id\":9007199254740993}\x03";

struct stream {
  const char *name;
  const unsigned char *bytes;
  size_t n;
};

static const struct stream streams[] = {
  { "gzip", gzip, sizeof gzip },       { "X-GZip", gzip, sizeof gzip },
  { "deflate", zlib, sizeof zlib },    { "Deflate", raw, sizeof raw },
  { "br", brotli, sizeof brotli - 1 },
};

#define STREAMS (sizeof streams / sizeof streams[0])

/* Builds may lack a library; then its encodings are neither offered nor
   taken. */
static int is_offered(const struct stream *s)
{
  return strstr(etoro_unpack_offer(), *s->name == 'b' ? "br" : "gzip, deflate")
         != NULL;
}

/* Feeds n bytes, step at a time; gives the first code that is none. */
static int feed(const char *name, const unsigned char *bytes, size_t n,
                size_t step, size_t most, struct etoro_buf *out, int *is_whole)
{
  struct etoro_unpack *u;
  int rc = etoro_unpack_open(&u, name, strlen(name));
  size_t at;
  etoro_buf_init(out, most);
  *is_whole = 0;
  if (rc)
    return rc;
  for (at = 0; !rc && at < n; at += step)
    rc = etoro_unpack_add(u, bytes + at, n - at < step ? n - at : step, out);
  *is_whole = etoro_unpack_is_whole(u);
  etoro_unpack_free(u);
  return rc;
}

static void unpacks(void)
{
  static const size_t steps[] = { 1, 2, 3, 7, 1000 };
  size_t i, k, n;
  for (i = 0; i < STREAMS; i++)
    for (k = 0; k < sizeof steps / sizeof steps[0]; k++) {
      const struct stream *s = &streams[i];
      struct etoro_buf out;
      int is_whole, rc;
      if (!is_offered(s)) {
        CHECK(feed(s->name, s->bytes, s->n, 1, 100, &out, &is_whole)
              == ETORO_EINVAL);
        continue;
      }
      /* cut anywhere it is not whole, whatever came out of it */
      for (n = 0; n <= s->n; n++) {
        rc = feed(s->name, s->bytes, n, steps[k], 100, &out, &is_whole);
        CHECK(rc == ETORO_OK && is_whole == (n == s->n));
        CHECK(out.len <= strlen(text)
              && (!out.len || !memcmp(out.data, text, out.len)));
        if (n == s->n)
          CHECK_TEXT(text, out.data, out.len);
        etoro_buf_free(&out);
      }
    }
}

static void refuses(void)
{
  unsigned char bytes[200];
  struct etoro_buf out;
  struct etoro_unpack *u;
  int is_whole, rc;
  size_t i, n;
  for (i = 0; i < STREAMS; i++) {
    const struct stream *s = &streams[i];
    if (!is_offered(s))
      continue;
    memcpy(bytes, s->bytes, s->n);
    bytes[s->n] = 'x';
    for (n = 1; n <= s->n + 1; n += s->n) { /* garbage behind the end */
      rc = feed(s->name, bytes, s->n + 1, n, 100, &out, &is_whole);
      CHECK(rc == ETORO_ESYNTAX);
      etoro_buf_free(&out);
    }
    /* no text but the right one is ever whole under a checksum */
    for (n = 0; s->bytes != raw && s->bytes != brotli && n < 8 * s->n; n++) {
      memcpy(bytes, s->bytes, s->n);
      bytes[n / 8] ^= (unsigned char)(1u << n % 8);
      rc = feed(s->name, bytes, s->n, 1000, 1000, &out, &is_whole);
      CHECK(rc || !is_whole
            || (out.len == strlen(text) && !memcmp(out.data, text, out.len)));
      etoro_buf_free(&out);
    }
    rc = feed(s->name, s->bytes, s->n, 1000, 5, &out, &is_whole);
    CHECK(rc == ETORO_ETOOBIG);
    etoro_buf_free(&out);
  }
  CHECK(etoro_unpack_open(&u, "zstd", 4) == ETORO_EINVAL && !u);
  CHECK(etoro_unpack_open(&u, "gzip, br", 8) == ETORO_EINVAL && !u);
  CHECK(etoro_unpack_open(&u, "gzi", 3) == ETORO_EINVAL && !u);
  CHECK(etoro_unpack_open(&u, "Identity", 8) == ETORO_OK && !u);
  CHECK(etoro_unpack_open(&u, "", 0) == ETORO_OK && !u);
  etoro_unpack_free(NULL);
}

/* A file of several members is one text; a bomb stops at the ceiling. */
static void reads_gzip_files(void)
{
  unsigned char twice[2 * sizeof gzip];
  struct etoro_buf out;
  int is_whole;
  if (!is_offered(&streams[0]))
    return;
  memcpy(twice, gzip, sizeof gzip);
  memcpy(twice + sizeof gzip, gzip, sizeof gzip);
  CHECK(feed("gzip", twice, sizeof twice, 9, 1000, &out, &is_whole)
        == ETORO_OK);
  CHECK(is_whole && out.len == 2 * strlen(text));
  etoro_buf_free(&out);
  CHECK(feed("gzip", twice, sizeof twice - 1, 9, 1000, &out, &is_whole)
        == ETORO_OK);
  CHECK(!is_whole);
  etoro_buf_free(&out);
  CHECK(feed("gzip", bomb, sizeof bomb, 1000, 200000, &out, &is_whole)
        == ETORO_OK);
  CHECK(is_whole && out.len == 200000);
  etoro_buf_free(&out);
  CHECK(feed("gzip", bomb, sizeof bomb, 1000, 199999, &out, &is_whole)
        == ETORO_ETOOBIG);
  CHECK(out.len < 200000);
  etoro_buf_free(&out);
}

static void without_memory(int may_fail)
{
  size_t i;
  for (i = 0; i < STREAMS; i++) {
    const struct stream *s = &streams[i];
    struct etoro_buf out;
    int is_whole, rc;
    if (!is_offered(s))
      continue;
    rc = feed(s->name, s->bytes, s->n, 1000, 100, &out, &is_whole);
    CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
    CHECK(is_whole || rc);
    etoro_buf_free(&out);
  }
}

int main(void)
{
  unpacks();
  refuses();
  reads_gzip_files();
  fail_each_step(without_memory);
  return 0;
}
