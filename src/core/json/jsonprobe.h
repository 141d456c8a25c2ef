/* A look over JSON text that is much faster than a scan of it. */
#ifndef ETORO_JSONPROBE_H
#define ETORO_JSONPROBE_H

#include <stddef.h>

struct etoro_probe {
  int has_null; /* a null was seen, or text in a string that looks like one */
  int has_wide; /* a number of more than 15 digits was seen */
};

/* 0 when a scan of the n bytes is sure to change nothing: there is no name of
   a secret, no number that a double would spoil, no string that starts with
   \u0000. 1, with *out as good as empty, when the text must be scanned. */
int etoro_probe_run(struct etoro_probe *out, const char *json, size_t n);

#endif
