#include "core/bytes/ids.h"

#include "check.h"
#include "core/status.h"

static void formats(void)
{
  unsigned char bytes[16];
  char id[ETORO_UUID_LEN + 1];
  int i;
  /* The example of RFC 9562, A.3. */
  static const unsigned char example[16] = { 0x91, 0x91, 0x08, 0xf7,
                                             0x52, 0xd1, 0x43, 0x20,
                                             0x9b, 0xac, 0xf8, 0x47,
                                             0xdb, 0x41, 0x48, 0xa8 };
  etoro_uuid_format(id, example);
  CHECK_TEXT("919108f7-52d1-4320-9bac-f847db4148a8", id, strlen(id));
  memset(bytes, 0, sizeof bytes);
  etoro_uuid_format(id, bytes);
  CHECK_TEXT("00000000-0000-4000-8000-000000000000", id, strlen(id));
  memset(bytes, 0xff, sizeof bytes);
  etoro_uuid_format(id, bytes);
  CHECK_TEXT("ffffffff-ffff-4fff-bfff-ffffffffffff", id, strlen(id));
  for (i = 0; i < 16; i++)
    bytes[i] = (unsigned char)(i * 17);
  etoro_uuid_format(id, bytes);
  CHECK_TEXT("00112233-4455-4677-8899-aabbccddeeff", id, strlen(id));
}

static void validates(void)
{
  const char *good = "919108f7-52D1-4320-9bac-F847db4148a8";
  char id[ETORO_UUID_LEN + 2];
  size_t i;
  CHECK(etoro_uuid_valid(good, ETORO_UUID_LEN));
  CHECK(!etoro_uuid_valid("", 0));
  for (i = 0; i < ETORO_UUID_LEN; i++) {
    CHECK(!etoro_uuid_valid(good, i));
    strcpy(id, good);
    id[i] = id[i] == '-' ? '0' : '-';
    CHECK(!etoro_uuid_valid(id, ETORO_UUID_LEN));
    id[i] = 'g';
    CHECK(!etoro_uuid_valid(id, ETORO_UUID_LEN));
    id[i] = '\0';
    CHECK(!etoro_uuid_valid(id, ETORO_UUID_LEN));
  }
  memcpy(id, good, ETORO_UUID_LEN);
  id[ETORO_UUID_LEN] = '0';
  CHECK(!etoro_uuid_valid(id, ETORO_UUID_LEN + 1));
}

static void draws_random_bytes(void)
{
  unsigned char a[4096], seen[256];
  char one[ETORO_UUID_LEN + 1], two[ETORO_UUID_LEN + 1];
  size_t i, kinds = 0;
  memset(a, 0, sizeof a);
  memset(seen, 0, sizeof seen);
  CHECK(etoro_random_system(NULL, a, 0) == ETORO_OK && a[0] == 0);
  CHECK(etoro_random_system(NULL, a, sizeof a) == ETORO_OK);
  for (i = 0; i < sizeof a; i++) {
    kinds += !seen[a[i]];
    seen[a[i]] = 1;
  }
  CHECK(kinds > 200);
  etoro_uuid_format(one, a);
  CHECK(etoro_random_system(NULL, a, 16) == ETORO_OK);
  etoro_uuid_format(two, a);
  CHECK(strcmp(one, two) != 0);
  CHECK(etoro_uuid_valid(one, strlen(one)));
}

int main(void)
{
  formats();
  validates();
  draws_random_bytes();
  return 0;
}
