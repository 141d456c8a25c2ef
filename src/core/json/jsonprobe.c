#include "core/json/jsonprobe.h"

#include <stdint.h>
#include <string.h>

#include "core/json/jsonlex.h"
#include "core/json/jsonnum.h"
#include "core/bytes/secretname.h"

/* Nothing is to be changed in most answers. To find what is, the scan walks
   from string to string, since it has to know what is inside of one. The probe
   answers a smaller question: can the scan be left out? For that it need not
   know where strings begin. It looks for the few patterns of bytes without
   which there is nothing to change, sixteen places at once, and only then at
   what stands around a place that has one:

     e?" and e?\   the end of a secret's name (secretname.h: all names end in
                   e and one more letter), and its quote, plain or escaped
     \u            an escape: of a letter of such a name, of a mark's \u0000,
                   or half a pair
     0e0           an exponent; the number may be beyond a double
     8 digits      half a block that is digits all over: only then can a word
                   be as long as a number must be that a double would spoil
     nu            null, which the decoder above has to hear of
     []            an empty list

   All rules err on the same side. To scan a text for nothing costs some time,
   to leave out a scan that was needed would show a key or change a number: so
   what cannot be decided here (a word too long, an escape at the end) is left
   to the scan. */

#define BLOCK 16
#define HALF 8
#define AHEAD 3      /* patterns reach so many bytes behind their place */
#define WORD_RISKY 16 /* no number below this length needs a look */
#define WORD_LONG 64 /* words above this length are left to the scan */

struct probe {
  struct etoro_probe *out;
  const char *start;
  const char *end;
};

static int is_between(char c, char low, char high)
{
  return c >= low && c <= high;
}

/* Bytes that a number without an exponent is made of. */
static int is_plain(char c)
{
  return is_between(c, '-', '9') && c != '/';
}

static int is_numeric(char c)
{
  return is_plain(c) || c == '+' || c == 'e' || c == 'E';
}

/* 1 where a word ends: at a blank, a quote, a comma, a colon, a bracket. */
static int is_break(const char *p)
{
  return (etoro_json_kind(p) & ETORO_JSON_BREAK) != 0;
}

/* 1 when the half block at p, all of which a number may be made of, is part of
   a word as long as a number without an exponent must be to matter. */
static int is_long(const struct probe *r, const char *p)
{
  const char *first = p, *last = p + HALF;
  while (first > r->start && is_plain(first[-1]) && last - first < WORD_RISKY)
    first--;
  while (last < r->end && is_plain(*last) && last - first < WORD_RISKY)
    last++;
  return last - first == WORD_RISKY;
}

/* 1 when the word around p is a number that must be marked, or may be. */
static int is_spoilt(struct probe *r, const char *p)
{
  struct etoro_number number;
  const char *first = p, *last = p;
  while (first > r->start && is_numeric(first[-1]) && p - first < WORD_LONG)
    first--;
  if (first > r->start && !is_break(first - 1))
    return p - first == WORD_LONG;
  while (last < r->end && is_numeric(*last) && last - p < WORD_LONG)
    last++;
  if (last < r->end && !is_break(last))
    return last - p == WORD_LONG;
  etoro_number_read(&number, first, (size_t)(last - first));
  if (number.is_wide)
    r->out->has_wide = 1;
  return number.fit == ETORO_NUMBER_INT64 || number.fit == ETORO_NUMBER_TEXT;
}

/* 1 when a name of a secret ends at "e?" behind p, with a quote or the escape
   of one. */
static int ends_name(const struct probe *r, const char *p)
{
  return (p[2] == '"' || p[2] == '\\')
         && etoro_secretname_ends(r->start, p + 2);
}

/* 1 when the escape \u at p stands for a character that a secret's name may
   hold, or 0. */
static int escapes_name(const char *p)
{
  if (p[2] != '0' || p[3] != '0')
    return 0;
  if (p[4] == '2') /* blank, dash, dot */
    return p[5] == '0' || (p[5] | 0x20) == 'd' || (p[5] | 0x20) == 'e';
  return is_between(p[4], '4', '7') || (p[4] == '0' && p[5] == '0');
}

static int is_hex(char c)
{
  return is_between(c, '0', '9') || is_between((char)(c | 0x20), 'a', 'f');
}

/* What the six bytes at p are: the first half of a pair of escapes ('h'), the
   second ('l'), or neither. */
static char half_at(const char *p)
{
  char c = p[3];
  if (p[0] != '\\' || p[1] != 'u' || (p[2] | 0x20) != 'd' || !is_hex(p[4])
      || !is_hex(p[5]))
    return '\0';
  if (c == '8' || c == '9' || (c | 0x20) == 'a' || (c | 0x20) == 'b')
    return 'h';
  return is_between((char)(c | 0x20), 'c', 'f') ? 'l' : '\0';
}

/* 1 when the escape \u at p is, or may be, half a pair without the other. */
static int is_lone(const struct probe *r, const char *p)
{
  char half = half_at(p);
  if (half == 'h')
    return r->end - p < 12 || half_at(p + 6) != 'l';
  return half == 'l'
         && (p - r->start < 7 || half_at(p - 6) != 'h' || p[-7] == '\\');
}

/* 1 for a null between gaps. It may stand in a string: then a decoder is told
   of a null that is none, and loses nothing but time. */
static int is_null(const struct probe *r, const char *p)
{
  if (r->end - p < 4 || memcmp(p, "null", 4) != 0)
    return 0;
  return (p == r->start || etoro_json_kind(p - 1) & ETORO_JSON_GAP)
         && (r->end - p == 4 || etoro_json_kind(p + 4) & ETORO_JSON_GAP);
}

