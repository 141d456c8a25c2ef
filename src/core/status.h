/* Result codes of every core function. ETORO_OK is 0; nothing else is. */
#ifndef ETORO_STATUS_H
#define ETORO_STATUS_H

enum etoro_status {
  ETORO_OK = 0,
  ETORO_ENOMEM,    /* out of memory */
  ETORO_ETOOBIG,   /* a ceiling would be passed */
  ETORO_EINVAL,    /* the argument is not acceptable */
  ETORO_ESYNTAX,   /* bytes are not what the format asks for */
  ETORO_ERANDOM,   /* the system gave no random bytes */
  ETORO_EIO,       /* a file could not be read */
  ETORO_ECURL,     /* libcurl refused an option or a call */
  ETORO_ECLOSED    /* the object is closed, or belongs to a parent process */
};

#endif
