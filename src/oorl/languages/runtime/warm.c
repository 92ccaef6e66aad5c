/* The warm parent in C: for interpreters that cannot make a clone themselves, and for commands.

   The same work by the same protocol as warm.py, which says what it is about; an interpreter loads
   this as a library and calls `oorl_serve`, which returns in each program's process, with the job:
   a copy of the interpreter as it was. A process that is not an interpreter only runs commands
   (warm_launch.c). Until then this process reads no program.

   A copy shares open files with the parent, so the namespaces' init puts /dev/null in place of all
   of them before the program's process is made: what the interpreter needs for itself (an event
   loop's descriptors), `renew` makes afresh there; what is left at /dev/null is closed.

   The init has the parent's memory, not a copy: it writes nothing there but its own stack, and only
   the program's process is a copy, which goes on where the parent called. So init uses no `malloc`
   (killed within it, it would leave the parent a broken heap); the job is mapped by the parent.

   A network namespace costs the kernel more than all the others, and more again when two are made at
   once. So the parent has one, with nothing but loopback, for one program after another, and makes a
   new one when anything in it, a counter of the kernel's or a socket left over, is not as it was when
   it was new. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_FD 512 /* the cell's limit */
#define INIT_STACK (64 * 1024)
#define HIGH_FD 200 /* from here on: what a child was given, away from what the interpreter has */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)

struct request { uint64_t cpu_s, disk_bytes, core; };
struct answer { char kind; unsigned char set_up; int code; } __attribute__((packed));
struct rules { unsigned short length; void *filter; };
enum { STDIN, STDOUT, STDERR, CHANNEL, JOB, READY, RECEIVED = READY };

static int control = -1;
static struct rules rules;

static void fail(const char *what) {
  dprintf(2, "%s: %s\n", what, strerror(errno));
  _exit(1);
}
static void check(int64_t result, const char *what) { if (result < 0) fail(what); }

static char *read_all(int fd, size_t *size) {
  struct stat state;
  check(fstat(fd, &state), "fstat");
  char *data = malloc(state.st_size + 1);
  if (!data) fail("malloc");
  for (*size = 0; *size < (size_t)state.st_size;) {
    ssize_t got = pread(fd, data + *size, state.st_size - *size, *size);
    check(got, "pread");
    if (got == 0) break;
    *size += got;
  }
  data[*size] = 0;
  return data;
}

/* A job, mapped read-only. A command's is "x", then numbers of 4 bytes and texts with their length
   before them and a zero after. */
static const char *job_data;
static size_t job_size;

static uint32_t number(const char **at) {
  uint32_t value;
  memcpy(&value, *at, 4);
  *at += 4;
  return value;
}
static const char *text(const char **at) {
  uint32_t length = number(at);
  const char *start = *at;
  *at += length + 1;
  return start;
}
/* The files of a command, as bytes nobody looks into, in a read-only /job. */
static void unpack(void) {
  const char *at = job_data + 1;
  check(mount("tmpfs", "/job", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), "/job");
  for (uint32_t count = number(&at); count; count--) text(&at);
  for (uint32_t count = number(&at); count; count--) {
    char path[4200];
    const char *name = text(&at);
    uint32_t length = number(&at);
    snprintf(path, sizeof path, "/job/%s", name);
    for (char *slash = path + 5; (slash = strchr(slash, '/')); *slash++ = '/') {
      *slash = 0;
      mkdir(path, 0755);
    }
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555);
    check(file, name);
    for (const char *end = at + length; at < end;) {
      ssize_t written = write(file, at, end - at);
      check(written, name);
      at += written;
    }
    at++;
    close(file);
  }
  check(mount("none", "/job", NULL, MS_NOSUID | MS_NODEV | MS_RDONLY | MS_REMOUNT, NULL), "/job");
}

/* In the program's process: its arguments, NULL if there are none and the interpreter goes on. */
static char **arguments(void) {
  const char *at = job_data + 1;
  if (!job_size || *job_data != 'x') return NULL;
  uint32_t count = number(&at);
  char **argv = calloc(count + 1, sizeof *argv);
  if (!argv) fail("calloc");
  for (uint32_t i = 0; i < count; i++) argv[i] = (char *)text(&at);
  return *argv ? argv : NULL;
}

