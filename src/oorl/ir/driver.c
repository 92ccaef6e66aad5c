/* Runs JIT-compiled functions of unknown quality: mutants loop, crash and smash their stack.
 *
 * Each call gets its own stack far from any other memory, filled with a pattern. Under the first
 * pattern an array begins after an unmapped page and ends before a pad, under the second it begins
 * after a pad and ends before an unmapped page, so no access outside survives both. Every pattern has a zone of its own at a fixed address, so an
 * output that depends on uninitialised or foreign memory or on an address differs between two
 * complementary patterns, and is the same in every process. A signal (or the end of the fuel that
 * oorl_tick burns on every loop) abandons the call by siglongjmp. x86-64 System V only.
 */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define STACK (256 * 1024)
#define WINDOW (16 * 1024) /* always refilled; what is deeper is opened by the first touch */
#define DEEP (STACK - WINDOW)
#define PAD 64
#define PAGE 4096
#define ROOM (64 * 1024)             /* of one buffer, between unmapped pages */
#define STRIDE (ROOM + 16 * PAGE)
#define BUFFERS 8 /* arguments */
#define ARRAYS 16 /* local arrays and heap blocks; further ones share the heap */
#define HEAP (1 << 20)
#define TEXT 512 /* captured standard output */

enum { NOT_RUN, DONE, FUEL, SIGNAL, HEAP_FULL, TIME, PADS, POISON };

typedef struct {
    int32_t kind;  /* 0 integer, 1 double, 2 float (bits), 3 buffer of bytes, 4 of doubles, 5 of floats */
    int32_t bytes; /* of a buffer */
    int64_t value; /* the value's bits, or the buffer's offset in the blob */
} Arg;

typedef struct {
    int32_t status, text_bytes;
    uint64_t result;
} Slot; /* followed by the buffers' contents and TEXT bytes when text was written */

/* Memory of one pattern; nothing else is mapped for terabytes around each part. */
typedef struct { uint8_t *stack, *area, *heap, *gate; } Zone;
static Zone zones[2];
static uint8_t *stack_low, *area, *heap;
static size_t heap_used, text_used, arrays_used;
static char text[TEXT];
static uint8_t pattern;
static sigjmp_buf escape;
static volatile sig_atomic_t running, expired, deep_open;
uint8_t oorl_poisoned; /* set by checks in the code that runs (poison.py) */

/* What the assembly below reads and writes. */
#define SHARED __attribute__((visibility("hidden")))
SHARED int64_t oorl_fuel;
SHARED uint64_t oorl_saved_rsp, oorl_saved_rbp, oorl_new_rsp, oorl_fill, oorl_result;
SHARED double oorl_real_result, oorl_reals[8];
SHARED int64_t oorl_integers[6 + 8];
SHARED void *oorl_target, *oorl_gate;
extern char oorl_back[] SHARED;

static void leave(int why) { siglongjmp(escape, why); }

SHARED void oorl_out_of_fuel(void) { leave(FUEL); }
void oorl_tick(void);

/* Both leave no return address behind on the dead stack, where a later frame with an
 * uninitialised variable would find it: an address of the JIT is the same under both patterns and
 * another in each process. oorl_wipe is called after every call and covers the callee's frame. */
__asm__(
    ".globl oorl_tick\noorl_tick:\n\t"
    "popq %r11\n\tdecq oorl_fuel(%rip)\n\tjs 1f\n\t"
    "movq oorl_fill(%rip), %r10\n\tmovq %r10, -8(%rsp)\n\tjmp *%r11\n"
    "1:\tpushq %r11\n\tjmp oorl_out_of_fuel\n"
    ".globl oorl_wipe\noorl_wipe:\n\t"
    "popq %r11\n\tmovq oorl_fill(%rip), %rax\n\tleaq -4096(%rsp), %rdi\n\t"
    "movl $512, %ecx\n\trep stosq\n\tjmp *%r11\n");

