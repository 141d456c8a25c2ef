#include "core/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/status.h"
#include "failing.h" /* brings __wrap_malloc */

static char folder[] = "/tmp/etoro-spec-XXXXXX";
static char path[64];

/* The disk. While it is shut nothing gets there. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static int is_shut, waiting, flushes, flush_error;

int fdatasync(int fd)
{
  int error;
  (void)fd;
  pthread_mutex_lock(&mutex);
  waiting++;
  pthread_cond_broadcast(&turn);
  while (is_shut)
    pthread_cond_wait(&turn, &mutex);
  waiting--;
  flushes++;
  error = errno = flush_error;
  pthread_mutex_unlock(&mutex);
  return error ? -1 : 0;
}

static void shut(int on)
{
  pthread_mutex_lock(&mutex);
  is_shut = on;
  pthread_cond_broadcast(&turn);
  pthread_mutex_unlock(&mutex);
}

static void await_flush(void)
{
  pthread_mutex_lock(&mutex);
  while (!waiting)
    pthread_cond_wait(&turn, &mutex);
  pthread_mutex_unlock(&mutex);
}

static int zeros(void *context, void *out, size_t n)
{
  (void)context;
  memset(out, 0, n);
  return ETORO_OK;
}

static int no_random(void *context, void *out, size_t n)
{
  (void)context;
  (void)out;
  (void)n;
  return ETORO_ERANDOM;
}

#define HEADER \
  "{\"kind\":\"journal\",\"version\":1," \
  "\"salt\":\"00000000000000000000000000000000\"}\n"

static void fill(const char *text)
{
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0 && !fclose(file));
}

static void holds(const char *text)
{
  char bytes[8192];
  FILE *file = fopen(path, "r");
  size_t n;
  CHECK(file != NULL);
  n = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  CHECK_TEXT(text, bytes, n);
}

static struct etoro_journal *open_journal(void)
{
  char why[ETORO_JOURNAL_WHY_MAX];
  struct etoro_journal *j;
  CHECK(etoro_journal_open(&j, path, zeros, NULL, why) == ETORO_OK);
  return j;
}

static void refuses(const char *part)
{
  char why[ETORO_JOURNAL_WHY_MAX];
  struct etoro_journal *j;
  CHECK(etoro_journal_open(&j, path, zeros, NULL, why) == ETORO_EIO);
  CHECK(!j);
  if (!strstr(why, part) || !strstr(why, path))
    CHECK_TEXT(part, why, strlen(why));
}

static void append(struct etoro_journal *j, const char *line)
{
  CHECK(etoro_journal_append(j, line, strlen(line)) == ETORO_OK);
}

static struct etoro_entry *entry(struct etoro_journal *j, const char *line)
{
  struct etoro_entry *e;
  CHECK(etoro_entry_new(&e, j, line, strlen(line)) == ETORO_OK);
  return e;
}

static int fate(struct etoro_journal *j, const char *line)
{
  struct etoro_entry *e = entry(j, line);
  int error;
  CHECK(!etoro_entry_is_done(e, &error));
  etoro_entry_start(e, NULL);
  etoro_entry_wait(e, 30);
  CHECK(etoro_entry_is_done(e, &error));
  etoro_entry_free(e);
  return error;
}

static void writes_lines(void)
{
  struct stat info;
  struct etoro_journal *j;
  unlink(path);
  j = open_journal();
  CHECK(!stat(path, &info) && (info.st_mode & 0777) == 0600);
  append(j, "one");
  append(j, "two");
  CHECK(etoro_journal_sync(j, 5) == 0);
  holds(HEADER "one\ntwo\n");
  CHECK(fate(j, "three") == 0);
  CHECK(etoro_journal_append(j, "a\nb", 3) == ETORO_EINVAL);
  CHECK(etoro_journal_append(j, "", 0) == ETORO_EINVAL);
  append(j, "four");
  etoro_journal_close(j);
  etoro_journal_close(j);
  CHECK(etoro_journal_append(j, "five", 4) == ETORO_ECLOSED);
  CHECK(etoro_journal_sync(j, 5) == 0);
  CHECK(!etoro_journal_is(j, path));
  etoro_journal_free(j);
  etoro_journal_free(NULL);
  holds(HEADER "one\ntwo\nthree\nfour\n");
}

static void mends_what_a_crash_left(void)
{
  struct etoro_journal *j;
  fill(HEADER "one\ntw");
  j = open_journal();
  holds(HEADER "one\ntw");
  append(j, "three");
  append(j, "four");
  etoro_journal_free(j);
  holds(HEADER "one\ntw\nthree\nfour\n");
  fill("{\"kind\":\"jour");
  etoro_journal_free(open_journal());
  holds(HEADER);
  fill("");
  etoro_journal_free(open_journal());
  holds(HEADER);
  /* all but its line's end */
  CHECK(!truncate(path, sizeof HEADER - 2));
  j = open_journal();
  append(j, "one");
  etoro_journal_free(j);
  holds(HEADER "one\n");
}

