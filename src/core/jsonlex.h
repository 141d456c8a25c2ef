/* What the passes over JSON text share: classes of bytes outside strings, and
   the names of secrets. */
#ifndef ETORO_JSONLEX_H
#define ETORO_JSONLEX_H

#include <string.h>

#define ETORO_JSON_SECRET_MAX 13 /* refresh_token is the longest name */

enum {
  ETORO_JSON_SPACE = 1, /* blank or line end */
  ETORO_JSON_MARK = 2,  /* , : [ ] { } */
  ETORO_JSON_QUOTE = 4,
  ETORO_JSON_DIGIT = 8,     /* and the minus sign */
  ETORO_JSON_EXPONENT = 16, /* e and E */
  ETORO_JSON_GAP = ETORO_JSON_SPACE | ETORO_JSON_MARK,
  ETORO_JSON_BREAK = ETORO_JSON_GAP | ETORO_JSON_QUOTE /* ends a word */
};

static inline unsigned etoro_json_kind(const char *p)
{
  static const unsigned char kinds[256] = {
    ['\t'] = ETORO_JSON_SPACE,   ['\n'] = ETORO_JSON_SPACE,
    ['\r'] = ETORO_JSON_SPACE,   [' '] = ETORO_JSON_SPACE,
    [','] = ETORO_JSON_MARK,     [':'] = ETORO_JSON_MARK,
    ['['] = ETORO_JSON_MARK,     [']'] = ETORO_JSON_MARK,
    ['{'] = ETORO_JSON_MARK,     ['}'] = ETORO_JSON_MARK,
    ['"'] = ETORO_JSON_QUOTE,    ['-'] = ETORO_JSON_DIGIT,
    ['0'] = ETORO_JSON_DIGIT,    ['1'] = ETORO_JSON_DIGIT,
    ['2'] = ETORO_JSON_DIGIT,    ['3'] = ETORO_JSON_DIGIT,
    ['4'] = ETORO_JSON_DIGIT,    ['5'] = ETORO_JSON_DIGIT,
    ['6'] = ETORO_JSON_DIGIT,    ['7'] = ETORO_JSON_DIGIT,
    ['8'] = ETORO_JSON_DIGIT,    ['9'] = ETORO_JSON_DIGIT,
    ['e'] = ETORO_JSON_EXPONENT, ['E'] = ETORO_JSON_EXPONENT
  };
  return kinds[(unsigned char)*p];
}

/* By length first: this is asked of every string of an answer. */
static inline int etoro_json_is_secret(const char *name, size_t n)
{
  switch (n) {
  case 8:
    return memcmp(name, "id_token", 8) == 0;
  case 9:
    return memcmp(name, "userToken", 9) == 0;
  case 12:
    return memcmp(name, "access_token", 12) == 0;
  case ETORO_JSON_SECRET_MAX:
    return memcmp(name, "refresh_token", ETORO_JSON_SECRET_MAX) == 0
           || memcmp(name, "client_secret", ETORO_JSON_SECRET_MAX) == 0
           || memcmp(name, "code_verifier", ETORO_JSON_SECRET_MAX) == 0;
  default:
    return 0;
  }
}

#endif
