#include "core/net/proxy.h"

#include <stdlib.h>

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static struct etoro_base base_of(const char *url)
{
  struct etoro_base base;
  const char *why;
  CHECK(etoro_base_parse(&base, url, &why) == ETORO_OK);
  return base;
}

static void clear_env(void)
{
  static const char *const names[] = { "https_proxy", "HTTPS_PROXY",
                                       "http_proxy",  "all_proxy",
                                       "ALL_PROXY",   "no_proxy",
                                       "NO_PROXY" };
  size_t i;
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    unsetenv(names[i]);
}

/* What a URL comes to for libcurl, and as it is shown. */
static void reads(const char *url, const char *name, const char *given)
{
  struct etoro_base base = base_of("https://api.example");
  struct etoro_proxy p;
  char why[ETORO_PROXY_WHY_MAX] = "";
  int rc = etoro_proxy_choose(&p, given, strlen(given), &base, why);
  CHECK_TEXT("", why, strlen(why));
  CHECK(rc == ETORO_OK);
  CHECK_TEXT(url, p.url, strlen(p.url));
  CHECK_TEXT(name, p.name, strlen(p.name));
  etoro_proxy_free(&p);
}

static void reads_urls(void)
{
  reads("http://p.example:3128", "p.example:3128", "http://p.example:3128");
  reads("http://p.example:3128", "p.example:3128", "P.Example:3128/");
  reads("http://p:1080", "p:1080", "p");
  reads("http://ftp.p:1", "ftp.p:1", "ftp.p:1"); /* curl guesses by names */
  reads("https://p:443", "p:443", "HTTPS://p");
  reads("http://10.0.0.1:80", "10.0.0.1:80", "http://10.0.0.1:80");
  reads("http://[fe80::1]:9", "[fe80::1]:9", "http://[FE80:0::1]:9/");
  reads("socks5h://u:p%40w@p:1080", "p:1080", "socks5h://u:p%40w@p");
  reads("socks4a://p:1", "p:1", "socks4a://p:1");
  reads("http://u@p:1", "p:1", "u@p:1");
  reads("http://:pw@p:1", "p:1", "http://:pw@p:1");
  reads("http://u:a:b[]!$&'()*+,;=|^\"<>`{}~@p:1", "p:1",
        "http://u:a:b[]!$&'()*+,;=|^\"<>`{}~@p:1");
  reads("", "", "");
}

/* Every part of a login is a canary; none may be told. */
static void refuses(const char *reason, const char *given, size_t n)
{
  struct etoro_base base = base_of("https://api.example");
  struct etoro_proxy p;
  char why[ETORO_PROXY_WHY_MAX] = "";
  if (etoro_proxy_choose(&p, given, n, &base, why) != ETORO_EINVAL)
    CHECK_TEXT(reason, given, n);
  etoro_proxy_free(&p);
  if (!strstr(why, reason) || strstr(why, "anary"))
    CHECK_TEXT(reason, why, strlen(why));
}

static void refuses_text(const char *reason, const char *given)
{
  refuses(reason, given, strlen(given));
}