static void on_signal(int number, siginfo_t *info, void *context) {
    uint8_t *address = info->si_addr;
    (void)context;
    if (number == SIGSEGV && running && !deep_open && address >= stack_low && address < stack_low + DEEP) {
        deep_open = 1;
        if (mprotect(stack_low, DEEP, PROT_READ | PROT_WRITE)) leave(SIGNAL);
        memset(stack_low, pattern, DEEP);
        return;
    }
    if (!running) { signal(number, SIG_DFL); raise(number); return; }
    if (number == SIGPROF) { expired = 1; leave(TIME); }
    leave(SIGNAL);
}

/* ---- the few library functions that programs get a private version of ---- */

static uint8_t *edge(size_t room, size_t bytes) {
    uint8_t *start = area + room * STRIDE + PAGE;
    return pattern & 1 ? start + ROOM - bytes : start;
}

/* A local array or a heap block, filled with the pattern, at the edge of a room of its own. Its
 * alignment is its elements': rounding up would leave space behind the end. */
void *oorl_array(uint64_t count, uint64_t size) {
    if (count > HEAP || count * size > HEAP - 2 * PAD) leave(HEAP_FULL);
    size_t bytes = count * size;
    if (bytes <= ROOM && arrays_used < ARRAYS)
        return memset(edge(BUFFERS + arrays_used++, bytes), pattern, bytes);
    size_t start = ((heap_used + 15) & ~(size_t)15) + PAD;
    if (start + bytes + PAD > HEAP) leave(HEAP_FULL);
    heap_used = start + bytes + PAD;
    memset(heap + start - PAD, pattern, bytes + 2 * PAD);
    return heap + start;
}
/* Sizes are kept where programs do not reach. */
static struct { void *block; size_t bytes; } blocks[256];
static size_t blocks_used;
void *oorl_malloc(size_t size) {
    if (blocks_used == 256) leave(HEAP_FULL);
    blocks[blocks_used].bytes = size;
    return blocks[blocks_used++].block = oorl_array(size, 1);
}
void *oorl_calloc(size_t count, size_t size) {
    if (size && count > HEAP / size) leave(HEAP_FULL);
    return memset(oorl_malloc(count * size), 0, count * size);
}
void *oorl_realloc(void *old, size_t size) {
    uint8_t *fresh = oorl_malloc(size);
    for (size_t k = 0; old && k + 1 < blocks_used; k++)
        if (blocks[k].block == old) memcpy(fresh, old, blocks[k].bytes < size ? blocks[k].bytes : size);
    return fresh;
}
void oorl_free(void *pointer) { (void)pointer; }
/* A stable insertion sort: no allocation that an escape could leave half done. */
void oorl_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *)) {
    uint8_t *items = base, spare[64];
    if (size > sizeof spare) leave(HEAP_FULL);
    for (size_t i = 1; i < count; i++) {
        size_t j = i;
        memcpy(spare, items + i * size, size);
        for (; j > 0; j--) {
            oorl_tick();
            if (compare(items + (j - 1) * size, spare) <= 0) break;
            memcpy(items + j * size, items + (j - 1) * size, size);
        }
        memcpy(items + j * size, spare, size);
    }
}
static int put(const char *bytes, size_t count) {
    size_t room = TEXT - text_used;
    memcpy(text + text_used, bytes, count < room ? count : room);
    text_used += count < room ? count : room;
    return (int)count;
}
int oorl_printf(const char *format, ...) {
    char line[TEXT];
    va_list list;
    va_start(list, format);
    int count = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    if (count > 0) put(line, (size_t)count < sizeof line ? (size_t)count : sizeof line - 1);
    return count;
}
int oorl_puts(const char *line) { put(line, strlen(line)); return put("\n", 1); }
int oorl_putchar(int c) { char byte = (char)c; put(&byte, 1); return (unsigned char)c; }

