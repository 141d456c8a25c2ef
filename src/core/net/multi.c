#include "core/net/multi.h"

#include "core/limits.h"

/* CURLMOPT_RESOLVE_THREADS_MAX and CURLMOPT_QUICK_EXIT, which only the headers
   of libcurl 8.20 and newer have; an older one knows neither */
#define RESOLVE_THREADS_MAX ((CURLMoption)20)
#define QUICK_EXIT ((CURLMoption)21)

/* libcurl does as to SIGPIPE what the handle wants that was added last: until
   there has been one it takes the process's handler away as it runs and as it
   closes, which no thread of a host may ever see. */
static int make_quiet(CURLM *multi)
{
  CURL *easy = curl_easy_init();
  int is_quiet = easy && !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)
                 && !curl_multi_add_handle(multi, easy)
                 && !curl_multi_remove_handle(multi, easy);
  curl_easy_cleanup(easy);
  return is_quiet;
}

/* Options that a libcurl does not know are refused by it, and not missed. */
CURLM *etoro_multi_new(void)
{
  CURLM *multi = curl_multi_init();
  if (!multi || !make_quiet(multi)) {
    curl_multi_cleanup(multi);
    return NULL;
  }
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                    (long)ETORO_KEPT_CONNECTIONS_MAX);
  /* a name server that hangs must hold up neither the end nor the look-up of
     another name; older versions have a thread for each, and take the former
     from the handles */
  curl_multi_setopt(multi, QUICK_EXIT, 1L);
  curl_multi_setopt(multi, RESOLVE_THREADS_MAX, (long)ETORO_RESOLVERS_MAX);
  return multi;
}
