/* What `make bench` measures this module against: the same requests, made
   with libcurl alone by a program that does no more than it has to.

     raw MODE URL COUNT [WIDTH] [CA_FILE]

   easy    one after another on one handle, bodies into a buffer
   decode  the same, each body made into Lua tables by lua-cjson
   multi   WIDTH in flight on one multi handle
   burst   COUNT at once on no open connection

   Prints seconds, seconds of CPU, and KB of memory held at the end. The first
   requests, which open connections and warm caches, are not counted, except in
   a burst and when there is one alone. A CA_FILE of "-" is none. */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP 50
#define WIDTH_MAX 256

struct bytes {
  char *data;
  size_t len, cap;
};

struct slot {
  CURL *easy;
  struct curl_slist *lines;
  struct bytes head, body;
};

struct run {
  const char *url;
  const char *ca_file;
  long count;
  long width;
  uint64_t ids; /* state of the generator of request ids */
  lua_State *lua;
};

struct clock {
  double wall, cpu;
};

static void fail(const char *what)
{
  fprintf(stderr, "raw: %s\n", what);
  exit(1);
}

static struct clock read_clock(void)
{
  struct timespec t;
  struct rusage u;
  struct clock c;
  clock_gettime(CLOCK_MONOTONIC, &t);
  getrusage(RUSAGE_SELF, &u);
  c.wall = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
  c.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
          + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
  return c;
}

static long held_kb(void)
{
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%*d %ld", &pages) != 1)
    fail("no /proc");
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t keep(char *data, size_t size, size_t n, void *context)
{
  struct bytes *b = context;
  size_t len = size * n;
  if (b->cap - b->len < len) {
    size_t cap = b->cap ? b->cap : 4096;
    while (cap - b->len < len)
      cap *= 2;
    b->data = realloc(b->data, cap);
    if (!b->data)
      fail("not enough memory");
    b->cap = cap;
  }
  memcpy(b->data + b->len, data, len);
  b->len += len;
  return len;
}

static struct curl_slist *add(struct curl_slist *list, const char *line)
{
  struct curl_slist *longer = curl_slist_append(list, line);
  if (!longer)
    fail("not enough memory");
  return longer;
}

/* The lines that the module sends too, the id a new one each time. */
static struct curl_slist *new_lines(struct run *r)
{
  static const char digits[] = "0123456789abcdef";
  char line[] = "x-request-id: 00000000-0000-4000-8000-000000000000";
  char *at = line + sizeof "x-request-id: " - 1;
  struct curl_slist *list;
  for (; *at; at++) {
    r->ids ^= r->ids << 13;
    r->ids ^= r->ids >> 7;
    r->ids ^= r->ids << 17;
    if (*at == '0')
      *at = digits[r->ids & 15];
  }
  list = add(NULL, line);
  list = add(list, "Accept: application/json");
  list = add(list, "Accept-Encoding: deflate, gzip, br, zstd");
  list = add(list, "User-Agent: bench/1");
  list = add(list, "x-api-key: sandbox-api-key");
  return add(list, "x-user-key: sandbox-user-key");
}

static void open_slot(struct slot *s, const struct run *r)
{
  memset(s, 0, sizeof *s);
  s->easy = curl_easy_init();
  if (!s->easy)
    fail("not enough memory");
  curl_easy_setopt(s->easy, CURLOPT_URL, r->url);
  curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
  curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, &s->body);
  curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, keep);
  curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, &s->head);
  curl_easy_setopt(s->easy, CURLOPT_PIPEWAIT, 1L);
  if (r->ca_file)
    curl_easy_setopt(s->easy, CURLOPT_CAINFO, r->ca_file);
}

static void close_slot(struct slot *s)
{
  curl_easy_cleanup(s->easy);
  curl_slist_free_all(s->lines);
  free(s->head.data);
  free(s->body.data);
}

static void prepare(struct slot *s, struct run *r)
{
  curl_slist_free_all(s->lines);
  s->lines = new_lines(r);
  curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->lines);
  s->head.len = s->body.len = 0;
}

static void check(const struct slot *s, CURLcode rc)
{
  long status = 0;
  curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
  if (rc)
    fail(curl_easy_strerror(rc));
  if (status != 200 || !s->body.len)
    fail("not the answer that was asked for");
}

