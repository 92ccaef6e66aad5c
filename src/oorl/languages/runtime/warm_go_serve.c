#include "warm.inc"

int oorl_go_serve(void) {
  size_t size;
  /* Go's handlers run on a stack that the namespaces' init does not have. */
  for (int number = 1; number < NSIG; number++)
    if (number != SIGSEGV && number != SIGBUS && number != SIGFPE) signal(number, SIG_DFL);
  free(oorl_serve(&size, NULL));
  check(dup2(STDERR, STDOUT), "dup2"); /* messages */
  pid_t compiler = fork();
  check(compiler, "fork");
  if (compiler == 0) {
    close(CHANNEL);
    return 1;
  }
  int code = wait_for(compiler);
  if (code) _exit(code);
  return 0;
}
