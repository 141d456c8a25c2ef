#include "core/net/unpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef ETORO_WITH_ZLIB
#include <zlib.h>
#endif
#ifdef ETORO_WITH_BROTLI
#include <brotli/decode.h>
#endif

#include "core/bytes/ascii.h"
#include "core/bytes/secret.h"
#include "core/limits.h"
#include "core/status.h"

enum kind {
  KIND_GZIP,
  KIND_DEFLATE,
  KIND_BROTLI
};

struct etoro_unpack {
  enum kind kind;
  int is_open;       /* the library's state is made */
  int is_whole;
  unsigned char head[2]; /* of a deflate stream, until its form is known */
  size_t nhead;
#ifdef ETORO_WITH_ZLIB
  z_stream z;
#endif
#ifdef ETORO_WITH_BROTLI
  BrotliDecoderState *br;
#endif
  unsigned char piece[ETORO_UNPACK_PIECE];
};

/* Ours and not libcurl's: it does not say that a packed stream broke off, and a
   list that lacks its end can be read like one that has it. */
const char *etoro_unpack_offer(void)
{
#if defined ETORO_WITH_ZLIB && defined ETORO_WITH_BROTLI
  return "gzip, deflate, br";
#elif defined ETORO_WITH_ZLIB
  return "gzip, deflate";
#elif defined ETORO_WITH_BROTLI
  return "br";
#else
  return "identity";
#endif
}

static int is_name(const char *name, size_t n, const char *lower)
{
  size_t i;
  if (n != strlen(lower))
    return 0;
  for (i = 0; i < n; i++)
    if (etoro_lower(name[i]) != lower[i])
      return 0;
  return 1;
}

#if defined ETORO_WITH_ZLIB || defined ETORO_WITH_BROTLI

/* The libraries' windows hold what was unpacked, tokens among it: they are
   overwritten at the end, for which each block begins with its size. */
union block {
  size_t size;
  max_align_t align;
};

static void *take_block(void *context, size_t n)
{
  union block *b;
  (void)context;
  if (n > SIZE_MAX - sizeof *b)
    return NULL;
  b = malloc(sizeof *b + n);
  if (!b)
    return NULL;
  b->size = n;
  return b + 1;
}

static void give_block(void *context, void *bytes)
{
  union block *b = bytes;
  (void)context;
  if (!b)
    return;
  b--;
  etoro_wipe(b + 1, b->size);
  free(b);
}

#endif

#ifdef ETORO_WITH_ZLIB

static void *take_items(void *context, unsigned count, unsigned size)
{
  return take_block(context, (size_t)count * size);
}

/* window_bits as zlib has it: 15 and a form. */
static int start_zlib(struct etoro_unpack *u, int window_bits)
{
  u->z.zalloc = take_items;
  u->z.zfree = give_block;
  u->is_open = inflateInit2(&u->z, window_bits) == Z_OK;
  return u->is_open ? ETORO_OK : ETORO_ENOMEM;
}

/* A piece at a time, each bounded by the buffer's own ceiling: a few packed bytes
   may stand for any number. */
static int inflate_on(struct etoro_unpack *u, const unsigned char *bytes,
                      size_t n, struct etoro_buf *out)
{
  int rc = ETORO_OK, z;
  u->z.next_in = (unsigned char *)(uintptr_t)bytes; /* read only */
  u->z.avail_in = (unsigned)n;
  do {
    if (u->is_whole) { /* a gzip file may have further members */
      if (u->kind != KIND_GZIP || *u->z.next_in != 0x1f
          || inflateReset(&u->z) != Z_OK)
        return ETORO_ESYNTAX;
      u->is_whole = 0;
    }
    u->z.next_out = u->piece;
    u->z.avail_out = ETORO_UNPACK_PIECE;
    z = inflate(&u->z, Z_NO_FLUSH);
    u->is_whole = z == Z_STREAM_END;
    if (z == Z_MEM_ERROR)
      return ETORO_ENOMEM;
    if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
      return ETORO_ESYNTAX;
    rc = etoro_buf_add(out, u->piece, ETORO_UNPACK_PIECE - u->z.avail_out);
  } while (!rc && (u->z.avail_in || (!u->z.avail_out && !u->is_whole)));
  return rc;
}

/* "deflate" is a zlib stream, and to some servers one without its frame. */
static int is_framed(const unsigned char *head)
{
  return (head[0] & 0x0f) == 8 && (head[0] * 256 + head[1]) % 31 == 0;
}

/* Which of the two it is shows in two bytes, and the network may cut between
   them: they are kept until both are there. */
