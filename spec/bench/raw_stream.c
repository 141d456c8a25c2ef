/* What `make bench` measures streams against: a loop that does no more than it
   has to. libcurl opens the connections, libwslay reads the frames, and
   lua-cjson makes Lua tables of each message and of the content in it.

     raw_stream URL TOPICS CONNECTIONS COUNT

   TOPICS on so many connections, COUNT messages behind their snapshots. Prints
   seconds, seconds of CPU, and KB of memory held at the end. */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <wslay/wslay.h>

#define CONNECTIONS_MAX 8
#define TOPICS_A_FRAME 800
#define ROOM (32 * 1024)

struct connection {
  CURL *easy;
  wslay_event_context_ptr frames;
  struct run *run;
  char piece[16 * 1024];
  size_t at, len; /* of it: what is taken, what there is */
};

struct run {
  const char *url;
  long topics, connections, count;
  lua_State *lua; /* cjson.decode is what is on its stack */
  long messages;
  double wall, cpu; /* when the first came behind the snapshots */
  struct connection all[CONNECTIONS_MAX];
  struct pollfd polled[CONNECTIONS_MAX];
};

static void fail(const char *what)
{
  fprintf(stderr, "raw_stream: %s\n", what);
  exit(1);
}

/* --- what it took --- */

static double cpu_seconds(void)
{
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
         + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
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

/* --- the messages --- */

static void decode(lua_State *L, const char *text, size_t n)
{
  lua_pushvalue(L, 1);
  lua_pushlstring(L, text, n);
  if (lua_pcall(L, 1, 1, 0))
    fail(lua_tostring(L, -1));
}

static void take(struct run *r, const char *text, size_t n)
{
  lua_State *L = r->lua;
  decode(L, text, n);
  if (lua_getfield(L, -1, "messages") == LUA_TTABLE) {
    size_t len;
    const char *content;
    lua_rawgeti(L, -1, 1);
    lua_getfield(L, -1, "content");
    content = lua_tolstring(L, -1, &len);
    if (!content)
      fail("a message without content");
    decode(L, content, len);
    if (r->messages++ == r->topics) {
      r->wall = seconds();
      r->cpu = cpu_seconds();
    }
  }
  lua_settop(L, 1);
}

/* --- libwslay's callbacks --- */

/* From a piece that is read at once: libwslay asks for little. */
static ssize_t on_recv(wslay_event_context_ptr frames, uint8_t *out,
                       size_t room, int flags, void *context)
{
  struct connection *c = context;
  (void)flags;
  if (c->at == c->len) {
    CURLcode rc = curl_easy_recv(c->easy, c->piece, sizeof c->piece, &c->len);
    c->at = 0;
    if (rc || !c->len) {
      c->len = 0;
      wslay_event_set_error(frames, rc == CURLE_AGAIN
                                        ? WSLAY_ERR_WOULDBLOCK
                                        : WSLAY_ERR_CALLBACK_FAILURE);
      return -1;
    }
  }
  if (room > c->len - c->at)
    room = c->len - c->at;
  memcpy(out, c->piece + c->at, room);
  c->at += room;
  return (ssize_t)room;
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *bytes,
                       size_t n, int flags, void *context)
{
  struct connection *c = context;
  size_t done = 0;
  CURLcode rc = curl_easy_send(c->easy, bytes, n, &done);
  (void)flags;
  if (!rc)
    return (ssize_t)done;
  wslay_event_set_error(frames, rc == CURLE_AGAIN
                                    ? WSLAY_ERR_WOULDBLOCK
                                    : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

static int on_mask(wslay_event_context_ptr frames, uint8_t *out, size_t n,
                   void *context)
{
  (void)frames;
  (void)context;
  memset(out, 0, n);
  return 0;
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *arg,
                       void *context)
{
  struct connection *c = context;
  (void)frames;
  if (arg->opcode == WSLAY_TEXT_FRAME)
    take(c->run, (const char *)arg->msg, arg->msg_length);
}

/* --- the connections --- */

static void say(struct connection *c, const char *text)
{
  struct wslay_event_msg m = { WSLAY_TEXT_FRAME, (const uint8_t *)text,
                               strlen(text) };
  if (wslay_event_queue_msg(c->frames, &m))
    fail("a frame was not taken");
}

static void subscribe(struct connection *c, long first, long n)
{
  while (n > 0) {
    char text[ROOM];
    long i, some = n < TOPICS_A_FRAME ? n : TOPICS_A_FRAME;
    int at = snprintf(text, sizeof text,
                      "{\"id\":\"%ld\",\"operation\":\"Subscribe\",\"data\":{"
                      "\"snapshot\":true,\"topics\":[",
                      first);
    for (i = 0; i < some; i++)
      at += snprintf(text + at, sizeof text - (size_t)at,
                     "%s\"instrument:%ld\"", i ? "," : "", first + i);
    snprintf(text + at, sizeof text - (size_t)at, "]}}");
    say(c, text);
    first += some;
    n -= some;
  }
}

static void upgrade(struct connection *c)
{
  const char *path = strrchr(c->run->url, '/');
  char text[ROOM];
  size_t n, len = 0;
  snprintf(text, sizeof text,
           "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
           path);
  if (curl_easy_send(c->easy, text, strlen(text), &n) || n != strlen(text))
    fail("the upgrade was not sent");
  do {
    CURLcode rc = curl_easy_recv(c->easy, text + len, 1, &n);
    if (rc && rc != CURLE_AGAIN)
      fail(curl_easy_strerror(rc));
    len += rc ? 0 : n;
  } while (len < sizeof text - 1
           && (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0));
}

static void open_connection(struct connection *c, struct pollfd *polled)
{
  struct wslay_event_callbacks callbacks = { .recv_callback = on_recv,
                                             .send_callback = on_send,
                                             .genmask_callback = on_mask,
                                             .on_msg_recv_callback =
                                                 on_message };
  curl_socket_t fd;
  c->easy = curl_easy_init();
  if (!c->easy)
    fail("not enough memory");
  curl_easy_setopt(c->easy, CURLOPT_URL, c->run->url);
  curl_easy_setopt(c->easy, CURLOPT_CONNECT_ONLY, 1L);
  if (curl_easy_perform(c->easy))
    fail("no connection");
  curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
  polled->fd = fd;
  upgrade(c);
  if (wslay_event_context_client_init(&c->frames, &callbacks, c))
    fail("not enough memory");
  say(c, "{\"id\":\"0\",\"operation\":\"Authenticate\",\"data\":{}}");
}

static void open_all(struct run *r)
{
  long i, first = 0;
  for (i = 0; i < r->connections; i++) {
    long end = r->topics * (i + 1) / r->connections;
    r->all[i].run = r;
    open_connection(&r->all[i], &r->polled[i]);
    subscribe(&r->all[i], 1001 + first, end - first);
    first = end;
  }
}

static void read_until(struct run *r, long messages)
{
  while (r->messages < messages) {
    long i;
    for (i = 0; i < r->connections; i++)
      r->polled[i].events =
          POLLIN | (wslay_event_want_write(r->all[i].frames) ? POLLOUT : 0);
    if (poll(r->polled, (nfds_t)r->connections, 10000) <= 0)
      fail("nothing comes");
    for (i = 0; i < r->connections; i++)
      if (r->polled[i].revents
          && (wslay_event_send(r->all[i].frames)
              || wslay_event_recv(r->all[i].frames)))
        fail("a connection was lost");
  }
}

int main(int argc, char **argv)
{
  static struct run r;
  if (argc != 5)
    fail("URL TOPICS CONNECTIONS COUNT");
  r.url = argv[1];
  r.topics = strtol(argv[2], NULL, 10);
  r.connections = strtol(argv[3], NULL, 10);
  r.count = strtol(argv[4], NULL, 10);
  if (r.connections < 1 || r.connections > CONNECTIONS_MAX)
    fail("cannot have so many connections");
  r.lua = luaL_newstate();
  if (!r.lua)
    fail("not enough memory");
  luaL_openlibs(r.lua);
  if (luaL_dostring(r.lua, "return require('cjson').decode"))
    fail(lua_tostring(r.lua, -1));
  open_all(&r);
  read_until(&r, r.topics + r.count);
  printf("%.6f %.6f %ld\n", seconds() - r.wall, cpu_seconds() - r.cpu,
         held_kb());
  return 0;
}
