/* The multi handle that all transfers of a wire run on, as a wire wants it. */
#ifndef ETORO_MULTI_H
#define ETORO_MULTI_H

#include <curl/curl.h>

/* Makes one: connections are kept and shared, no signal is touched, and a name
   server that hangs holds up nothing. NULL when memory is short; freed by
   curl_multi_cleanup. */
CURLM *etoro_multi_new(void);

#endif
