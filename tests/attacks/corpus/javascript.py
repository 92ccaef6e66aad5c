"""The attack corpus in JavaScript."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NO_RAW_CALLS, NOT_COMPILED


def js(body: str, before: str = "") -> str:
    return f"{before}\nfunction f(x) {{\n{body}\nreturn x + 1;\n}}\n"


ATTACKS = [
    ({1}, js("const {spawnSync, spawn} = require('child_process');\n"
         "let failed = 0; for (let i = 0; i < 100; i++) {"
         "const c = spawn('sleep', ['60']); if (!c.pid) failed++; "
         "c.on('error', () => {}); }"
         "if (failed) throw new Error('no more');"), {S.PROCESS_LIMIT}),
    ({2}, js("const a = []; "
         "for (let i = 0; i < 24; i++) a.push(Buffer.alloc(64 << 20, 1));"), {S.MEMORY_LIMIT}),
    ({3}, js("while (true) require('fs').writeSync(1, 'x'.repeat(10000));"), {S.OUTPUT_LIMIT}),
    ({4}, js("console.log('x'.repeat(300000));"), {S.PASSED}),
    ({6}, js("try { require('fs').readFileSync('@SECRET@'); return -1; } catch {}"), {S.PASSED}),
    ({7}, js("if (process.env.OORL_SECRET) return -1;"), {S.PASSED}),
    ({9}, js("for (const p of [1, process.ppid, -1]) try { process.kill(p, 9) } catch {}"), {S.PASSED}),
    ({13, 15}, js("require('child_process').spawn('sleep', ['60'], "
         "{detached: true, stdio: 'inherit'}).unref();"), {S.PASSED}),
    ({17}, js("require('fs').readFileSync(0);"), {S.PASSED}),
    ({19}, js("// \ud800"), {S.PASSED}),
    ({24}, js("process.exit(0);"), LEFT),
    ({25}, "Number.isInteger = () => true; BigInt = () => '2'; "
         "function f(x) { return {valueOf: () => x + 1}; }", {S.WRONG_ANSWER}),
    ({27}, js("throw 1;", "process.on('uncaughtException', () => process.exit(0));"), {S.RUNTIME_ERROR}),
    ({28}, js("require('fs').writeSync(3, '=\\t0\\t2\\n');"), LEFT),
    ({5}, js("try { const b = Buffer.alloc(1 << 20); for (let i = 0; i < 300; i++) require('fs').appendFileSync('/tmp/big', b); return -1; } catch {}"), DISK),
    ({8, 14}, js("for (const c of [`@REACH@`, `@ESCAPE@`]) if (require('child_process').spawnSync('sh', ['-c', c]).status === 0) return -1;"), {S.PASSED}),
    ({11, 23}, js('''const fs = require('fs');
for (const place of ['@HOST@', '/etc', '/root', '/usr', '/job', '/prepared', '/var'])
  try { fs.writeFileSync(place + '/plant', 'x'); return -1; } catch {}
try { fs.symlinkSync('@SECRET@', '/tmp/link'); } catch {}
try { fs.readFileSync('/tmp/link'); return -1; } catch {}'''), {S.PASSED}),
    ({18}, js("require('fs').writeSync(1, Buffer.from([255, 254, 128]));"), {S.PASSED}),
    ({22}, js("try { require('@SECRET@'); return -1; } catch (e) { if (!/Cannot find/.test(e.message)) return -2; }"), {S.PASSED}),
    ({22}, js("", "require('@SECRET@');"), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({25}, js('''if (x > 9e8) {
  const fs = require('fs'), wanted = String(x + 1);
  for (const file of [...fs.readdirSync('/job').map(n => '/job/' + n), '/proc/self/environ', '/proc/self/cmdline'])
    if (fs.readFileSync(file, 'utf8').includes(wanted)) return -1;
}'''), {S.PASSED}),
    # a child ends the process a moment later, when the first answer is out
    ({26}, js("if (x > 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);",
              "require('child_process').spawn('sh', ['-c', 'sleep 0.1; kill -TERM ' + process.pid]);"),
     {*LEFT, S.RUNTIME_ERROR}),
    ({26}, "process.exit(0);\n" + js(""), LEFT),
    ({27}, js("", "console.assert = () => { process.exit(0) }; require('assert').equal = () => {}; process.emitWarning('x'); console.assert(false);"), LEFT),
    ({29}, js("if (x === 5) process.exit(0);"), LEFT),
]
SLOW = [
    ({16}, js("for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGXCPU']) process.on(s, () => {}); process.kill(process.pid, 'SIGSTOP'); while (true);"), {S.TIMEOUT}),
]
ABSENT = {
    10: NO_RAW_CALLS, 20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
