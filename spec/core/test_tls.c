#include "core/net/tls.h"

#include <unistd.h>

#include "check.h"
#include "core/status.h"

static curl_version_info_data version;

/* Stands in front of libcurl's, which tells where its build has the store. */
curl_version_info_data *curl_version_info(CURLversion stamp)
{
  (void)stamp;
  return &version;
}

static char dir[64];
static char bundle[128];

static const char *in_dir(const char *name)
{
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}

static void make_file(const char *name)
{
  FILE *file = fopen(in_dir(name), "w");
  CHECK(file != NULL);
  CHECK(!fclose(file));
}

static void takes_the_users_file_first(void)
{
  struct etoro_tls t;
  version.capath = dir;
  make_file("5ad8a5d6.0");
  make_file("own.pem");
  CHECK(etoro_tls_choose(&t, in_dir("own.pem")) == ETORO_OK);
  CHECK(!strcmp(t.file, in_dir("own.pem")));
  CHECK(!t.folder[0]);
  CHECK(!unlink(in_dir("own.pem")));
  CHECK(etoro_tls_choose(&t, in_dir("own.pem")) == ETORO_EIO);
}

static void takes_a_path_of_any_length(void)
{
  static char path[sizeof(struct etoro_tls)];
  struct etoro_tls t;
  memset(path, 'x', sizeof path - 1);
  CHECK(etoro_tls_choose(&t, path) == ETORO_EIO);
}

/* One byte less than ETORO_CA_PATH_MAX, and as many. */
static void takes_a_path_up_to_its_ceiling(void)
{
  char path[ETORO_CA_PATH_MAX + 1];
  struct etoro_tls t;
  size_t at;
  make_file("bundle.crt");
  at = (size_t)snprintf(path, sizeof path, "%s", dir);
  memset(path + at, '/', sizeof path - at);
  memcpy(path + ETORO_CA_PATH_MAX - 11, "bundle.crt", 11);
  CHECK(strlen(path) == 1023);
  CHECK(etoro_tls_choose(&t, path) == ETORO_OK && !strcmp(t.file, path));
  path[1013] = '/';
  memcpy(path + ETORO_CA_PATH_MAX - 10, "bundle.crt", 11);
  CHECK(strlen(path) == 1024);
  CHECK(etoro_tls_choose(&t, path) == ETORO_EIO);
  CHECK(!unlink(in_dir("bundle.crt")));
}

static void takes_a_hashed_folder_before_the_bundle(void)
{
  struct etoro_tls t;
  make_file("bundle.crt");
  snprintf(bundle, sizeof bundle, "%s", in_dir("bundle.crt"));
  version.cainfo = bundle;
  CHECK(etoro_tls_choose(&t, NULL) == ETORO_OK);
  CHECK(!strcmp(t.folder, dir));
  CHECK(!t.file[0]);
}

static void takes_the_bundle_where_names_are_not_hashed(void)
{
  static const char *const names[] = { "5ad8a5d6", "5ad8a5d6.pem", "5ad8a5d.0",
                                       "5ad8a5dg.0" };
  struct etoro_tls t;
  size_t i;
  CHECK(!unlink(in_dir("5ad8a5d6.0")));
  for (i = 0; i < sizeof names / sizeof *names; i++)
    make_file(names[i]);
  CHECK(etoro_tls_choose(&t, NULL) == ETORO_OK);
  CHECK(!strcmp(t.file, bundle));
  CHECK(!t.folder[0]);
  for (i = 0; i < sizeof names / sizeof *names; i++)
    CHECK(!unlink(in_dir(names[i])));
}

/* Empty fields leave libcurl to itself. */
static void leaves_the_choice_where_there_is_none(void)
{
  struct etoro_tls t;
  version.capath = in_dir("no-folder");
  CHECK(!unlink(bundle));
  CHECK(etoro_tls_choose(&t, NULL) == ETORO_OK);
  CHECK(!t.file[0] && !t.folder[0]);
  version.capath = version.cainfo = NULL;
  CHECK(etoro_tls_choose(&t, NULL) == ETORO_OK);
  CHECK(!t.file[0] && !t.folder[0]);
}

static void leaves_the_choice_to_other_libraries(void)
{
  struct etoro_tls t;
  make_file("5ad8a5d6.0");
  version.capath = dir;
  version.ssl_version = "GnuTLS/3.7.9";
  CHECK(etoro_tls_choose(&t, NULL) == ETORO_OK);
  CHECK(!t.file[0] && !t.folder[0]);
  version.ssl_version = NULL;
  CHECK(etoro_tls_choose(&t, NULL) == ETORO_OK);
  CHECK(!t.file[0] && !t.folder[0]);
  CHECK(!unlink(in_dir("5ad8a5d6.0")));
}

int main(void)
{
  snprintf(dir, sizeof dir, "/tmp/etoro-tls-XXXXXX");
  CHECK(mkdtemp(dir) != NULL);
  version.ssl_version = "OpenSSL/3.0.9";
  takes_the_users_file_first();
  takes_a_path_of_any_length();
  takes_a_path_up_to_its_ceiling();
  takes_a_hashed_folder_before_the_bundle();
  takes_the_bundle_where_names_are_not_hashed();
  leaves_the_choice_where_there_is_none();
  leaves_the_choice_to_other_libraries();
  CHECK(!rmdir(dir));
  return 0;
}
