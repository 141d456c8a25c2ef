/* What must hold of core/json/jsonlex.h, whatever instructions it is made of:
   for the program that includes it with ETORO_PORTABLE, and the one without. */
#ifndef SPEC_LEXING_H
#define SPEC_LEXING_H

#include "core/json/jsonlex.h"

#include "check.h"

#define LEXED 70

/* Each byte at each place of texts of each length, nothing behind them but
   their zero byte. */
static void stops_where_it_must(void)
{
  size_t n, at;
  int c;
  for (n = 0; n <= LEXED; n++)
    for (at = 0; at < n; at++)
      for (c = 0; c < 256; c++) {
        char text[LEXED + 1];
        char *copy;
        int is_stop = c < 0x20 || c == '"' || c == '\\';
        memset(text, 'a', sizeof text);
        text[at] = (char)c;
        text[n] = '\0';
        copy = exact_copy(text, n + 1);
        CHECK(etoro_json_string_stop(copy, copy + n)
              == copy + (is_stop ? at : n));
        free(copy);
      }
}

/* Names of each length, with one byte changed or none. */
static void compares_names(void)
{
  char kept[80], text[160];
  unsigned n, at, behind;
  size_t i;
  for (i = 0; i < sizeof kept; i++)
    kept[i] = (char)('a' + i % 26);
  for (n = 1; n <= 48; n++)
    for (behind = 0; behind < 20; behind++) {
      char *copy;
      memset(text, 'x', sizeof text);
      memcpy(text, kept, n);
      copy = exact_copy(text, n + behind);
      CHECK(etoro_json_same(copy, kept, n, copy + n + behind));
      for (at = 0; at < n; at++) {
        copy[at] ^= 0x20;
        CHECK(!etoro_json_same(copy, kept, n, copy + n + behind));
        copy[at] ^= 0x20;
      }
      free(copy);
    }
}

static int lexes(void)
{
  stops_where_it_must();
  compares_names();
  return 0;
}

#endif
