#include "core/engine/rails.h"

#include "check.h"

static struct etoro_client client;

static enum etoro_code check(const char *path, int is_write,
                             enum etoro_priority priority)
{
  struct etoro_job j;
  char url[512];
  memset(&j, 0, sizeof j);
  memcpy(client.base.origin, "http://127.0.0.1", 17);
  CHECK(strlen(path) + sizeof "http://127.0.0.1" <= sizeof url);
  memcpy(url, client.base.origin, 16);
  memcpy(url + 16, path, strlen(path) + 1);
  j.client = &client;
  j.url = j.target = url;
  j.is_write = is_write;
  j.priority = priority;
  return etoro_rails_check(&j);
}

static enum etoro_code order(const char *path)
{
  return check(path, 1, ETORO_PRIORITY_ORDER);
}

static const char demo[] = "/api/v2/trading/execution/demo/orders";
static const char real[] = "/api/v2/trading/execution/orders";

static void lets_through(void)
{
  memset(&client, 0, sizeof client);
  CHECK(order(real) == ETORO_CODE_NONE);
  CHECK(order(demo) == ETORO_CODE_NONE);
  CHECK(check(real, 0, ETORO_PRIORITY_READ) == ETORO_CODE_NONE);
}

static void halts(void)
{
  memset(&client, 0, sizeof client);
  client.is_halted = 1;
  CHECK(order(demo) == ETORO_CODE_HALTED);
  CHECK(check(demo, 1, ETORO_PRIORITY_READ) == ETORO_CODE_HALTED);
  CHECK(check(demo, 1, ETORO_PRIORITY_EXIT) == ETORO_CODE_NONE);
  CHECK(check(demo, 0, ETORO_PRIORITY_READ) == ETORO_CODE_NONE);
}

static void runs_dry(void)
{
  memset(&client, 0, sizeof client);
  client.is_dry = client.is_halted = client.is_demo = 1;
  CHECK(order(demo) == ETORO_CODE_DRY_RUN);
  CHECK(check(demo, 1, ETORO_PRIORITY_EXIT) == ETORO_CODE_DRY_RUN);
  CHECK(check(demo, 0, ETORO_PRIORITY_READ) == ETORO_CODE_NONE);
}