/* Looks at one place; 1 when the text must be scanned. */
static int must_scan_at(struct probe *r, const char *p)
{
  ptrdiff_t left = r->end - p;
  if (left < 2)
    return 0;
  if (*p == '\\' && p[1] == 'u')
    return left >= 6 && (escapes_name(p) || is_lone(r, p));
  if (*p == 'n' && p[1] == 'u' && !r->out->has_null)
    r->out->has_null = is_null(r, p);
  if (*p != 'e' && *p != 'E')
    return 0;
  if (left > 2 && ends_name(r, p))
    return 1;
  return p > r->start && is_plain(p[-1]) && is_numeric(p[1])
         && is_spoilt(r, p);
}

#if defined(__GNUC__)

/* else what is used twice would be called for each block */
#define INLINE static inline __attribute__((always_inline))

typedef unsigned char bytes __attribute__((vector_size(BLOCK)));
typedef signed char chars __attribute__((vector_size(BLOCK)));
typedef uint64_t halves __attribute__((vector_size(BLOCK)));

/* Through memcpy, since p is not aligned: compilers make one load of it. */
INLINE bytes load(const char *p)
{
  bytes v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* A block of that one byte. */
INLINE bytes all(char c)
{
  bytes v = { 0 };
  return v + (unsigned char)c;
}

/* 0xff for each byte above the one given; those beyond ASCII are not. */
INLINE bytes above(bytes v, char low)
{
  return (bytes)((chars)v > (chars)all(low));
}

/* 0xff for each place in the block at p that deserves a look. */
INLINE halves patterns(const char *p, bytes here, bytes want_null)
{
  bytes next = load(p + 1);
  bytes e = (bytes)((here | all(0x20)) == all('e'));
  bytes in_number = ~(above(load(p - 1), '9') | above(next, '9'));
  bytes null = (bytes)(here == all('n')) & want_null;
  bytes after = load(p + 2);
  bytes quote = (bytes)(after == all('"')) | (bytes)(after == all('\\'));
  bytes hits = e & (quote | in_number);
  hits |= (bytes)(next == all('u')) & ((bytes)(here == all('\\')) | null);
  return (halves)hits;
}

/* 0xff for each byte that a number without an exponent may be made of. */
INLINE halves digits(bytes here)
{
  return (halves)(above(here, '-' - 1) & ~above(here, '9'));
}

/* Looks at the places of the eight from p on that hits names. */
static int must_scan_hits(struct probe *r, const char *p, uint64_t hits)
{
  unsigned char lanes[HALF];
  int i;
  if (!hits)
    return 0;
  memcpy(lanes, &hits, sizeof lanes);
  for (i = 0; i < HALF; i++) {
    if (lanes[i] && must_scan_at(r, p + i))
      return 1;
  }
  return 0;
}

/* Looks at the block at p, which has a byte before it. A word that is long
   enough to matter covers one half of a block at least. */
INLINE int must_scan_block(struct probe *r, const char *p, bytes want_null)
{
  bytes here = load(p);
  halves hits = patterns(p, here, want_null);
  halves number = digits(here);
  if ((hits[0] | hits[1])
      && (must_scan_hits(r, p, hits[0])
          || must_scan_hits(r, p + HALF, hits[1])))
    return 1;
  return (!~number[0] && is_long(r, p) && is_spoilt(r, p))
         || (!~number[1] && is_long(r, p + HALF) && is_spoilt(r, p + HALF));
}

/* Text of more than a block, what is behind it, and a byte before it. */
static int must_scan_blocks(struct probe *r)
{
  const char *p = r->start;
  bytes want_null = all((char)0xff);
  if (must_scan_at(r, p))
    return 1;
  for (p++; r->end - p >= BLOCK + AHEAD; p += BLOCK) {
    if (must_scan_block(r, p, want_null))
      return 1;
    if (r->out->has_null) /* one is enough; lists may be full of them */
      want_null = all(0);
  }
  /* the last full block; it overlaps the one before, which does no harm, and
     spares a copy of the rest into a block of its own */
  p = r->end - BLOCK - AHEAD;
  if (must_scan_block(r, p, want_null))
    return 1;
  for (p = r->end - AHEAD; p < r->end; p++) {
    if (must_scan_at(r, p))
      return 1;
  }
  return 0;
}

/* Also where it stands in a string: the scan knows. */
static int has_empty_list(const char *p, const char *end)
{
  while (p < end && (p = memchr(p, '[', (size_t)(end - p))) != NULL) {
    for (p++; p < end && etoro_json_kind(p) & ETORO_JSON_SPACE;)
      p++;
    if (p < end && *p == ']')
      return 1;
  }
  return 0;
}

int etoro_probe_run(struct etoro_probe *out, const char *json, size_t n)
{
  struct probe r;
  const char *p;
  memset(out, 0, sizeof *out);
  if (n && has_empty_list(json, json + n))
    return 1;
  r.out = out;
  r.start = json;
  r.end = json + n;
  if (n > BLOCK + AHEAD)
    return must_scan_blocks(&r);
  for (p = json; p < r.end; p++) {
    if (must_scan_at(&r, p) || (is_plain(*p) && is_spoilt(&r, p)))
      return 1;
  }
  return 0;
}

#else /* no vectors: all goes through the scan */

int etoro_probe_run(struct etoro_probe *out, const char *json, size_t n)
{
  (void)json;
  (void)n;
  memset(out, 0, sizeof *out);
  return 1;
}

#endif
