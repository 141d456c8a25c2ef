/* Jobs over libcurl: one multi handle with its connections. Knows how an
   attempt is sent and how it ended, not what follows from that. */
#ifndef ETORO_WIRE_H
#define ETORO_WIRE_H

#include "core/engine/job.h"
#include "core/engine/links.h"
#include "core/net/poller.h"

struct etoro_wire;

/* ETORO_OK, ETORO_ENOMEM or ETORO_ECURL. */
int etoro_wire_open(struct etoro_wire **out);

/* Closes the connections. No job may be on it any more. Takes NULL. */
void etoro_wire_free(struct etoro_wire *w);

/* At least n connections may go to one host. */
void etoro_wire_widen(struct etoro_wire *w, long n);

/* Puts an attempt on the wire; an error leaves the job off it. */
int etoro_wire_start(struct etoro_wire *w, struct etoro_job *j);

/* Takes a job off the wire at once, whatever it is doing. */
void etoro_wire_stop(struct etoro_wire *w, struct etoro_job *j);

/* The same for a connection that is left to others: see links.h. */
int etoro_wire_connect(struct etoro_wire *w, struct etoro_link *link,
                       struct etoro_client *c);
void etoro_wire_disconnect(struct etoro_wire *w, struct etoro_link *link);
int etoro_wire_heed(struct etoro_wire *w, struct etoro_link *link, int events);

/* From now on the poller, which must outlive the wire, watches the sockets:
   so that a host's loop can wait for them. Until then libcurl polls them by
   itself, which is a little faster. */
int etoro_wire_attach(struct etoro_wire *w, struct etoro_poller *p);

/* Has etoro_wire_wait end when a descriptor is readable, too; it must outlive
   the wire. ETORO_OK or ETORO_EIO. */
int etoro_wire_listen(struct etoro_wire *w, int fd);

/* Moves transfers on without waiting: all of them, or with a poller those
   that are ready, some at a time. now is monotonic. */
int etoro_wire_run(struct etoro_wire *w, double now);

/* With a poller: when libcurl wants to be run at the latest; else -1. */
double etoro_wire_due(const struct etoro_wire *w);

/* Sleeps until a socket is ready, a signal comes, or seconds have passed. */
int etoro_wire_wait(struct etoro_wire *w, double seconds);

/* The next job whose attempt ended, off the wire, its code, status, timing
   and detail filled in; or NULL. */
struct etoro_job *etoro_wire_next(struct etoro_wire *w);

#endif
