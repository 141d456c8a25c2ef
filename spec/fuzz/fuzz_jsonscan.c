/* libFuzzer target: what must hold of a scan whatever the bytes are. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/jsonscan.h"
#include "core/status.h"

#define MAX ((size_t)1 << 26)

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void scan(struct etoro_scan *s, const char *json, size_t n)
{
  MUST(etoro_scan_run(s, json, n, MAX) == ETORO_OK);
  MUST(s->has_mark == s->is_changed);
  MUST(s->is_changed || (!s->text.len && !s->nsecrets));
}

/* Copies pieces into a buffer of their exact size. */
static char *join(const char *a, size_t an, const char *b, size_t bn,
                  const char *c, size_t cn)
{
  char *all = malloc(an + bn + cn + 1);
  MUST(all != NULL);
  memcpy(all, a, an);
  if (bn)
    memcpy(all + an, b, bn);
  memcpy(all + an + bn, c, cn);
  return all;
}

/* What stands where a secret was is its mark: scanned once more, the output
   has no secret but marks. */
static void leaves_marks_only(const struct etoro_scan *s)
{
  struct etoro_scan again;
  size_t i;
  scan(&again, s->text.data, s->text.len);
  MUST(again.nsecrets <= s->nsecrets);
  for (i = 0; i < again.nsecrets; i++) {
    const char *mark = etoro_secret_data(again.secrets[i]);
    MUST(mark[0] == '\0' && mark[1] == 'k');
    MUST(strspn(mark + 2, "0123456789")
         == etoro_secret_len(again.secrets[i]) - 2);
  }
  etoro_scan_free(&again);
}

static int starts(const char *p, const char *end, const char *text)
{
  size_t n = strlen(text);
  return (size_t)(end - p) >= n && !memcmp(p, text, n);
}

/* Behind the string that starts at p. */
static const char *skip_string(const char *p, const char *end)
{
  for (p++; p < end && *p != '"'; p++) {
    if (*p == '\\' && end - p > 1)
      p++;
  }
  return p < end ? p + 1 : p;
}

static int is_name(const char *p, const char *end)
{
  p = skip_string(p, end);
  while (p < end && memchr(" \t\r\n", *p, 4))
    p++;
  return p < end && *p == ':';
}

static const char *skip_value(const char *q, const char *last, int is_secret)
{
  const char *breaks = is_secret ? " \t\r\n,:[]{}" : " \t\r\n,:[]{}\"";
  if (*q == '"')
    return skip_string(q, last);
  while (q < last && !(*q && strchr(breaks, *q)))
    q++;
  return q;
}

/* The n bytes of a string as they came out: those of the input, apart from
   asterisks and what took the place of half a pair of escapes. */
static int is_string_of(const char *p, const char *q, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++) {
    if (p[i] == q[i] || p[i] == '*')
      continue;
    if (n - i < 4 || i < 2 || memcmp(p + i, "fffd", 4) != 0
        || memcmp(q + i - 2, "\\u", 2) != 0)
      return 0;
    i += 3;
  }
  return 1;
}

/* Apart from what the marks stand for, the output is the input, byte for
   byte. A quote directly behind a word, or a value used as a name, ends the
   comparison: from there on broken text may be read in two ways. */
static void agrees(const struct etoro_scan *s, const char *q, size_t n)
{
  const char *p = s->text.data, *end = p + s->text.len, *last = q + n;
  const char *word = NULL;
  while (p < end) {
    const char *after;
    MUST(q < last);
    if (*q != ':' && starts(p, end, ":\"\\u0000k"))
      p++; /* junk */
    if (*q != ',' && starts(p, end, ",,\"\\u0000k"))
      p += 2;
    if (*p != '"') {
      MUST(*p++ == *q++);
      word = memchr(" \t\r\n,:[]{}", p[-1], 10) ? NULL : p;
      continue;
    }
    if (word == p)
      return;
    after = skip_string(p, end);
    if (!starts(p, end, "\"\\u0000"))
      MUST(starts(q, last, "\"") && last - q >= after - p);
    else if (is_name(p, end)) {
      if (last - q < after - p || memcmp(p, q, (size_t)(after - p)))
        return; /* a mark in the place of a name */
    } else if (p[7] == 's') {
      MUST(starts(q, last, "\"\\u0000"));
      p += 8;
      q += 7;
      after = skip_string(p - 1, end);
      MUST(last - q >= after - p);
    } else if (p[7] == 'e') {
      MUST(*q == '[');
      for (q++; q < last && strchr(" \t\r\n", *q) && *q;)
        q++;
      MUST(q < last && *q == ']');
      q++;
      p = after;
      continue;
    } else {
      MUST(p[7] == 'k' || p[7] == 'i' || p[7] == 'n');
      MUST(p[7] == 'k' || *q == '-' || (*q >= '0' && *q <= '9'));
      q = skip_value(q, last, p[7] == 'k');
      p = after;
      continue;
    }
    MUST(is_string_of(p, q, (size_t)(after - p)));
    q += after - p;
    p = after;
  }
  MUST(q == last);
}

