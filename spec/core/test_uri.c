#include "core/net/uri.h"

#include <curl/curl.h>

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static void encodes(const char *expected, const char *text, size_t n,
                    enum etoro_uri_part part)
{
  struct etoro_buf b;
  etoro_buf_init(&b, 10000);
  CHECK(etoro_buf_puts(&b, "/") == ETORO_OK);
  CHECK(etoro_uri_encode(&b, text, n, part) == ETORO_OK);
  CHECK_TEXT(expected, b.data + 1, b.len - 1);
  etoro_buf_free(&b);
}

static void encodes_text(void)
{
  static const char unreserved[] = "ABCXYZabcxyz0189-._~";
  static const char reserved[] = ":/?#[]@!$&'()*+,;= %\"\\<>^`{|}\x7f\n";
  static const char escaped[] =
      "%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%20%25%22%5C"
      "%3C%3E%5E%60%7B%7C%7D%7F%0A";
  struct etoro_buf b;
  size_t n = sizeof reserved - 1;
  encodes(unreserved, unreserved, sizeof unreserved - 1, ETORO_URI_SEGMENT);
  encodes(unreserved, unreserved, sizeof unreserved - 1, ETORO_URI_LIST);
  encodes(escaped, reserved, n, ETORO_URI_SEGMENT);
  encodes(escaped, reserved, n, ETORO_URI_QUERY);
  encodes("%C3%A9%00%FF", "\xc3\xa9\0\xff", 4, ETORO_URI_QUERY);
  encodes("1001,1002%20,%2F", "1001,1002 ,/", 12, ETORO_URI_LIST);
  encodes("1001%2C1002", "1001,1002", 9, ETORO_URI_QUERY);
  encodes("", "", 0, ETORO_URI_QUERY);
  encodes("", NULL, 0, ETORO_URI_LIST);
  encodes("%2E", ".", 1, ETORO_URI_SEGMENT);
  encodes("%2E%2E", "..", 2, ETORO_URI_SEGMENT);
  encodes("...", "...", 3, ETORO_URI_SEGMENT);
  encodes(".a", ".a", 2, ETORO_URI_SEGMENT);
  encodes("a%2Fb", "a/b", 3, ETORO_URI_SEGMENT);
  encodes("..%2F..", "../..", 5, ETORO_URI_SEGMENT);
  encodes("..", "..", 2, ETORO_URI_QUERY);
  etoro_buf_init(&b, 10000);
  CHECK(etoro_uri_encode(&b, "", 0, ETORO_URI_SEGMENT) == ETORO_EINVAL);
  CHECK(etoro_uri_encode(&b, "x", (size_t)-1 / 2, ETORO_URI_QUERY)
        == ETORO_ETOOBIG);
  etoro_buf_free(&b);
}

static void leaves_the_buffer_when_it_cannot(int may_fail)
{
  struct etoro_buf b;
  int rc;
  etoro_buf_init(&b, 10);
  rc = etoro_buf_puts(&b, "/ab");
  if (rc) {
    CHECK(may_fail && rc == ETORO_ENOMEM);
    return;
  }
  CHECK(etoro_uri_encode(&b, "a b c d", 7, ETORO_URI_QUERY) == ETORO_ETOOBIG);
  CHECK_TEXT("/ab", b.data, b.len);
  rc = etoro_uri_encode(&b, "a b c", 5, ETORO_URI_LIST);
  CHECK(rc == ETORO_ETOOBIG);
  rc = etoro_uri_encode(&b, "a b,c", 5, ETORO_URI_LIST);
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
  if (rc)
    CHECK_TEXT("/ab", b.data, b.len);
  else
    CHECK_TEXT("/aba%20b,c", b.data, b.len);
  etoro_buf_free(&b);
}

