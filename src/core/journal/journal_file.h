/* The journal's file: lines that are only ever added, behind a first one
   that says what the file is and salts the fingerprints in it. One process
   at a time holds it. */
#ifndef ETORO_JOURNAL_FILE_H
#define ETORO_JOURNAL_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/bytes/ids.h"
#include "core/bytes/reason.h"
#include "core/bytes/secret.h"
#include "core/limits.h"

#define ETORO_JOURNAL_SALT_LEN 32 /* hexadecimal digits */
#define ETORO_JOURNAL_CHANGED (-1) /* beside errnos: somebody else wrote */

struct etoro_journal_file {
  int fd;                      /* -1: not open */
  int is_torn;                 /* its last line has no end */
  char *path;                  /* absolute: the host may change its folder */
  dev_t device;
  ino_t inode;
  char salt[ETORO_JOURNAL_SALT_LEN + 1];
  off_t size;                  /* as we know it: nobody else writes */
  char tail[ETORO_JOURNAL_TAIL];
  size_t tail_len;
};

/* Opens or makes the file, with its lock. ETORO_EIO or ETORO_ERANDOM leave
   it closed and a sentence in why: it cannot be opened or written, is no
   regular file, is in use, or is some other program's. A half-written last
   line stays as it is; the next one starts on a line of its own. */
int etoro_journal_file_open(struct etoro_journal_file *f, const char *path,
                            etoro_random_fn *random, void *context,
                            char why[ETORO_JOURNAL_WHY_MAX]);

/* Adds a line, its end included. 0 or an errno; what was written of it in
   part is taken back, or ended before the next one. ETORO_JOURNAL_CHANGED,
   with nothing written, while the file is not as it was left: cut, written
   over or added to. */
int etoro_journal_file_write(struct etoro_journal_file *f, const char *line,
                             size_t n);

/* The first n hexadecimal digits of a fingerprint of a key, and a zero byte.
   Salted, so that two files do not tell that they are of one account.
   ETORO_OK or ETORO_ENOMEM. */
int etoro_journal_file_who(const struct etoro_journal_file *f,
                           const struct etoro_secret *secret, char *out,
                           int n);

/* What such an error means, in out. */
const char *etoro_journal_file_reason(char out[ETORO_REASON_MAX], int error);

/* Waits until all that was written is on the disk. 0 or an errno. */
int etoro_journal_file_flush(const struct etoro_journal_file *f);

/* 1 when path names this file. */
int etoro_journal_file_is(const struct etoro_journal_file *f,
                          const char *path);

/* 1 while its own path still leads to it, as it does not once it was moved
   away or removed: nobody would find there what is written now. */
int etoro_journal_file_is_there(const struct etoro_journal_file *f);

/* Lets go of it, and so of the lock, unless a parent process has it too. */
void etoro_journal_file_close(struct etoro_journal_file *f);

#endif
