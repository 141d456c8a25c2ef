/* The names of objects, as they come again and again: each of a few is kept
   with what is known of it, and the next one is guessed from the last time. */
#ifndef ETORO_JSONNAMES_H
#define ETORO_JSONNAMES_H

#include <stddef.h>
#include <stdint.h>

#include "core/json/jsonlex.h"
#include "core/limits.h"

struct etoro_name {
  char text[ETORO_NAME_ROOM]; /* and the closing quote */
  uint8_t len;                /* with it; 0: the slot is free */
  uint8_t is_secret;
  uint8_t next; /* the slot of the name that came behind it */
  uint8_t other; /* and of one before that: what is last in an object may have
                    its first one behind it, or another object's next */
  uint8_t fields; /* how many the last object had that began with it */
  uint8_t unused[11]; /* 64 bytes are found by a shift, not a product */
};

/* The slot behind all others is the start of a text. */
struct etoro_names {
  struct etoro_name slot[ETORO_NAMES_MAX + 1];
  unsigned last; /* the slot of the last name */
};

static inline void etoro_names_start(struct etoro_names *names)
{
  names->last = ETORO_NAMES_MAX;
}

/* The slot of the name whose n bytes and closing quote start at p; *is_known:
   it is the one that is kept there. n is below ETORO_NAME_ROOM. */
unsigned etoro_names_slot(const struct etoro_names *names, const char *p,
                          size_t n, int *is_known);

/* Keeps the name in its slot. */
void etoro_names_keep(struct etoro_names *names, unsigned slot, const char *p,
                      size_t n);

static inline int etoro_names_is(const struct etoro_names *names,
                                 unsigned slot, const char *p, const char *end)
{
  const struct etoro_name *name = &names->slot[slot];
  return name->len && etoro_json_same(p, name->text, name->len, end);
}

/* The same for a name that is not the one that came behind the last one last. */
int etoro_names_guess_other(const struct etoro_names *names, const char *p,
                            const char *end);

/* The slot of the name that starts at p, if it is one that came behind the
   last; -1: it is another. */
static inline int etoro_names_guess(const struct etoro_names *names,
                                    const char *p, const char *end)
{
  unsigned next = names->slot[names->last].next;
  return etoro_names_is(names, next, p, end)
             ? (int)next
             : etoro_names_guess_other(names, p, end);
}

/* What was read last, for the next guess. */
static inline void etoro_names_follow(struct etoro_names *names, unsigned slot)
{
  struct etoro_name *last = &names->slot[names->last];
  if (last->next != slot && last->other != slot) {
    last->other = last->next;
    last->next = (uint8_t)slot;
  }
  names->last = slot;
}

#endif