static int inflate_either(struct etoro_unpack *u, const unsigned char *bytes,
                          size_t n, struct etoro_buf *out)
{
  int rc = ETORO_OK;
  while (u->nhead < 2 && n) {
    u->head[u->nhead++] = *bytes++;
    n--;
  }
  if (u->nhead < 2)
    return ETORO_OK;
  if (!u->is_open) {
    rc = start_zlib(u, is_framed(u->head) ? 15 : -15);
    if (!rc)
      rc = inflate_on(u, u->head, 2, out);
  }
  return rc || !n ? rc : inflate_on(u, bytes, n, out);
}

#endif

#ifdef ETORO_WITH_BROTLI

/* A host that is short of memory is told so, and not that the server is broken. */
static int is_memory(BrotliDecoderErrorCode code)
{
  return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
         && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

/* Brotli knows its end, and nothing may stand behind it. */
static int unbrotli(struct etoro_unpack *u, const unsigned char *bytes,
                    size_t n, struct etoro_buf *out)
{
  BrotliDecoderResult state;
  int rc = ETORO_OK;
  if (u->is_whole)
    return ETORO_ESYNTAX;
  do {
    unsigned char *to = u->piece;
    size_t room = ETORO_UNPACK_PIECE;
    state = BrotliDecoderDecompressStream(u->br, &n, &bytes, &room, &to, NULL);
    if (state == BROTLI_DECODER_RESULT_ERROR)
      return is_memory(BrotliDecoderGetErrorCode(u->br)) ? ETORO_ENOMEM
                                                         : ETORO_ESYNTAX;
    rc = etoro_buf_add(out, u->piece, ETORO_UNPACK_PIECE - room);
  } while (!rc && state == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
  u->is_whole = state == BROTLI_DECODER_RESULT_SUCCESS;
  return !rc && u->is_whole && n ? ETORO_ESYNTAX : rc;
}

#endif

static int start(struct etoro_unpack *u)
{
  switch (u->kind) {
#ifdef ETORO_WITH_ZLIB
  case KIND_GZIP:
    return start_zlib(u, 15 + 16);
  case KIND_DEFLATE:
    return ETORO_OK; /* its first bytes tell how */
#endif
#ifdef ETORO_WITH_BROTLI
  case KIND_BROTLI:
    u->br = BrotliDecoderCreateInstance(take_block, give_block, NULL);
    u->is_open = u->br != NULL;
    return u->br ? ETORO_OK : ETORO_ENOMEM;
#endif
  default:
    return ETORO_EINVAL;
  }
}

/* Packings on top of each other, which the header could list, are nothing that
   the API sends: they are refused like one that nobody knows. */
int etoro_unpack_open(struct etoro_unpack **out, const char *name, size_t n)
{
  enum kind kind;
  int rc;
  *out = NULL;
  if (!n || is_name(name, n, "identity"))
    return ETORO_OK;
  if (is_name(name, n, "gzip") || is_name(name, n, "x-gzip"))
    kind = KIND_GZIP;
  else if (is_name(name, n, "deflate"))
    kind = KIND_DEFLATE;
  else if (is_name(name, n, "br"))
    kind = KIND_BROTLI;
  else
    return ETORO_EINVAL;
  *out = calloc(1, sizeof **out);
  if (!*out)
    return ETORO_ENOMEM;
  (*out)->kind = kind;
  rc = start(*out);
  if (rc) {
    etoro_unpack_free(*out);
    *out = NULL;
  }
  return rc;
}

int etoro_unpack_add(struct etoro_unpack *u, const void *bytes, size_t n,
                     struct etoro_buf *out)
{
  if (!n)
    return ETORO_OK;
  switch (u->kind) {
#ifdef ETORO_WITH_ZLIB
  case KIND_GZIP:
    return inflate_on(u, bytes, n, out);
  case KIND_DEFLATE:
    return inflate_either(u, bytes, n, out);
#endif
#ifdef ETORO_WITH_BROTLI
  case KIND_BROTLI:
    return unbrotli(u, bytes, n, out);
#endif
  default:
    (void)bytes;
    (void)out;
    return ETORO_EINVAL;
  }
}

/* To be asked when the answer is over: bytes that ran out look like an end. */
int etoro_unpack_is_whole(const struct etoro_unpack *u)
{
  return u->is_whole;
}

/* What was in the piece may be a token: all of it is overwritten. */
void etoro_unpack_free(struct etoro_unpack *u)
{
  if (!u)
    return;
#ifdef ETORO_WITH_ZLIB
  if (u->is_open && u->kind != KIND_BROTLI)
    inflateEnd(&u->z);
#endif
#ifdef ETORO_WITH_BROTLI
  if (u->br)
    BrotliDecoderDestroyInstance(u->br);
#endif
  etoro_wipe(u, sizeof *u);
  free(u);
}
