package oorl_driver

// Linux's numbers of system calls.
const (
	sysRead      = 0
	sysWrite     = 1
	sysOpenAt    = 257
	sysExitGroup = 231
)
