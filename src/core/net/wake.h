/* A bell that another thread may ring and a loop can wait for. */
#ifndef ETORO_WAKE_H
#define ETORO_WAKE_H

struct etoro_wake {
  int in;    /* readable once it was rung; -1: not open */
  int out;   /* the same descriptor where the system has eventfd */
};

/* ETORO_OK or ETORO_EIO, with errno set. */
int etoro_wake_open(struct etoro_wake *w);

/* Any thread, any number of times; never waits. */
void etoro_wake_ring(const struct etoro_wake *w);

/* Makes it silent again. */
void etoro_wake_clear(const struct etoro_wake *w);

void etoro_wake_close(struct etoro_wake *w); /* takes one that is not open */

#endif
