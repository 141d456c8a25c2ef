/* Checks for the core's test programs. A failed check prints where and ends
   the program; main returns 0 when all hold. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
  do { \
    if (!(condition)) \
      check_failed(__FILE__, __LINE__, #condition); \
  } while (0)

/* The n bytes at data are those of the C string expected. */
#define CHECK_TEXT(expected, data, n) \
  check_text(__FILE__, __LINE__, expected, data, n)

static inline void check_failed(const char *file, int line, const char *what)
{
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  exit(1);
}

static inline void check_text(const char *file, int line, const char *expected,
                              const char *data, size_t n)
{
  if (strlen(expected) == n && (!n || memcmp(expected, data, n) == 0))
    return;
  fprintf(stderr, "%s:%d: expected <%s>, got <%.*s>\n", file, line, expected,
          (int)n, data ? data : "");
  exit(1);
}

/* A copy of n bytes with nothing behind it, so that a sanitizer or valgrind
   sees the first byte read too far. Free it. */
static inline char *exact_copy(const char *text, size_t n)
{
  char *copy = malloc(n ? n : 1);
  CHECK(copy != NULL);
  if (n)
    memcpy(copy, text, n);
  return copy;
}

#endif
