/* What the passes over JSON text share: classes of bytes outside strings. */
#ifndef ETORO_JSONLEX_H
#define ETORO_JSONLEX_H

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

#endif
