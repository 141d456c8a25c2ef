#include "core/json/jsonmark.h"

#include <string.h>

#include "core/json/jsonlex.h"
#include "core/json/jsonnum.h"
#include "core/status.h"

static const char mark[] = "\"\\u0000d";

#define ZERO_LEN 7 /* of a quote and the escape */

/* The place behind the string that opens at p. */
static const char *pass_string(const char *p, const char *end)
{
  for (p++; p < end && *p != '"'; p++) {
    if (*p == '\\' && end - p > 1)
      p++;
  }
  return p < end ? p + 1 : p;
}

static const char *pass_word(const char *p, const char *end)
{
  while (p < end && !(etoro_json_kind(p) & ETORO_JSON_BREAK))
    p++;
  return p;
}

static int add_marked(struct etoro_buf *out, const char *p, size_t n)
{
  struct etoro_number number;
  int rc;
  etoro_number_read(&number, p, n);
  if (number.fit == ETORO_NUMBER_NONE)
    return ETORO_EINVAL;
  rc = etoro_buf_add(out, mark, sizeof mark - 1);
  if (!rc)
    rc = etoro_buf_add(out, p, n);
  return rc ? rc : etoro_buf_add(out, "\"", 1);
}

static int is_name(const char *behind, const char *end)
{
  while (behind < end && etoro_json_kind(behind) & ETORO_JSON_SPACE)
    behind++;
  return behind < end && *behind == ':';
}

/* A string from its quote to p; marks are read in values only. */
static int add_string(struct etoro_buf *out, const char *from, const char *p,
                      const char *end)
{
  int rc = ETORO_OK;
  if ((size_t)(p - from) > ZERO_LEN && !memcmp(from, mark, ZERO_LEN)
      && !is_name(p, end)) {
    rc = etoro_buf_add(out, from, ZERO_LEN);
    if (!rc)
      rc = etoro_buf_add(out, "s", 1);
    from += ZERO_LEN;
  }
  return rc ? rc : etoro_buf_add(out, from, (size_t)(p - from));
}

int etoro_json_mark_numbers(struct etoro_buf *out, const char *json, size_t n,
                            int is_scanned)
{
  const char *p = json, *end = json + n;
  int rc = ETORO_OK;
  while (p < end && !rc) {
    unsigned kind = etoro_json_kind(p);
    const char *from = p;
    if (kind & ETORO_JSON_QUOTE)
      p = pass_string(p, end);
    else if (kind & ETORO_JSON_GAP)
      p++;
    else
      p = pass_word(p, end);
    if (kind & ETORO_JSON_DIGIT)
      rc = add_marked(out, from, (size_t)(p - from));
    else if (kind & ETORO_JSON_QUOTE && !is_scanned)
      rc = add_string(out, from, p, end);
    else
      rc = etoro_buf_add(out, from, (size_t)(p - from));
  }
  return rc;
}
