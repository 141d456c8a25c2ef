/* Looks for secrets that are left behind: wipes CODE [ARGUMENT...]

   Runs Lua code with src/core and src/binding linked in. The linker turns
   their malloc, calloc, realloc and free to this file, so what is looked at is
   every block that they allocate, those that they lend to zlib and brotli
   among them: as it is when they give it back, when they have realloc move
   it, or while they still hold it; and the C stack that a call has used, with
   whatever anybody left there. Blocks of Lua and libcurl and those that libc
   makes for itself are none of it. A realloc of LARGE bytes or more is let
   pass: see core/buf.c.

   The code finds a table `wipes`:

     wipes.watch(text, ...)   texts to look for: any PIECE bytes of them, plain,
       as a form has them, in base64, which a Basic login is, and as words of
       the other byte order, which is how a digest is made
     wipes.on_stack(fn)       calls fn on a stack of its own, which is empty
     wipes.digest(text)       has the text's digest made on such a stack, where
       nothing comes after it
     wipes.fail_at(n)         the n-th allocation from now on fails; 0: none
       -> whether the one that was asked for before has come
     wipes.check(what, live)  raises when there is one in a block that was
       given back since the last check, or on the stack of the last on_stack;
       live: or in a block in use

   When the code has ended and its state is closed, all is looked at. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "core/bytes/digest.h"

#define PIECE 10
#define TEXTS_MOST 64
#define FORMS 12 /* of a text: see wipes_watch */
#define LIVE_MOST 65536
#define LARGE ((size_t)256 * 1024)
#define STACK ((size_t)1024 * 1024)
#define PAINT 0xa5

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNCHECKED __attribute__((no_sanitize("address")))
#endif
#endif
#ifndef UNCHECKED
#ifdef __SANITIZE_ADDRESS__
#define UNCHECKED __attribute__((no_sanitize_address))
#else
#define UNCHECKED
#endif
#endif

int luaopen_etoro_core(lua_State *L);

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void __real_free(void *block);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
void __wrap_free(void *block);

struct block {
  char *at;
  size_t n;
};

/* What a block held when it was given back. */
struct gone {
  struct gone *next;
  void *by; /* where that was */
  size_t n;
  char bytes[];
};

struct text {
  char *bytes;
  size_t n;
};

/* The journal's thread has blocks as well. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct block live[LIVE_MOST];
static size_t nlive;
static struct gone *gone;
static long fail_at, allocations;
static struct text texts[TEXTS_MOST * FORMS];
static size_t ntexts;
static unsigned char starts[65536 / 8]; /* of all pieces: two bytes */
static char *stack;

static void *must(void *block)
{
  if (block)
    return block;
  fprintf(stderr, "wipes: no memory, or too much to watch\n");
  exit(2);
}

/* --- the blocks --- */

static int is_failing(void)
{
  return fail_at && ++allocations == fail_at;
}

static void *hold(void *block, size_t n)
{
  if (!block)
    return NULL;
  must(nlive < LIVE_MOST ? block : NULL);
  live[nlive].at = block;
  live[nlive++].n = n;
  return block;
}

/* With nothing in it that another owner has left. */
static void *take(size_t n)
{
  void *block;
  pthread_mutex_lock(&mutex);
  block = is_failing() ? NULL : hold(__real_calloc(1, n ? n : 1), n);
  pthread_mutex_unlock(&mutex);
  return block;
}

static struct block *find(const void *block)
{
  size_t i = nlive;
  while (i > 0)
    if (live[--i].at == block)
      return &live[i];
  return NULL; /* libc made it */
}

static void remember(const struct block *b, void *by)
{
  size_t i = 0;
  struct gone *g;
  while (i < b->n && !b->at[i])
    i++;
  if (i == b->n)
    return;
  g = must(__real_malloc(sizeof *g + b->n));
  g->by = by;
  g->n = b->n;
  memcpy(g->bytes, b->at, b->n);
  g->next = gone;
  gone = g;
}

static void give(void *block, void *by)
{
  struct block *b;
  pthread_mutex_lock(&mutex);
  b = find(block);
  if (b) {
    remember(b, by);
    *b = live[--nlive];
  }
  pthread_mutex_unlock(&mutex);
  __real_free(block);
}

