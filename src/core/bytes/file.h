/* Opening what somebody else has put there. */
#ifndef ETORO_FILE_H
#define ETORO_FILE_H

#include <sys/stat.h>

/* Opens a regular file for reading, without ever waiting: of a pipe or a
   device nobody knows when it gives a byte, or whether it ends. The descriptor
   is closed on exec. ETORO_EIO leaves errno set; ETORO_EINVAL sets *why to a
   static sentence. */
int etoro_file_open(int *fd, struct stat *info, const char *path,
                    const char **why);

/* 1 when the path leads to a regular file, or to nothing. */
int etoro_file_is_regular(const char *path);

#endif
