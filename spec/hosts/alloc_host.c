/* Runs a Lua function while memory fails at step 1, 2, 3, ... until there
   is no such step any more: alloc_host SCRIPT URL MODE

   The script gets URL as its argument and returns the function. That gives
   true when it did all its work, and nil and the error object when memory
   failed; anything else ends the run with status 1. It is called once
   without a limit in each new state, so that modules are loaded.

   MODE  lua       Lua's allocator fails from step n on
         core      the n-th allocation of src/core and src/binding fails
         core-all  and all that follow */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define NEVER 0
#define STEPS_MAX 200000

int luaopen_etoro_core(lua_State *L);

/* The linker puts these in front of libc's for our own objects. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);

struct meter {
  long count;    /* allocations since it was armed */
  long fail_at;  /* the first that fails; NEVER when not armed */
  int is_once;   /* only that one */
  size_t live;   /* bytes in use, kept for Lua's allocator only */
};

static struct meter lua_meter;
static struct meter core_meter;

static int is_failing(struct meter *m)
{
  if (m->fail_at == NEVER)
    return 0;
  m->count++;
  return m->is_once ? m->count == m->fail_at : m->count >= m->fail_at;
}

/* 1 when the failure did not come: fewer allocations than that */
static int is_unmet(const struct meter *m)
{
  return m->fail_at != NEVER && m->count < m->fail_at;
}

static void arm(struct meter *m, long fail_at, int is_once)
{
  m->count = 0;
  m->fail_at = fail_at;
  m->is_once = is_once;
}

void *__wrap_malloc(size_t n)
{
  return is_failing(&core_meter) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
  return is_failing(&core_meter) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
  return is_failing(&core_meter) ? NULL : __real_realloc(old, n);
}

static void *lua_memory(void *context, void *old, size_t osize, size_t nsize)
{
  struct meter *m = context;
  size_t before = old ? osize : 0;
  void *block;
  if (!nsize) {
    m->live -= before;
    free(old);
    return NULL;
  }
  if (nsize > before && is_failing(m))
    return NULL;
  block = __real_realloc(old, nsize);
  if (block)
    m->live += nsize - before;
  return block;
}

static int prepare(lua_State *L)
{
  const char *script = lua_touserdata(L, 1);
  const char *url = lua_touserdata(L, 2);
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_etoro_core);
  lua_setfield(L, -2, "etoro.core");
  if (luaL_loadfile(L, script))
    return lua_error(L);
  lua_pushstring(L, url);
  lua_call(L, 1, 1);
  return 1;
}

static lua_State *new_state(void)
{
#if LUA_VERSION_NUM >= 505
  return lua_newstate(lua_memory, &lua_meter, luaL_makeseed(NULL));
#else
  return lua_newstate(lua_memory, &lua_meter);
#endif
}

/* A state with the script's function on its stack, or NULL. */
static lua_State *open_state(const char *script, const char *url)
{
  lua_State *L = new_state();
  if (!L)
    return NULL;
  lua_pushcfunction(L, prepare);
  lua_pushlightuserdata(L, (void *)(size_t)script);
  lua_pushlightuserdata(L, (void *)(size_t)url);
  if (lua_pcall(L, 2, 1, 0)) {
    fprintf(stderr, "%s: %s\n", script, lua_tostring(L, -1));
    lua_close(L);
    return NULL;
  }
  return L;
}

/* 1: worked, 0: memory failed and that was said, -1: anything else */
static int judge(lua_State *L, int status, int base)
{
  const char *text;
  int is_memory = status == LUA_ERRMEM;
  if (!status && lua_toboolean(L, base))
    return 1;
  lua_settop(L, base + 1);
  if (!status && lua_istable(L, base + 1)) {
    lua_getfield(L, base + 1, "code");
    text = lua_tostring(L, -1);
    is_memory = text && !strcmp(text, "out_of_memory");
  } else if (status && lua_isstring(L, base)) {
    is_memory = strstr(lua_tostring(L, base), "memory") != NULL;
  }
  if (is_memory)
    return 0;
  text = luaL_tolstring(L, status ? base : base + 1, NULL);
  fprintf(stderr, "unexpected: %s\n", text);
  return -1;
}

static int run(lua_State *L, int *was_unmet)
{
  int base = lua_gettop(L) + 1;
  int status;
  lua_pushvalue(L, 1);
  status = lua_pcall(L, 0, 2, 0);
  *was_unmet = is_unmet(&lua_meter) || is_unmet(&core_meter);
  arm(&lua_meter, NEVER, 0);
  arm(&core_meter, NEVER, 0);
  return judge(L, status, base);
}

/* 1: the function works and has no n-th step, 0: go on, -1: stop */
static int step(const char *script, const char *url, const char *mode, long n)
{
  lua_State *L = open_state(script, url);
  int was_unmet = 0;
  int verdict = L ? run(L, &was_unmet) : -1;
  if (verdict != 1) {
    fprintf(stderr, "step %ld: not even with all memory\n", n);
    verdict = -1;
  } else {
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_settop(L, 1);
    if (!strcmp(mode, "lua")) {
      /* Lua drops a finalizer that it has no memory to call, and what that
         would have freed: none is called before there is memory again. */
      lua_gc(L, LUA_GCSTOP);
      arm(&lua_meter, n, 0);
    } else {
      arm(&core_meter, n, !strcmp(mode, "core"));
    }
    verdict = run(L, &was_unmet);
    if (verdict == 1 && !was_unmet)
      verdict = 0;
    else if (verdict == 0 && was_unmet)
      verdict = -1;
  }
  if (L)
    lua_close(L);
  if (verdict < 0)
    fprintf(stderr, "step %ld failed\n", n);
  return verdict;
}

/* Never closed: keeps C modules loaded, so that a leak report at the end can
   name them. */
static lua_State *volatile keeper;

int main(int argc, char **argv)
{
  size_t kept;
  long n;
  int verdict = 0;
  if (argc != 4) {
    fprintf(stderr, "usage: %s SCRIPT URL lua|core|core-all\n", argv[0]);
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  keeper = open_state(argv[1], argv[2]);
  if (!keeper)
    return 1;
  kept = lua_meter.live;
  for (n = 1; !verdict && n < STEPS_MAX; n++) {
    printf("step %ld\n", n);
    verdict = step(argv[1], argv[2], argv[3], n);
    if (lua_meter.live != kept) {
      fprintf(stderr, "step %ld: %zu bytes left over\n", n,
              lua_meter.live - kept);
      verdict = -1;
    }
  }
  printf("%s: %ld steps\n", verdict == 1 ? "passed" : "failed", n - 1);
  return verdict == 1 ? 0 : 1;
}