static void leaves_other_files_alone(void)
{
  static const char *const others[] = {
    "x", "\n", "{\"kind\":\"else\"}\n", "{\"kind\":\"journal\",\"version\":\n",
    "a long line of something else, and longer than one of ours ever is: xxx\n"
  };
  size_t i;
  for (i = 0; i < sizeof others / sizeof *others; i++) {
    fill(others[i]);
    refuses("left alone");
    holds(others[i]);
  }
  fill("{\"kind\":\"journal\",\"version\":2,"
       "\"salt\":\"00000000000000000000000000000000\"}\n");
  refuses("another version");
  fill("{\"kind\":\"journal\",\"version\":1,"
       "\"salt\":\"0000000000000000000000000000000x\"}\n");
  refuses("broken");
  unlink(path);
  CHECK(!mkfifo(path, 0600));
  refuses("regular");
  unlink(path);
  CHECK(!mkdir(path, 0700));
  refuses("irectory");
  CHECK(!rmdir(path));
}

static void says_what_cannot_be_opened(void)
{
  char why[ETORO_JOURNAL_WHY_MAX];
  char name[2000];
  struct etoro_journal *j;
  CHECK(etoro_journal_open(&j, "/no-such/folder", zeros, NULL, why)
        == ETORO_EIO);
  CHECK(strstr(why, "/no-such/folder") && strstr(why, strerror(ENOENT)));
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  CHECK(etoro_journal_open(&j, name, zeros, NULL, why) == ETORO_EIO);
  /* of which ETORO_JOURNAL_PATH_SHOWN bytes are told, and the reason fits
     into ETORO_JOURNAL_WHY_MAX */
  CHECK(strspn(strchr(why, 'x'), "x") == 300);
  CHECK(strstr(why, strerror(ENAMETOOLONG)));
  unlink(path);
  CHECK(etoro_journal_open(&j, path, no_random, NULL, why) == ETORO_ERANDOM);
}

static void has_one_holder(void)
{
  struct etoro_journal *j, *other;
  unlink(path);
  j = open_journal();
  CHECK(etoro_journal_is(j, path));
  CHECK(!etoro_journal_is(j, folder));
  refuses("in use");
  other = etoro_journal_keep(j);
  etoro_journal_free(j);
  refuses("in use");
  etoro_journal_free(other);
  etoro_journal_free(open_journal());
}

