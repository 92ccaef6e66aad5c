"""The attack corpus in PHP."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NO_RAW_CALLS, NOT_COMPILED


def php(body: str, before: str = "") -> str:
    return f"{before}\nfunction f($x) {{\n{body}\nreturn $x + 1;\n}}\n"


ATTACKS = [
    ({1}, php('for ($i = 0; $i < 200; $i++) { $h[] = proc_open("sleep 60", [], $p); '
         'if (!end($h)) throw new Exception("no"); }'), {S.PROCESS_LIMIT}),
    ({2}, php("$y = str_repeat('x', 1500 << 20);"), {S.MEMORY_LIMIT}),
    ({3}, php("while (true) echo str_repeat('x', 10000);"), {S.OUTPUT_LIMIT}),
    ({4}, php("echo str_repeat('x', 300000);"), {S.PASSED}),
    ({6}, php("if (@file_get_contents('@SECRET@') !== false) return -1;"), {S.PASSED}),
    ({7}, php("if (getenv('OORL_SECRET') !== false) return -1;"), {S.PASSED}),
    ({8}, php("if (@fsockopen('8.8.8.8', 53, $a, $b, 1)) return -1;"), {S.PASSED}),
    ({17}, php("fgets(STDIN);"), {S.PASSED, S.RUNTIME_ERROR}),
    ({19}, php("// \ud800"), {S.PASSED}),
    ({24}, php("exit(0);"), LEFT),
    ({28}, php("fwrite(fopen('php://fd/3', 'w'), \"=\\t0\\t2\\n\");"), LEFT),
    ({5}, php("$b = str_repeat('x', 1 << 20); for ($i = 0; $i < 300; $i++) if (@file_put_contents('/tmp/big', $b, FILE_APPEND) !== 1 << 20) return $x + 1;\nreturn -1;"), DISK),
    ({8}, php("if (@fsockopen('127.0.0.1', @PORT@, $a, $b, 1)) return -1;"), {S.PASSED}),
    ({9}, php("foreach ([1, posix_getppid(), -1] as $p) posix_kill($p, 9);") , {S.PASSED, S.RUNTIME_ERROR}),
    ({11, 23}, php("foreach (['@HOST@', '/etc', '/root', '/usr', '/job', '/prepared', '/var'] as $p) if (@file_put_contents($p . '/plant', 'x')) return -1;\n@symlink('@SECRET@', '/tmp/link'); if (@file_get_contents('/tmp/link')) return -1;"), {S.PASSED}),
    ({13, 15}, php("$h = proc_open('setsid sleep 60 &', [], $p);"), {S.PASSED}),
    ({14}, php("exec('@ESCAPE@', $o, $code); if ($code === 0) return -1;"), {S.PASSED}),
    ({18}, php("echo \"\\xff\\xfe\\x80\";"), {S.PASSED}),
    ({22}, php("if (@include '@SECRET@') return -1;"), {S.PASSED, S.RUNTIME_ERROR}),
    ({22}, php("", "require '@SECRET@';"), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({25}, php("return new class { function __toString() { return '2'; } };"), {S.WRONG_ANSWER}),
    ({25}, php("if ($x > 9e8) foreach ([...glob('/job/*'), '/proc/self/environ', '/proc/self/cmdline', '/proc/self/fd/0'] as $p) if (str_contains((string)@file_get_contents($p), (string)($x + 1))) return -1;"), {S.PASSED}),
    ({26}, "exit(0);\n" + php(""), LEFT),
    # a child ends the process a moment later, when the first answer is out
    ({26}, php("if ($x > 1) sleep(2);", "exec('(sleep 0.1; kill -TERM ' . getmypid() . ') >/dev/null 2>&1 &');"), {*LEFT, S.RUNTIME_ERROR}),
    ({27}, php("throw new Exception('no');", "set_exception_handler(function () { exit(0); }); register_shutdown_function(function () { exit(0); });"), {S.RUNTIME_ERROR}),
    ({29}, php("if ($x === 5) exit(0);"), LEFT),
]
SLOW = [
    ({16}, php("exec('kill -STOP ' . getmypid()); while (true);"), {S.TIMEOUT}),
]
ABSENT = {
    10: NO_RAW_CALLS + " (FFI is switched off)", 20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
