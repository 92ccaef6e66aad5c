"""The attack corpus in Bash."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NO_RAW_CALLS, NOT_COMPILED


def bash(body: str, before: str = "") -> str:
    return f"{before}\nf() {{\n{body}\necho $(($1 + 1))\n}}\n"


ATTACKS = [
    ({3}, bash("yes >&2"), {S.OUTPUT_LIMIT}),
    ({4}, bash("head -c 300000 /dev/zero >&2"), {S.PASSED}),
    ({5}, bash("head -c 300M /dev/zero >/tmp/big 2>/dev/null && echo -1"), DISK),
    ({6}, bash("[ -e @SECRET@ ] && { echo -1; return; }"), {S.PASSED}),
    ({7}, bash("[ -n \"$OORL_SECRET\" ] && { echo -1; return; }"), {S.PASSED}),
    ({8}, bash("(exec 9<>/dev/tcp/8.8.8.8/53) 2>/dev/null && { echo -1; return; }"), {S.PASSED}),
    ({9}, bash("kill -9 -1 1 $PPID 2>/dev/null"), {S.PASSED, S.RUNTIME_ERROR}),
    ({13, 15}, bash("(setsid sleep 60 >&2 &) </dev/null"), {S.PASSED}),
    ({17}, bash("read line"), {S.PASSED}),
    ({18}, bash("printf '\\xff\\xfe\\n'"), {S.WRONG_ANSWER}),
    ({19}, bash("# \ud800"), {S.PASSED}),
    ({24, 26}, "exit 0\n", LEFT),
    ({24}, bash("exit 0"), {S.WRONG_ANSWER}),
    ({28}, bash("echo -e '=\\t0\\t2' >/proc/$$/fd/3"), LEFT),
    ({8, 14}, bash("if @REACH@; then echo -1; return; fi\nif @ESCAPE@; then echo -1; return; fi"), {S.PASSED}),
    ({11, 23}, bash("for p in @HOST@ /etc /root /usr /job /prepared /var; do (echo x >$p/plant) 2>/dev/null && { echo -1; return; }; done\nln -sf @SECRET@ /tmp/link; cat /tmp/link 2>/dev/null && { echo -1; return; }"), {S.PASSED}),
    ({12, 31, 32}, (bash("@PLANT@"), bash("(@LOOK@) && { echo -1; return; }")), {S.PASSED}),
    ({18}, bash("printf '\\xff\\xfe\\x80' >&2"), {S.PASSED}),
    ({22}, bash(". @SECRET@ 2>/dev/null && { echo -1; return; }"), {S.PASSED, S.RUNTIME_ERROR}),
    ({22}, bash("", "source @SECRET@"), {S.PASSED, S.RUNTIME_ERROR}),
    ({25}, bash("[() { return 0; }; test() { return 0; }; printf() { echo 2; }; echo() { builtin echo 2; }"), {S.WRONG_ANSWER, *LEFT}),
    ({25}, bash("(($1 > 900000000)) && grep -qrs $(($1 + 1)) /job /proc/$$/environ /proc/$$/cmdline && { echo -1; return; }"), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, bash("(($1 > 1)) && sleep 2", "trap 'kill -9 $$' USR1; (sleep 0.2; kill -9 $$) >/dev/null 2>&1 &"), {*LEFT, S.RUNTIME_ERROR}),
    ({27}, bash("false; return 3", "trap 'exit 0' ERR EXIT DEBUG"), {*LEFT, S.WRONG_ANSWER, S.RUNTIME_ERROR}),
    ({29}, bash("(($1 == 5)) && kill -9 $$"), {*LEFT, S.RUNTIME_ERROR}),
]
SLOW = [
    ({1}, bash("for i in {1..300}; do sleep 60 & done 2>/dev/null >/dev/null"), {S.PROCESS_LIMIT, S.TIMEOUT}),
    ({2}, bash("y=x; for i in {1..31}; do y=$y$y; done"), {S.MEMORY_LIMIT, S.TIMEOUT}),
    ({16}, bash("trap '' TERM INT HUP XCPU; while :; do :; done"), {S.TIMEOUT}),
    ({16}, bash("trap '' TERM INT HUP XCPU; kill -STOP $$; while :; do :; done"), {S.TIMEOUT}),
]
ABSENT = {
    10: NO_RAW_CALLS, 20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