/* In the new namespaces: mounts; then no way back. */
static void isolate(uint64_t disk_bytes) {
  char options[64];
  snprintf(options, sizeof options, "mode=0755,size=%llu", (unsigned long long)disk_bytes);
  check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "/");
  check(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "/proc");
  check(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options), "/tmp");
  if (job_size && *job_data == 'x') unpack();
  uint32_t header[2] = {0x20080522, 0}, none[6] = {0};
  check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient");
  check(syscall(SYS_capset, header, none), "capset");
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable");
  if (rules.length) check(prctl(PR_SET_SECCOMP, 2, &rules, 0, 0), "seccomp");
}

static void limit(int kind, uint64_t value) {
  struct rlimit limits = {value, value};
  check(setrlimit(kind, &limits), "setrlimit");
}

static struct request request;
static int given[RECEIVED + 1];
static void (*renew_descriptors)(void);
static jmp_buf caller;

/* In the program's process: descriptors 0 to 3, limits; then the command, or the job read. */
static char *enter(size_t *size) {
  char **command = arguments(), *job = NULL;
  check(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "dumpable");
  int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  check(write(score, "1000", 4), "oom_score_adj"); /* it and its children die before its parents */
  close(score);
  setsid();
  for (int fd = STDIN; fd <= CHANNEL; fd++) check(dup2(given[fd], fd), "dup2");
  if (!command) {
    if (!(job = malloc(job_size + 1))) fail("malloc");
    memcpy(job, job_data, *size = job_size);
    job[job_size] = 0;
    munmap((void *)job_data, job_size);
  }
  int first = renew_descriptors ? HIGH_FD : 4;
  if (syscall(SYS_close_range, first, LAST_FD, 0))
    for (int fd = first; fd < LAST_FD; fd++) close(fd);
  if (renew_descriptors) renew_descriptors();
  limit(RLIMIT_CPU, request.cpu_s + 2);
  limit(RLIMIT_FSIZE, request.disk_bytes);
  check(chdir("/tmp"), "/tmp");
  if (!command) return job;
  signal(SIGPIPE, SIG_DFL);
  execv(command[0], command);
  dprintf(2, "%s: %s\n", command[0], strerror(errno));
  _exit(127);
}

static int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The exit code of a child, once it has ended. */
static int wait_for(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid");
  return exit_code(status);
}

/* Process 1 of the namespaces, on a stack of its own in the parent's memory: set them up, start the
   program, wait for it. */
static int init(void *nothing) {
  int fds[RECEIVED + 1], status;
  (void)nothing;
  close(control);
  for (int i = 0; i <= READY; i++) check(fds[i] = fcntl(given[i], F_DUPFD, HIGH_FD), "dup");
  isolate(request.disk_bytes);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  check(null, "/dev/null");
  for (int fd = 4; fd < HIGH_FD; fd++)
    if (fd != null && fcntl(fd, F_GETFD) >= 0) check(dup3(null, fd, O_CLOEXEC), "dup3");
  pid_t program = fork();
  check(program, "fork");
  if (program == 0) {
    memcpy(given, fds, sizeof fds);
    longjmp(caller, 1);
  }
  check(write(fds[READY], "1", 1), "ready");
  for (;;)
    if (wait(&status) == program) _exit(exit_code(status));
}

