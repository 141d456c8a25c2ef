#include "core/journal/journal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/net/fork.h"
#include "core/status.h"

struct etoro_entry {
  struct etoro_entry *next;
  struct etoro_journal *journal;  /* one holder; NULL: nobody watches it */
  const struct etoro_wake *bell;
  int is_started;
  int is_intent;                  /* what follows has to be found with it */
  int is_busy;                    /* in the queue, or in the thread's hands */
  int is_done;
  int error;
  size_t len;
  char line[];
};

struct etoro_journal {
  unsigned refs;
  int is_closed;
  int is_slow;                    /* patience with its disk has run out */
  struct etoro_fork owner;
  struct etoro_journal_file file; /* the thread's, while there is one */
  pthread_t thread;
  int has_thread;
  pthread_mutex_t mutex;          /* of all below, and of entries */
  pthread_cond_t more;            /* there is work, or an end to it */
  pthread_cond_t less;            /* some of it is done */
  struct etoro_entry *first, *last;
  size_t waiting;
  int is_working;
  int wants_flush;                /* somebody waits for the disk */
  int is_dirty;                   /* written, and not flushed yet */
  int is_ending;
  int is_over;                    /* the thread has nothing more to do */
  int is_left;                    /* and it frees the journal then */
  int error;                      /* of a line that nobody watches */
};

/* After a fork the thread and whatever held the mutex are the parent's alone:
   a child takes no lock here, and frees nothing that was in motion. */
static int is_foreign(const struct etoro_journal *j)
{
  return etoro_fork_happened(&j->owner);
}

static void destroy(struct etoro_journal *j)
{
  etoro_journal_file_close(&j->file);
  pthread_cond_destroy(&j->less);
  pthread_cond_destroy(&j->more);
  pthread_mutex_destroy(&j->mutex);
  etoro_fork_free(&j->owner);
  free(j);
}

/* A line whose holder is gone goes with its end. */
static void end_entry(struct etoro_journal *j, struct etoro_entry *e)
{
  e->is_busy = 0;
  e->is_done = 1;
  if (e->bell)
    etoro_wake_ring(e->bell);
  if (e->journal)
    return;
  if (e->error && !j->error)
    j->error = e->error;
  free(e);
}

/* Writes a batch, and flushes when one of it waits for that: one flush is
   enough for all. Gives the flush's error. */
static int write_batch(struct etoro_journal *j, struct etoro_entry *batch,
                       int is_flushing, int was_dirty)
{
  struct etoro_entry *e;
  int is_dirty = was_dirty;
  for (e = batch; e; e = e->next) {
    /* An intent in a file that nobody finds is as good as none, so its order
       must not leave. An outcome has its place behind its intent, moved or
       not. */
    e->error = e->is_intent && !etoro_journal_file_is_there(&j->file)
                   ? ENOENT
                   : etoro_journal_file_write(&j->file, e->line, e->len);
    is_dirty |= !e->error;
  }
  return is_flushing && is_dirty ? etoro_journal_file_flush(&j->file) : 0;
}

/* One turn of the thread, which has the mutex before and afterwards. */
static void work_once(struct etoro_journal *j)
{
  struct etoro_entry *batch = j->first;
  int is_flushing = j->wants_flush;
  int was_dirty = j->is_dirty;
  int error;
  /* The batch is the thread's own while the mutex is open: of its entries
     others touch journal and bell alone, which write_batch leaves alone. */
  j->first = j->last = NULL;
  j->waiting = 0;
  j->wants_flush = 0;
  j->is_working = 1;
  pthread_mutex_unlock(&j->mutex);
  error = write_batch(j, batch, is_flushing, was_dirty);
  pthread_mutex_lock(&j->mutex);
  /* With nobody's line to carry it, the next sync has to tell it. */
  if (error && !batch && !j->error)
    j->error = error;
  /* Also when the flush failed: Linux tells such an error once and takes the
     pages for clean, so that a second one would succeed and mean nothing. */
  j->is_dirty = !is_flushing;
  while (batch) {
    struct etoro_entry *e = batch;
    batch = e->next;
    if (!e->error)
      e->error = error;
    end_entry(j, e);
  }
  j->is_working = 0;
  pthread_cond_broadcast(&j->less);
}

