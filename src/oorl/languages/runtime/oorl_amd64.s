// func call(number, a, b, c uintptr) int
TEXT ·call(SB), 4, $0-40 // 4: no room for a larger stack is asked for
	MOVQ number+0(FP), AX
	MOVQ a+8(FP), DI
	MOVQ b+16(FP), SI
	MOVQ c+24(FP), DX
	SYSCALL
	MOVQ AX, ret+32(FP)
	RET