static void keeps_a_demo_client_off_the_real_account(void)
{
  static const char *const good[] = {
    "/api/v2/trading/execution/demo/orders",
    "/api/v2/trading/execution/demo/orders?x=/../real",
    "/api/v2/trading/demo/positions/1",
    "/api/v2/trading/copy/demo",
    "/api/v2/trading/copy/demo?mirrorID=7",
    "/api/v2/trading/copy/demo/close",
    "/api/v1/sub-accounts/etoro-trading/user-tokens",
    "/prefix/api/v1/trading/execution/demo/limit-orders/1-2_3~4.5",
    "/trading/demo/api/v2/trading/execution/demo/orders",
    "/api/v1/watchlists/1",
    "/api/v1/watchlists/%252e/..%2F",
    "/api/v1/tradin/g",
    "/",
    "/api/v1/posts?about=trading",
    "/api/v1/trad%69n/g",
    "/api/v1/tradin%6g/orders",
    "/api/v1/tradin%g7/orders",
    "/api/v1/tradin%6`/orders",
  };
  static const char *const bad[] = {
    "/api/v2/trading/execution/orders",
    "/gw/gw/api/v2/trading/execution/orders",
    "/gw//trading/execution/orders",
    "/api/v2/trading/positions/1",
    "/api/v2/trading/positions/demo",
    "/api/v2/trading/copy",
    "/api/v2/trading/copy/close",
    "/api/v2/trading/copy/demo/",
    "/api/v2/trading/copyx/demo",
    "/api/v2/trading/cop/demo",
    "/api/v2/trading/copy/demo;/close",
    "/api/v1/sub-accounts/etoro-trading/../../trading/execution/orders",
    "/api/v1/sub-accounts/etoro-trading/x/trading/execution/orders",
    "/api/v1/etoro-trading/user-tokens",
    "/api/v2/trading/positions/demo/",
    "/api/v2/trading/execution/orders/demo",
    "/api/v2/trading/execution/orders/demo/1",
    "/api/v2/trading/execution/orders?demo=/demo/",
    "/api/v2/trading/execution/orders?/trading/demo/x",
    "/demo/api/v2/trading/execution/orders",
    "/api/demo/trading/execution/orders",
    "/trading/demo/api/v2/trading/execution/orders",
    "/api/v2/Trading/execution/orders",
    "/api/v2/TRADING/execution/orders",
    "/api/v2/%74rading/execution/orders",
    "/api/v2/tradi%6eg/execution/orders",
    "/api/v2/tradi%4Eg/execution/orders",
    "/api/v2/trad%69ng/execution/orders",
    "/api/v2/%trading/execution/orders",
    "/api/v2%2ftrading%5cexecution/orders",
    "/api/v2/%2574rading/execution/orders",
    "/api/v2/%252574rading/execution/orders",
    "/api/v2/%25%37%34rading/execution/orders",
    "/api/v2/%257%34rading/execution/orders",
    "/api/v2/ttrading/execution/orders",
    "/api/v2/trading;x=1/execution/orders",
    "/api/v2//trading//execution//orders",
    "/api/v2%2Ftrading%2Fexecution%2Forders",
    "/api/v2\\trading\\execution\\orders",
    /* demo in disguise, or taken back */
    "/api/v2/trading/execution/Demo/orders",
    "/api/v2/trading/execution/demo",
    "/api/v2/trading/execution/demo/",
    "/api/v2/trading/execution/demo?/orders",
    "/api/v2/trading/execution/demo%2Forders",
    "/api/v2/trading/execution/d%65mo/orders",
    "/api/v2/trading/execution/demo;/orders",
    "/api/v2/trading/execution/demo;x/../orders",
    "/api/v2/trading/execution/demo/../orders",
    "/api/v2/trading/execution/demo/.%2e/orders",
    "/api/v2/trading/execution/demo/%2e%2e/orders",
    "/api/v2/trading/execution/demo/%252e%252e/orders",
    "/api/v2/trading/execution/demo/..;/orders",
    "/api/v2/trading/execution/demo//orders",
    "/api/v2/trading/execution//demo/orders",
    "/api/v2/trading/execution/demo/orders%2F..%2F..%2Forders",
    "/api/v2/trading/execution/demo/x/%74rading/execution/orders",
    "/api/v2/trading/execution/demo/x\\..\\..\\orders",
    "/api/v2/trading/execution/orders%3F/demo/x",
    "/api/v2/trading/execution/orders#/demo/x",
    "/api/v2/trading/executiondemo/orders",
    "/api/v2/trading/execution/demoorders/x",
  };
  size_t i;
  memset(&client, 0, sizeof client);
  client.is_demo = 1;
  for (i = 0; i < sizeof good / sizeof good[0]; i++) {
    char *path = exact_copy(good[i], strlen(good[i]) + 1);
    if (order(path) != ETORO_CODE_NONE)
      check_failed(__FILE__, __LINE__, good[i]);
    free(path);
  }
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (order(bad[i]) != ETORO_CODE_NOT_DEMO)
      check_failed(__FILE__, __LINE__, bad[i]);
    /* an exit is no way around it; a read is none of its business */
    CHECK(check(bad[i], 1, ETORO_PRIORITY_EXIT) == ETORO_CODE_NOT_DEMO);
    CHECK(check(bad[i], 0, ETORO_PRIORITY_READ) == ETORO_CODE_NONE);
  }
}

int main(void)
{
  lets_through();
  halts();
  runs_dry();
  keeps_a_demo_client_off_the_real_account();
  return 0;
}