/* libcurl, which dials it, must see the same host and port as we do. */
static void curl_agrees(const char *url, const struct etoro_base *base)
{
  CURLU *u = curl_url(), *own = curl_url();
  char *host = NULL, *port = NULL, *scheme = NULL, *own_host = NULL;
  char *own_port = NULL;
  CHECK(u && own);
  CHECK(curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
  CHECK(curl_url_set(own, CURLUPART_URL, base->origin, 0) == CURLUE_OK);
  CHECK(!curl_url_get(u, CURLUPART_HOST, &host, 0));
  CHECK(!curl_url_get(own, CURLUPART_HOST, &own_host, 0));
  CHECK(!curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT));
  CHECK(!curl_url_get(own, CURLUPART_PORT, &own_port, CURLU_DEFAULT_PORT));
  CHECK(!curl_url_get(u, CURLUPART_SCHEME, &scheme, 0));
  CHECK(strcmp(port, own_port) == 0);
  if (host[0] != '[') /* libcurl leaves the case and the zeros of IPv6 */
    CHECK(curl_strequal(host, own_host));
  CHECK(strcmp(scheme, base->is_https ? "https" : "http") == 0);
  curl_free(host);
  curl_free(port);
  curl_free(scheme);
  curl_free(own_host);
  curl_free(own_port);
  curl_url_cleanup(u);
  curl_url_cleanup(own);
}

static void parses(const char *url, const char *origin, const char *path,
                   int is_loopback)
{
  struct etoro_base base;
  const char *why = "unset";
  char *copy = exact_copy(url, strlen(url) + 1);
  int rc = etoro_base_parse(&base, copy, &why);
  if (rc)
    fprintf(stderr, "%s: %s\n", url, why);
  CHECK(rc == ETORO_OK && why == NULL);
  CHECK_TEXT(origin, base.origin, strlen(base.origin));
  CHECK_TEXT(path, base.path, strlen(base.path));
  CHECK(base.is_loopback == is_loopback);
  CHECK(base.is_https == (strncmp(origin, "https", 5) == 0));
  CHECK(etoro_origin_matches(base.origin, url));
  CHECK(etoro_origin_matches(base.origin, base.origin));
  curl_agrees(url, &base);
  free(copy);
}

static void refuses(const char *url, const char *part_of_why)
{
  struct etoro_base base;
  const char *why = NULL;
  char *copy = exact_copy(url, strlen(url) + 1);
  int rc = etoro_base_parse(&base, copy, &why);
  if (!rc || !why || !strstr(why, part_of_why))
    fprintf(stderr, "%s: %d %s\n", url, rc, why ? why : "(none)");
  CHECK(rc == ETORO_EINVAL && why && strstr(why, part_of_why));
  free(copy);
}

static void refuses_each(const char *const *urls, size_t n,
                         const char *part_of_why)
{
  size_t i;
  for (i = 0; i < n; i++)
    refuses(urls[i], part_of_why);
}

static void parses_bases(void)
{
  parses("https://public-api.etoro.com", "https://public-api.etoro.com", "",
         0);
  parses("HTTPS://Public-API.eToro.COM/", "https://public-api.etoro.com", "",
         0);
  parses("https://api.etoro.com/api/sor/v3", "https://api.etoro.com",
         "/api/sor/v3", 0);
  parses("https://h/a%20b/c:@!$&'()*+,;=~//", "https://h",
         "/a%20b/c:@!$&'()*+,;=~", 0);
  parses("https://h:443", "https://h", "", 0);
  parses("https://h:00443/x", "https://h", "/x", 0);
  parses("https://h:80", "https://h:80", "", 0);
  parses("https://h.:8443", "https://h.:8443", "", 0);
  parses("https://my_host", "https://my_host", "", 0);
  parses("https://8.8.8.8", "https://8.8.8.8", "", 0);
  parses("https://1a.2b.0x3g", "https://1a.2b.0x3g", "", 0);
  parses("http://127.0.0.1:80", "http://127.0.0.1", "", 1);
  parses("http://127.0.0.1:8080", "http://127.0.0.1:8080", "", 1);
  parses("http://127.255.255.255:65535/", "http://127.255.255.255:65535", "",
         1);
  parses("http://LocalHost:1", "http://localhost:1", "", 1);
  parses("https://localhost", "https://localhost", "", 1);
  parses("http://[::1]:8080/x", "http://[::1]:8080", "/x", 1);
  parses("http://[0:0:0:0:0:0:0:1]", "http://[::1]", "", 1);
  parses("https://[2001:DB8::0:1]", "https://[2001:db8::1]", "", 0);
  parses("https://localhost.evil.com", "https://localhost.evil.com", "", 0);
  parses("https://127.0.0.1.evil.com", "https://127.0.0.1.evil.com", "", 0);
  parses("https://evil-localhost", "https://evil-localhost", "", 0);
}

