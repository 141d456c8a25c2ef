#include "core/engine/unsent.h"

#include <stdio.h>
#include <time.h>

/* Without this line a program that starts after a crash would have to ask the
   server what became of an order that never left. Here, and not in Lua,
   because a job can end without Lua hearing of it: its engine is closed, its
   handle collected. */
void etoro_unsent_note(const struct etoro_job *j,
                       const struct etoro_world *world)
{
  char line[256], at[32];
  struct tm utc;
  double now;
  time_t seconds;
  int n;
  if (!j->intent || !etoro_entry_is_started(j->intent) || j->was_sent)
    return;
  now = etoro_world_unix(world);
  seconds = (time_t)now;
  if (!gmtime_r(&seconds, &utc)
      || !strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc))
    return;
  n = snprintf(line, sizeof line,
               "{\"kind\":\"outcome\",\"id\":\"%s\",\"at\":\"%s.%03dZ\","
               "\"state\":\"not_sent\",\"code\":\"%s\"}",
               j->request_id, at, (int)((now - (double)seconds) * 1000),
               etoro_code_name(j->code));
  /* one that is lost is one that has to be looked up later */
  etoro_journal_append(etoro_entry_journal(j->intent), line, (size_t)n);
}
