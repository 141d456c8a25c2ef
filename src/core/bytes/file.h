/* Opening files by paths that somebody else gives. */
#ifndef ETORO_FILE_H
#define ETORO_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/* Opens a regular file for reading, without ever waiting: of a pipe or a
   device nobody knows when it gives a byte, or whether it ends. The descriptor
   is closed on exec. ETORO_EIO leaves errno set; ETORO_EINVAL sets *why to a
   static sentence. */
int etoro_file_open(int *fd, struct stat *info, const char *path,
                    const char **why);

/* Opens a regular file for reading and for writing at its end, for nobody else
   at the same time; one that is not there is made, for its owner alone. Never
   waits, and gives what etoro_file_open gives. */
int etoro_file_append(int *fd, const char *path, const char **why);

/* Puts n bytes in the place of a file, its owner's alone: they are on the disk
   before the file has its name, so that after a loss of power there is the old
   one or the new one, and never a part. ETORO_EIO leaves errno set, ETORO_ENOMEM
   does not. */
int etoro_file_replace(const char *path, const char *bytes, size_t n);

/* Waits until what was written is on the disk, and a file's name in its folder;
   0 or an errno. */
int etoro_file_flush(int fd);
void etoro_file_flush_folder(const char *path);

/* 1 when the path leads to a regular file, or to nothing. */
int etoro_file_is_regular(const char *path);

#endif
