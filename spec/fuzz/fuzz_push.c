/* libFuzzer target: what must hold of pushed prices whatever the bytes. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/jsonescape.h"
#include "core/limits.h"
#include "core/ws/push.h"

#define MUST(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%d: %s\n", __LINE__, #condition); \
      abort(); \
    } \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A part lies inside of the text. */
static void inside(const struct etoro_span *s, const char *text, size_t n)
{
  if (s->n)
    MUST(s->p >= text && s->p + s->n <= text + n);
}

static void read_tick(const char *text, size_t n)
{
  struct etoro_tick t;
  int i;
  if (!etoro_tick_read(&t, text, n))
    return;
  for (i = 0; i < ETORO_TICK_FIELDS; i++) {
    const struct etoro_tick_value *v = &t.field[i];
    if (v->kind == ETORO_TICK_NUMBER)
      MUST(isfinite(v->number) && v->number > 0);
    if (v->kind == ETORO_TICK_TEXT) {
      inside(&v->text, text, n);
      MUST(v->text.n && v->text.n <= ETORO_TICK_TEXT_MAX);
    }
  }
  if (t.field[ETORO_TICK_DATE].kind == ETORO_TICK_TEXT)
    MUST(!etoro_tick_is_late(&t.field[ETORO_TICK_DATE].text,
                             t.field[ETORO_TICK_DATE].text.p,
                             t.field[ETORO_TICK_DATE].text.n));
}

static void read_push(const char *text, size_t n)
{
  struct etoro_push push;
  char *plain;
  int is_bad = 0;
  if (!etoro_push_read(&push, text, n))
    return;
  inside(&push.topic, text, n);
  inside(&push.type, text, n);
  inside(&push.content, text, n);
  MUST(etoro_push_instrument(&push.topic) >= 0);
  plain = malloc(push.content.n + 1);
  if (!plain || !push.content.p) {
    free(plain);
    return;
  }
  n = etoro_escape_undo(plain, push.content.p, push.content.p + push.content.n,
                        &is_bad);
  plain[n] = '\0';
  read_tick(plain, n);
  free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
  char *text = malloc(n + 1); /* so that one byte too far is seen */
  if (!text)
    return 0;
  if (n)
    memcpy(text, data, n);
  text[n] = '\0';
  read_push(text, n);
  read_tick(text, n);
  free(text);
  return 0;
}
