/* What the passes over JSON text share: classes of bytes outside strings. */
#ifndef ETORO_JSONLEX_H
#define ETORO_JSONLEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ETORO_PORTABLE: without the instructions that only some machines have. */
#if defined(__SSE2__) && !defined(ETORO_PORTABLE)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(ETORO_PORTABLE)
#include <arm_neon.h>
#endif

enum {
  ETORO_JSON_SPACE = 1, /* blank or line end */
  ETORO_JSON_MARK = 2,  /* , : [ ] { } */
  ETORO_JSON_QUOTE = 4,
  ETORO_JSON_DIGIT = 8, /* and the minus sign */
  ETORO_JSON_GAP = ETORO_JSON_SPACE | ETORO_JSON_MARK,
  ETORO_JSON_BREAK = ETORO_JSON_GAP | ETORO_JSON_QUOTE /* ends a word */
};

static inline unsigned etoro_json_kind(const char *p)
{
  static const unsigned char kinds[256] = {
    ['\t'] = ETORO_JSON_SPACE, ['\n'] = ETORO_JSON_SPACE,
    ['\r'] = ETORO_JSON_SPACE, [' '] = ETORO_JSON_SPACE,
    [','] = ETORO_JSON_MARK,   [':'] = ETORO_JSON_MARK,
    ['['] = ETORO_JSON_MARK,   [']'] = ETORO_JSON_MARK,
    ['{'] = ETORO_JSON_MARK,   ['}'] = ETORO_JSON_MARK,
    ['"'] = ETORO_JSON_QUOTE,  ['-'] = ETORO_JSON_DIGIT,
    ['0'] = ETORO_JSON_DIGIT,  ['1'] = ETORO_JSON_DIGIT,
    ['2'] = ETORO_JSON_DIGIT,  ['3'] = ETORO_JSON_DIGIT,
    ['4'] = ETORO_JSON_DIGIT,  ['5'] = ETORO_JSON_DIGIT,
    ['6'] = ETORO_JSON_DIGIT,  ['7'] = ETORO_JSON_DIGIT,
    ['8'] = ETORO_JSON_DIGIT,  ['9'] = ETORO_JSON_DIGIT
  };
  return kinds[(unsigned char)*p];
}

#if defined(__SSE2__) && !defined(ETORO_PORTABLE)

#define ETORO_JSON_BLOCK 16

/* The number of bytes in the block at p that neither end nor interrupt a
   string; less than ETORO_JSON_BLOCK when there is one that does. */
static inline unsigned etoro_json_plain_bytes(const char *p)
{
  const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
  const __m128i found =
      _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
                   _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
  unsigned mask = (unsigned)_mm_movemask_epi8(found);
  return mask ? (unsigned)__builtin_ctz(mask) : ETORO_JSON_BLOCK;
}

/* 1 when the first n (up to 16) of the 16 bytes at each place are the same. */
static inline int etoro_json_same_block(const char *a, const char *b,
                                        unsigned n)
{
  const __m128i found =
      _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                     _mm_loadu_si128((const __m128i *)(const void *)b));
  return ((~(unsigned)_mm_movemask_epi8(found)) << (16 - n) & 0xffff) == 0;
}

#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(ETORO_PORTABLE)

#define ETORO_JSON_BLOCK 16

static inline unsigned etoro_json_plain_bytes(const char *p)
{
  const uint8x16_t v = vld1q_u8((const uint8_t *)p);
  const uint8x16_t found = vorrq_u8(
      vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\'))),
      vcltq_u8(v, vdupq_n_u8(0x20)));
  uint64_t mask = vget_lane_u64(
      vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
  return mask ? (unsigned)__builtin_ctzll(mask) / 4 : ETORO_JSON_BLOCK;
}

#else

#define ETORO_JSON_BLOCK 8

/* Marks the top bit of the bytes of v that end or interrupt a string. Of the
   marks only the lowest is sure to be right. */
static inline uint64_t etoro_json_specials(uint64_t v)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  uint64_t quote = v ^ (ones * '"');
  uint64_t slash = v ^ (ones * '\\');
  return (((quote - ones) & ~quote) | ((slash - ones) & ~slash)
          | ((v - ones * 0x20) & ~v))
         & (ones << 7);
}

static inline unsigned etoro_json_plain_bytes(const char *p)
{
  unsigned n = 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t v;
  memcpy(&v, p, sizeof v);
  v = etoro_json_specials(v);
  n = v ? (unsigned)__builtin_ctzll(v) / 8 : ETORO_JSON_BLOCK;
#else
  while (n < ETORO_JSON_BLOCK && (unsigned char)p[n] >= 0x20 && p[n] != '"'
         && p[n] != '\\')
    n++;
#endif
  return n;
}

#endif

/* The first quote, backslash or control character from p on. Behind the text
   stands a zero byte, at end: that is where it stops at last. */
static inline const char *etoro_json_string_stop(const char *p,
                                                 const char *end)
{
  while (end - p >= ETORO_JSON_BLOCK) {
    unsigned n = etoro_json_plain_bytes(p);
    p += n;
    if (n < ETORO_JSON_BLOCK)
      return p;
  }
  while ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
    p++;
  return p;
}

/* The closing quote of the string whose content starts at p; the place at which
   it breaks off when it has none, or holds what no string may. */
static inline const char *etoro_json_string_end(const char *p, const char *end,
                                                int *has_escapes)
{
  *has_escapes = 0;
  for (;;) {
    p = etoro_json_string_stop(p, end);
    if (*p != '\\' || !p[1])
      return p;
    *has_escapes = 1;
    p += 2;
  }
}

/* 1 when the n bytes at p are those at kept, behind which there is room up to a
   multiple of 16. The text ends at end. */
static inline int etoro_json_same(const char *p, const char *kept, unsigned n,
                                  const char *end)
{
#if defined(__SSE2__) && !defined(ETORO_PORTABLE)
  if (end - p >= (ptrdiff_t)((n + 15) & ~15U)) {
    for (; n > 16; n -= 16, p += 16, kept += 16)
      if (!etoro_json_same_block(p, kept, 16))
        return 0;
    return etoro_json_same_block(p, kept, n);
  }
#endif
  return end - p >= (ptrdiff_t)n && !memcmp(p, kept, n);
}

#endif
