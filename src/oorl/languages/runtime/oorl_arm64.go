package oorl_driver

// Linux's numbers of system calls.
const (
	sysRead      = 63
	sysWrite     = 64
	sysOpenAt    = 56
	sysExitGroup = 94
)
