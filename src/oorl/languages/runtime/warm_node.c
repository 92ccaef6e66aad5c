/* Node.js as a warm parent. `serve(idle)` returns in each program's process, with its job as a Buffer;
   `exit(code)` ends that process at once; `seed()` is a positive number by chance.

   A copy of a process has none of its threads but the one that made it. Flags keep V8 from needing
   its own, but node waits for them at its end: first for tasks they were given, which each full
   garbage collection does, then for themselves. So the event loop never ends here. When nothing is
   left to wait for, `idle(false)` is called, and `idle(true)` if that brought no new work.
   (Worker threads end by node's way too: programs with some are not for a warm parent.)

   Node-API is a stable binary interface, so the few declarations used stand here, and no headers
   are needed (Debian has them in a package of their own). */
#include "warm.c"
#include <sys/random.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef struct napi_ref__ *napi_ref;
typedef struct napi_handle_scope__ *napi_handle_scope;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern int napi_create_buffer_copy(napi_env, size_t, const void *, void **, napi_value *);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_value_int32(napi_env, napi_value, int32_t *);
extern int napi_create_int32(napi_env, int32_t, napi_value *);
extern int napi_get_uv_event_loop(napi_env, void **);
extern int napi_create_reference(napi_env, napi_value, uint32_t, napi_ref *);
extern int napi_get_reference_value(napi_env, napi_ref, napi_value *);
extern int napi_open_handle_scope(napi_env, napi_handle_scope *);
extern int napi_close_handle_scope(napi_env, napi_handle_scope);
extern int napi_get_global(napi_env, napi_value *);
extern int napi_get_boolean(napi_env, _Bool, napi_value *);
extern int napi_make_callback(napi_env, void *, napi_value, napi_value, size_t, const napi_value *,
                              napi_value *);
extern int uv_loop_fork(void *), uv_loop_alive(void *);
extern int uv_prepare_init(void *, void *), uv_prepare_start(void *, void (*)(void *));
extern int uv_idle_init(void *, void *), uv_idle_start(void *, void (*)(void *)), uv_idle_stop(void *);
extern void uv_ref(void *), uv_unref(void *);

/* libuv's handles of these kinds take 120 bytes. */
static _Alignas(16) char turn[512], spin[512];
static void *loop;
static napi_env main_env;
static napi_ref idle;
static int quiet_turns;

/* V8 asks the kernel to leave its memory out of forks; here the whole of it must go along. */
static void fork_everything(void) {
  FILE *maps = fopen("/proc/self/maps", "re");
  char line[4096];
  unsigned long from, to;
  if (!maps) fail("/proc/self/maps");
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx", &from, &to) == 2) madvise((void *)from, to - from, MADV_DOFORK);
  fclose(maps);
}

static void renew(void) {
  if (uv_loop_fork(loop)) fail("uv_loop_fork");
}

static void nothing(void *handle) { (void)handle; }

static int work_left(void) {
  uv_unref(turn);
  uv_unref(spin);
  int alive = uv_loop_alive(loop);
  uv_ref(turn);
  return alive;
}

/* In each turn of the loop, before it waits. The first quiet turn is followed by one that does not
   wait, since tasks of V8 do not count as work. */
static void each_turn(void *handle) {
  napi_handle_scope scope;
  napi_value global, function, again, result;
  (void)handle;
  quiet_turns = work_left() ? 0 : quiet_turns + 1;
  if (quiet_turns == 1) uv_idle_start(spin, nothing);
  if (quiet_turns == 0) uv_idle_stop(spin);
  if (quiet_turns < 2) return;
  napi_open_handle_scope(main_env, &scope);
  napi_get_reference_value(main_env, idle, &function);
  napi_get_global(main_env, &global);
  napi_get_boolean(main_env, quiet_turns > 2, &again);
  napi_make_callback(main_env, NULL, global, function, 1, &again, &result);
  napi_close_handle_scope(main_env, scope);
  /* Asked now: by the next turn a short timer would have come and gone. */
  if (quiet_turns == 2 && work_left()) quiet_turns = 0;
}

static napi_value serve(napi_env env, napi_callback_info info) {
  napi_value buffer = NULL, function;
  size_t size, count = 1;
  main_env = env;
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  if (napi_get_uv_event_loop(env, &loop) || napi_create_reference(env, function, 1, &idle)
      || uv_prepare_init(loop, turn) || uv_idle_init(loop, spin)) fail("node");
  fork_everything();
  char *job = oorl_serve(&size, renew);
  uv_prepare_start(turn, each_turn);
  napi_create_buffer_copy(env, size, job, NULL, &buffer);
  free(job);
  return buffer;
}

static napi_value leave(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value code;
  int32_t status = 0;
  napi_get_cb_info(env, info, &count, &code, NULL, NULL);
  if (count) napi_get_value_int32(env, code, &status);
  _exit(status & 255);
}

static napi_value seed(napi_env env, napi_callback_info info) {
  int32_t chance = 0;
  napi_value number = NULL;
  (void)info;
  if (getrandom(&chance, sizeof chance, 0) < 0) fail("getrandom");
  napi_create_int32(env, (chance & 0x3fffffff) + 1, &number);
  return number;
}

static void add(napi_env env, napi_value exports, const char *name, napi_callback what) {
  napi_value function;
  napi_create_function(env, name, strlen(name), what, NULL, &function);
  napi_set_named_property(env, exports, name, function);
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  add(env, exports, "serve", serve);
  add(env, exports, "exit", leave);
  add(env, exports, "seed", seed);
  return exports;
}
