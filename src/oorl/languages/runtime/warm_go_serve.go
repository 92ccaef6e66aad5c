package oorl_warm

// int oorl_go_serve(void);
import "C"

// Serve answers requests. It returns in each program's process: true for the compiler, and when that
// has succeeded false for the linker.
func Serve() bool { return C.oorl_go_serve() != 0 }
