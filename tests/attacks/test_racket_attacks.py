"""The attack corpus in Racket; rows are those of the corpus, see `test_attacks.py` for the rest.
Racket's own: macros run while the candidate is compiled."""

# ruff: noqa: E501 - programs on one line
import pytest

from oorl.records import Status

S = Status
LEFT = {S.PROTOCOL_VIOLATION}


def rkt(body: str, before: str = "") -> str:
    return f"{before}\n(define (f x) {body} (+ x 1))\n"


ATTACKS = [
    # 1 processes, 2 memory, 3 endless output, 4 a lot of output from a correct program
    (rkt('(for ([i 200]) (subprocess #f #f #f "/bin/sleep" "60"))'), {S.PROCESS_LIMIT, S.RUNTIME_ERROR}),
    (rkt("(define v (make-bytes (* 1500 1024 1024) 1))"), {S.MEMORY_LIMIT}),
    (rkt("(let loop () (display (make-string 9999 #\\x)) (loop))"), {S.OUTPUT_LIMIT}),
    (rkt("(display (make-string 300000 #\\x))"), {S.PASSED}),
    # 6, 7, 8 files of the host, environment, network
    (rkt('(when (file-exists? "@SECRET@") (exit 1))'), {S.PASSED}),
    (rkt('(when (getenv "OORL_SECRET") (exit 1))'), {S.PASSED}),
    (rkt('(when (with-handlers ([void (lambda (e) #f)]) (tcp-connect "8.8.8.8" 53)) (exit 1))', "(require racket/tcp)"), {S.PASSED}),
    # 19 surrogates in the source
    ("; \ud800\n" + rkt(""), {S.PASSED, S.COMPILE_ERROR}),
    # 20, 22 files of the host, endless ones, by way of the reader and macros
    (rkt("", '(require racket/include)\n(include (file "@SECRET@"))'), {S.COMPILE_ERROR}),
    (rkt("", '(require (file "@SECRET@"))'), {S.COMPILE_ERROR, S.RUNTIME_ERROR}),
    (rkt("", '(require racket/include)\n(include (file "/dev/zero"))'),
     {S.COMPILE_ERROR, S.MEMORY_LIMIT, S.TIMEOUT}),
    ("(define (f x) (+ x #reader(file \"@SECRET@\")1))", {S.COMPILE_ERROR}),
    # 30 compiles that never end
    (rkt("", "(begin-for-syntax (let loop () (loop)))"), {S.TIMEOUT}),
    (rkt("(m)", "(define-syntax-rule (m) (begin (m) (m)))"), {S.TIMEOUT, S.MEMORY_LIMIT, S.COMPILE_ERROR}),
    # 24, 26 leaving before the tests end, also while it is compiled
    (rkt("(exit 0)"), LEFT),
    (rkt("", "(exit 0)"), LEFT),
    (rkt("", "(begin-for-syntax (exit 0))"), LEFT),
    (rkt("(raise 'x)"), {S.RUNTIME_ERROR}),
    (rkt("(kill-thread (current-thread))"), {*LEFT, S.RUNTIME_ERROR, S.TIMEOUT}),
    # 25 what the driver uses, redefined, and parameters set for it
    (rkt("0", "(define (apply . _) 2)\n(define (real? x) #t)").replace("(+ x 1)", "0"), {S.WRONG_ANSWER}),
    (rkt("(current-output-port (open-output-nowhere)) (exit-handler void)"), {S.PASSED, *LEFT}),
    ('(define (f x) (impersonate-hash (hash) void void void void))', {S.WRONG_ANSWER, S.RUNTIME_ERROR}),
    # 28 forged records, 29 a correct prefix
    (rkt('(call-with-output-file "/dev/fd/3" #:exists \'append (lambda (o) (write-string "=\\t0\\t2\\n" o)))'), LEFT),
    (rkt("(when (= x 5) (exit 0))"), LEFT),
]


@pytest.mark.parametrize(("code", "allowed"), ATTACKS, ids=range(len(ATTACKS)))
def test_attack(attack, code, allowed):
    verdict = attack("racket", code)
    assert verdict.status in allowed, verdict