static void refuses_urls(void)
{
  char text[6000];
  refuses_text("port", "http://canary:canary@p:99999");
  refuses_text("'***@p:99999'", "http://canary:canary@p:99999");
  refuses_text("port", "http://canary:canary@p:0");
  refuses_text("port", "http://canary:canary@p:");
  refuses_text("port", "http://canary:canary@p:12a");
  refuses_text("port", "http://p:canary");
  refuses_text("%23", "http://user:canary#canary@p:1");
  refuses_text("%2F", "http://user:canary/canary@p:1");
  refuses_text("%3F", "http://user:canary?canary@p:1");
  refuses_text("%40", "http://user:canary@canary@p:1");
  refuses_text("%25", "http://user:canary%nary@p:1");
  refuses_text("%25", "http://user:canary%4@p:1");
  refuses_text("control", "http://user:canary%0a@p:1");
  refuses_text("control", "http://user:canary%7F@p:1");
  refuses_text("blanks", "http://user:canary canary@p:1");
  refuses_text("blanks", "http://user:canary\xc3\xa9@p:1");
  refuses_text("blanks", "http://user:canary\n@p:1");
  refuses_text("backslashes", "http://user:canary\\@p:1");
  refuses_text("starts with none of", "htp://user:canary@p:1");
  refuses_text("starts with none of", "ftp://user:canary@p:1");
  refuses_text("starts with none of", "://user:canary@p:1");
  refuses_text("starts with none of", "user:canary://canary@p:1");
  refuses_text("host", "http://user:canary@");
  refuses_text("host", "http://user:canary@127.1:1");
  refuses_text("host", "http://user:canary@a..b:1");
  refuses_text("host", "http://user:canary@[::1:1");
  refuses_text("path", "http://user:canary@p:1/x");
  refuses_text("path", "http://user:canary@p:1?");
  refuses("zero byte", "http://p:1\0canary@q:1", 20);
  refuses("zero byte", "\0canary@q:1", 11);
  memset(text, 'c', sizeof text);
  memcpy(text, "http://", 7);
  memcpy(text + sizeof text - 5, "@p:1", 5);
  refuses_text("too long", text);
  memcpy(text, "http://u@", 9);
  text[sizeof text - 5] = 'c';
  refuses_text("@ccccc", text);
}

static const char *chosen(const char *url)
{
  static char name[ETORO_PROXY_NAME_MAX];
  struct etoro_base base = base_of(url);
  struct etoro_proxy p;
  char why[ETORO_PROXY_WHY_MAX] = "";
  CHECK(etoro_proxy_choose(&p, NULL, 0, &base, why) == ETORO_OK);
  memcpy(name, p.name, sizeof name);
  CHECK(!*p.url == !*name);
  etoro_proxy_free(&p);
  return name;
}

static void reads_the_environment(void)
{
  struct etoro_base base = base_of("https://api.example");
  struct etoro_proxy p;
  char why[ETORO_PROXY_WHY_MAX];
  clear_env();
  CHECK(!*chosen("https://api.example"));
  setenv("http_proxy", "http://plain:1", 1);
  CHECK(!*chosen("https://api.example"));
  setenv("ALL_PROXY", "http://d:1", 1);
  CHECK(!strcmp(chosen("https://api.example"), "d:1"));
  setenv("all_proxy", "http://c:1", 1);
  CHECK(!strcmp(chosen("https://api.example"), "c:1"));
  setenv("HTTPS_PROXY", "http://b:1", 1);
  CHECK(!strcmp(chosen("https://api.example"), "b:1"));
  setenv("https_proxy", "", 1); /* as if it were not set */
  CHECK(!strcmp(chosen("https://api.example"), "b:1"));
  setenv("https_proxy", "http://a:1", 1);
  CHECK(!strcmp(chosen("https://api.example"), "a:1"));
  CHECK(!*chosen("https://localhost") && !*chosen("https://127.0.0.1:8443"));
  CHECK(!*chosen("http://[::1]:80"));
  setenv("NO_PROXY", "other.example,api.example", 1);
  CHECK(!*chosen("https://api.example:8443"));
  setenv("no_proxy", "other.example", 1);
  CHECK(!strcmp(chosen("https://api.example"), "a:1"));
  setenv("https_proxy", "htp://user:canary@p:1", 1);
  CHECK(etoro_proxy_choose(&p, NULL, 0, &base, why) == ETORO_EINVAL);
  etoro_proxy_free(&p);
  CHECK(strstr(why, "environment's https_proxy") && !strstr(why, "canary"));
  /* what is given comes first */
  CHECK(etoro_proxy_choose(&p, "", 0, &base, why) == ETORO_OK && !*p.url);
  etoro_proxy_free(&p);
  clear_env();
}

