/* Percent-encoding, origins, loopback. No name is ever looked up here. */
#ifndef ETORO_URI_H
#define ETORO_URI_H

#include <stddef.h>

#include "core/bytes/buf.h"
#include "core/limits.h"

#define ETORO_URI_PARTS(X) \
  X(SEGMENT, "segment") /* a path value: all but unreserved is encoded; "." \
                           and ".." too, so that the route stays */ \
  X(QUERY, "query")     /* a query name or value */ \
  X(LIST, "list")       /* a query value whose commas stay as they are */

#define ETORO_URI_NAME(name, text) ETORO_URI_##name,
enum etoro_uri_part {
  ETORO_URI_PARTS(ETORO_URI_NAME)
};

/* Appends text encoded for that place. ETORO_EINVAL: an empty SEGMENT.
   Otherwise the codes of etoro_buf_add. */
int etoro_uri_encode(struct etoro_buf *out, const char *text, size_t n,
                     enum etoro_uri_part part);

/* 1 when a text stands encoded as it is. */
int etoro_uri_is_plain(const char *text, size_t n, enum etoro_uri_part part);

struct etoro_host {
  char host[ETORO_HOST_MAX + 3]; /* lower case, IPv6 in brackets */
  unsigned port;                 /* 0: none is said */
  int is_loopback;               /* localhost, 127.0.0.0/8 or [::1] */
};

/* Takes "host", "host:port" or "[address]:port" apart. ETORO_EINVAL with *why
   set to a static sentence. A host is a name or an address in its usual
   spelling: 127.1 or 0x7f000001 is none. */
int etoro_host_parse(struct etoro_host *out, const char *text, size_t n,
                     const char **why);

struct etoro_base {
  char origin[ETORO_ORIGIN_MAX]; /* "https://host:port", lower case, the port
                                    only when it is not the scheme's own */
  char path[ETORO_ORIGIN_MAX];   /* "" or "/prefix", no slash at its end */
  int is_https;
  int is_loopback;  /* localhost, 127.0.0.0/8 or [::1] */
};

/* Takes a base URL apart. ETORO_EINVAL with *why set to a static sentence:
   no http(s) URL, user or password in it, query or fragment, plain http to a
   host that is not loopback, too long, control characters. */
int etoro_base_parse(struct etoro_base *out, const char *url,
                     const char **why);

/* 1 when a URL belongs to the origin: the same scheme, host and port. */
int etoro_origin_matches(const char *origin, const char *url);

/* 1 when a request target is a path that can follow an origin: starts with
   one slash, no second one behind it, visible ASCII without '#' or
   backslashes, no "." or ".." between the slashes of its path. */
int etoro_target_valid(const char *target, size_t n);

/* 1 when a header field's name is a token / its value has no control
   characters and no line break. */
int etoro_header_name_valid(const char *name, size_t n);
int etoro_header_value_valid(const char *value, size_t n);

#endif