static void *work(void *context)
{
  struct etoro_journal *j = context;
  int is_left;
  pthread_mutex_lock(&j->mutex);
  for (;;) {
    while (!j->first && !j->wants_flush && !j->is_ending)
      pthread_cond_wait(&j->more, &j->mutex);
    /* An end is only taken once nothing waits: what was handed over before it
       is written. */
    if (!j->first && !j->wants_flush)
      break;
    work_once(j);
  }
  j->is_over = 1;
  is_left = j->is_left;
  pthread_cond_broadcast(&j->less);
  pthread_mutex_unlock(&j->mutex);
  /* Its last holder could not wait; nobody else has the journal. */
  if (is_left)
    destroy(j);
  return NULL;
}

/* Starts the thread, with all signals blocked: they are for the host's own,
   and one for a file that grew too large stays unheard. 0 or an errno. */
static int need_thread(struct etoro_journal *j)
{
  sigset_t all, before;
  int error;
  if (j->has_thread)
    return 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&j->thread, NULL, work, j);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  /* It starts with the first line: a client that only reads has no thread. */
  j->has_thread = !error;
  return error;
}

static void init_locks(struct etoro_journal *j)
{
  pthread_condattr_t steady;
  pthread_condattr_init(&steady);
#ifndef __APPLE__
  /* A patience that goes by the machine's time would be endless when that is
     set back. macOS cannot do it. */
  pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
#endif
  pthread_mutex_init(&j->mutex, NULL);
  pthread_cond_init(&j->more, &steady);
  pthread_cond_init(&j->less, &steady);
  pthread_condattr_destroy(&steady);
}

int etoro_journal_open(struct etoro_journal **out, const char *path,
                       etoro_random_fn *random, void *context,
                       char why[ETORO_JOURNAL_WHY_MAX])
{
  struct etoro_journal *j = calloc(1, sizeof *j);
  int rc;
  *out = NULL;
  if (!j)
    return ETORO_ENOMEM;
  /* Before there are locks: what fails here has nothing to give back. */
  rc = etoro_journal_file_open(&j->file, path, random, context, why);
  if (rc) {
    free(j);
    return rc;
  }
  j->refs = 1;
  etoro_fork_mark(&j->owner);
  init_locks(j);
  *out = j;
  return ETORO_OK;
}

struct etoro_journal *etoro_journal_keep(struct etoro_journal *j)
{
  j->refs++;
  return j;
}

static struct timespec moment(double seconds)
{
  struct timespec t;
#ifdef __APPLE__
  clock_gettime(CLOCK_REALTIME, &t);
#else
  clock_gettime(CLOCK_MONOTONIC, &t);
#endif
  t.tv_sec += (time_t)seconds;
  t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
  if (t.tv_nsec >= 1000000000) {
    t.tv_nsec -= 1000000000;
    t.tv_sec++;
  }
  return t;
}

/* is_working as well: a batch that the thread has taken is in no queue. */
static int is_settled(const struct etoro_journal *j)
{
  return !j->first && !j->is_working && !j->wants_flush;
}

/* With the mutex: waits for the thread. 0 or ETIMEDOUT. */
static int wait_settled(struct etoro_journal *j, double seconds)
{
  struct timespec until = moment(seconds);
  int error = 0;
  while (!error && !is_settled(j))
    error = pthread_cond_timedwait(&j->less, &j->mutex, &until);
  return is_settled(j) ? 0 : ETIMEDOUT;
}

/* Has the thread write all, and ends it. 1 when it did so in time; else the
   journal is the thread's from now on. */