static void knows_who_is_exempt(void)
{
  static const struct {
    int is_exempt;
    const char *list, *host;
  } cases[] = {
    { 1, "*", "api.example" },
    { 0, "", "api.example" },
    { 0, "*,x", "api.example" },
    { 1, "x, .API.example y", "api.Example" },
    { 1, "example", "api.example" },
    { 1, "api.example.", "api.example" },
    { 1, "api.example", "api.example." },
    { 0, "pi.example", "api.example" },
    { 0, "api.example.com", "api.example" },
    { 0, ".", "api.example" },
    { 1, "10.0.0.1", "10.0.0.1" },
    { 0, "10.0.0.1", "110.0.0.1" },
    { 0, "0.0.1", "10.0.0.1" },
    { 1, "10.0.0.0/8", "10.1.2.3" },
    { 1, "192.168.4.0/22", "192.168.7.255" },
    { 0, "192.168.4.0/22", "192.168.8.0" },
    { 1, "0.0.0.0/0", "8.8.8.8" },
    { 0, "10.0.0.0/33", "10.0.0.0" },
    { 0, "10.0.0.0/4294967296", "192.0.2.1" },
    { 0, "10.0.0.0/99999999999999999999", "192.0.2.1" },
    { 0, "10.0.0.0/", "10.0.0.0" },
    { 0, "10.0.0.0/-1", "10.0.0.0" },
    { 0, "10.0.0.0/8", "api.example" },
    { 1, "[fe80::1]", "[fe80::1]" },
    { 1, "fe80::/10", "[fe80::1]" },
    { 0, "fe80::/10", "[fd00::1]" },
    { 0, "[fe80::1", "[fe80::1]" },
    { 0, "[", "[fe80::1]" },
  };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (etoro_proxy_is_exempt(cases[i].list, cases[i].host)
        != cases[i].is_exempt)
      CHECK_TEXT(cases[i].list, cases[i].host, strlen(cases[i].host));
}

/* ETORO_PROXY_REST_SHOWN bytes from the @ on, which fit with all else into
   ETORO_PROXY_WHY_MAX. */
static void shows_the_rest_up_to_its_ceiling(void)
{
  struct etoro_base base = base_of("https://api.example");
  char url[200] = "http://u:canary@", why[ETORO_PROXY_WHY_MAX];
  struct etoro_proxy p;
  size_t n;
  for (n = 119; n < 121; n++) {
    memset(url + 16, ':', n); /* a host of colons is none */
    url[16 + n] = '\0';
    CHECK(etoro_proxy_choose(&p, url, 16 + n, &base, why) == ETORO_EINVAL);
    CHECK(strspn(strchr(why, '@') + 1, ":") == 119);
    CHECK(!strstr(why, "canary") && !strstr(why, ":...'") == (n == 119));
    etoro_proxy_free(&p);
  }
}

static void lets_no_key_leave_in_the_clear(void)
{
  struct etoro_base base = base_of("http://127.0.0.1:8080");
  struct etoro_proxy p;
  char why[ETORO_PROXY_WHY_MAX];
  CHECK(etoro_proxy_choose(&p, "http://127.0.0.1:1", 18, &base, why)
        == ETORO_EINVAL);
  CHECK(strstr(why, "plain http") != NULL);
  etoro_proxy_free(&p);
}

static void without_memory(int may_fail)
{
  struct etoro_base base = base_of("https://api.example");
  struct etoro_proxy p;
  char why[ETORO_PROXY_WHY_MAX];
  int rc = etoro_proxy_choose(&p, "http://p:1", 10, &base, why);
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
  etoro_proxy_free(&p);
  rc = etoro_proxy_choose(&p, "", 0, &base, why);
  CHECK(rc == ETORO_OK || (may_fail && rc == ETORO_ENOMEM));
  etoro_proxy_free(&p);
}

int main(void)
{
  clear_env();
  reads_urls();
  refuses_urls();
  reads_the_environment();
  knows_who_is_exempt();
  shows_the_rest_up_to_its_ceiling();
  lets_no_key_leave_in_the_clear();
  fail_each_step(without_memory);
  return 0;
}
