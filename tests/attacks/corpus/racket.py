"""The attack corpus in Racket. Its own: macros run while the candidate is compiled, in the cell
that runs it."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT


def rkt(body: str, before: str = "") -> str:
    # With racket/base alone: all of racket takes half of an attack's CPU seconds to load.
    return f"#lang racket/base\n{before}\n(define (f x) {body} (+ x 1))\n"


SYSTEM = "(require racket/system)"
BAD = "(exit 1)"
NATIVE = "(require ffi/unsafe racket/system)\n(define (c name . types) (get-ffi-obj name #f (_cprocedure types _int)))"


ATTACKS = [
    ({1}, rkt('(for ([i 200]) (subprocess #f #f #f "/bin/sleep" "60"))'), {S.PROCESS_LIMIT, S.RUNTIME_ERROR}),
    ({2}, rkt("(define v (make-bytes (* 1500 1024 1024) 1))"), {S.MEMORY_LIMIT}),
    ({3}, rkt("(let loop () (display (make-string 9999 #\\x)) (loop))"), {S.OUTPUT_LIMIT}),
    ({4}, rkt("(display (make-string 300000 #\\x))"), {S.PASSED}),
    ({6}, rkt('(when (file-exists? "@SECRET@") (exit 1))'), {S.PASSED}),
    ({7}, rkt('(when (getenv "OORL_SECRET") (exit 1))'), {S.PASSED}),
    ({8}, rkt('(when (with-handlers ([void (lambda (e) #f)]) (tcp-connect "8.8.8.8" 53)) (exit 1))', "(require racket/tcp)"), {S.PASSED}),
    ({19}, "; \ud800\n" + rkt(""), {S.PASSED, S.COMPILE_ERROR}),
    ({20}, rkt("", '(require racket/include)\n(include (file "/dev/zero"))'), {S.COMPILE_ERROR, S.MEMORY_LIMIT, S.TIMEOUT}),
    ({22}, rkt("", '(require racket/include)\n(include (file "@SECRET@"))'), {S.COMPILE_ERROR}),
    ({22}, rkt("", '(require (file "@SECRET@"))'), {S.COMPILE_ERROR, S.RUNTIME_ERROR}),
    ({22}, "#lang racket/base\n(define (f x) (+ x #reader(file \"@SECRET@\")1))", {S.COMPILE_ERROR}),
    ({24}, rkt("(exit 0)"), LEFT),
    ({24, 26}, rkt("", "(exit 0)"), LEFT),
    ({24, 26}, rkt("", "(require (for-syntax racket/base))\n(begin-for-syntax (exit 0))"), LEFT),
    ({24}, rkt("(raise 'x)"), {S.RUNTIME_ERROR}),
    ({24}, rkt("(kill-thread (current-thread))"), {*LEFT, S.RUNTIME_ERROR, S.TIMEOUT}),
    ({25}, rkt("0", "(define (apply . _) 2)\n(define (real? x) #t)").replace("(+ x 1)", "0"), {S.WRONG_ANSWER}),
    ({25}, rkt("(current-output-port (open-output-nowhere)) (exit-handler void)", "(require racket/port)"), {S.PASSED, *LEFT}),
    ({25}, '#lang racket/base\n(define (f x) (impersonate-hash (hash) void void void void))', {S.WRONG_ANSWER, S.RUNTIME_ERROR}),
    ({28}, rkt('(call-with-output-file "/dev/fd/3" #:exists \'append (lambda (o) (write-string "=\\t0\\t2\\n" o)))'), LEFT),
    ({29}, rkt("(when (= x 5) (exit 0))"), LEFT),
    ({30}, rkt("", "(require (for-syntax racket/base))\n(begin-for-syntax (let loop () (loop)))"), {S.TIMEOUT}),
    ({30}, rkt("(m)", "(define-syntax-rule (m) (begin (m) (m)))"), {S.TIMEOUT, S.MEMORY_LIMIT, S.COMPILE_ERROR}),
    ({5, 17, 18}, rkt(f'(read-line) (write-bytes (bytes 255 254 128)) (when (with-handlers ([void (lambda (e) #f)]) (call-with-output-file "/tmp/big" #:exists \'truncate (lambda (o) (for ([i 300]) (write-bytes (make-bytes 1048576 1) o)))) #t) {BAD})'), DISK),
    ({8, 14}, rkt(f'(when (or (system "@REACH@") (system "@ESCAPE@")) {BAD})', SYSTEM), {S.PASSED}),
    ({9, 10}, rkt(f'(when (= 0 ((c "ptrace" _int _int _long _long) 16 1 0 0)) {BAD}) ((c "kill" _int _int) 1 9) ((c "kill" _int _int) -1 9)', NATIVE), {S.PASSED}),
    ({11, 23}, rkt(f'(for ([p \'("@HOST@" "/etc" "/root" "/usr" "/job" "/prepared" "/var")]) (when (with-handlers ([void (lambda (e) #f)]) (call-with-output-file (string-append p "/plant") void) #t) {BAD})) (with-handlers ([void void]) (make-file-or-directory-link "@SECRET@" "/tmp/link")) (when (file-exists? "/tmp/link") {BAD})'), {S.PASSED}),
    ({12, 31, 32}, (rkt('(system "@PLANT@")', SYSTEM), rkt(f'(when (system "@LOOK@") {BAD})', SYSTEM)), {S.PASSED}),
    ({13, 15}, rkt('(system "setsid sleep 60 &")', SYSTEM), {S.PASSED}),
    ({25}, rkt(f'(when (and (> x 900000000) (system (format "grep -qrs ~a /job /proc/self/environ" (+ x 1)))) {BAD})', SYSTEM), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, rkt("(when (> x 1) (sleep 3))", "(void (thread (lambda () (sleep 0.1) (exit 0))))"), LEFT),
    ({27}, rkt("(raise 'x)", "(uncaught-exception-handler (lambda (e) (exit 0)))\n(error-display-handler (lambda (m e) (exit 0)))"), {S.RUNTIME_ERROR, *LEFT}),
]
SLOW = [
    ({16}, rkt('((c "kill" _int _int) ((c "getpid")) 19) (let loop () (loop))', NATIVE), {S.TIMEOUT}),
]
ABSENT = {
    21: "no object file is written: the candidate is compiled in the memory of its own run",
}
