#include "core/bytes/digest.h"

#include <stdint.h>
#include <string.h>

#include "core/bytes/secret.h"
#include "core/status.h"

#define BLOCK 64

static const uint32_t round_constants[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
  0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
  0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t rotate(uint32_t v, int n)
{
  return v >> n | v << (32 - n);
}

static void expand(uint32_t w[64], const unsigned char *block)
{
  int i;
  for (i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
           | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7]
           + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10) + w[i - 16];
  }
}

/* Variables a to h of FIPS 180-4 are v[0] to v[7]; to pass them on is one
   move. */
static void mix(uint32_t state[8], const unsigned char *block)
{
  uint32_t w[64], v[8];
  int i;
  expand(w, block);
  memcpy(v, state, sizeof v);
  for (i = 0; i < 64; i++) {
    uint32_t e = v[4], a = v[0];
    uint32_t one = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25))
                   + ((e & v[5]) ^ (~e & v[6])) + round_constants[i] + w[i];
    uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22))
                   + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += one;
    v[0] = one + two;
  }
  for (i = 0; i < 8; i++)
    state[i] += v[i];
  /* What is digested are keys and verifiers. */
  etoro_wipe(w, sizeof w);
  etoro_wipe(v, sizeof v);
}

/* The bytes left over, a bit behind them, and the length in bits. */
static void finish(uint32_t state[8], const unsigned char *rest, size_t left,
                   uint64_t n)
{
  unsigned char block[2 * BLOCK] = { 0 };
  /* One byte for the bit and eight for the length: where they do not fit, a
     second block. */
  size_t len = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
  size_t i;
  if (left)
    memcpy(block, rest, left);
  block[left] = 0x80;
  for (i = 0; i < 8; i++)
    block[len - 1 - i] = (unsigned char)(n * 8 >> 8 * i);
  for (i = 0; i < len; i += BLOCK)
    mix(state, block + i);
  etoro_wipe(block, sizeof block);
}

void etoro_sha256(unsigned char out[ETORO_SHA256_LEN], const void *bytes,
                  size_t n)
{
  uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
  const unsigned char *at = bytes;
  size_t left = n;
  int i;
  for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
    mix(state, at);
  finish(state, at, left, n);
  for (i = 0; i < ETORO_SHA256_LEN; i++)
    out[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648, 5: what PKCE and signed tokens have, without padding. */
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes 1 to 3 bytes as 2 to 4 characters. */
static int add_group(struct etoro_buf *out, const unsigned char *in, size_t n,
                     const char *digits)
{
  uint32_t v = (uint32_t)in[0] << 16;
  char group[4];
  if (n > 1)
    v |= (uint32_t)in[1] << 8;
  if (n > 2)
    v |= in[2];
  group[0] = digits[v >> 18];
  group[1] = digits[v >> 12 & 63];
  group[2] = digits[v >> 6 & 63];
  group[3] = digits[v & 63];
  return etoro_buf_add(out, group, n + 1);
}

static int encode(struct etoro_buf *out, const unsigned char *in, size_t n,
                  const char *digits)
{
  int rc = ETORO_OK;
  while (n && !rc) {
    size_t some = n < 3 ? n : 3;
    rc = add_group(out, in, some, digits);
    in += some;
    n -= some;
  }
  return rc;
}

int etoro_base64(struct etoro_buf *out, const void *bytes, size_t n)
{
  static const char *const padding[] = { "", "==", "=" };
  int rc = encode(out, bytes, n, alphabet);
  return rc ? rc : etoro_buf_puts(out, padding[n % 3]);
}

int etoro_base64url(struct etoro_buf *out, const void *bytes, size_t n)
{
  return encode(out, bytes, n, url_alphabet);
}

/* Reads 2 to 4 characters; bits that stand for nothing have to be 0. */
static int add_bytes(struct etoro_buf *out, const char *in, size_t n)
{
  uint32_t v = 0;
  unsigned char bytes[3];
  size_t i;
  if (n < 2)
    return ETORO_ESYNTAX;
  for (i = 0; i < 4; i++) {
    const char *digit = i < n ? memchr(url_alphabet, in[i], 64) : url_alphabet;
    if (!digit)
      return ETORO_ESYNTAX;
    v = v << 6 | (uint32_t)(digit - url_alphabet);
  }
  for (i = 0; i < 3; i++)
    bytes[i] = (unsigned char)(v >> (16 - 8 * i));
  for (i = n - 1; i < 3; i++)
    if (bytes[i])
      return ETORO_ESYNTAX;
  return etoro_buf_add(out, bytes, n - 1);
}

int etoro_base64url_decode(struct etoro_buf *out, const char *text, size_t n)
{
  int rc = ETORO_OK;
  while (n && !rc) {
    size_t some = n < 4 ? n : 4;
    rc = add_bytes(out, text, some);
    text += some;
    n -= some;
  }
  return rc;
}
