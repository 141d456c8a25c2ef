/* Guard rails at the last moment before a request goes out, so that what was
   queued before is caught too. */
#ifndef ETORO_RAILS_H
#define ETORO_RAILS_H

#include "core/engine/job.h"

/* Why a job must not be sent, or ETORO_CODE_NONE: writes of a client that is
   halted (but never a cancel or close) or dry, and writes of a demo client on
   a path that some server could read as one of the real account's trading:
   one with that word in it, and not plainly with its demo segment. */
enum etoro_code etoro_rails_check(const struct etoro_job *j);

#endif