static void tells_keys_apart(void)
{
  struct etoro_secret *one, *two;
  struct etoro_journal *j;
  char a[ETORO_JOURNAL_WHO_LEN + 1], b[ETORO_JOURNAL_WHO_LEN + 1];
  CHECK(etoro_secret_new(&one, "one", 3) == ETORO_OK);
  CHECK(etoro_secret_new(&two, "two", 3) == ETORO_OK);
  j = open_journal();
  CHECK(etoro_journal_who(j, one, a) == ETORO_OK);
  CHECK(etoro_journal_who(j, two, b) == ETORO_OK);
  CHECK(strcmp(a, b) != 0);
  /* sha256 of 32 zeros and "one" */
  CHECK_TEXT("72471c0951963a77", a, strlen(a));
  etoro_journal_free(j);
  unlink(path);
  fill("{\"kind\":\"journal\",\"version\":1,"
       "\"salt\":\"00000000000000000000000000000001\"}\n");
  j = open_journal();
  CHECK(etoro_journal_who(j, one, b) == ETORO_OK);
  CHECK(strcmp(a, b) != 0);
  etoro_journal_free(j);
  etoro_secret_free(one);
  etoro_secret_free(two);
}

#define MANY 20

static void shares_a_flush(void)
{
  struct etoro_entry *list[MANY];
  struct etoro_journal *j;
  struct etoro_wake bell;
  int i, error;
  unlink(path);
  j = open_journal();
  CHECK(etoro_wake_open(&bell) == ETORO_OK);
  shut(1);
  flushes = 0; /* nobody else looks yet */
  for (i = 0; i < MANY; i++) {
    list[i] = entry(j, "line");
    CHECK(!etoro_entry_is_started(list[i]));
    etoro_entry_start(list[i], &bell);
    CHECK(etoro_entry_is_started(list[i]));
    CHECK(etoro_entry_journal(list[i]) == j);
    if (!i)
      await_flush();
  }
  for (i = 0; i < MANY; i++)
    CHECK(!etoro_entry_is_done(list[i], &error));
  CHECK(etoro_journal_sync(j, 0.01) == ETIMEDOUT);
  shut(0);
  for (i = 0; i < MANY; i++) {
    struct pollfd one = { bell.in, POLLIN, 0 };
    while (!etoro_entry_is_done(list[i], &error)) {
      CHECK(poll(&one, 1, 5000) == 1);
      etoro_wake_clear(&bell);
    }
    CHECK(!error);
    etoro_entry_free(list[i]);
  }
  CHECK(etoro_journal_sync(j, 5) == 0);
  CHECK(flushes <= 3);
  etoro_journal_free(j);
  etoro_wake_close(&bell);
  etoro_wake_close(&bell);
}

/* Whoever asked is gone before the disk has answered. */
static void goes_on_alone(void)
{
  struct etoro_entry *waits, *never;
  struct etoro_journal *j;
  struct etoro_wake bell;
  struct pollfd one;
  unlink(path);
  j = open_journal();
  CHECK(etoro_wake_open(&bell) == ETORO_OK);
  shut(1);
  never = entry(j, "never");
  waits = entry(j, "waits");
  etoro_entry_start(waits, &bell);
  etoro_entry_stop(waits);
  await_flush();
  etoro_entry_free(waits);
  etoro_entry_free(never);
  etoro_entry_free(NULL);
  shut(0);
  etoro_journal_free(j);
  one.fd = bell.in;
  one.events = POLLIN;
  CHECK(poll(&one, 1, 0) == 0);
  etoro_wake_close(&bell);
  holds(HEADER "waits\n");
}

static void limit(rlim_t bytes)
{
  struct rlimit now;
  CHECK(!getrlimit(RLIMIT_FSIZE, &now));
  now.rlim_cur = bytes;
  CHECK(!setrlimit(RLIMIT_FSIZE, &now));
}

static void says_what_the_disk_says(void)
{
  struct etoro_journal *j;
  struct rlimit before;
  CHECK(!getrlimit(RLIMIT_FSIZE, &before));
  unlink(path);
  j = open_journal();
  /* room for a part of it; the signal that comes with this stays unheard */
  limit(sizeof HEADER - 1 + 3);
  CHECK(fate(j, "a line") == EFBIG);
  holds(HEADER);
  append(j, "an outcome");
  CHECK(etoro_journal_sync(j, 5) == EFBIG);
  CHECK(etoro_journal_sync(j, 5) == 0);
  limit(before.rlim_cur);
  CHECK(fate(j, "next") == 0);
  holds(HEADER "next\n");
  flush_error = EIO;
  CHECK(fate(j, "lost") == EIO);
  append(j, "more");
  CHECK(etoro_journal_sync(j, 5) == EIO);
  flush_error = 0;
  CHECK(fate(j, "last") == 0);
  holds(HEADER "next\nlost\nmore\nlast\n");
  unlink(path);
  CHECK(fate(j, "gone") == ENOENT);
  etoro_journal_free(j);
  flush_error = EIO;
  refuses(strerror(EIO));
  flush_error = 0;
}

