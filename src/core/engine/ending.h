/* How an attempt over libcurl ended, in our words. */
#ifndef ETORO_ENDING_H
#define ETORO_ENDING_H

#include <curl/curl.h>

#include "core/engine/job.h"
#include "core/engine/links.h"

/* Fills in a job's code, status, timing and detail when its transfer has
   ended with rc; it still has its handle. */
void etoro_ending_read(struct etoro_job *j, CURL *easy, CURLcode rc);

/* The same for a link: why it did not come up. */
enum etoro_code etoro_ending_link(struct etoro_link *link,
                                  char detail[ETORO_DETAIL_MAX]);

/* 1 when a job's request has not left because its proxy gives no way to the
   API, which its detail says then. */
int etoro_ending_waits_for_proxy(struct etoro_job *j);

#endif
