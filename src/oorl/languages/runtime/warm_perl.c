/* Perl as a warm parent: `oorl_perl_serve` returns in each program's process, whose files are in /job;
   `oorl_perl_exit` ends it at once. DynaLoader makes subs of them: no header of perl is needed. What
   they are given (the interpreter, the sub) is left alone, the mark of their arguments too, which
   the sub around them takes down when it is left. See warm.c. */
#include "warm.c"

void oorl_perl_serve(void) {
  size_t size;
  free(oorl_serve(&size, NULL));
}
void oorl_perl_exit(void) { _exit(0); }
