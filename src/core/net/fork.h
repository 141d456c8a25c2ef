/* Whether this process is a child of the one that made a mark. */
#ifndef ETORO_FORK_H
#define ETORO_FORK_H

#include <sys/types.h>

struct etoro_fork {
  unsigned char *page; /* reads 1, and 0 in a child; NULL where the system
                          cannot do that */
  pid_t owner;
};

void etoro_fork_mark(struct etoro_fork *f);
int etoro_fork_happened(const struct etoro_fork *f);
void etoro_fork_free(struct etoro_fork *f);

#endif
