"""The attack corpus in TypeScript. What runs is JavaScript; here are also the attacks on the
type checker, which stays warm between programs."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT, NO_RAW_CALLS


def ts(body: str, before: str = "") -> str:
    return f"{before}\nfunction f(x: number): number {{\n{body}\nreturn x + 1;\n}}\n"


ATTACKS = [
    ({4}, ts('console.log("x".repeat(300000));'), {S.PASSED}),
    ({6}, ts("try { require('fs').readFileSync('@SECRET@'); return -1; } catch {}"), {S.PASSED}),
    ({7}, ts("if (process.env.OORL_SECRET) return -1;"), {S.PASSED}),
    ({22}, ts("", '/// <reference path="@SECRET@" />'), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, ts("return s.length;", 'import s = require("@SECRET@");'), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({24}, ts("process.exit(0);"), LEFT),
    ({24, 26}, ts("", "process.exit(0);"), LEFT),
    ({25}, ts("return 0;", "Number.isInteger = () => true; (globalThis as any).BigInt = "
         "() => '2';"), {S.WRONG_ANSWER}),
    ({28}, ts("require('fs').writeSync(3, '=\\t0\\t2\\n');"), LEFT),
    ({30}, ts("", "type T<N extends any[]> = N['length'] extends 1e9 ? N : T<[...N, ...N, 1]>;\n"
         "const y: T<[]> = 1;"), BAD_COMPILE),
    ({1}, ts("let failed = 0; for (let i = 0; i < 100; i++) { const c = require('child_process').spawn('sleep', ['60']); if (!c.pid) failed++; c.on('error', () => {}); }\nif (failed) throw new Error('no more');"), {S.PROCESS_LIMIT}),
    ({2}, ts("const a: any[] = []; for (let i = 0; i < 24; i++) a.push(Buffer.alloc(64 << 20, 1));"), {S.MEMORY_LIMIT}),
    ({3}, ts("while (true) require('fs').writeSync(1, 'x'.repeat(10000));"), {S.OUTPUT_LIMIT}),
    ({5}, ts("try { const b = Buffer.alloc(1 << 20); for (let i = 0; i < 300; i++) require('fs').appendFileSync('/tmp/big', b); return -1; } catch {}"), DISK),
    ({8, 14}, ts("for (const c of [`@REACH@`, `@ESCAPE@`]) if (require('child_process').spawnSync('sh', ['-c', c]).status === 0) return -1;"), {S.PASSED}),
    ({9}, ts("for (const p of [1, process.ppid, -1]) try { process.kill(p, 9) } catch {}"), {S.PASSED}),
    ({11, 17, 18, 23}, ts('''const fs = require('fs');
for (const place of ['@HOST@', '/etc', '/root', '/usr', '/job', '/prepared', '/var'])
  try { fs.writeFileSync(place + '/plant', 'x'); return -1; } catch {}
try { fs.symlinkSync('@SECRET@', '/tmp/link'); } catch {}
try { fs.readFileSync('/tmp/link'); return -1; } catch {}
fs.readFileSync(0); fs.writeSync(1, Buffer.from([255, 254, 128]));'''), {S.PASSED}),
    ({12, 31, 32}, (ts("require('child_process').spawnSync('sh', ['-c', `@PLANT@`]); (Array.prototype as any).map = null; process.env.PLANT = '1';"),
                    ts("if (require('child_process').spawnSync('sh', ['-c', `@LOOK@`]).status === 0 || process.env.PLANT || ![].map) return -1;")), {S.PASSED}),
    # what one program declares for all of them, the next does not see
    ({12, 32}, (ts("", "export {};\ndeclare global { interface Array<T> { planted: number } }"), ts("if ([1].planted) return 0;")), {S.COMPILE_ERROR}),
    ({12, 32}, (ts("", "interface Array<T> { planted: number }\ndeclare var planted: number;"), ts("if ([1].planted || planted) return 0;")), {S.COMPILE_ERROR}),
    ({13, 15}, ts("require('child_process').spawn('sleep', ['60'], {detached: true, stdio: 'inherit'}).unref();"), {S.PASSED}),
    ({19}, "// \ud800\n" + ts(""), {S.PASSED, S.COMPILE_ERROR}),
    ({26}, ts("if (x > 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);",
              "require('child_process').spawn('sh', ['-c', 'sleep 0.1; kill -TERM ' + process.pid]);"),
     {*LEFT, S.RUNTIME_ERROR}),
    ({27}, ts("throw 1;", "process.on('uncaughtException', () => process.exit(0));"), {S.RUNTIME_ERROR}),
    ({29}, ts("if (x === 5) process.exit(0);"), LEFT),
]
SLOW = [
    ({16}, ts("process.on('SIGTERM', () => {}); process.kill(process.pid, 'SIGSTOP'); while (true);"), {S.TIMEOUT}),
    ({20}, ts("", "type Flip<N extends 0 | 1> = N extends 0 ? Flip<1> : Flip<0>;\nconst y: Flip<0> = 1;"), BAD_COMPILE),
]
ABSENT = {
    10: NO_RAW_CALLS, 21: "no object file is written: JavaScript is made in memory",
}
