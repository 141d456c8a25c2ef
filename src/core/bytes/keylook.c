#include "core/bytes/keylook.h"

#include <string.h>

#include "core/bytes/buf.h"
#include "core/bytes/digest.h"
#include "core/status.h"

static int is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Letters in either case, in every locale. */
static int is_word(const char *text, const char *word, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++)
    if ((text[i] | 0x20) != word[i])
      return 0;
  return 1;
}

static int ends_with_key(const char *text, size_t n)
{
  static const char *const words[] = { "key", "token" };
  size_t i;
  while (n && is_blank(text[n - 1]))
    n--;
  for (i = 0; i < sizeof words / sizeof *words; i++) {
    size_t len = strlen(words[i]);
    if (n >= len && is_word(text + n - len, words[i], len))
      return 1;
  }
  return 0;
}

static int is_labelled(const char *text, size_t n)
{
  size_t i;
  while (n && text[n - 1] == '=') /* which fills up base64 */
    n--;
  for (i = 0; i < n; i++)
    if (text[i] == ':' || text[i] == '=')
      return ends_with_key(text, i);
  return 0;
}

/* Those of keyboards, and those that word processors put in their place. */
static int is_quote(const char *text, size_t n)
{
  if (n && strchr("\"'`", text[0]))
    return 1;
  return n >= 3 && !memcmp(text, "\xe2\x80", 2)
         && (unsigned char)text[2] >= 0x98 && (unsigned char)text[2] <= 0x9f;
}

static int is_quoted(const char *text, size_t n)
{
  return is_quote(text, n) || is_quote(text + n - 1, 1)
         || (n >= 3 && is_quote(text + n - 3, 3));
}

static int has_control(const char *text, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++)
    if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
      return 1;
  return 0;
}

static int has_accent(const char *text, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++)
    if ((unsigned char)text[i] >= 0x80)
      return 1;
  return 0;
}

/* Whether so much of it stands for an object that is not cut. */
static int is_whole(const char *text, size_t n, int *rc)
{
  struct etoro_buf plain;
  int is;
  etoro_buf_init(&plain, n + 4);
  *rc = etoro_base64url_decode(&plain, text, n);
  is = !*rc && plain.len && plain.data[plain.len - 1] == '}';
  etoro_buf_free(&plain);
  return is;
}

static int is_base64url(const char *text, size_t n)
{
  static const char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
      "uvwxyz0123456789-_";
  size_t i;
  for (i = 0; i < n; i++)
    if (!memchr(letters, text[i], sizeof letters - 1))
      return 0;
  return 1;
}

/* What fills up the last four characters may be '_', which stands for something
   elsewhere: it is tried with and without. */
static const char *look_of_object(const char *text, size_t n)
{
  int taken, rc;
  for (taken = 0; taken <= 2; taken++) {
    if (is_whole(text, n, &rc))
      return "user_key";
    if (rc == ETORO_ENOMEM)
      return NULL;
    if (!strchr("_-=", text[n - 1]))
      break;
    n--;
  }
  return is_base64url(text, n) ? "cut" : "plain";
}

const char *etoro_key_look(const char *text, size_t n)
{
  if (!n)
    return "plain";
  if (has_control(text, n)) /* whatever else there is: no header takes it */
    return "odd";
  if (is_labelled(text, n))
    return "labelled";
  if (is_quoted(text, n))
    return "quoted";
  if (memchr(text, ' ', n) || memchr(text, '\t', n))
    return "blank";
  if (has_accent(text, n))
    return "odd";
  if (n > 4 && !memcmp(text, "eyJ", 3)) /* of what begins with {" */
    return look_of_object(text, n);
  return "plain";
}
