#include "core/bytes/keylook.h"
#include "core/bytes/secret.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static void holds_bytes(void)
{
  struct etoro_secret *s = NULL, *other;
  CHECK(etoro_secret_new(&s, "a\0b", 3) == ETORO_OK);
  CHECK(etoro_secret_len(s) == 3);
  CHECK(memcmp(etoro_secret_data(s), "a\0b", 4) == 0);
  other = etoro_secret_keep(s);
  CHECK(other == s);
  etoro_secret_free(s);
  CHECK(etoro_secret_len(other) == 3);
  etoro_secret_free(other);
  CHECK(etoro_secret_new(&s, NULL, 0) == ETORO_OK);
  CHECK(etoro_secret_len(s) == 0 && etoro_secret_data(s)[0] == '\0');
  etoro_secret_free(s);
  etoro_secret_free(NULL);
  CHECK(etoro_secret_keep(NULL) == NULL);
  CHECK(etoro_secret_new(&s, "x", (size_t)-1) == ETORO_ENOMEM);
  CHECK(s == NULL);
}

static void compares(void)
{
  struct etoro_secret *s;
  CHECK(etoro_secret_new(&s, "key-1", 5) == ETORO_OK);
  CHECK(etoro_secret_equal(s, "key-1", 5));
  CHECK(!etoro_secret_equal(s, "key-2", 5));
  CHECK(!etoro_secret_equal(s, "Key-1", 5));
  CHECK(!etoro_secret_equal(s, "key-", 4));
  CHECK(!etoro_secret_equal(s, "key-1\0", 6));
  CHECK(!etoro_secret_equal(s, "key-1k", 6));
  CHECK(!etoro_secret_equal(s, "key-1key-1", 10));
  CHECK(!etoro_secret_equal(s, NULL, 0));
  etoro_secret_free(s);
  CHECK(etoro_secret_new(&s, "", 0) == ETORO_OK);
  CHECK(etoro_secret_equal(s, NULL, 0));
  CHECK(!etoro_secret_equal(s, "\0", 1));
  etoro_secret_free(s);
}

static void reads_the_environment(void)
{
  struct etoro_secret *s;
  setenv("ETORO_TEST_SECRET", "from env", 1);
  CHECK(etoro_secret_env(&s, "ETORO_TEST_SECRET") == ETORO_OK);
  CHECK_TEXT("from env", etoro_secret_data(s), etoro_secret_len(s));
  etoro_secret_free(s);
  setenv("ETORO_TEST_SECRET", "", 1);
  CHECK(etoro_secret_env(&s, "ETORO_TEST_SECRET") == ETORO_OK && !s);
  unsetenv("ETORO_TEST_SECRET");
  CHECK(etoro_secret_env(&s, "ETORO_TEST_SECRET") == ETORO_OK && !s);
}

static char path[] = "/tmp/etoro-secret-XXXXXX";

static void write_file(const char *text, size_t n)
{
  FILE *f = fopen(path, "wb");
  CHECK(f != NULL);
  CHECK(fwrite(text, 1, n, f) == n);
  CHECK(fclose(f) == 0);
}

static int read_file(struct etoro_secret **s)
{
  const char *why;
  unsigned mode;
  int rc = etoro_secret_file(s, path, &mode, &why);
  if (!rc)
    CHECK(mode == 0600); /* as mkstemp makes it */
  CHECK((rc == ETORO_EINVAL) == (why != NULL));
  return rc;
}

static void reads_as(const char *expected, const char *text)
{
  struct etoro_secret *s;
  write_file(text, strlen(text));
  CHECK(read_file(&s) == ETORO_OK);
  CHECK_TEXT(expected, etoro_secret_data(s), etoro_secret_len(s));
  etoro_secret_free(s);
}

static void refuses(const char *text, size_t n, const char *reason)
{
  struct etoro_secret *s;
  const char *why;
  unsigned mode;
  write_file(text, n);
  CHECK(etoro_secret_file(&s, path, &mode, &why) == ETORO_EINVAL && !s);
  CHECK_TEXT(reason, why, strlen(why));
}

static void reads_files(void)
{
  struct etoro_secret *s;
  char *big = malloc(65537);
  CHECK(big != NULL);
  memset(big, 'k', 65537);
  reads_as("key", "key");
  reads_as("key", "key\n");
  reads_as("key", "key \t\r\n\r\n");
  reads_as(" two words", " two words\n");
  reads_as("key", "\xef\xbb\xbfkey\r\n");
  reads_as("\xef\xbb", "\xef\xbb\n");
  refuses("", 0, "the file is empty");
  refuses(" \n\t\r\n", 5, "the file is empty");
  refuses("\xef\xbb\xbf\n", 4, "the file is empty");
  refuses("line\nline\n", 10, "it holds more than one line");
  refuses("\nline\n", 6, "it holds more than one line");
  refuses("a\rb", 3, "it holds more than one line");
  refuses("k\0e\0y\0", 6,
          "it holds a zero byte: save it as plain text, in UTF-8");
  write_file(big, 65536); /* ETORO_KEY_FILE_MAX */
  CHECK(read_file(&s) == ETORO_OK);
  CHECK(etoro_secret_len(s) == 65536);
  etoro_secret_free(s);
  write_file(big, 65537);
  CHECK(read_file(&s) == ETORO_ETOOBIG && !s);
  free(big);
}

