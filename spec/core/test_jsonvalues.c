#include "core/json/jsonvalues.h"

#include <stdio.h>

#include "check.h"

static struct etoro_values values;

/* As the decoder does; 1 when the string was kept. */
static int meet(const char *text, size_t n)
{
  int is_known;
  unsigned slot;
  char *copy = exact_copy(text, n);
  if (!etoro_values_want(&values, n)) {
    free(copy);
    return 0;
  }
  slot = etoro_values_find(&values, copy, n, &is_known);
  CHECK(slot < ETORO_VALUES_MAX);
  if (is_known)
    CHECK(values.slot[slot].len == n
          && !memcmp(values.slot[slot].text, text, n));
  else
    etoro_values_keep(&values, slot, copy, n);
  free(copy);
  return is_known;
}

static void start(void)
{
  memset(&values, 0, sizeof values);
  etoro_values_start(&values);
}

/* Strings of each length, with one byte changed or none. */
static void knows_what_it_met(void)
{
  char text[ETORO_VALUE_ROOM + 2];
  size_t n, at;
  for (n = 0; n < sizeof text; n++) {
    int is_kept = n >= 8 && n <= ETORO_VALUE_ROOM;
    start();
    memset(text, 'a', sizeof text);
    CHECK(!meet(text, n));
    CHECK(meet(text, n) == is_kept);
    for (at = 0; at < n; at++) {
      values.credit = ETORO_VALUES_TRIED;
      text[at] = 'b';
      CHECK(!meet(text, n));
      text[at] = '\0';
      CHECK(!meet(text, n));
      text[at] = 'a';
    }
  }
}

/* Those of an answer of usual size, all of them the second time, though they
   differ in one digit. */
static void knows_an_answer(void)
{
  char text[64];
  int i, known = 0, round;
  start();
  for (round = 0; round < 5; round++) {
    etoro_values_start(&values);
    for (i = known = 0; i < 40; i++) {
      size_t n =
          (size_t)snprintf(text, sizeof text, "2026-05-%02dT10:00:00.123Z", i);
      known += meet(text, n);
    }
  }
  CHECK(known >= 36);
}

/* Where all is new, few are looked for; where much comes again, all are once
   more. */
static void looks_as_far_as_it_helps(void)
{
  char text[64];
  int i, looked = 0;
  start();
  for (i = 0; i < 1000; i++) {
    size_t n = (size_t)snprintf(text, sizeof text, "always new %d", i);
    looked += etoro_values_want(&values, n);
    meet(text, n);
  }
  CHECK(looked == ETORO_VALUES_TRIED);
  etoro_values_start(&values);
  for (i = 0; i < 1000; i++)
    meet("the same once more", 18);
  CHECK(values.credit > ETORO_VALUES_TRIED
        && values.credit <= ETORO_VALUES_MAX + ETORO_VALUES_GAIN);
}

int main(void)
{
  knows_what_it_met();
  knows_an_answer();
  looks_as_far_as_it_helps();
  return 0;
}
