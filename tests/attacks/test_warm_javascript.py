"""JavaScript by a fork of a warm node: what a program finds, leaves, and how it ends, on warm and
cold paths. What the programs look at are the kernel's own answers."""

import pytest

from oorl.languages import get_language
from oorl.records import Case, Status, StdioCase, StdioSubmission
from oorl.sandbox.doctor import missing_tools

pytestmark = pytest.mark.skipif(bool(missing_tools(get_language("javascript"))),
                                reason="node is not installed")

AROUND = """
const fs = require("fs"), kept = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs",
  "Seccomp", "Uid"];
for (const line of fs.readFileSync("/proc/self/status", "utf8").split("\\n"))
  if (kept.includes(line.split(":")[0])) console.log(line.replace(/\\s+/g, " "));
console.log(process.pid, process.cwd(), require("os").hostname(), fs.readdirSync("/tmp").length,
  Object.keys(process.env).sort().join(), process.argv.length);
console.log([0, 1, 2, 3].filter(fd => fs.fstatSync(fd)).join(),
  fs.readdirSync("/proc").filter(n => n > 0).length,
  Object.keys(require("os").networkInterfaces()));
for (const place of ["/", "/job", "/usr", "/dev", "/proc", "/etc"])
  try { fs.writeFileSync(place + "/plant", "x"); console.log(place); } catch {}
"""
FOUND = ("Uid: 65534 65534 65534 65534\n"
         + "".join(f"Cap{name}: {'0' * 16}\n" for name in ("Inh", "Prm", "Eff", "Bnd", "Amb"))
         + "NoNewPrivs: 1\nSeccomp: 2\n2 /tmp sandbox 0 HOME,LANG,PATH,PWD,TMPDIR 2\n0,1,2,3 2 "
           "[ 'lo' ]\n")


def whole(attacked, code, expected, stdin=""):
    return attacked.judge([StdioSubmission("javascript", code, (StdioCase(stdin, expected),))])[0]


def test_surroundings(attacked):
    verdict = whole(attacked, AROUND, FOUND)
    assert verdict.passed, verdict.detail


CHANGE_EVERYTHING = """
Array.prototype.map = () => []; JSON.stringify = () => "0"; Map.prototype.forEach = () => {};
Object.prototype.planted = 1; globalThis.planted = 1; process.env.PLANT = "1"; String = null;
require("fs").writeSync = () => 1; require("module")._cache = {}; process.emit = () => false;
function f(x) {
  require("fs").writeFileSync("/tmp/plant", "x");
  setInterval(() => {}, 1); process.on("SIGALRM", () => {}); process.chdir("/proc");
  process.umask(0o777);
  const fs = require("fs");
  for (let fd = 4; fd < 256; fd++)
    try { fs.writevSync(fd, [Buffer.from("left behind")]); } catch {}
  return x + 1;
}
"""
SEE_NOTHING = """
function f(x) {
  const fs = require("fs");
  if ([1].map(x => x).length !== 1 || JSON.stringify(1) !== "1" || typeof planted !== "undefined"
      || ({}).planted || process.env.PLANT || fs.existsSync("/tmp/plant")
      || process.cwd() !== "/tmp" || process.listenerCount("SIGALRM")
      || process.umask() !== 0o22) return -1;
  for (let fd = 4; fd < 256; fd++) {
    let link;
    try { link = fs.readlinkSync("/proc/self/fd/" + fd); } catch { continue; }
    if (link.startsWith("socket")) return -2;
    if (!link.startsWith("pipe")) continue;
    const { constants } = fs, again = fs.openSync("/proc/self/fd/" + fd,
      constants.O_RDONLY | constants.O_NONBLOCK), data = Buffer.alloc(64);
    try { if (fs.readSync(again, data) && data.includes("left")) return -3; } catch {}
    fs.closeSync(again);
  }
  return x + 1;
}
"""
REACH_THE_PARENT = """
function f(x) {
  const fs = require("fs");
  for (const file of WARM ? ["mem", "environ", "maps", "fd/0", "fd/3", "fd/10"] : [])
    try { fs.readSync(fs.openSync("/proc/1/" + file), Buffer.alloc(1)); return -1; } catch {}
  for (let number = 1; number < 65; number++)
    for (const pid of [1, process.ppid]) try { process.kill(pid, number); } catch {}
  return x + 1;
}
"""
USE_THE_ADDON = """
function f(x) {
  try { require("/prepared/node-warm/warm.node").serve(() => {}); } catch { return x + 1; }
  return -1;
}
"""


def test_state_does_not_outlive_a_program(attack, attacked):
    """Rows 12, 31 and 32: prototypes, modules, files, timers, descriptors of the event loop."""
    for _ in range(2):
        # What it writes into its own event loop's pipes may make it crash where they are in use.
        changed = attack("javascript", CHANGE_EVERYTHING)
        assert changed.passed or not attacked.use_warm, changed
        verdict = attack("javascript", SEE_NOTHING)
        assert verdict.status is Status.PASSED, verdict


def test_the_parent_is_out_of_reach(attack, attacked):
    """Row 31: memory, descriptors and signals of the init above the program. A cold program's is
    bubblewrap's, which has no more rights than the program."""
    code = REACH_THE_PARENT.replace("WARM", str(attacked.use_warm).lower())
    verdict = attack("javascript", code)
    assert verdict.status is Status.PASSED, verdict


