/* Identifiers and the random bytes they are made from. */
#ifndef ETORO_IDS_H
#define ETORO_IDS_H

#include <stddef.h>

#define ETORO_UUID_LEN 36

/* A source of random bytes: fills n bytes, gives ETORO_OK or
   ETORO_ERANDOM. */
typedef int etoro_random_fn(void *context, void *out, size_t n);

/* The system's source (getrandom, else /dev/urandom). context is unused. */
int etoro_random_system(void *context, void *out, size_t n);

/* Writes the UUID version 4 made of 16 random bytes, and a '\0'. */
void etoro_uuid_format(char out[ETORO_UUID_LEN + 1],
                       const unsigned char bytes[16]);

/* 1 when text is 36 characters in the form of a UUID, any case. */
int etoro_uuid_valid(const char *text, size_t n);

#endif