static int end_thread(struct etoro_journal *j)
{
  /* A disk that has cost somebody the whole patience already is not waited for
     a second time. */
  struct timespec until = moment(j->is_slow ? 0 : ETORO_JOURNAL_PATIENCE);
  int error = 0, is_over;
  pthread_mutex_lock(&j->mutex);
  j->is_ending = j->wants_flush = 1;
  pthread_cond_signal(&j->more);
  while (!error && !j->is_over)
    error = pthread_cond_timedwait(&j->less, &j->mutex, &until);
  is_over = j->is_over;
  pthread_mutex_unlock(&j->mutex);
  if (is_over)
    pthread_join(j->thread, NULL);
  return is_over;
}

void etoro_journal_close(struct etoro_journal *j)
{
  if (j->is_closed)
    return;
  j->is_closed = 1;
  if (is_foreign(j)) {
    etoro_journal_file_close(&j->file); /* the parent keeps the lock */
    return;
  }
  /* The file stays open, and its lock held, while the thread may still write
     to it: another process must not read it as finished. */
  if (j->has_thread && !end_thread(j))
    return;
  j->has_thread = 0;
  etoro_journal_file_close(&j->file);
}

void etoro_journal_free(struct etoro_journal *j)
{
  int is_over = 1;
  if (!j || --j->refs)
    return;
  etoro_journal_close(j);
  if (is_foreign(j))
    return; /* its mutex may be held by a thread that is not here */
  if (j->has_thread) { /* whose disk has kept it waiting */
    pthread_detach(j->thread);
    pthread_mutex_lock(&j->mutex);
    is_over = j->is_over;
    j->is_left = 1;
    pthread_mutex_unlock(&j->mutex);
  }
  if (is_over)
    destroy(j);
}

int etoro_journal_is(const struct etoro_journal *j, const char *path)
{
  return !j->is_closed && !is_foreign(j)
         && etoro_journal_file_is(&j->file, path);
}

const char *etoro_journal_path(const struct etoro_journal *j)
{
  return j->is_closed ? NULL : j->file.path;
}

int etoro_journal_who(const struct etoro_journal *j,
                      const struct etoro_secret *secret,
                      char out[ETORO_JOURNAL_WHO_LEN + 1])
{
  return etoro_journal_file_who(&j->file, secret, out, ETORO_JOURNAL_WHO_LEN);
}

static int make_entry(struct etoro_entry **out, const struct etoro_journal *j,
                      const char *line, size_t n)
{
  struct etoro_entry *e;
  *out = NULL;
  if (j->is_closed || is_foreign(j))
    return ETORO_ECLOSED;
  /* A line end inside would make two lines, the second of which anybody who
     words a text could have written. */
  if (!n || memchr(line, '\n', n))
    return ETORO_EINVAL;
  e = calloc(1, sizeof *e + n + 1);
  if (!e)
    return ETORO_ENOMEM;
  memcpy(e->line, line, n);
  e->line[n] = '\n';
  e->len = n + 1;
  *out = e;
  return ETORO_OK;
}

/* Hands a line to the thread; 0 or an errno. */
static int enqueue(struct etoro_journal *j, struct etoro_entry *e,
                   int is_flushing)
{
  int error = 0;
  e->is_intent = is_flushing;
  pthread_mutex_lock(&j->mutex);
  /* Refused and told, not waited for: the loop that calls must go on. */
  if (j->waiting >= ETORO_JOURNAL_LINES_MAX)
    error = ENOBUFS;
  else
    error = need_thread(j);
  if (!error) {
    if (j->last)
      j->last->next = e;
    else
      j->first = e;
    j->last = e;
    j->waiting++;
    /* An outcome does not wait for the disk: what a crash takes of it the
       server can be asked for. Of an intent nobody else would know. */
    j->wants_flush |= is_flushing;
    e->is_busy = 1;
    pthread_cond_signal(&j->more);
  }
  pthread_mutex_unlock(&j->mutex);
  return error;
}

