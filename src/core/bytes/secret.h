/* Text that must not outlive its use: kept in memory that is overwritten
   before it is released. Reference counted, because a credential, a queued
   request and a Lua value may hold the same secret. One thread only. */
#ifndef ETORO_SECRET_H
#define ETORO_SECRET_H

#include <stddef.h>

struct etoro_secret;

/* Copies n bytes. ETORO_OK or ETORO_ENOMEM. */
int etoro_secret_new(struct etoro_secret **out, const void *bytes, size_t n);

/* Reads an environment variable. Unset or empty: ETORO_OK and *out NULL. */
int etoro_secret_env(struct etoro_secret **out, const char *name);

/* Reads one line of a descriptor, such as a terminal's, without the blanks
   around it. ETORO_EIO leaves errno set; ETORO_EINVAL sets *why, as below. */
int etoro_secret_line(struct etoro_secret **out, int fd, const char **why);

/* Reads a file of one line (at most ETORO_KEY_FILE_MAX bytes), without a mark
   of UTF-8 before it, blanks and line ends behind it, and tells the file's
   mode. ETORO_EIO leaves errno set; ETORO_EINVAL sets *why to a static
   sentence: it is empty, no regular file, or holds line ends or zero bytes. */
int etoro_secret_file(struct etoro_secret **out, const char *path,
                      unsigned *mode, const char **why);

/* Puts the secret and a line end in the place of a file, as etoro_file_replace
   does. */
int etoro_secret_save(const struct etoro_secret *s, const char *path);

/* One more holder. Takes NULL. */
struct etoro_secret *etoro_secret_keep(struct etoro_secret *s);

/* One holder less; the last one overwrites and frees. Takes NULL. */
void etoro_secret_free(struct etoro_secret *s);

/* The bytes, '\0' behind them; valid while s is held. */
const char *etoro_secret_data(const struct etoro_secret *s);
size_t etoro_secret_len(const struct etoro_secret *s);

/* 1 when the bytes are the same; takes as long whatever they are. */
int etoro_secret_equal(const struct etoro_secret *s, const void *bytes,
                       size_t n);

/* Overwrites n bytes in a way that the compiler may not drop. */
void etoro_wipe(void *bytes, size_t n);

/* The same for what functions that the caller has called left on the stack. */
void etoro_wipe_stack(void);

#endif