/* ---- set-up ---- */

static uint8_t *map_at(uint64_t address, size_t size) {
    void *want = (void *)address;
    void *got = mmap(want, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return got == want ? got : 0;
}

/* The call instruction lives in the zone too: its return address must differ by pattern. */
static int make_gate(Zone *zone) {
    uint8_t code[] = {0x41, 0xff, 0xd3, 0xff, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; /* call *%r11; jmp *0(%rip) */
    uint64_t back = (uint64_t)oorl_back;
    memcpy(code + 9, &back, 8);
    memcpy(zone->gate, code, sizeof code);
    return mprotect(zone->gate, 4096, PROT_READ | PROT_EXEC);
}

int oorl_setup(void) {
    static uint8_t alternate[64 * 1024];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {
        .sa_sigaction = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
    int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t k = 0; k < 2; k++) { /* 0x1010'........ and 0x2020'........ and so on */
        uint64_t base = (k + 1) * 0x101010000000ull;
        zones[k] = (Zone){map_at(base, STACK), map_at(base + 0x040404000000ull, (BUFFERS + ARRAYS) * STRIDE),
                          map_at(base + 0x080808000000ull, HEAP), map_at(base + 0x0a0a0a000000ull, 4096)};
        if (!zones[k].stack || !zones[k].area || !zones[k].heap || !zones[k].gate || make_gate(&zones[k])) return -1;
        if (mprotect(zones[k].stack, DEEP, PROT_NONE)) return -1;
        if (mprotect(zones[k].area, (BUFFERS + ARRAYS) * STRIDE, PROT_NONE)) return -1;
        for (size_t b = 0; b < BUFFERS + ARRAYS; b++)
            if (mprotect(zones[k].area + b * STRIDE + PAGE, ROOM, PROT_READ | PROT_WRITE)) return -1;
    }
    if (sigaltstack(&stack, 0)) return -1;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], &action, 0)) return -1;
    return 0;
}