int etoro_journal_append(struct etoro_journal *j, const char *line, size_t n)
{
  struct etoro_entry *e;
  int error;
  int rc = make_entry(&e, j, line, n);
  if (rc)
    return rc;
  error = enqueue(j, e, 0);
  if (!error)
    return ETORO_OK;
  free(e);
  pthread_mutex_lock(&j->mutex);
  if (!j->error)
    j->error = error; /* so that the line is missed at the end */
  pthread_mutex_unlock(&j->mutex);
  return error == ENOBUFS ? ETORO_ETOOBIG : ETORO_ENOMEM;
}

int etoro_journal_sync(struct etoro_journal *j, double seconds)
{
  int error;
  if (j->is_closed || is_foreign(j) || !j->has_thread)
    return 0;
  pthread_mutex_lock(&j->mutex);
  j->wants_flush = 1;
  pthread_cond_signal(&j->more);
  error = wait_settled(j, seconds);
  /* A short wait that was in vain says nothing of the disk. */
  j->is_slow = error && seconds >= ETORO_JOURNAL_PATIENCE;
  if (!error) {
    error = j->error;
    /* Told once: the next sync is of the lines that come after it. */
    j->error = 0;
  }
  pthread_mutex_unlock(&j->mutex);
  return error;
}

int etoro_entry_new(struct etoro_entry **out, struct etoro_journal *j,
                    const char *line, size_t n)
{
  int rc = make_entry(out, j, line, n);
  if (!rc)
    (*out)->journal = etoro_journal_keep(j);
  return rc;
}

void etoro_entry_start(struct etoro_entry *e, const struct etoro_wake *bell)
{
  struct etoro_journal *j = e->journal;
  int error = EBADF;
  e->is_started = 1;
  e->bell = bell;
  if (!j->is_closed && !is_foreign(j))
    error = enqueue(j, e, 1);
  if (!error)
    return;
  /* Here, without the mutex: the thread never saw this entry. */
  e->error = error;
  e->is_done = 1;
  if (bell)
    etoro_wake_ring(bell);
}

void etoro_entry_stop(struct etoro_entry *e)
{
  if (is_foreign(e->journal))
    return;
  /* Once the mutex is open again, the thread rings no bell that is about to be
     freed. */
  pthread_mutex_lock(&e->journal->mutex);
  e->bell = NULL;
  pthread_mutex_unlock(&e->journal->mutex);
}

void etoro_entry_wait(struct etoro_entry *e, double seconds)
{
  struct etoro_journal *j = e->journal;
  struct timespec until = moment(seconds);
  int error = 0;
  pthread_mutex_lock(&j->mutex);
  while (e->is_busy && !error)
    error = pthread_cond_timedwait(&j->less, &j->mutex, &until);
  pthread_mutex_unlock(&j->mutex);
}

int etoro_entry_is_started(const struct etoro_entry *e)
{
  return e->is_started;
}

int etoro_entry_is_done(struct etoro_entry *e, int *error)
{
  int is_done;
  pthread_mutex_lock(&e->journal->mutex);
  is_done = e->is_done;
  *error = is_done ? e->error : 0;
  pthread_mutex_unlock(&e->journal->mutex);
  return is_done;
}

struct etoro_journal *etoro_entry_journal(const struct etoro_entry *e)
{
  return e->journal;
}

void etoro_entry_free(struct etoro_entry *e)
{
  struct etoro_journal *j;
  int is_busy;
  if (!e)
    return;
  j = e->journal;
  if (is_foreign(j)) {
    etoro_journal_free(j); /* the line may be in a list that was in motion */
    return;
  }
  pthread_mutex_lock(&j->mutex);
  is_busy = e->is_busy;
  if (is_busy) {
    e->journal = NULL; /* the thread frees it */
    e->bell = NULL;
  }
  pthread_mutex_unlock(&j->mutex);
  if (!is_busy)
    free(e);
  etoro_journal_free(j);
}
