#include "core/bytes/sha1.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 64

static uint32_t turn(uint32_t v, int n)
{
  return v << n | v >> (32 - n);
}

/* What one of the 80 rounds adds, by the standard's four stages. */
static uint32_t stage(int i, const uint32_t v[5])
{
  uint32_t b = v[1], c = v[2], d = v[3];
  if (i < 20)
    return ((b & c) | (~b & d)) + 0x5a827999;
  if (i < 40)
    return (b ^ c ^ d) + 0x6ed9eba1;
  if (i < 60)
    return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

static void mix(uint32_t state[5], const unsigned char *block)
{
  uint32_t w[80], v[5];
  int i;
  for (i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
           | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (; i < 80; i++)
    w[i] = turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  memcpy(v, state, sizeof v);
  for (i = 0; i < 80; i++) {
    uint32_t next = turn(v[0], 5) + stage(i, v) + v[4] + w[i];
    memmove(v + 1, v, 4 * sizeof v[0]);
    v[2] = turn(v[2], 30);
    v[0] = next;
  }
  for (i = 0; i < 5; i++)
    state[i] += v[i];
}

/* The bytes left over, a bit behind them, and the length in bits. */
static void finish(uint32_t state[5], const unsigned char *rest, size_t left,
                   uint64_t n)
{
  unsigned char block[2 * BLOCK] = { 0 };
  size_t len = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
  size_t i;
  if (left)
    memcpy(block, rest, left);
  block[left] = 0x80;
  for (i = 0; i < 8; i++)
    block[len - 1 - i] = (unsigned char)(n * 8 >> 8 * i);
  for (i = 0; i < len; i += BLOCK)
    mix(state, block + i);
}

void etoro_sha1(unsigned char out[ETORO_SHA1_LEN], const void *bytes, size_t n)
{
  uint32_t state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                        0xc3d2e1f0 };
  const unsigned char *at = bytes;
  size_t left = n;
  int i;
  for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
    mix(state, at);
  finish(state, at, left, n);
  for (i = 0; i < ETORO_SHA1_LEN; i++)
    out[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}
