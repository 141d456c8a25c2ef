/* What an easy handle is told about the request that it is to carry. */
#ifndef ETORO_SETUP_H
#define ETORO_SETUP_H

#include <curl/curl.h>

#include "core/engine/job.h"

/* Sets method, body, URL and lines of a job on its handle, which knows what
   is set there already. */
CURLcode etoro_setup_request(struct etoro_job *j);

#endif