void *__wrap_malloc(size_t n)
{
  return take(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
  return take(n * size);
}

/* Moves always, as it may do. */
void *__wrap_realloc(void *old, size_t n)
{
  const struct block *b;
  size_t had = 0;
  void *block = take(n);
  if (!block || !old)
    return block;
  pthread_mutex_lock(&mutex);
  b = find(old);
  if (b)
    had = b->n;
  pthread_mutex_unlock(&mutex);
  must((void *)(size_t)(had > 0));
  memcpy(block, old, had < n ? had : n);
  if (had >= LARGE)
    memset(old, 0, had);
  give(old, __builtin_return_address(0));
  return block;
}

void __wrap_free(void *block)
{
  if (block)
    give(block, __builtin_return_address(0));
}

/* --- what to look for --- */

static void add_text(const char *bytes, size_t n)
{
  size_t i;
  struct text *t = &texts[ntexts];
  if (n < PIECE)
    return;
  must(ntexts < sizeof texts / sizeof texts[0] ? t : NULL);
  t->bytes = must(__real_malloc(n));
  t->n = n;
  memcpy(t->bytes, bytes, n);
  ntexts++;
  for (i = 0; i + PIECE <= n; i++) {
    unsigned start =
        (unsigned char)bytes[i] * 256u + (unsigned char)bytes[i + 1];
    starts[start / 8] |= (unsigned char)(1u << start % 8);
  }
}

/* What stands in base64 for these bytes alone, skip bytes behind others. */
static void add_base64(const char *bytes, size_t n, size_t skip)
{
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *coded = must(__real_malloc(2 * n + 8));
  size_t bit, len = 0;
  for (bit = (6 - 8 * skip % 6) % 6; bit + 6 <= 8 * n; bit += 6) {
    unsigned v = (unsigned char)bytes[bit / 8] * 256u;
    if (bit / 8 + 1 < n)
      v |= (unsigned char)bytes[bit / 8 + 1];
    coded[len++] = digits[v >> (10 - bit % 8) & 63];
  }
  add_text(coded, len);
  __real_free(coded);
}

static void add_coded(const char *bytes, size_t n)
{
  size_t skip;
  for (skip = 0; skip < 3; skip++)
    add_base64(bytes, n, skip);
}

/* Four bytes at a time the other way round, the first of them at skip. */
static void add_words(const char *bytes, size_t n, size_t skip)
{
  char *words = must(__real_malloc(n));
  size_t i, k, len = 0;
  for (i = skip; i + 4 <= n; i += 4)
    for (k = 4; k > 0; k--)
      words[len++] = bytes[i + k - 1];
  add_text(words, len);
  __real_free(words);
}

static void add_escaped(const char *bytes, size_t n)
{
  static const char plain[] = "-._~ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789";
  char *escaped = must(__real_malloc(3 * n + 1));
  size_t i, len = 0;
  for (i = 0; i < n; i++) {
    if (bytes[i] && strchr(plain, bytes[i]))
      escaped[len++] = bytes[i];
    else
      len += (size_t)sprintf(escaped + len, "%%%02X", (unsigned char)bytes[i]);
  }
  if (len > n) {
    add_text(escaped, len);
    add_coded(escaped, len);
  }
  __real_free(escaped);
}

static int wipes_watch(lua_State *L)
{
  int i;
  for (i = 1; i <= lua_gettop(L); i++) {
    size_t n, skip;
    const char *bytes = luaL_checklstring(L, i, &n);
    luaL_argcheck(L, n >= PIECE + 6, i, "too short to be known again");
    add_text(bytes, n);
    add_coded(bytes, n);
    add_escaped(bytes, n);
    for (skip = 0; skip < 4; skip++)
      add_words(bytes, n, skip);
  }
  return 0;
}

/* --- looking --- */

UNCHECKED static int is_at(const struct text *t, const char *p)
{
  size_t i, k;
  for (i = 0; i + PIECE <= t->n; i++) {
    for (k = 0; k < PIECE && p[k] == t->bytes[i + k]; k++)
      continue;
    if (k == PIECE)
      return 1;
  }
  return 0;
}

/* As of paint, and of what was never written: no piece of a secret. Comparing a
   stack of it with each text takes minutes when one of them has PAINT twice. */
UNCHECKED static int is_even(const char *p)
{
  size_t k;
  for (k = 1; k < PIECE && p[k] == p[0]; k++)
    continue;
  return k == PIECE;
}

/* Where a piece of one of the texts stands; NULL: nowhere. */
UNCHECKED static const char *look(const char *p, size_t n)
{
  const char *end = p + n;
  size_t i;
  for (; end - p >= PIECE; p++) {
    unsigned start = (unsigned char)p[0] * 256u + (unsigned char)p[1];
    if (!(starts[start / 8] & 1u << start % 8) || is_even(p))
      continue;
    for (i = 0; i < ntexts; i++)
      if (is_at(&texts[i], p))
        return p;
  }
  return NULL;
}

static int tell(const char *what, const char *where, const void *by, size_t n,
                const char *found)
{
  Dl_info info;
  size_t offset = 0, i;
  char shown[PIECE];
  for (i = 0; i < PIECE; i++)
    shown[i] = found[i] > 0x20 && found[i] < 0x7f ? found[i] : '?';
  if (by && dladdr(by, &info))
    offset = (size_t)((const char *)by - (const char *)info.dli_fbase);
  fprintf(stderr, "wipes: %s: %s, %zu bytes (+0x%zx): \"%.*s\"\n", what, where,
          n, offset, PIECE, shown);
  return 1;
}

static int look_at_gone(const char *what)
{
  int found = 0;
  pthread_mutex_lock(&mutex);
  while (gone) {
    struct gone *g = gone;
    const char *at = look(g->bytes, g->n);
    if (at)
      found = tell(what, "in a block that was given back", g->by, g->n, at);
    gone = g->next;
    __real_free(g);
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

static int look_at_live(const char *what)
{
  int found = 0;
  size_t i;
  pthread_mutex_lock(&mutex);
  for (i = 0; i < nlive; i++) {
    const char *at = look(live[i].at, live[i].n);
    if (at)
      found = tell(what, "in a block in use", NULL, live[i].n, at);
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

static int look_at_stack(const char *what)
{
  const char *at = look(stack, STACK);
  return at ? tell(what, "on the stack", NULL, STACK, at) : 0;
}

static int wipes_check(lua_State *L)
{
  const char *what = luaL_checkstring(L, 1);
  int found = look_at_gone(what) | look_at_stack(what);
  if (lua_toboolean(L, 2))
    found |= look_at_live(what);
  return found ? luaL_error(L, "%s left something behind", what) : 0;
}

/* --- the calls --- */

struct call {
  lua_State *L;
  int status;
};

static void *run_call(void *context)
{
  struct call *c = context;
  c->status = lua_pcall(c->L, 0, LUA_MULTRET, 0);
  return NULL;
}

UNCHECKED static void paint(void)
{
  size_t i;
  for (i = 0; i < STACK; i++)
    ((volatile unsigned char *)stack)[i] = PAINT;
}

static void *run_digest(void *context)
{
  const struct text *t = context;
  unsigned char digest[ETORO_SHA256_LEN];
  etoro_sha256(digest, t->bytes, t->n);
  return NULL;
}

/* 0 when there is no thread to be had. */
static int run_on_stack(void *(*fn)(void *), void *context)
{
  pthread_attr_t how;
  pthread_t thread;
  int is_run;
  paint();
  pthread_attr_init(&how);
  is_run = !pthread_attr_setstack(&how, stack, STACK)
           && !pthread_create(&thread, &how, fn, context)
           && !pthread_join(thread, NULL);
  pthread_attr_destroy(&how);
  return is_run;
}

static int wipes_on_stack(lua_State *L)
{
  struct call c = { L, 0 };
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  if (!run_on_stack(run_call, &c))
    return luaL_error(L, "no thread");
  return c.status ? lua_error(L) : lua_gettop(L);
}

static int wipes_digest(lua_State *L)
{
  struct text t;
  size_t n;
  const char *bytes = luaL_checklstring(L, 1, &n);
  t.n = n;
  memcpy(&t.bytes, &bytes, sizeof t.bytes); /* it is only read */
  return run_on_stack(run_digest, &t) ? 0 : luaL_error(L, "no thread");
}

static int wipes_fail_at(lua_State *L)
{
  long n = (long)luaL_checkinteger(L, 1);
  pthread_mutex_lock(&mutex);
  lua_pushboolean(L, fail_at && allocations >= fail_at);
  fail_at = n;
  allocations = 0;
  pthread_mutex_unlock(&mutex);
  return 1;
}

static const luaL_Reg functions[] = {
  { "check", wipes_check },     { "digest", wipes_digest },
  { "fail_at", wipes_fail_at }, { "on_stack", wipes_on_stack },
  { "watch", wipes_watch },     { NULL, NULL }
};

static int run(int argc, char **argv)
{
  int i, status;
  lua_State *L = must(luaL_newstate());
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_etoro_core);
  lua_setfield(L, -2, "etoro.core");
  luaL_newlib(L, functions);
  lua_setglobal(L, "wipes");
  status = luaL_loadstring(L, argv[1]);
  for (i = 2; !status && i < argc; i++)
    lua_pushstring(L, argv[i]);
  if (!status)
    status = lua_pcall(L, argc - 2, 0, 0);
  if (status)
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return status;
}

int main(int argc, char **argv)
{
  int status;
  if (argc < 2)
    return 2;
  stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED)
    return 2;
  paint();
  status = run(argc, argv);
  status |= look_at_gone("the closed state");
  status |= look_at_live("the closed state");
  munmap(stack, STACK);
  while (ntexts)
    __real_free(texts[--ntexts].bytes);
  return status != 0;
}
