/* The parent of commands: it runs what it is told, each in namespaces of its own. See warm.c. */
#include "warm.c"

int main(void) {
  size_t size;
  oorl_serve(&size, NULL); /* a job without a command is none for this parent: it ends */
  return 0;
}