/* The quick look must come to the same end as the scan: a mark in front
   keeps it out of the way. */
static void quick_look_agrees(const struct etoro_scan *s, const char *json,
                              size_t n)
{
  static const char front[] = "\"\\u0000\",", after[] = "\"\\u0000s\",";
  const size_t size = sizeof front - 1, shift = sizeof after - 1;
  struct etoro_scan slow;
  char *both = join(front, size, json, n, "", 0);
  scan(&slow, both, size + n);
  MUST(slow.nsecrets == s->nsecrets);
  MUST(slow.text.len >= shift && !memcmp(slow.text.data, after, shift));
  if (s->is_changed) {
    MUST(slow.text.len - shift == s->text.len);
    MUST(!memcmp(slow.text.data + shift, s->text.data, s->text.len));
  } else {
    MUST(slow.text.len - shift == n);
    MUST(!n || !memcmp(slow.text.data + shift, json, n));
  }
  if (slow.has_null && !s->has_null) { /* possible in broken text only */
    both[size + n] = '\0';
    MUST(strlen(both) < size + n || strstr(both + size, "\"null")
         || strstr(both + size, "null\""));
  }
  if (slow.has_wide)
    MUST(s->has_wide);
  etoro_scan_free(&slow);
  free(both);
}

/* The bytes as the secret of a whole document come back as they were, and
   nothing of them is in the output; the document cut short keeps that. */
static void seals(const char *bytes, size_t n)
{
  static const char front[] = "{\"a\":[1],\"userToken\":\"";
  static const char after[] = "\",\"b\":2}";
  static const char expected[] =
      "{\"a\":[1],\"userToken\":\"\\u0000k1\",\"b\":2}";
  struct etoro_scan s;
  char *text = malloc(6 * n + 1), *all;
  size_t i, len = 0, cut;
  MUST(text != NULL);
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (c < 0x20 || c == '"' || c == '\\')
      len += (size_t)snprintf(text + len, 7, "\\u%04x", (unsigned)c);
    else
      text[len++] = bytes[i];
  }
  all = join(front, sizeof front - 1, text, len, after, sizeof after - 1);
  scan(&s, all, sizeof front - 1 + len + sizeof after - 1);
  MUST(s.nsecrets == 1 && etoro_secret_equal(s.secrets[0], bytes, n));
  MUST(s.text.len == sizeof expected - 1);
  MUST(!memcmp(s.text.data, expected, s.text.len));
  etoro_scan_free(&s);
  cut = n ? (unsigned char)bytes[0] % (len + 1) : 0;
  scan(&s, all, sizeof front - 1 + cut);
  MUST(s.nsecrets == 1);
  MUST(s.text.len == strlen(expected) - strlen(",\"b\":2}"));
  MUST(!memcmp(s.text.data, expected, s.text.len));
  etoro_scan_free(&s);
  free(all);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  struct etoro_scan s;
  char *json = malloc(n ? n : 1);
  size_t i, limit;
  MUST(json != NULL);
  if (n)
    memcpy(json, data, n);
  if (etoro_scan_run(&s, json, n, MAX) == ETORO_ETOOBIG) {
    MUST(s.nsecrets == ETORO_SCAN_SECRETS_MAX);
    etoro_scan_free(&s);
    free(json);
    return 0;
  }
  etoro_scan_free(&s);
  scan(&s, json, n);
  if (s.is_changed) {
    leaves_marks_only(&s);
    agrees(&s, json, n);
  }
  quick_look_agrees(&s, json, n);
  limit = s.text.len;
  for (i = 0; s.is_changed && i < 2; i++) {
    struct etoro_scan small;
    int rc = etoro_scan_run(&small, json, n, limit - i);
    MUST(rc == (i ? ETORO_ETOOBIG : ETORO_OK));
    etoro_scan_free(&small);
  }
  etoro_scan_free(&s);
  seals(json, n);
  free(json);
  return 0;
}
