#include "core/engine/timers.h"

#include "check.h"
#include "core/engine/job.h"
#include "core/status.h"
#include "failing.h"

enum {
  JOBS = 300,
  STEPS = 20000
};

static struct etoro_job *jobs;
static double at[JOBS]; /* when each is due; below 0: not in the heap */

static unsigned next_random(unsigned *state)
{
  *state = *state * 1103515245u + 12345u;
  return *state >> 8;
}

static void make_jobs(void)
{
  int i;
  jobs = calloc(JOBS, sizeof *jobs);
  CHECK(jobs != NULL);
  for (i = 0; i < JOBS; i++)
    at[i] = -1;
}

/* The least of all that are in, looked for the plain way. */
static double least(void)
{
  double found = -1;
  int i;
  for (i = 0; i < JOBS; i++)
    if (at[i] >= 0 && (found < 0 || at[i] < found))
      found = at[i];
  return found;
}

static size_t count_of(void)
{
  size_t count = 0;
  int i;
  for (i = 0; i < JOBS; i++)
    count += at[i] >= 0;
  return count;
}

/* No child comes before its parent, and each job knows where it stands. */
static void is_a_heap(const struct etoro_timers *t)
{
  size_t i;
  for (i = 0; i < t->count; i++) {
    CHECK(t->heap[i]->timer_slot == i + 1);
    if (i)
      CHECK(t->heap[(i - 1) / 2]->timer_at <= t->heap[i]->timer_at);
  }
}

static void agrees(const struct etoro_timers *t)
{
  struct etoro_job *first = etoro_timers_first(t);
  CHECK(t->count == count_of());
  is_a_heap(t);
  if (!first) {
    CHECK(least() < 0);
    return;
  }
  CHECK(first->timer_at == least());
  CHECK(at[first - jobs] == first->timer_at);
}

/* Sets, moves to earlier and to later, and drops, in the middle too. */
static void random_steps(unsigned seed)
{
  struct etoro_timers t = { NULL, 0, 0 };
  int step;
  make_jobs();
  for (step = 0; step < STEPS; step++) {
    int i = (int)(next_random(&seed) % JOBS);
    if (next_random(&seed) % 3) {
      at[i] = next_random(&seed) % 1000;
      CHECK(etoro_timers_set(&t, &jobs[i], at[i]) == ETORO_OK);
    } else {
      etoro_timers_drop(&t, &jobs[i]);
      CHECK(jobs[i].timer_slot == 0);
      at[i] = -1;
    }
    agrees(&t);
  }
  while (etoro_timers_first(&t)) {
    struct etoro_job *first = etoro_timers_first(&t);
    etoro_timers_drop(&t, first);
    at[first - jobs] = -1;
    agrees(&t);
  }
  etoro_timers_free(&t);
  free(jobs);
}

/* The job that fills the hole of a dropped one may have to go up: 9 stands
   below 8 on one side, 3 below 2 on the other. */
static void fills_a_hole_upwards(void)
{
  static const double order[] = { 1, 8, 2, 9, 10, 3, 4 };
  struct etoro_timers t = { NULL, 0, 0 };
  int i;
  make_jobs();
  for (i = 0; i < 7; i++) {
    at[i] = order[i];
    CHECK(etoro_timers_set(&t, &jobs[i], order[i]) == ETORO_OK);
  }
  etoro_timers_drop(&t, &jobs[3]); /* its place, below 8, goes to 4 */
  at[3] = -1;
  agrees(&t);
  etoro_timers_free(&t);
  free(jobs);
}

static void dropping_twice_is_nothing(void)
{
  struct etoro_timers t = { NULL, 0, 0 };
  make_jobs();
  etoro_timers_drop(&t, &jobs[0]);
  CHECK(etoro_timers_set(&t, &jobs[0], 5) == ETORO_OK);
  etoro_timers_drop(&t, &jobs[0]);
  etoro_timers_drop(&t, &jobs[0]);
  CHECK(t.count == 0 && !etoro_timers_first(&t));
  etoro_timers_free(&t);
  CHECK(t.heap == NULL && t.cap == 0);
  free(jobs);
}

/* Memory fails only where the heap grows; what is in stays, and may move. */
static void survives_no_memory(int may_fail)
{
  struct etoro_timers t = { NULL, 0, 0 };
  int i;
  for (i = 0; i < JOBS; i++) {
    jobs[i].timer_slot = 0;
    at[i] = JOBS - i;
    if (etoro_timers_set(&t, &jobs[i], at[i]) == ETORO_OK)
      continue;
    CHECK(may_fail && jobs[i].timer_slot == 0);
    at[i] = -1;
  }
  at[JOBS - 1] = JOBS;
  CHECK(etoro_timers_set(&t, &jobs[JOBS - 1], JOBS) == ETORO_OK);
  agrees(&t);
  etoro_timers_free(&t);
}

int main(void)
{
  unsigned seed;
  for (seed = 1; seed <= 5; seed++)
    random_steps(seed);
  fills_a_hole_upwards();
  dropping_twice_is_nothing();
  make_jobs();
  fail_each_step(survives_no_memory);
  free(jobs);
  return 0;
}
