/* An allocator that fails once, at the step a test asks for. The program
   that includes it is linked with --wrap for malloc, calloc and realloc. */
#ifndef FAILING_H
#define FAILING_H

#include <stddef.h>

static int fail_at; /* allocations until the one that fails; 0: none does */

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t n);

static int is_failing(void)
{
  return fail_at > 0 && --fail_at == 0;
}

void *__wrap_malloc(size_t n)
{
  return is_failing() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t size)
{
  return is_failing() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t n)
{
  return is_failing() ? NULL : __real_realloc(old, n);
}

/* Runs body with the allocation failing at step 1, 2, 3 ... until it ends
   without reaching that step. body gets 1 while a failure may come. */
static void fail_each_step(void (*body)(int may_fail))
{
  int step;
  for (step = 1;; step++) {
    fail_at = step;
    body(1);
    if (fail_at > 0)
      break;
  }
  fail_at = 0;
  body(0);
}

#endif
