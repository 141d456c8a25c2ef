/* What is about to be sent, on disk before it is sent. Lines are added to a
   file by one helper thread, which waits for the disk so that nobody else
   has to; those that wait together share one wait.

   All functions are for the thread that opened the journal. After a fork the
   child's copy is closed: the file stays the parent's. */
#ifndef ETORO_JOURNAL_H
#define ETORO_JOURNAL_H

#include <stddef.h>

#include "core/journal/journal_file.h"
#include "core/bytes/secret.h"
#include "core/net/wake.h"
#include "core/limits.h"

#define ETORO_JOURNAL_WHO_LEN 16  /* hexadecimal digits of a fingerprint */

struct etoro_journal;
struct etoro_entry;

/* Opens or makes a file; *out is one holder. The codes and why of
   etoro_journal_file_open, and ETORO_ENOMEM. */
int etoro_journal_open(struct etoro_journal **out, const char *path,
                       etoro_random_fn *random, void *context,
                       char why[ETORO_JOURNAL_WHY_MAX]);
struct etoro_journal *etoro_journal_keep(struct etoro_journal *j);

/* One holder less; the last one closes it. Takes NULL. */
void etoro_journal_free(struct etoro_journal *j);

/* Writes what waits, for ETORO_JOURNAL_PATIENCE at most and not at all when a
   sync has taken that long in vain, and lets go of the file; a disk that
   hangs keeps it. Closing twice does no harm. */
void etoro_journal_close(struct etoro_journal *j);

/* 1 while it is open and names this file. */
int etoro_journal_is(const struct etoro_journal *j, const char *path);

/* Its absolute path; NULL once it is closed. */
const char *etoro_journal_path(const struct etoro_journal *j);

/* Who a secret belongs to, without telling the secret: a salted digest. The
   salt is the file's. ETORO_OK or ETORO_ENOMEM. */
int etoro_journal_who(const struct etoro_journal *j,
                      const struct etoro_secret *secret,
                      char out[ETORO_JOURNAL_WHO_LEN + 1]);

/* Has a line written some time later; a line end is added. ETORO_ENOMEM,
   ETORO_EINVAL for one with a line end in it, ETORO_ETOOBIG with too many
   waiting, ETORO_ECLOSED. */
int etoro_journal_append(struct etoro_journal *j, const char *line, size_t n);

/* Waits until all lines are on the disk, so many seconds at most. Gives 0, or
   an errno: of the first line since the last sync that could not be written
   by itself, or ETIMEDOUT. */
int etoro_journal_sync(struct etoro_journal *j, double seconds);

/* Makes a line whose fate is watched; *out has one holder. The codes of
   etoro_journal_append. Keeps the journal. */
int etoro_entry_new(struct etoro_entry **out, struct etoro_journal *j,
                    const char *line, size_t n);

/* Has it written and brought to the disk; then rings, unless bell is NULL.
   The bell must live until the entry is done or was stopped. */
void etoro_entry_start(struct etoro_entry *e, const struct etoro_wake *bell);

/* Rings no more. The line may be written all the same. */
void etoro_entry_stop(struct etoro_entry *e);

/* Waits until it is done, for so many seconds at most. */
void etoro_entry_wait(struct etoro_entry *e, double seconds);

int etoro_entry_is_started(const struct etoro_entry *e);

/* 1 once it is on the disk or has failed; *error is 0 or an errno. */
int etoro_entry_is_done(struct etoro_entry *e, int *error);

struct etoro_journal *etoro_entry_journal(const struct etoro_entry *e);

/* The thread may still have it. Takes NULL. */
void etoro_entry_free(struct etoro_entry *e);

#endif