static void open_lua(struct run *r)
{
  r->lua = luaL_newstate();
  if (!r->lua)
    fail("not enough memory");
  luaL_openlibs(r->lua);
  if (luaL_dostring(r->lua, "return require('cjson').decode"))
    fail(lua_tostring(r->lua, -1));
}

static void decode(const struct run *r, const struct slot *s)
{
  lua_pushvalue(r->lua, 1);
  lua_pushlstring(r->lua, s->body.data, s->body.len);
  if (lua_pcall(r->lua, 1, 1, 0))
    fail(lua_tostring(r->lua, -1));
  lua_pop(r->lua, 1);
}

static void easy(struct run *r, struct slot *s, long n)
{
  while (n-- > 0) {
    prepare(s, r);
    check(s, curl_easy_perform(s->easy));
    if (r->lua)
      decode(r, s);
  }
}

static void start(struct run *r, CURLM *multi, struct slot *s)
{
  prepare(s, r);
  if (curl_multi_add_handle(multi, s->easy))
    fail("curl_multi_add_handle");
}

/* Takes what has ended off, and starts as many again while there is need. */
static long collect(struct run *r, CURLM *multi, long *unstarted)
{
  const CURLMsg *m;
  long ended = 0;
  int left;
  while ((m = curl_multi_info_read(multi, &left)) != NULL) {
    char *context = NULL;
    struct slot *s;
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &context);
    s = (struct slot *)(void *)context;
    check(s, m->data.result);
    curl_multi_remove_handle(multi, s->easy);
    ended++;
    if (*unstarted > 0) {
      --*unstarted;
      start(r, multi, s);
    }
  }
  return ended;
}

static void multi(struct run *r, CURLM *multi, struct slot *slots, long n)
{
  long unstarted = n;
  long ended = 0;
  long i;
  int running;
  for (i = 0; i < r->width && unstarted > 0; i++, unstarted--)
    start(r, multi, &slots[i]);
  while (ended < n) {
    if (curl_multi_perform(multi, &running))
      fail("curl_multi_perform");
    ended += collect(r, multi, &unstarted);
    if (ended < n && curl_multi_poll(multi, NULL, 0, 1000, NULL))
      fail("curl_multi_poll");
  }
}

static void report(struct clock from)
{
  struct clock to = read_clock();
  printf("%.6f %.6f %ld\n", to.wall - from.wall, to.cpu - from.cpu, held_kb());
}

static void run_easy(struct run *r)
{
  struct slot s;
  struct clock from;
  open_slot(&s, r);
  easy(r, &s, r->count > WARM_UP ? WARM_UP : r->count > 1);
  from = read_clock();
  easy(r, &s, r->count);
  report(from);
  close_slot(&s);
}

static void run_multi(struct run *r, int is_burst)
{
  static struct slot slots[WIDTH_MAX];
  struct clock from = read_clock();
  CURLM *m = curl_multi_init();
  long i;
  if (!m || r->width < 1 || r->width > WIDTH_MAX)
    fail("cannot run so many at once");
  for (i = 0; i < r->width; i++)
    open_slot(&slots[i], r);
  if (!is_burst) {
    multi(r, m, slots, r->width * 10);
    from = read_clock();
  }
  multi(r, m, slots, r->count);
  report(from);
  for (i = 0; i < r->width; i++)
    close_slot(&slots[i]);
  curl_multi_cleanup(m);
}

int main(int argc, char **argv)
{
  struct run r;
  const char *mode = argc > 3 ? argv[1] : "";
  memset(&r, 0, sizeof r);
  if (argc < 4)
    fail("MODE URL COUNT [WIDTH] [CA_FILE]");
  r.url = argv[2];
  r.count = strtol(argv[3], NULL, 10);
  r.width = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
  r.ca_file = argc > 5 && strcmp(argv[5], "-") != 0 ? argv[5] : NULL;
  r.ids = UINT64_C(88172645463325252);
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    fail("curl_global_init");
  if (!strcmp(mode, "decode"))
    open_lua(&r);
  if (!strcmp(mode, "easy") || !strcmp(mode, "decode"))
    run_easy(&r);
  else if (!strcmp(mode, "multi") || !strcmp(mode, "burst"))
    run_multi(&r, *mode == 'b');
  else
    fail("unknown mode");
  if (r.lua)
    lua_close(r.lua);
  curl_global_cleanup();
  return 0;
}
