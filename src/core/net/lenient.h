/* A path as the most lenient of servers would read it: what any server may
   take it for. */
#ifndef ETORO_LENIENT_H
#define ETORO_LENIENT_H

#include <stddef.h>

/* Reads a path, up to its query or fragment: in lower case, with no escapes,
   also none of escapes. out: room for n bytes. Returns how many it got. */
size_t etoro_lenient_path(char *out, const char *path, size_t n);

/* The next step of a path that was read so, from *at on; no matrix parameters,
   no dots or blanks at its end (".." apart). Returns its length, and *step;
   0 at the end. */
size_t etoro_lenient_step(const char *path, size_t n, size_t *at,
                          const char **step);

#endif
