#include "core/net/form.h"

#include "check.h"
#include "core/status.h"
#include "failing.h"

static int add_secret(struct etoro_form *f, const char *name, const char *text)
{
  struct etoro_secret *s;
  int rc = etoro_secret_new(&s, text, strlen(text));
  if (!rc)
    rc = etoro_form_add_secret(f, name, s);
  etoro_secret_free(s);
  return rc;
}

static void encodes_names_and_values(void)
{
  struct etoro_form f;
  etoro_form_init(&f);
  CHECK(etoro_form_add(&f, "grant_type", "code", 4) == ETORO_OK);
  CHECK_TEXT("grant_type=code", f.body.data, f.body.len);
  CHECK(etoro_form_add(&f, "a b&", "=+ /\xc3\xa9\0~", 8) == ETORO_OK);
  CHECK(etoro_form_add(&f, "empty", "", 0) == ETORO_OK);
  CHECK_TEXT("grant_type=code&a%20b%26=%3D%2B%20%2F%C3%A9%00~&empty=",
             f.body.data, f.body.len);
  etoro_form_free(&f);
  CHECK(!f.body.data && !f.nsecrets);
}

static void keeps_secrets_as_they_are_and_as_sent(void)
{
  struct etoro_form f;
  etoro_form_init(&f);
  CHECK(add_secret(&f, "code", "plain-1") == ETORO_OK);
  CHECK(add_secret(&f, "token", "a/b=") == ETORO_OK);
  CHECK_TEXT("code=plain-1&token=a%2Fb%3D", f.body.data, f.body.len);
  CHECK(f.nsecrets == 3);
  CHECK_TEXT("plain-1", etoro_secret_data(f.secrets[0]),
             etoro_secret_len(f.secrets[0]));
  CHECK_TEXT("a/b=", etoro_secret_data(f.secrets[1]),
             etoro_secret_len(f.secrets[1]));
  CHECK_TEXT("a%2Fb%3D", etoro_secret_data(f.secrets[2]),
             etoro_secret_len(f.secrets[2]));
  etoro_form_free(&f);
}

static void keeps_to_its_ceilings(void)
{
  struct etoro_form f;
  size_t n = ETORO_FORM_MAX;
  char *big = malloc(n);
  int i;
  CHECK(big != NULL);
  memset(big, 'x', n);
  etoro_form_init(&f);
  CHECK(etoro_form_add(&f, "a", big, n) == ETORO_ETOOBIG);
  etoro_form_free(&f);
  CHECK(etoro_form_add(&f, "a", big, n - 2) == ETORO_OK);
  etoro_form_free(&f);
  free(big);
  for (i = 0; i + 2 <= ETORO_FORM_SECRETS_MAX; i += 2)
    CHECK(add_secret(&f, "a", "/") == ETORO_OK);
  CHECK(add_secret(&f, "a", "/") == ETORO_ETOOBIG);
  etoro_form_free(&f);
  for (i = 0; i < 4; i++) /* eight, two each */
    CHECK(add_secret(&f, "a", "/") == ETORO_OK);
  CHECK(f.nsecrets == 8 && add_secret(&f, "a", "/") == ETORO_ETOOBIG);
  etoro_form_free(&f);
}

static void short_of_memory(int may_fail)
{
  struct etoro_form f;
  int rc;
  etoro_form_init(&f);
  rc = etoro_form_add(&f, "a", "1", 1);
  if (!rc)
    rc = add_secret(&f, "b", "/");
  CHECK(rc == ETORO_OK ? f.nsecrets == 2 : may_fail && rc == ETORO_ENOMEM);
  etoro_form_free(&f);
}

int main(void)
{
  encodes_names_and_values();
  keeps_secrets_as_they_are_and_as_sent();
  keeps_to_its_ceilings();
  fail_each_step(short_of_memory);
  return 0;
}
