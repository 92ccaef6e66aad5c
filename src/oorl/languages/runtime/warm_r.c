/* R as a warm parent: `.C("oorl_r_serve")` returns in each program's process, whose files are in /job.
   See warm.c. */
#include "warm.c"

void oorl_r_serve(void) {
  size_t size;
  free(oorl_serve(&size, NULL));
}
