/* The manual wire: whoever takes the jobs answers them, under a clock that
   moves when it is told to. */
#include "core/engine/engine.h"
#include "core/engine/line.h"
#include "core/engine/moves.h"
#include "core/status.h"

int etoro_engine_is_manual(const struct etoro_engine *e)
{
  return !e->wire;
}

struct etoro_job *etoro_engine_take(struct etoro_engine *e)
{
  struct etoro_job *j = e->outbox.first;
  if (!j)
    return NULL;
  etoro_line_unlink(&e->outbox, j);
  j->is_taken = j->is_sent = 1; /* whoever has it may carry it out */
  return j;
}

/* An answer that comes late, behind a timeout or a cancel, is for nobody. */
static int is_answerable(const struct etoro_job *j)
{
  return j->state == ETORO_STATE_FLIGHT && j->is_taken;
}

int etoro_engine_answer(struct etoro_engine *e, struct etoro_job *j,
                        const struct etoro_answer *answer)
{
  int rc;
  if (!is_answerable(j))
    return ETORO_EINVAL;
  /* Into the same buffers, with the same ceilings, as from the network: a
     program that passes in the sandbox meets nothing new outside. */
  rc = etoro_buf_add(&j->headers, answer->headers, answer->headers_len);
  if (!rc)
    rc = etoro_buf_add(&j->reply, answer->body, answer->body_len);
  j->code = rc == ETORO_ETOOBIG  ? ETORO_CODE_TOO_LARGE
            : rc == ETORO_ENOMEM ? ETORO_CODE_OUT_OF_MEMORY
                                 : ETORO_CODE_NONE;
  j->status = answer->status;
  j->may_limit = 1; /* nobody has looked at the lines as they came */
  j->http_version = 11;
  etoro_moves_land(e, j, j->code);
  return ETORO_OK;
}

int etoro_engine_fail(struct etoro_engine *e, struct etoro_job *j,
                      enum etoro_code code, int is_sent)
{
  if (!is_answerable(j))
    return ETORO_EINVAL;
  j->code = code;
  j->is_sent = is_sent;
  etoro_moves_land(e, j, code);
  return ETORO_OK;
}

void etoro_engine_advance(struct etoro_engine *e, double seconds)
{
  /* Never backwards: what is due is kept in order by this clock. */
  if (seconds > 0)
    e->world.manual_now += seconds;
}
