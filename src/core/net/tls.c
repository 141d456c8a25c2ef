#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "core/net/tls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes/ascii.h"
#include "core/bytes/file.h"
#include "core/status.h"

/* 1 for names like 5ad8a5d6.0, which openssl's rehash makes. */
static int is_hashed(const char *name)
{
  int i;
  for (i = 0; i < 8; i++)
    if (!etoro_is_hex(name[i]))
      return 0;
  return name[8] == '.' && etoro_is_digit(name[9]);
}

/* One such name will do: a folder without any is only a heap of certificates,
   in which OpenSSL finds none, and to choose it would trust nobody. */
static int holds_hashed(const char *folder)
{
  const struct dirent *entry;
  int found = 0;
  DIR *dir = opendir(folder);
  if (!dir)
    return 0;
  while (!found && (entry = readdir(dir)) != NULL)
    found = is_hashed(entry->d_name);
  closedir(dir);
  return found;
}

static int copy(char *out, size_t size, const char *text)
{
  if (strlen(text) >= size)
    return 0;
  memcpy(out, text, strlen(text) + 1);
  return 1;
}

/* libcurl's default reads the whole bundle for each new connection, some twenty
   milliseconds; out of a hashed folder it takes the one that it needs, in one.
   A file of the user's own stands above both, and one that cannot be read is an
   error here, before a handshake fails for what would look like an attack. */
int etoro_tls_choose(struct etoro_tls *out, const char *ca_file)
{
  const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
  out->file[0] = out->folder[0] = '\0';
  if (ca_file) {
    if (!copy(out->file, sizeof out->file, ca_file) || access(ca_file, R_OK)
        || !etoro_file_is_regular(ca_file))
      return ETORO_EIO;
    return ETORO_OK;
  }
  if (!v->ssl_version || !strstr(v->ssl_version, "SSL"))
    return ETORO_OK; /* other TLS libraries have stores of their own */
  if (v->capath && holds_hashed(v->capath)
      && copy(out->folder, sizeof out->folder, v->capath))
    return ETORO_OK;
  out->folder[0] = '\0';
  if (v->cainfo && !access(v->cainfo, R_OK))
    copy(out->file, sizeof out->file, v->cainfo);
  return ETORO_OK;
}

/* Only a version that is known not to raise SIGPIPE is spared the two calls of
   the system that hold it off: a host that dies of it cannot be mended. */
int etoro_tls_may_signal(void)
{
  const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
  const char *library = v->ssl_version ? v->ssl_version : "";
  return v->version_num < 0x075700
         || (strncmp(library, "OpenSSL/", 8) != 0
             && strncmp(library, "GnuTLS/", 7) != 0);
}

static void *find(void *library, const char *name)
{
  return library ? dlsym(library, name) : NULL;
}

/* Through libcurl, which has loaded them: a host may have others of the same
   name. */
void etoro_tls_find_look(struct etoro_tls_look *out)
{
  CURL *(*known)(void) = curl_easy_init;
  void *at, *found;
  void *library = NULL;
  Dl_info where;
  memcpy(&at, &known, sizeof at);
  if (dladdr(at, &where) && where.dli_fname)
    library = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  found = find(library, "SSL_has_pending");
  memcpy(&out->openssl, &found, sizeof found);
  found = find(library, "gnutls_record_check_pending");
  memcpy(&out->gnutls, &found, sizeof found);
  if (library)
    dlclose(library);
}

/* Bytes that TLS has read and nobody has taken are no longer in the socket, where
   a look would find them. 1 where it cannot be told: a connection too many costs
   a handshake, an answer too many a wrong number. */
int etoro_tls_holds_input(const struct etoro_tls_look *look, CURL *easy)
{
  struct curl_tlssessioninfo *info = NULL;
  if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) || !info
      || !info->internals)
    return 1;
  if (info->backend == CURLSSLBACKEND_OPENSSL && look->openssl)
    return look->openssl(info->internals) != 0;
  if (info->backend == CURLSSLBACKEND_GNUTLS && look->gnutls)
    return look->gnutls(info->internals) != 0;
  return 1;
}

/* Both are set, one of them to nothing: left alone, libcurl takes the default
   that it was built with beside ours. */
CURLcode etoro_tls_apply(const struct etoro_tls *t, CURL *easy)
{
  CURLcode rc;
  if (!t->file[0] && !t->folder[0])
    return CURLE_OK;
  rc = curl_easy_setopt(easy, CURLOPT_CAINFO, t->file[0] ? t->file : NULL);
  if (!rc)
    rc = curl_easy_setopt(easy, CURLOPT_CAPATH,
                          t->folder[0] ? t->folder : NULL);
  return rc;
}
