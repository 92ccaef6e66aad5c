/* Any compiler as a warm parent: loaded into it (LD_PRELOAD), it serves before `main`, when the dynamic
   linker has done the work that is the same each time; with OORL_START_AT, when the compiler first
   opens the file of that name, and has read all that comes before it.

   Each program's process goes on in two: the compiler, whose arguments are those of the parent
   ("@/job/args" or all), and after it the command in /job/then, an argument a line. What they leave
   in /tmp/artifact goes to descriptor 3. Exit code 120 says that only the second failed. See warm.c. */
#include "warm.c"
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/sendfile.h>

#define SECOND_FAILED 120
#define MOST_ARGUMENTS 256

typedef int (*main_function)(int, char **, char **);
extern char **environ;
static main_function compiler_main;
static const char *start_at;
static const char *const OURS[] = {"LD_PRELOAD", "LD_BIND_NOW", "OORL_START_AT"};

static void copy_artifact(void) {
  struct stat state;
  int file = open("/tmp/artifact", O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &state)) fail("/tmp/artifact");
  for (off_t at = 0; at < state.st_size;)
    if (sendfile(CHANNEL, file, &at, state.st_size - at) <= 0) fail("/tmp/artifact");
}

static void then(void) {
  size_t size;
  int file = open("/job/then", O_RDONLY | O_CLOEXEC), count = 0;
  char *text, *argv[MOST_ARGUMENTS + 1];
  check(file, "/job/then");
  text = read_all(file, &size);
  for (char *next; count < MOST_ARGUMENTS && *text; text = next + 1) {
    next = strchrnul(text, '\n');
    argv[count++] = text;
    if (!*next) break;
    *next = 0;
  }
  argv[count] = NULL;
  close(CHANNEL);
  execv(argv[0], argv);
  fail(argv[0]);
}

static int run(void (*what)(void)) {
  pid_t pid = fork();
  check(pid, "fork");
  if (pid == 0) what();
  return wait_for(pid);
}

/* Returns in each program's process, in the one of two that the compiler goes on in. */
static void branch(void) {
  size_t size;
  free(oorl_serve(&size, NULL));
  pid_t compiler = fork();
  check(compiler, "fork");
  if (compiler == 0) {
    close(CHANNEL);
    return;
  }
  int code = wait_for(compiler);
  if (code) _exit(code);
  if (run(then)) _exit(SECOND_FAILED);
  copy_artifact();
  _exit(0);
}

static int before_main(int argc, char **argv, char **envp) {
  (void)envp;
  start_at = getenv("OORL_START_AT");
  for (int i = 0; i < 3; i++) unsetenv(OURS[i]);
  if (!start_at) branch();
  return compiler_main(argc, argv, environ);
}

/* A compiler that writes its output to stdout had none when it started; now it has /tmp/main.o. */
static void reached(void) {
  start_at = NULL;
  branch();
  int output = open("/tmp/main.o", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  check(output, "/tmp/main.o");
  check(dup2(output, STDOUT), "dup2");
  close(output);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
  va_end(rest);
  if (start_at && !strcmp(path, start_at)) reached();
  return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int __libc_start_main(main_function main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end) {
  int (*start)(main_function, int, char **, void (*)(void), void (*)(void), void (*)(void), void *)
      = dlsym(RTLD_NEXT, "__libc_start_main");
  compiler_main = main;
  return start(before_main, argc, argv, init, fini, rtld_fini, stack_end);
}
