/* What an engine has done since it was opened. */
#ifndef ETORO_STATS_H
#define ETORO_STATS_H

#include <stdint.h>

struct etoro_stats {
  uint64_t calls;       /* submitted */
  uint64_t finished;
  uint64_t attempts;    /* put on the wire */
  uint64_t resends;     /* attempts that followed another one */
  uint64_t bytes_up;    /* of bodies */
  uint64_t bytes_down;  /* of decoded bodies */
  uint64_t live;        /* calls that are not finished now */
};

#endif
