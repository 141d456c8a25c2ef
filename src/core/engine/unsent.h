/* The line in the journal that says of a written intent: it was not sent. */
#ifndef ETORO_UNSENT_H
#define ETORO_UNSENT_H

#include "core/engine/job.h"
#include "core/engine/world.h"

/* To be called at the end of every job; does nothing but for one whose intent
   was written and of which no byte has left. */
void etoro_unsent_note(const struct etoro_job *j,
                       const struct etoro_world *world);

#endif
