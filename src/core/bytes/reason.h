/* What the system says of an error, in the words of the C locale. */
#ifndef ETORO_REASON_H
#define ETORO_REASON_H

#include "core/limits.h"

/* Writes what an errno means into out, and gives out. */
const char *etoro_reason(char out[ETORO_REASON_MAX], int error);

#endif
