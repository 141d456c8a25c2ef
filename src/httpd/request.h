/* One request that the server holds, and what its caller may do with it:
   answer it, cut it, garble it, or see that its peer has left. */
#ifndef ETORO_HTTPD_REQUEST_H
#define ETORO_HTTPD_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include "core/bytes/buf.h"

struct MHD_Connection;
struct MHD_Response;
struct etoro_httpd_socket;

enum etoro_httpd_stage {
  ETORO_HTTPD_RECEIVING,  /* head or body still coming in */
  ETORO_HTTPD_READY,      /* complete, connection suspended, not yet taken */
  ETORO_HTTPD_TAKEN,      /* the caller has its id and owes an answer */
  ETORO_HTTPD_ANSWERED,   /* response set, connection resumed */
  ETORO_HTTPD_DROPPED     /* resumed to be closed without an answer */
};

/* Belongs to the server; gone once it is answered or cut. */
struct etoro_httpd_request {
  struct etoro_httpd_request *prev, *next;  /* the server's list */
  struct MHD_Connection *connection;
  struct MHD_Response *response;  /* owned reference; NULL before answer */
  struct etoro_httpd_socket *socket; /* it was answered with; or NULL */
  struct etoro_buf head;          /* pairs of zero-terminated name, value */
  struct etoro_buf body;
  char *target;  /* owned; path and query as sent */
  char *method;  /* owned */
  int64_t id;    /* 1, 2, ... in order of completion; 0 before */
  int64_t connection_number;
  unsigned int status;
  enum etoro_httpd_stage stage;
  int is_started;    /* the head was seen */
  int has_failed;    /* memory ran out while it came in */
  int is_too_large;  /* the body went over the ceiling */
};

/* The socket of a connection; -1 when it has none. */
int etoro_httpd_socket(struct MHD_Connection *connection);

/* The peer's address as text, "" when unknown. */
void etoro_httpd_remote(const struct etoro_httpd_request *r,
                        char text[INET6_ADDRSTRLEN]);

/* Prepares an answer with a copy of body, in place of one prepared before.
   With keep >= 0 the connection dies after that many bytes of the body,
   though all of them were announced. 0 when out of memory. */
int etoro_httpd_prepare(struct etoro_httpd_request *r, const char *body,
                        size_t len, int64_t keep);

/* Adds a header to the prepared answer; 0 when the library refuses it. */
int etoro_httpd_header(struct etoro_httpd_request *r, const char *name,
                       const char *value);

/* Sends the prepared answer; r is not to be used afterwards. */
void etoro_httpd_answer(struct etoro_httpd_request *r, unsigned int status);

/* Writes raw bytes on the connection; how many were taken. */
size_t etoro_httpd_send(struct etoro_httpd_request *r, const char *data,
                        size_t len);

/* Ends the connection without another byte: closed, or with is_reset reset
   (RST); r is not to be used afterwards. */
void etoro_httpd_cut(struct etoro_httpd_request *r, int is_reset);

/* Whether the peer has left. */
int etoro_httpd_is_gone(const struct etoro_httpd_request *r);

#endif
