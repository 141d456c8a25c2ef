#include "core/bytes/digest.h"

#include "check.h"
#include "core/bytes/secret.h"
#include "core/status.h"

static void hashes_as(const char *hex, const char *text, size_t n)
{
  char *copy = exact_copy(text, n);
  unsigned char digest[ETORO_SHA256_LEN];
  char shown[2 * ETORO_SHA256_LEN + 1];
  size_t i;
  etoro_sha256(digest, copy, n);
  for (i = 0; i < sizeof digest; i++)
    snprintf(shown + 2 * i, 3, "%02x", digest[i]);
  CHECK_TEXT(hex, shown, strlen(shown));
  free(copy);
}

/* FIPS 180-2 appendix B, and NIST's short and long message vectors. */
static void hashes(void)
{
  static const char two_blocks[] =
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  static const char four_blocks[] =
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
      "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
  char *million = malloc(1000000);
  CHECK(million != NULL);
  memset(million, 'a', 1000000);
  hashes_as("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "", 0);
  hashes_as("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "abc", 3);
  hashes_as("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            two_blocks, strlen(two_blocks));
  hashes_as("cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
            four_blocks, strlen(four_blocks));
  hashes_as("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            million, 1000000);
  hashes_as("28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1",
            "\xd3", 1);
  free(million);
}

/* Where the padding needs a block of its own, and where it does not. */
static void pads(void)
{
  char text[65];
  memset(text, 'a', sizeof text);
  hashes_as("9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
            text, 55);
  hashes_as("b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
            text, 56);
  hashes_as("7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34",
            text, 63);
  hashes_as("ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
            text, 64);
  hashes_as("635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0",
            text, 65);
}

static void encodes_as(const char *plain, const char *url, const char *text,
                       size_t n)
{
  struct etoro_buf out;
  char *copy = exact_copy(text, n);
  etoro_buf_init(&out, 1000);
  CHECK(etoro_base64(&out, copy, n) == ETORO_OK);
  CHECK_TEXT(plain, out.data, out.len);
  etoro_buf_reset(&out, 0);
  CHECK(etoro_base64url(&out, copy, n) == ETORO_OK);
  CHECK_TEXT(url, out.data, out.len);
  etoro_buf_free(&out);
  free(copy);
  copy = exact_copy(url, strlen(url));
  CHECK(etoro_base64url_decode(&out, copy, strlen(url)) == ETORO_OK);
  CHECK(out.len == n && (!n || !memcmp(out.data, text, n)));
  etoro_buf_free(&out);
  free(copy);
}

/* RFC 4648 section 10, and the characters that the two alphabets differ in. */
static void encodes(void)
{
  encodes_as("", "", "", 0);
  encodes_as("Zg==", "Zg", "f", 1);
  encodes_as("Zm8=", "Zm8", "fo", 2);
  encodes_as("Zm9v", "Zm9v", "foo", 3);
  encodes_as("Zm9vYg==", "Zm9vYg", "foob", 4);
  encodes_as("Zm9vYmE=", "Zm9vYmE", "fooba", 5);
  encodes_as("Zm9vYmFy", "Zm9vYmFy", "foobar", 6);
  encodes_as("+//++w==", "-__--w", "\xfb\xff\xfe\xfb", 4);
  encodes_as("AAA=", "AAA", "\0\0", 2);
}

static void refuses(const char *text)
{
  struct etoro_buf out;
  etoro_buf_init(&out, 1000);
  CHECK(etoro_base64url_decode(&out, text, strlen(text)) == ETORO_ESYNTAX);
  etoro_buf_free(&out);
}

static void refuses_what_is_not_base64url(void)
{
  refuses("A");
  refuses("Zm9vY");
  refuses("Zm8=");
  refuses("Zm9+");
  refuses("Zm9/");
  refuses("Zm 9");
  refuses("Zh");   /* a bit behind the last byte */
  refuses("Zm9");
}

static void keeps_to_a_ceiling(void)
{
  struct etoro_buf out;
  etoro_buf_init(&out, 5);
  CHECK(etoro_base64(&out, "foob", 4) == ETORO_ETOOBIG);
  etoro_buf_free(&out);
  CHECK(etoro_base64url(&out, "foob", 4) == ETORO_ETOOBIG);
  etoro_buf_free(&out);
  CHECK(etoro_base64url_decode(&out, "Zm9vYmFy", 8) == ETORO_ETOOBIG);
  etoro_buf_free(&out);
}

/* RFC 7636 appendix B: a code verifier and its S256 challenge. */
static void makes_a_pkce_challenge(void)
{
  static const unsigned char octets[32] = { 116, 24,  223, 180, 151, 153, 224,
                                            37,  79,  250, 96,  125, 216, 173,
                                            187, 186, 22,  212, 37,  77,  105,
                                            214, 191, 240, 91,  88,  5,   88,
                                            83,  132, 141, 121 };
  unsigned char digest[ETORO_SHA256_LEN];
  struct etoro_buf verifier, challenge;
  etoro_buf_init(&verifier, 1000);
  etoro_buf_init(&challenge, 1000);
  CHECK(etoro_base64url(&verifier, octets, sizeof octets) == ETORO_OK);
  CHECK_TEXT("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", verifier.data,
             verifier.len);
  etoro_sha256(digest, verifier.data, verifier.len);
  CHECK(etoro_base64url(&challenge, digest, sizeof digest) == ETORO_OK);
  CHECK_TEXT("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", challenge.data,
             challenge.len);
  etoro_buf_free(&verifier);
  etoro_buf_free(&challenge);
}

int main(void)
{
  hashes();
  pads();
  encodes();
  refuses_what_is_not_base64url();
  keeps_to_a_ceiling();
  makes_a_pkce_challenge();
  return 0;
}