static void notices_other_writers(void)
{
  struct etoro_journal *j;
  unlink(path);
  j = open_journal();
  CHECK(fate(j, "mine") == 0);
  CHECK(!truncate(path, sizeof HEADER - 1));
  CHECK(fate(j, "cut") == ETORO_JOURNAL_CHANGED);
  holds(HEADER);
  append(j, "an outcome");
  CHECK(etoro_journal_sync(j, 5) == ETORO_JOURNAL_CHANGED);
  fill(HEADER "none\n");
  CHECK(fate(j, "other bytes") == ETORO_JOURNAL_CHANGED);
  fill("");
  CHECK(fate(j, "nothing") == ETORO_JOURNAL_CHANGED);
  holds("");
  fill(HEADER "mine\n");
  CHECK(fate(j, "again") == 0);
  etoro_journal_free(j);
  fill(HEADER "mine\nhalf");
  j = open_journal();
  CHECK(fate(j, "whole") == 0);
  holds(HEADER "mine\nhalf\nwhole\n");
  etoro_journal_free(j);
}

static void stays_the_parents(void)
{
  struct etoro_entry *e;
  struct etoro_journal *j;
  pid_t pid;
  int status;
  unlink(path);
  j = open_journal();
  shut(1);
  e = entry(j, "parent");
  etoro_entry_start(e, NULL);
  await_flush();
  pid = fork();
  CHECK(pid >= 0);
  if (!pid) {
    CHECK(etoro_journal_append(j, "child", 5) == ETORO_ECLOSED);
    CHECK(etoro_journal_sync(j, 5) == 0);
    CHECK(!etoro_journal_is(j, path));
    etoro_entry_stop(e);
    etoro_entry_free(e);
    etoro_journal_close(j);
    etoro_journal_free(j);
    refuses("in use");
    _exit(0);
  }
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
  refuses("in use");
  shut(0);
  etoro_entry_wait(e, 30);
  etoro_entry_free(e);
  append(j, "on");
  etoro_journal_free(j);
  holds(HEADER "parent\non\n");
}

static void survives_short_memory(int may_fail)
{
  char why[ETORO_JOURNAL_WHY_MAX], who[ETORO_JOURNAL_WHO_LEN + 1];
  struct etoro_journal *j = NULL;
  struct etoro_entry *e = NULL;
  struct etoro_secret *s = NULL;
  int rc = etoro_secret_new(&s, "one", 3);
  if (!rc)
    rc = etoro_journal_open(&j, path, zeros, NULL, why);
  if (!rc)
    rc = etoro_journal_who(j, s, who);
  if (!rc)
    rc = etoro_journal_append(j, "one", 3);
  if (!rc)
    rc = etoro_entry_new(&e, j, "two", 3);
  CHECK(may_fail ? !rc || rc == ETORO_ENOMEM : !rc);
  etoro_entry_free(e);
  etoro_journal_free(j);
  etoro_secret_free(s);
}

int main(void)
{
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/orders.jsonl", folder);
  writes_lines();
  mends_what_a_crash_left();
  leaves_other_files_alone();
  says_what_cannot_be_opened();
  has_one_holder();
  tells_keys_apart();
  shares_a_flush();
  goes_on_alone();
  says_what_the_disk_says();
  notices_other_writers();
  stays_the_parents();
  unlink(path);
  fail_each_step(survives_short_memory);
  unlink(path);
  CHECK(!rmdir(folder));
  return 0;
}
