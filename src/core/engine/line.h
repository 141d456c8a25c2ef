/* A queue of jobs, linked through the jobs themselves: putting one in cannot
   fail, and one in the middle is taken out at once. A job stands in one line
   at most, and a line holds none of them: whoever lets go of a job takes it
   out first. */
#ifndef ETORO_LINE_H
#define ETORO_LINE_H

#include "core/engine/job.h"

void etoro_line_push(struct etoro_line *l, struct etoro_job *j);
void etoro_line_push_front(struct etoro_line *l, struct etoro_job *j);

/* Takes out a job that is in this line. */
void etoro_line_unlink(struct etoro_line *l, struct etoro_job *j);

#endif
