#include "core/bytes/secretname.h"

#include <string.h>

#include "core/limits.h"

/* Backwards, as they are compared from their end on. */
static const char *const names[] = {
  "nekotresu",    /* userToken */
  "nekotssecca",  /* accessToken */
  "nekothserfer", /* refreshToken */
  "nekotdi",      /* idToken */
  "tercestneilc", /* clientSecret */
  "reifirevedoc", /* codeVerifier */
  "yekipa",       /* apiKey */
  "yekresu",      /* userKey */
  "yekipax",      /* x-api-key */
  "yekresux"      /* x-user-key */
};

int etoro_secretname_gap(char c)
{
  return c == '_' || c == '-' || c == '.' || c == ' ';
}

/* The letters in front of end, the last one first and in lower case; *at is
   the place of what is neither letter nor gap, or start. */
static size_t letters_before(const char *start, const char *end, char *letters,
                             const char **at)
{
  size_t n = 0;
  if (end - start > ETORO_SECRET_NAME_MAX)
    start = end - ETORO_SECRET_NAME_MAX;
  /* Letters only, so that user_token, user-token and "User Token" are one
     name. */
  while (end > start && n < ETORO_SECRET_LETTERS_MAX) {
    char c = end[-1];
    if (c >= 'A' && c <= 'Z')
      c = (char)(c + 32);
    if (c >= 'a' && c <= 'z')
      letters[n++] = c;
    else if (!etoro_secretname_gap(c))
      break;
    end--;
  }
  *at = end;
  return n;
}

static int matches(const char *letters, size_t n, int whole)
{
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    size_t len = strlen(names[i]);
    if ((whole ? n == len : n >= len) && !memcmp(letters, names[i], len))
      return 1;
  }
  return 0;
}

int etoro_secretname_is(const char *name, size_t n)
{
  char letters[ETORO_SECRET_LETTERS_MAX];
  const char *at;
  size_t count;
  /* The shortest has six letters; the hint looks at the
     last two, which rules most names out without a loop. */
  if (n < 6 || n > ETORO_SECRET_NAME_MAX || !etoro_secretname_hint(name + n))
    return 0;
  count = letters_before(name, name + n, letters, &at);
  return at == name && matches(letters, count, 1);
}

int etoro_secretname_ends(const char *start, const char *end)
{
  char letters[ETORO_SECRET_LETTERS_MAX];
  const char *at;
  if (end - start < 6 || !etoro_secretname_hint(end))
    return 0;
  return matches(letters, letters_before(start, end, letters, &at), 0);
}
