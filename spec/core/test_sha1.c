#include "core/bytes/sha1.h"

#include "check.h"

static void hashes_as(const char *hex, const char *text, size_t n)
{
  char *copy = exact_copy(text, n);
  unsigned char digest[ETORO_SHA1_LEN];
  char shown[2 * ETORO_SHA1_LEN + 1];
  size_t i;
  etoro_sha1(digest, copy, n);
  for (i = 0; i < sizeof digest; i++)
    snprintf(shown + 2 * i, 3, "%02x", digest[i]);
  CHECK_TEXT(hex, shown, 2 * sizeof digest);
  free(copy);
}

/* RFC 3174, FIPS 180-4's examples, and NIST's of a million letters. */
static void has_the_published_digests(void)
{
  char *million = malloc(1000000);
  CHECK(million != NULL);
  memset(million, 'a', 1000000);
  hashes_as("da39a3ee5e6b4b0d3255bfef95601890afd80709", "", 0);
  hashes_as("a9993e364706816aba3e25717850c26c9cd0d89d", "abc", 3);
  hashes_as("84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  hashes_as("a49b2446a02c645bf419f995b67091253a04a259",
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
            "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            112);
  hashes_as("34aa973cd4c4daa4f61eeb2bdbad27316534016f", million, 1000000);
  free(million);
}

/* Where the padding needs a block of its own, and where it just does not. */
static void pads_at_each_length(void)
{
  char text[129];
  memset(text, 'a', sizeof text);
  hashes_as("c1c8bbdc22796e28c0e15163d20899b65621d65a", text, 55);
  hashes_as("c2db330f6083854c99d4b5bfb6e8f29f201be699", text, 56);
  hashes_as("03f09f5b158a7a8cdad920bddc29b81c18a551f5", text, 63);
  hashes_as("0098ba824b5c16427bd7a1122a5a442a25ec644d", text, 64);
}

int main(void)
{
  has_the_published_digests();
  pads_at_each_length();
  return 0;
}