static int receive(void) {
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int[RECEIVED]))]; } extra;
  struct iovec data = {&request, sizeof request};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &extra,
                           .msg_controllen = sizeof extra};
  ssize_t got;
  while ((got = recvmsg(control, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {}
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (got != sizeof request || !header || header->cmsg_len != CMSG_LEN(sizeof(int[RECEIVED]))) return 0;
  memcpy(given, CMSG_DATA(header), sizeof(int[RECEIVED]));
  return 1;
}

static void send_pidfd(int pidfd) {
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } extra = {
    .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  struct iovec data = {"p", 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &extra,
                           .msg_controllen = sizeof extra};
  memcpy(CMSG_DATA(&extra.header), &pidfd, sizeof pidfd);
  check(sendmsg(control, &message, MSG_NOSIGNAL), "sendmsg");
}

/* What a network namespace shows of its past, but for the counters that no packet moves: sockets in
   use or dying, packets and connections, by version of IP. */
static const char *const TRACES[] = {"sockstat", "sockstat6", "snmp", "snmp6"};
enum { TRACES_COUNT = sizeof TRACES / sizeof *TRACES, TRACE_BYTES = 4096 };
static int trace_files[TRACES_COUNT];
static char fresh[TRACES_COUNT][TRACE_BYTES];

static ssize_t trace(int which, char *text) {
  return trace_files[which] < 0 ? 0 : pread(trace_files[which], text, TRACE_BYTES, 0);
}

/* A new one, its loopback up, and how it looks before anybody was there. */
static void begin_network(void) {
  check(unshare(CLONE_NEWNET), "unshare");
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int plain = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  check(ioctl(plain, SIOCSIFFLAGS, &loopback), "lo");
  close(plain);
  for (int i = 0; i < TRACES_COUNT; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/net/%s", TRACES[i]);
    trace_files[i] = open(path, O_RDONLY | O_CLOEXEC);
    if (trace_files[i] < 0 && errno != ENOENT) fail(path); /* no IPv6 here */
    memset(fresh[i], 0, TRACE_BYTES);
    check(trace(i, fresh[i]), path);
  }
}

static void renew_network(void) {
  int used = 0;
  for (int i = 0; i < TRACES_COUNT && !used; i++) {
    char now[TRACE_BYTES] = {0};
    check(trace(i, now), TRACES[i]);
    used = memcmp(now, fresh[i], TRACE_BYTES) != 0;
  }
  if (!used) return;
  for (int i = 0; i < TRACES_COUNT; i++)
    if (trace_files[i] >= 0) close(trace_files[i]);
  begin_network();
}

/* Once: the control socket away from 0 (or 9, where 0 must be a file from the start), no capability
   to be had by an exec, the filter read. */
static void start(void) {
  struct stat state;
  check(fstat(STDIN, &state), "fstat");
  check(control = fcntl(S_ISSOCK(state.st_mode) ? STDIN : 9, F_DUPFD_CLOEXEC, 10), "control");
  close(9);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC), file = open("/job/seccomp", O_RDONLY | O_CLOEXEC);
  size_t size;
  for (int fd = STDIN; fd <= CHANNEL; fd++)
    if (fd != STDERR) check(dup2(null, fd), "/dev/null");
  check(file, "/job/seccomp");
  rules.filter = read_all(file, &size);
  rules.length = size / 8;
  close(file);
  if (null > CHANNEL) close(null);
  for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++) {}
  begin_network();
}

/* This process, and so the program, on the core where the worker is: on another one each answer would
   wake it up first. */
static void keep_to(uint64_t core) {
  static uint64_t last = CPU_SETSIZE;
  cpu_set_t only;
  if (core == last || core >= CPU_SETSIZE) return;
  CPU_ZERO(&only);
  CPU_SET(core, &only);
  if (sched_setaffinity(0, sizeof only, &only) == 0) last = core; /* else: not ours to use */
}

static void map_job(void) {
  struct stat state;
  check(fstat(given[JOB], &state), "job");
  job_size = state.st_size;
  job_data = job_size ? mmap(NULL, job_size, PROT_READ, MAP_PRIVATE, given[JOB], 0) : NULL;
  if (job_data == MAP_FAILED) fail("job");
}

/* One request: the answers are the child's pidfd, and what became of it once it is gone. */
static void answer_request(char *stack) {
  int ready[2], pidfd = -1, status = 0;
  check(pipe2(ready, O_CLOEXEC), "pipe");
  given[READY] = ready[1];
  map_job();
  keep_to(request.core);
  pid_t pid = clone(init, stack + INIT_STACK, NAMESPACES | CLONE_VM | CLONE_PIDFD | SIGCHLD, NULL, &pidfd);
  struct answer answer = {'x', 0, errno};
  for (int i = 0; i <= READY; i++) close(given[i]);
  if (pid > 0) {
    char byte;
    send_pidfd(pidfd);
    close(pidfd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    answer.set_up = read(ready[0], &byte, 1) == 1;
    answer.code = exit_code(status);
  }
  close(ready[0]);
  if (job_data) munmap((void *)job_data, job_size);
  renew_network();
  check(send(control, &answer, sizeof answer, MSG_NOSIGNAL), "send");
}

/* Answer requests. Returns in each program's process, with the job and its size; the caller frees
   nothing. `renew` is called there once descriptors 0 to 3 are the program's. */
char *oorl_serve(size_t *size, void (*renew)(void)) {
  char *stack = mmap(NULL, INIT_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) fail("stack");
  start();
  renew_descriptors = renew;
  if (setjmp(caller)) return enter(size);
  while (receive()) answer_request(stack);
  _exit(0);
}