static void refuses_bases(void)
{
  static const char *const hosts[] = { "https://",
                                       "https:///x",
                                       "https://a..b",
                                       "https://.a",
                                       "https://.",
                                       "https://a%2eb",
                                       "https://%6c%6fcalhost",
                                       "https://[::1",
                                       "https://[::1]x",
                                       "https://[]",
                                       "https://[::1%25lo]",
                                       "https://[v1.x]",
                                       "https://a,b",
                                       "https://a<b",
                                       "https://127.1",
                                       "https://0x7f000001",
                                       "https://0X7F.0.0.1",
                                       "https://2130706433",
                                       "https://0177.0.0.1",
                                       "https://127.0.0.1.",
                                       "https://127.0.0.256",
                                       "https://1.2.3",
                                       "https://1.2.3.4.5",
                                       "https://evil.0x1",
                                       "https://a.1",
                                       "https://0x" };
  static const char *const ports[] = { "https://h:",
                                       "https://h:/",
                                       "https://h:0",
                                       "https://h:65536",
                                       "https://h:99999999999999999999",
                                       "https://h:8a",
                                       "https://h:-1",
                                       "https://h:+1",
                                       "https://h:1:2",
                                       "https://[::1]:",
                                       "https://a::1" };
  static const char *const remote[] = {
    "http://public-api.etoro.com", "http://localhost.evil.com",
    "http://127.0.0.1.evil.com",   "http://128.0.0.1",
    "http://localhost.",           "http://[::2]",
    "http://[::ffff:127.0.0.1]",   "http://0.0.0.0",
    "http://evil.localhost",       "http://xn--localhost",
    "http://10.0.0.1:8080"
  };
  static const char *const paths[] = {
    "https://h/..",  "https://h/a/../b", "https://h/./a", "https://h/a/.",
    "https://h//a",  "https://h/a//b",   "https://h/%",   "https://h/%2",
    "https://h/%zz", "https://h/a\"b",   "https://h/a|b"
  };
  static const char *const plain[] = {
    " https://h",           "https://h ",
    "https://h\n",          "https://h\r\nX: y",
    "https://h/\t",         "https://h\x7f",
    "https://h\\@evil.com", "https://\xc3\xa9",
    "https://h/\x80",       "https://evil.com\\.etoro.com"
  };
  static const char *const schemes[] = {
    "",           "h",       "http",     "http:",
    "http:/",     "https:/", "https:/h", "ftp://h",
    "httpss://h", "//h",     "h.com",    "file:///etc/passwd",
    "wss://h"
  };
  char url[2000];
#define EACH(list, why) refuses_each(list, sizeof list / sizeof *list, why)
  EACH(hosts, "host is not");
  EACH(ports, "port is not");
  EACH(remote, "loopback hosts only");
  EACH(paths, "path is not");
  EACH(plain, "control or non-ASCII");
  EACH(schemes, "does not start with");
#undef EACH
  refuses("https://user@h", "user name or password");
  refuses("https://user:pass@h/x", "user name or password");
  refuses("http://localhost:80@evil.com", "user name or password");
  refuses("http://localhost@evil.com/", "user name or password");
  refuses("https://h?x", "query");
  refuses("https://h/?x=@y", "query");
  refuses("https://h#x", "fragment");
  refuses("https://h/a#", "fragment");
  memset(url, 'a', sizeof url);
  memcpy(url, "https://h/", 10);
  url[8 + 1 + 299] = '\0';
  parses(url, "https://h", url + 9, 0);
  url[8 + 1 + 299] = 'a';
  url[8 + 1 + 300] = '\0';
  refuses(url, "too long");
  memcpy(url, "https://aa", 10);
  refuses(url, "host is not");
}

/* The longest name there can be, with a port, fits. */
static void parses_the_longest_name(void)
{
  char url[400] = "https://", origin[400];
  size_t i, at = 8;
  for (i = 0; i < 253; i++)
    url[at++] = i % 64 == 63 ? '.' : 'n';
  memcpy(url + at, ":65535", 7);
  strcpy(origin, url);
  parses(url, origin, "", 0);
  memcpy(url + at, "n:65535", 8);
  refuses(url, "host is not");
  at = 8;
  for (i = 0; i < 64; i++)
    url[at++] = 'n';
  url[at] = '\0';
  refuses(url, "host is not");
}

/* ETORO_HOST_LABEL_MAX and ETORO_HOST_MAX have their own above: this is a
   path of one byte less than ETORO_ORIGIN_MAX, and of as many. */