def test_the_addon_is_of_no_use_to_a_program(attack):
    """It has no capabilities and no socket to serve: it ends, or there is no addon."""
    verdict = attack("javascript", USE_THE_ADDON, (Case((1,), 2),))
    assert verdict.status in (Status.PASSED, Status.RUNTIME_ERROR, Status.PROTOCOL_VIOLATION), (
        verdict)


def test_random_numbers_differ_between_forks(attacked):
    details = {whole(attacked, f"console.log(Math.random(), require('crypto').randomUUID())//{n}",
                     "?").detail for n in range(3)}
    assert len(details) == 3


COLLECT = ("const a = []; for (let i = 0; i < 4e5; i++) { a.push({ i, j: [i] }); "
           "if (a.length > 1e5) a.length = 0; }\n")
WHOLE = [
    ("console.log('ok')", Status.PASSED), ("while (true) {}", Status.TIMEOUT),
    ("while (true) require('fs').writeSync(1, 'x'.repeat(9999))", Status.OUTPUT_LIMIT),
    ("const a = []; while (true) a.push(Buffer.alloc(1 << 24, 1))", Status.MEMORY_LIMIT),
    ("process.kill(process.pid, 'SIGSTOP')", Status.TIMEOUT),
    ("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 9)", Status.RUNTIME_ERROR),
    ("process.abort()", Status.RUNTIME_ERROR), ("throw 1", Status.RUNTIME_ERROR),
    ("console.log('ok'); process.exitCode = 3", Status.RUNTIME_ERROR),
    ("console.log('ok'); process.on('exit', () => { process.exitCode = 4 })", Status.RUNTIME_ERROR),
    ("console.log('ok'); Promise.reject(new Error('x'))", Status.RUNTIME_ERROR),
    ("console.log('ok'); setTimeout(() => { throw new Error('x') }, 1)", Status.RUNTIME_ERROR),
    ("process.on('uncaughtException', () => console.log('ok')); throw 1", Status.PASSED),
    ("process.on('uncaughtException', () => { throw 2 }); throw 1", Status.RUNTIME_ERROR),
    ("console.log('ok'); await new Promise(() => {})\nexport {}", Status.RUNTIME_ERROR),
    ("(", Status.COMPILE_ERROR), ("console.log('ok'); process.exit()", Status.PASSED),
    ("let n = 0; process.on('beforeExit', () => { if (++n < 3) setTimeout(() => {}, 1); "
     "else if (n === 3) console.log('ok') })", Status.PASSED),
    # the same where the timer has run out before the next turn of the event loop
    ("let n = 0; process.on('beforeExit', () => { if (++n < 3) { setTimeout(() => {}, 1); "
     "for (const t = Date.now(); Date.now() < t + 5;); } else if (n === 3) console.log('ok') })",
     Status.PASSED),
    ("process.on('exit', () => console.log('ok'))", Status.PASSED),
    ("process.nextTick(() => Promise.resolve().then(() => setImmediate(() => "
     "setTimeout(() => console.log('ok'), 5))))", Status.PASSED),
    ("require('readline').createInterface({ input: process.stdin }).on('line', "
     "line => console.log(line))", Status.PASSED),
    ("process.stdin.on('data', d => console.log(String(d)))", Status.PASSED),
    ("require('child_process').exec('echo ok', (e, out) => console.log(out.trim()))",
     Status.PASSED),
    ("console.log(String(require('child_process').execSync('echo ok')).trim())", Status.PASSED),
    ("require('fs').promises.writeFile('/tmp/x', 'ok').then(() => require('fs').readFile('/tmp/x', "
     "'utf8', (e, text) => console.log(text)))", Status.PASSED),
    ("require('zlib').gzip('x', () => console.log('ok'))", Status.PASSED),
    ("require('net').createServer(s => s.end('ok')).listen(0, '127.0.0.1', function () { require("
     "'net').connect(this.address().port, '127.0.0.1').on('data', d => { console.log(String(d)); "
     "this.close(); }) })", Status.PASSED),
    ("process.on('SIGTERM', () => { console.log('ok'); process.exit() }); "
     "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 9)", Status.PASSED),
    # full garbage collections give V8's threads work, and a fork has none
    (f"{COLLECT}console.log('ok')", Status.PASSED),
    (f"{COLLECT}setTimeout(() => console.log('ok'), 5)", Status.PASSED),
    ("new (require('worker_threads').Worker)("
     "`require('worker_threads').parentPort.postMessage('ok')`, { eval: true })"
     ".on('message', m => console.log(m))", Status.PASSED),
    ("WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => "
     "console.log('ok'))", Status.PASSED),
    ("console.log(require.main === module && __filename === process.argv[1] ? 'ok' : 'no')",
     Status.PASSED),
    ("import fs from 'fs'; console.log(fs.readFileSync(0, 'utf8').trim())", Status.PASSED),
    ("#!/usr/bin/env node\nconsole.log('ok')", Status.PASSED),
    ("\ufeffconsole.log('ok')", Status.PASSED),
    ("require('fs').writeFileSync('/dev/stdout', 'ok')", Status.PASSED),
    ("function g(n) { return n ? 1 + g(n - 1) : 0 }\nconsole.log(g(8000) === 8000 ? 'ok' : 'no')",
     Status.PASSED),
]


@pytest.mark.parametrize(("code", "status"), WHOLE)
def test_whole_programs_end_alike_on_both_paths(attacked, code, status):
    verdict = whole(attacked, code, "ok", "ok")
    assert verdict.status is status, verdict