/* What is no file is refused at once, nobody having to write into a pipe. */
static void reads_nothing_else(void)
{
  static const char *const others[][2] = {
    { "/", "it is a directory, not a file" },
    { "/dev/zero", "it is a device, not a file" },
    { "/dev/tty", "it is a device, not a file" },
    { NULL, "it is a pipe, not a file" }
  };
  struct etoro_secret *s;
  char none[64], pipe_path[64];
  const char *why;
  unsigned mode;
  size_t i;
  snprintf(none, sizeof none, "%s-none", path);
  errno = 0;
  CHECK(etoro_secret_file(&s, none, &mode, &why) == ETORO_EIO);
  CHECK(errno == ENOENT && !s);
  snprintf(pipe_path, sizeof pipe_path, "%s-pipe", path);
  CHECK(mkfifo(pipe_path, 0600) == 0);
  for (i = 0; i < sizeof others / sizeof *others; i++) {
    const char *other = others[i][0] ? others[i][0] : pipe_path;
    CHECK(etoro_secret_file(&s, other, &mode, &why) == ETORO_EINVAL && !s);
    CHECK_TEXT(others[i][1], why, strlen(why));
  }
  unlink(pipe_path);
}

static void wipes(void)
{
  char bytes[] = "canary";
  etoro_wipe(bytes, 3);
  CHECK(memcmp(bytes, "\0\0\0ary", 7) == 0);
  etoro_wipe(NULL, 0);
}

/* {"ean":"App","ek":"abcdef"} is eyJlYW4iOiJBcHAiLCJlayI6ImFiY2RlZiJ9 */
static void looks_at_keys(void)
{
  static const char *const looks[][2] = {
    { "", "plain" },
    { "lhgfaslk21490FAScVPk", "plain" },
    { "eyJ", "plain" },
    { "key", "plain" },
    { "a=", "plain" },
    { "monkey==", "plain" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2RlZiJ9", "user_key" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2RlIn0_", "user_key" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2RlIn0", "user_key" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2QifQ__", "user_key" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2QifQ==", "user_key" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2RlZiJ", "cut" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY2RlZi", "cut" },
    { "eyJlYW4iOiJBcHAiLCJlayI6ImFiY", "cut" },
    { "eyJlYW4_", "cut" },
    { "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", "plain" },
    { "API key: abc", "labelled" },
    { "x-api-key:abc", "labelled" },
    { "ETORO_USER_KEY=abc", "labelled" },
    { "User Token = abc", "labelled" },
    { "\"abc\"", "quoted" },
    { "'abc", "quoted" },
    { "abc`", "quoted" },
    { "\xe2\x80\x9c"
      "abc",
      "quoted" },
    { "abc\xe2\x80\x9d", "quoted" },
    { "a b", "blank" },
    { "a\tb", "blank" },
    { "Bearer abc", "blank" },
    { "a\nb", "odd" },
    { "a\x7f", "odd" },
    { "API key: \"a b\n", "odd" },
    { "a\xc3\xa9", "odd" },
    { "abc\xe2\x80", "odd" },
    { "\x01", "odd" }
  };
  size_t i;
  for (i = 0; i < sizeof looks / sizeof *looks; i++) {
    const char *look = etoro_key_look(looks[i][0], strlen(looks[i][0]));
    CHECK_TEXT(looks[i][1], look, strlen(look));
  }
}

static void short_of_memory(int may_fail)
{
  const char *look = etoro_key_look("eyJlYW4iOiJBcHA", 15);
  struct etoro_secret *s;
  int rc = etoro_secret_new(&s, "x", 1);
  CHECK(rc == ETORO_OK ? s != NULL : may_fail && rc == ETORO_ENOMEM && !s);
  etoro_secret_free(s);
  rc = etoro_secret_env(&s, "PATH");
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM && !s));
  etoro_secret_free(s);
  rc = read_file(&s);
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM && !s));
  etoro_secret_free(s);
  CHECK(look ? !strcmp(look, "cut") : may_fail);
}

int main(void)
{
  int fd = mkstemp(path);
  CHECK(fd >= 0);
  close(fd);
  holds_bytes();
  compares();
  reads_the_environment();
  reads_files();
  reads_nothing_else();
  wipes();
  looks_at_keys();
  write_file("key", 3);
  fail_each_step(short_of_memory);
  unlink(path);
  return 0;
}