/* From here on the process can compute and end, nothing else: no files, sockets, processes. */
int oorl_lock(void) {
    static const int allowed[] = {
        SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk,
        SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_setitimer,
        SYS_clock_gettime, SYS_exit, SYS_exit_group, SYS_sched_yield, SYS_getpid, SYS_gettid};
    enum { N = sizeof allowed / sizeof *allowed };
    struct sock_filter code[N + 10];
    int at = 0;
#define LOAD(field) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP(value, yes, no) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define SAY(what) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)
    code[at++] = LOAD(arch);
    code[at++] = SKIP(AUDIT_ARCH_X86_64, 0, N + 6);
    code[at++] = LOAD(nr);
    for (int i = 0; i < N; i++) code[at++] = SKIP((uint32_t)allowed[i], (uint8_t)(N - i + 5), 0);
    code[at++] = SKIP(SYS_mmap, 1, 0);
    code[at++] = SKIP(SYS_mprotect, 0, 3); /* never executable */
    code[at++] = LOAD(args[2]);
    code[at++] = SKIP(PROT_NONE, 2, 0);
    code[at++] = SKIP(PROT_READ | PROT_WRITE, 1, 0);
    code[at++] = SAY(SECCOMP_RET_KILL_PROCESS);
    code[at++] = SAY(SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)at, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* ---- one call ---- */

/* Integers go to six registers, reals to eight, the rest to the stack in order; a function
 * ignores what it does not take, and answers in rax or xmm0. All that a callee could see above
 * its frame is the arguments, the pattern and a return address that differs between patterns;
 * its caller's registers hold the pattern too. Our stack pointers are kept outside the stack. */
static __attribute__((noinline, noclone)) void call_on(void *top) {
    oorl_new_rsp = (uint64_t)top;
    __asm__ volatile(
        "movq %%rsp, oorl_saved_rsp(%%rip)\n\t"
        "movq %%rbp, oorl_saved_rbp(%%rip)\n\t"
        "movq oorl_new_rsp(%%rip), %%rsp\n\t"
        "leaq oorl_integers(%%rip), %%rax\n\t"
        "pushq 104(%%rax)\n\tpushq 96(%%rax)\n\tpushq 88(%%rax)\n\tpushq 80(%%rax)\n\t"
        "pushq 72(%%rax)\n\tpushq 64(%%rax)\n\tpushq 56(%%rax)\n\tpushq 48(%%rax)\n\t"
        "movq 0(%%rax), %%rdi\n\tmovq 8(%%rax), %%rsi\n\tmovq 16(%%rax), %%rdx\n\t"
        "movq 24(%%rax), %%rcx\n\tmovq 32(%%rax), %%r8\n\tmovq 40(%%rax), %%r9\n\t"
        "leaq oorl_reals(%%rip), %%rax\n\t"
        "movsd 0(%%rax), %%xmm0\n\tmovsd 8(%%rax), %%xmm1\n\tmovsd 16(%%rax), %%xmm2\n\t"
        "movsd 24(%%rax), %%xmm3\n\tmovsd 32(%%rax), %%xmm4\n\tmovsd 40(%%rax), %%xmm5\n\t"
        "movsd 48(%%rax), %%xmm6\n\tmovsd 56(%%rax), %%xmm7\n\t"
        "movq oorl_target(%%rip), %%r11\n\t"
        "movq oorl_fill(%%rip), %%rbx\n\tmovq %%rbx, %%rbp\n\tmovq %%rbx, %%r12\n\t"
        "movq %%rbx, %%r13\n\tmovq %%rbx, %%r14\n\tmovq %%rbx, %%r15\n\tmovq %%rbx, %%r10\n\t"
        "movl $8, %%eax\n\t"
        "jmp *oorl_gate(%%rip)\n"
        ".globl oorl_back\n.hidden oorl_back\noorl_back:\n\t"
        "movq %%rax, oorl_result(%%rip)\n\t"
        "movsd %%xmm0, oorl_real_result(%%rip)\n\t"
        "movq oorl_saved_rsp(%%rip), %%rsp\n\t"
        "movq oorl_saved_rbp(%%rip), %%rbp\n\tcld"
        :
        :
        : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
          "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
          "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}

static void fill_stack(void) {
    if (deep_open) mprotect(stack_low, DEEP, PROT_NONE);
    deep_open = 0;
    memset(stack_low + DEEP, pattern, WINDOW);
}

static int pads_intact(const uint8_t *at, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (at[i] != pattern) return 0;
    return 1;
}

/* All NaNs are one value: their sign and payload differ between equivalent programs. */
static void settle_nans(uint8_t *at, int bytes, int kind) {
    if (kind == 4)
        for (double *p = (double *)at; p < (double *)(at + bytes); p++) if (*p != *p) *p = __builtin_nan("");
    if (kind == 5)
        for (float *p = (float *)at; p < (float *)(at + bytes); p++) if (*p != *p) *p = __builtin_nanf("");
}

static uint64_t read_result(int kind, int bytes) {
    uint64_t bits = 0;
    if (kind == 1) { double v = oorl_real_result; if (v != v) v = __builtin_nan(""); memcpy(&bits, &v, 8); }
    else if (kind == 2) {
        float v;
        memcpy(&v, &oorl_real_result, 4);
        if (v != v) v = __builtin_nanf("");
        memcpy(&bits, &v, 4);
    } else if (kind == 6) bits = oorl_result & 1;
    else if (bytes) bits = bytes >= 8 ? oorl_result : oorl_result & ((1ull << (8 * bytes)) - 1);
    return bits;
}

/* Where buffer `k` starts, and the pad beside it: after it, or before it under the second pattern. */
static uint8_t *place(int k, size_t bytes, uint8_t **pad) {
    uint8_t *start = edge((size_t)k, bytes);
    *pad = pattern & 1 ? start - PAD : start + bytes;
    return start;
}

static void lay_out(int count, const Arg *args, const uint8_t *blob) {
    int next_integer = 0, next_real = 0, next_spill = 6;
    for (int k = 0; k < count; k++) {
        int64_t value = args[k].value;
        if (args[k].kind >= 3) {
            uint8_t *pad, *start = place(k, args[k].bytes, &pad);
            memset(pad, pattern, PAD);
            memcpy(start, blob + value, args[k].bytes);
            value = (int64_t)(intptr_t)start;
        }
        if (args[k].kind == 1 || args[k].kind == 2) {
            if (next_real < 8) memcpy(&oorl_reals[next_real++], &value, 8);
            else oorl_integers[next_spill++] = value;
        } else if (next_integer < 6) oorl_integers[next_integer++] = value;
        else oorl_integers[next_spill++] = value;
    }
}

static int collect(int count, const Arg *args, uint8_t *out) {
    int intact = 1;
    for (int k = 0; k < count; k++) {
        if (args[k].kind < 3) continue;
        uint8_t *pad, *start = place(k, args[k].bytes, &pad);
        intact &= pads_intact(pad, PAD);
        settle_nans(start, args[k].bytes, args[k].kind);
        memcpy(out, start, args[k].bytes);
        out += args[k].bytes;
    }
    memcpy(out, text, text_used);
    return intact;
}

/* Run `function` on `inputs` inputs of `count` arguments. `slots` must be zeroed.
 * A function that has hung `max_hangs` times is given up: the slots after it say NOT_RUN.
 * `basis`, if any, are slots of an earlier run; an input that did not finish there is not run, and its status is that one's. */
void oorl_run(void *function, int inputs, int count, const Arg *args, const uint8_t *blob, int ret_kind,
             int ret_bytes, int fill, int64_t fuel_per_call, int max_hangs, int cpu_limit_ms, uint8_t *slots, int slot_bytes,
              const uint8_t *basis) {
    struct itimerval limit = {.it_value = {cpu_limit_ms / 1000, cpu_limit_ms % 1000 * 1000}}, off = {0};
    volatile int index, hangs = 0;
    pattern = (uint8_t)fill;
    oorl_target = function;
    oorl_fill = 0x0101010101010101ull * pattern;
    Zone *zone = &zones[pattern & 1];
    stack_low = zone->stack; area = zone->area; heap = zone->heap; oorl_gate = zone->gate;
    expired = 0;
    setitimer(ITIMER_PROF, &limit, 0);
    for (index = 0; index < inputs && !expired && hangs < max_hangs; index++) {
        const Arg *mine = args + (size_t)index * count;
        Slot *slot = (Slot *)(slots + (size_t)index * slot_bytes);
        int32_t before = basis ? ((const Slot *)(basis + (size_t)index * slot_bytes))->status : DONE;
        if (before != DONE) {
            slot->status = before;
            hangs += before == FUEL;
            continue;
        }
        lay_out(count, mine, blob);
        fill_stack();
        heap_used = text_used = arrays_used = blocks_used = 0;
        oorl_fuel = fuel_per_call;
        oorl_poisoned = 0;
        int why = sigsetjmp(escape, 0);
        if (why == 0) {
            running = 1;
            call_on(stack_low + STACK - 2048);
            running = 0;
            slot->result = read_result(ret_kind, ret_bytes);
            int intact = collect(count, mine, (uint8_t *)(slot + 1));
            slot->text_bytes = (int32_t)text_used;
            slot->status = !intact ? PADS : oorl_poisoned ? POISON : DONE;
        } else {
            running = 0;
            slot->status = why;
            hangs += why == FUEL;
        }
    }
    setitimer(ITIMER_PROF, &off, 0);
    if (deep_open) mprotect(stack_low, DEEP, PROT_NONE);
    deep_open = 0;
}
