#include "core/engine/line.h"

/* The links are in the job, as it stands in one line at a time: to change the
   line can so never fail for want of memory. */
void etoro_line_push(struct etoro_line *l, struct etoro_job *j)
{
  j->next = NULL;
  j->previous = l->last;
  if (l->last)
    l->last->next = j;
  else
    l->first = j;
  l->last = j;
}

/* For one that had its turn already and could not go. */
void etoro_line_push_front(struct etoro_line *l, struct etoro_job *j)
{
  j->previous = NULL;
  j->next = l->first;
  if (l->first)
    l->first->previous = j;
  else
    l->last = j;
  l->first = j;
}

void etoro_line_unlink(struct etoro_line *l, struct etoro_job *j)
{
  if (j->previous)
    j->previous->next = j->next;
  else
    l->first = j->next;
  if (j->next)
    j->next->previous = j->previous;
  else
    l->last = j->previous;
  j->next = j->previous = NULL;
}