static void parses_the_longest_path(void)
{
  char url[400] = "https://h/";
  memset(url + 10, 'p', 298);
  parses(url, "https://h", url + 9, 0);
  CHECK(strlen(url + 9) == ETORO_ORIGIN_MAX - 1);
  url[308] = 'p';
  refuses(url, "too long");
}

static void matches_origins(void)
{
  const char *own = "https://h";
  CHECK(etoro_origin_matches(own, "https://h/x?y=https://evil#z"));
  CHECK(etoro_origin_matches(own, "HTTPS://H:443?x"));
  CHECK(etoro_origin_matches(own, "https://h#x"));
  CHECK(!etoro_origin_matches(own, "http://h"));
  CHECK(!etoro_origin_matches(own, "https://h:444"));
  CHECK(!etoro_origin_matches(own, "https://h."));
  CHECK(!etoro_origin_matches(own, "https://h.evil.com"));
  CHECK(!etoro_origin_matches(own, "https://evil.com/h"));
  CHECK(!etoro_origin_matches(own, "https://h@evil.com"));
  CHECK(!etoro_origin_matches(own, "https://h:443@evil.com"));
  CHECK(!etoro_origin_matches(own, "https://h\\@evil.com"));
  CHECK(!etoro_origin_matches(own, "https://user@h"));
  CHECK(!etoro_origin_matches(own, "https://h/\r\nx"));
  CHECK(!etoro_origin_matches(own, "//h"));
  CHECK(!etoro_origin_matches(own, ""));
  CHECK(!etoro_origin_matches("", ""));
  CHECK(etoro_origin_matches("http://[::1]:8", "http://[0::0:1]:8/x"));
  CHECK(!etoro_origin_matches("http://[::1]:8", "http://[::1]"));
}

static int is_target(const char *text)
{
  size_t n = strlen(text);
  char *copy = exact_copy(text, n);
  int valid = etoro_target_valid(copy, n);
  free(copy);
  return valid;
}

static void checks_targets(void)
{
  CHECK(is_target("/"));
  CHECK(is_target("/api/v1/me"));
  CHECK(is_target("/a?x=1,2&y=../..//"));
  CHECK(is_target("/a/"));
  CHECK(is_target("/a//b"));
  CHECK(is_target("/a/..b/.c/d../..."));
  CHECK(is_target("/%2E%2E"));
  CHECK(is_target("/?"));
  CHECK(!is_target(""));
  CHECK(!is_target("a"));
  CHECK(!is_target("//evil.com"));
  CHECK(!is_target("/\\evil.com"));
  CHECK(!is_target("https://evil.com/"));
  CHECK(!is_target("@evil.com/"));
  CHECK(!is_target(":80/"));
  CHECK(!is_target("/a b"));
  CHECK(!is_target("/a\r\nHost: evil"));
  CHECK(!is_target("/a?b\n"));
  CHECK(!is_target("/a#b"));
  CHECK(!is_target("/\x7f"));
  CHECK(!is_target("/\xc3\xa9"));
  CHECK(!is_target("/.."));
  CHECK(!is_target("/a/../b"));
  CHECK(!is_target("/a/.?x"));
  CHECK(!is_target("/./a"));
  CHECK(!etoro_target_valid("/\0", 2));
  CHECK(!etoro_target_valid(NULL, 0));
}

static void checks_headers(void)
{
  int c;
  CHECK(etoro_header_name_valid("x-request-id", 12));
  CHECK(etoro_header_name_valid("!#$%&'*+-.^_`|~09azAZ", 21));
  CHECK(!etoro_header_name_valid("", 0));
  CHECK(etoro_header_value_valid("", 0));
  CHECK(etoro_header_value_valid("a b\xc3\xa9\"", 6));
  for (c = 0; c < 256; c++) {
    char text[3] = { 'a', (char)c, 'b' };
    int is_control = c < 0x20 || c == 0x7f;
    CHECK(etoro_header_value_valid(text, 3) == !is_control);
    CHECK(etoro_header_name_valid(text, 3)
          == (c > 0x20 && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c)));
  }
}

int main(void)
{
  encodes_text();
  fail_each_step(leaves_the_buffer_when_it_cannot);
  parses_bases();
  refuses_bases();
  parses_the_longest_name();
  parses_the_longest_path();
  matches_origins();
  checks_targets();
  checks_headers();
  return 0;
}
