#include "core/bytes/reason.h"

#include <stdio.h>
#include <string.h>

#include "core/bytes/plain.h"

const char *etoro_reason(char out[ETORO_REASON_MAX], int error)
{
  struct etoro_plain locale;
  /* In plain English, whatever language the process speaks: the texts end in
     errors and logs that are searched. Without memory for that, in its own. */
  int is_plain = etoro_plain_enter(&locale);
  if (strerror_r(error, out, ETORO_REASON_MAX))
    snprintf(out, ETORO_REASON_MAX, "error %d", error);
  if (is_plain)
    etoro_plain_leave(&locale);
  return out;
}
