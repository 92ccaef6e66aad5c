"""The attack corpus in R."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NO_RAW_CALLS, NOT_COMPILED


def r(body: str, before: str = "") -> str:
    return f"{before}\nf <- function(x) {{\n{body}\nx + 1\n}}\n"


ATTACKS = [
    ({2}, r("y <- lapply(1:30, function(i) rep(1, 8e6))"), {S.MEMORY_LIMIT}),
    ({4}, r('cat(strrep("x", 300000))'), {S.PASSED}),
    ({6}, r('if (file.exists("@SECRET@")) return(-1)'), {S.PASSED}),
    ({7}, r('if (Sys.getenv("OORL_SECRET") != "") return(-1)'), {S.PASSED}),
    ({24}, r("quit(status = 0)"), LEFT),
    ({24, 26}, r("", "quit(status = 0)"), LEFT),
    ({25}, r("return(0)", "`==` <- function(a, b) TRUE\nsprintf <- function(...) '2'"), {S.WRONG_ANSWER}),
    ({28}, r("cat('=\\t0\\t2\\n', file = '/dev/fd/3')"), LEFT),
    ({1}, r("for (i in 1:200) if (system('sleep 60 &') != 0) stop('no')"), {S.PROCESS_LIMIT, S.RUNTIME_ERROR}),
    ({3}, r("repeat cat(strrep('x', 9999))"), {S.OUTPUT_LIMIT}),
    ({5}, r("o <- file('/tmp/big', 'wb'); b <- raw(1048576); ok <- tryCatch({ for (i in 1:300) writeBin(b, o); close(o); file.size('/tmp/big') == 300 * 1048576 }, warning = function(e) FALSE, error = function(e) FALSE); if (ok) return(-1)"), DISK),
    ({8, 14}, r('if (system("@REACH@") == 0 || system("@ESCAPE@") == 0) return(-1)'), {S.PASSED}),
    ({9}, r("for (p in c(1, Sys.getpid() - 1, -1)) tools::pskill(p, 9)"), {S.PASSED, S.RUNTIME_ERROR}),
    ({11, 23}, r("for (p in c('@HOST@', '/etc', '/root', '/usr', '/job', '/prepared', '/var')) if (suppressWarnings(file.create(paste0(p, '/plant')))) return(-1)\nsuppressWarnings(file.symlink('@SECRET@', '/tmp/link')); if (file.exists('/tmp/link')) return(-1)"), {S.PASSED}),
    ({13, 15}, r("system('setsid sleep 60 &')"), {S.PASSED}),
    ({17, 18}, r("readLines(file('stdin')); writeBin(as.raw(c(255, 254, 128)), pipe('cat', 'wb'))"), {S.PASSED}),
    ({19}, "# \ud800\n" + r(""), {S.PASSED, S.COMPILE_ERROR, S.RUNTIME_ERROR}),
    ({22}, r("source('@SECRET@')"), {S.RUNTIME_ERROR}),
    ({22}, "source('@SECRET@')\n" + r(""), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({25}, r("if (x > 9e8) for (p in c(list.files('/job', full.names = TRUE), '/proc/self/environ', '/proc/self/cmdline')) if (any(grepl(format(x + 1, digits = 15), suppressWarnings(readLines(p, warn = FALSE)), fixed = TRUE, useBytes = TRUE))) return(-1)"), {S.PASSED}),
    ({26}, r("if (x > 1) Sys.sleep(2)", "system('(sleep 0.1; kill -9 $PPID) >/dev/null 2>&1 &')\nsystem(paste('(sleep 0.2; kill -9', Sys.getpid(), ') >/dev/null 2>&1 &'))"), {*LEFT, S.RUNTIME_ERROR}),
    ({24, 27}, r("stop('no')", "options(error = quote(quit(status = 0)), warning.expression = quote(quit(status = 0)))\n.Last <- function() quit(status = 0)"), {*LEFT, S.RUNTIME_ERROR}),
    ({29}, r("if (x == 5) quit(status = 0)"), LEFT),
]
SLOW = [
    ({16}, r("tools::pskill(Sys.getpid(), 19); repeat {}"), {S.TIMEOUT}),
]
ABSENT = {
    10: NO_RAW_CALLS, 20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
