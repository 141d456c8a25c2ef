/* Decimal digits to the nearest double, without the C library and its locale:
   the algorithm of Eisel and Lemire. */
#ifndef ETORO_JSONPOWER_H
#define ETORO_JSONPOWER_H

#include <stdint.h>

/* The double that is nearest to w times ten to the power q; w is not 0. Gives
   0 where it cannot tell: far powers, and what lies too near between two. */
int etoro_power_scale(double *out, uint64_t w, long long q);

#endif
