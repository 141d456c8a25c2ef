/* Programs that are told something and answer, such as a keyring's. */
#ifndef ETORO_PROGRAM_H
#define ETORO_PROGRAM_H

#include "core/bytes/secret.h"

enum {
  ETORO_PROGRAM_UNTOLD = -2
};

/* Runs a program of the PATH to its end: input, which may be NULL, is its stdin,
   and what it prints there, without line ends behind it, is *output; NULL where it
   printed nothing. What it says on stderr is dropped. *status is its exit code,
   -1 where a signal ended it, ETORO_PROGRAM_UNTOLD where it is not known, because
   the process ignores SIGCHLD. A program that takes
   longer than so many seconds is killed. ETORO_EIO leaves errno set;
   ETORO_EINVAL sets *why to a static sentence; otherwise ETORO_ENOMEM and
   ETORO_ETOOBIG. */
int etoro_program_run(struct etoro_secret **output, int *status,
                      char *const argv[], const struct etoro_secret *input,
                      double seconds, const char **why);

#endif
