"""Perl, PHP and Python by a fork of a warm interpreter: what one program changes the next does not
find, and programs end alike on both paths."""

import pytest

from oorl.languages import get_language
from oorl.records import Case, Status, StdioCase, StdioSubmission
from oorl.sandbox.doctor import missing_tools

S = Status
CHANGE_EVERYTHING = {
    "perl": r"""
our $planted = 1; $ENV{PLANT} = 1; $, = "-"; $\ = "!"; $/ = undef; $SIG{ALRM} = sub { die };
@INC = (); $INC{"strict.pm"} = "no"; umask 0777; srand 1;
BEGIN { *CORE::GLOBAL::time = sub { 7 }; }
{ no warnings; package oorl_driver; *encode = sub { "9" }; *one_line = sub { "no" } }
sub f { open my $o, ">", "/tmp/plant"; chdir "/proc"; alarm 20; $main::planted = 2; $_[0] + 1 }
""",
    "php": r"""
$GLOBALS['planted'] = 1; putenv('PLANT=1'); ini_set('precision', 3); define('PLANTED', 1);
class Planted {} function planted() {} mt_srand(1); umask(0777); setlocale(LC_ALL, 'C');
set_error_handler(fn() => true); error_reporting(0); date_default_timezone_set('Asia/Tokyo');
register_shutdown_function(function () { file_put_contents('/tmp/plant', 1); });
stream_wrapper_unregister('file');
function f($x) { chdir('/proc'); fclose(STDIN); return $x + 1; }
"""}
SEE_NOTHING = {
    "perl": r"""
sub f {
    our $planted; my $caps = do { local $/; open my $s, "<", "/proc/self/status"; <$s> };
    return -1 if defined $planted || $ENV{PLANT} || defined $, || defined $\ || $/ ne "\n";
    return -2 if $SIG{ALRM} || !@INC || $INC{"strict.pm"} eq "no" || umask != 022;
    return -3 if -e "/tmp/plant" || time < 1e9 || time - $^T > 60;
    return -4 unless $caps =~ /^CapEff:\t0+$/m && $caps =~ /^Seccomp:\t2$/m;
    opendir my $all, "/proc"; return -5 if grep({ /^\d+$/ } readdir $all) > 2;
    opendir my $own, "/proc/self/fd"; return -6 if grep({ /^\d+$/ && $_ > 6 } readdir $own);
    return -7 if alarm(0) || readlink("/proc/self/cwd") ne "/tmp" || $0 =~ /candidate/;
    $_[0] + 1
}
""",
    "php": r"""
function f($x) {
    $caps = file_get_contents('/proc/self/status');
    if (isset($GLOBALS['planted']) || getenv('PLANT') || defined('PLANTED')) return -1;
    if (class_exists('Planted') || function_exists('planted')) return -2;
    if (umask() !== 022 || file_exists('/tmp/plant') || ini_get('precision') != 14) return -3;
    if (!preg_match('/^CapEff:\t0+$/m', $caps) || !preg_match('/^Seccomp:\t2$/m', $caps)) return -4;
    if (count(glob('/proc/[0-9]*')) > 2 || getcwd() !== '/tmp') return -5;
    if (date_default_timezone_get() !== 'UTC' || error_reporting() !== E_ALL) return -8;
    if (max(array_map('basename', glob('/proc/self/fd/*'))) > 6) return -6;
    if (abs($_SERVER['REQUEST_TIME'] - time()) > 60 || !is_resource(STDIN)) return -7;
    return $x + 1;
}
"""}
REACH_THE_PARENT = {
    "perl": r"""
sub f {
    for my $file (qw(mem environ maps fd/0 fd/10)) {
        return -1 if open my $h, "<", "/proc/1/$file" and sysread $h, my $byte, 1;
    }
    for my $pid (1, getppid) { kill $_, $pid for 1 .. 64 }
    $_[0] + 1
}
""",
    "php": r"""
function f($x) {
    foreach (['mem', 'environ', 'maps', 'fd/0', 'fd/10'] as $file)
        if (@file_get_contents("/proc/1/$file", false, null, 0, 1)) return -1;
    return $x + 1;
}
"""}
USE_THE_PARENT = {  # what is left of it in the fork has no capabilities and nobody to serve
    "perl": "sub f { oorl_driver::native_serve(); $_[0] + 1 }",
    "php": "function f($x) { \\oorl_driver\\serve(); return $x + 1; }"}
FUNCTIONS = [
    ("perl", "sub f { $_[0] + 1 }", S.PASSED), ("perl", "sub f { $_[0] }", S.WRONG_ANSWER),
    ("perl", "sub f { 1 while 1 }", S.TIMEOUT), ("perl", "sub f {", S.COMPILE_ERROR),
    ("perl", "sub f { exit 0 }", S.PROTOCOL_VIOLATION),
    ("perl", "exit 0; sub f { $_[0] + 1 }", S.PROTOCOL_VIOLATION),
    ("perl", "sub f { oorl_driver::finish() }", S.PROTOCOL_VIOLATION),
    ("perl", "sub f { die { a => 1 } }", S.RUNTIME_ERROR),
    ("perl", "sub f { kill 9, $$; $_[0] + 1 }", S.RUNTIME_ERROR),
    ("perl", "sub f { my $y = 'x' x 1_500_000_000; $_[0] + 1 }", S.MEMORY_LIMIT),
    ("perl", "sub f { print 'x' x 9999 while 1 }", S.OUTPUT_LIMIT),
    ("perl", "sub f { print 'x' x 300_000; $_[0] + 1 }", S.PASSED),
    ("perl", "sub f { for (1 .. 99) { defined(my $p = fork) or die; if (!$p) { sleep 60; exit } } "
     "$_[0] + 1 }", S.PROCESS_LIMIT),
    ("perl", "sub f { system('sleep 60 &'); $_[0] + 1 }", S.PASSED),
    ("perl", "sub f { if (!fork) { setpgrp; sleep 60; exit } $_[0] + 1 }", S.PASSED),
    ("perl", "sub f { -e '@SECRET@' ? -1 : $_[0] + 1 }", S.PASSED),
    ("perl", "sub f { my ($n) = @_; no warnings; sub g { $_[0] ? 1 + g($_[0] - 1) : 0 } "
     "g(20000) == 20000 ? $n + 1 : -1 }", S.PASSED),
    ("perl", "use strict; use warnings; use List::Util qw(sum); sub f { sum(@_, 1) }", S.PASSED),
    ("perl", "my $o = bless []; sub DESTROY { print 'x' } sub f { $_[0] + 1 }", S.PASSED),
    ("php", "function f($x) { return $x + 1; }", S.PASSED),
    ("php", "function f($x) { return $x; }", S.WRONG_ANSWER),
    ("php", "function f($x) { while (true) {} }", S.TIMEOUT),
    ("php", "function f($x) {", S.COMPILE_ERROR),
    ("php", "function f($x) { exit(0); }", S.PROTOCOL_VIOLATION),
    ("php", "exit(0); function f($x) { return $x + 1; }", S.PROTOCOL_VIOLATION),
    ("php", "function f($x) { throw new Error('no'); }", S.RUNTIME_ERROR),
    ("php", "function f($x) { $y = str_repeat('x', 1 << 30); return $x + 1; }", S.MEMORY_LIMIT),
    ("php", "function f($x) { while (true) echo str_repeat('x', 9999); }", S.OUTPUT_LIMIT),
    ("php", "function f($x) { echo str_repeat('x', 300000); return $x + 1; }", S.PASSED),
    ("php", "function f($x) { exec('sleep 60 >/dev/null &'); return $x + 1; }", S.PASSED),
    ("php", "function f($x) { return file_exists('@SECRET@') ? -1 : $x + 1; }", S.PASSED),
    ("php", "function f($x) { $g = fn($g, $n) => $n ? 1 + $g($g, $n - 1) : 0; "
     "return $g($g, 20000) === 20000 ? $x + 1 : -1; }", S.PASSED),
    ("php", "namespace A; function f($x) { return 0; }", S.RUNTIME_ERROR),
    ("php", "function f($x) { return FFI::cdef('int getpid();')->getpid() ? $x + 1 : 0; }",
     S.RUNTIME_ERROR),
    ("php", "function encode($a) { return 5; } function native() {} function f($x) "
     "{ return $x + 1; }", S.PASSED),
]
WHOLE = [
    ("echo 'ok';", S.PASSED), ("?><?php echo 'ok';", S.WRONG_ANSWER),
    ("while (true) echo str_repeat('x', 9999);", S.OUTPUT_LIMIT),
    ("$a = str_repeat('x', 1 << 30);", S.MEMORY_LIMIT), ("echo 'ok'; exit(3);", S.RUNTIME_ERROR),
    ("echo 'ok'; throw new Exception('x');", S.RUNTIME_ERROR), ("echo (;", S.COMPILE_ERROR),
    ("echo 'ok'; exit();", S.PASSED), ("exit('ok');", S.PASSED),
    ("register_shutdown_function(function () { echo 'ok'; });", S.PASSED),
    ("class A { function __destruct() { echo 'ok'; } } $a = new A;", S.PASSED),
    ("ob_start(); echo 'ok';", S.PASSED), ("echo trim(fgets(STDIN));", S.PASSED),
    ("echo trim(file_get_contents('php://stdin'));", S.PASSED),
    ("rewind(STDIN); echo trim(stream_get_contents(STDIN));", S.PASSED),
    ("while (($line = fgets(STDIN)) !== false) echo $line; echo feof(STDIN) ? '' : 'no';",
     S.PASSED),
    ("fwrite(STDOUT, 'ok');", S.PASSED), ("file_put_contents('php://stdout', 'ok');", S.PASSED),
    ("#!/usr/bin/env php\n<?php echo 'ok';", S.PASSED),
    ("declare(strict_types=1); namespace A; function ok() { return 'ok'; } echo ok();", S.PASSED),
    ("$n = 'ok'; function g() { global $n; return $n; } echo g();", S.PASSED),
    ("echo realpath($argv[0]) === __FILE__ && $argc === 1 && $_SERVER['SCRIPT_NAME'] === __FILE__ "
     "&& count(get_included_files()) === 1 && !debug_backtrace() ? 'ok' : 'no';", S.PASSED),
    ("echo realpath($argv[0]) === __FILE__ && $argc === 1 && $_SERVER['SCRIPT_NAME'] === __FILE__ "
     "&& array_keys(get_defined_vars()) === array_keys($GLOBALS) ? 'ok' : 'no';", S.PASSED),
    ("echo class_exists('FFI') ? 'no' : 'ok';", S.PASSED),
    ("echo shell_exec('echo ok');", S.PASSED),
    ("posix_kill(1, 9);", S.RUNTIME_ERROR),
]
LATE = [  # what Python does when a program ends, each the way that the interpreter would end it
    ("import sys\nsys.stdout.write('ok')\nsys.exit()", S.PASSED),
    ("import atexit\natexit.register(print, 'ok')\nraise SystemExit(0)", S.PASSED),
    ("import atexit, sys\natexit.register(sys.exit, 3)\nprint('ok')", S.PASSED),
    ("import sys\nsys.exit(print('ok') or 259)", S.RUNTIME_ERROR),
    ("import sys\nsys.exit(print('ok') or 256)", S.PASSED),
    ("import sys\nprint('ok')\nsys.exit('a message')", S.RUNTIME_ERROR),
    ("import threading\nthreading.Timer(0.2, print, ['ok']).start()", S.PASSED),
    ("import threading\nt = threading.Timer(99, print)\nt.daemon = True\nt.start()\nprint('ok')",
     S.PASSED),
    ("out = open(1, 'w', closefd=False)\nout.write('ok')", S.PASSED),
    ("import sys, io\nsys.stdout.write('ok')\nsys.stdout = io.StringIO()", S.PASSED),
    ("import sys\nprint('ok')\nsys.stdout.close()", S.PASSED),
    ("import os, sys\nsys.stdout.write('ok')\nos.close(1)", S.RUNTIME_ERROR),
    ("class A:\n    def __del__(self):\n        print('ok')\na = A()\na.a = a", S.PASSED),
    ("import os\nos._exit = lambda code: None\nprint('ok')\nassert False", S.RUNTIME_ERROR),
    ("import sys\nsys.excepthook = lambda *_: print('ok')\nassert False", S.RUNTIME_ERROR),
    ("import os\nif os.fork(): os.wait()\nelse: print('ok')", S.PASSED),
]


@pytest.fixture(autouse=True)
def installed(request):
    """Skip what this machine does not have."""
    language = request.node.callspec.params.get("language", "php")
    if missing_tools(get_language(language)):
        pytest.skip(f"{language} is not installed")


@pytest.mark.parametrize("language", ["perl", "php"])
def test_state_does_not_outlive_a_program(attack, language):
    """Rows 12, 31 and 32: variables, handlers, the driver's own functions, files, environment."""
    for _ in range(2):
        assert attack(language, CHANGE_EVERYTHING[language]).passed_cases >= 0
        verdict = attack(language, SEE_NOTHING[language])
        assert verdict.status is S.PASSED, verdict


@pytest.mark.parametrize("language", ["perl", "php"])
def test_the_parent_is_out_of_reach(attack, attacked, language):
    """Row 31. A cold program's init is bubblewrap's, which has no more rights than the program."""
    verdict = attack(language, REACH_THE_PARENT[language])
    assert verdict.status is S.PASSED or not attacked.use_warm, verdict
    verdict = attack(language, USE_THE_PARENT[language], (Case((1,), 2),))
    assert verdict.status in (S.RUNTIME_ERROR, S.PROTOCOL_VIOLATION), verdict


@pytest.mark.parametrize(("language", "code", "status"), FUNCTIONS)
def test_functions_end_alike_on_both_paths(attack, language, code, status):
    verdict = attack(language, code)
    assert verdict.status is status, verdict


@pytest.mark.parametrize(("language", "code", "status"), [
    *(("php", *row) for row in WHOLE), *(("python", *row) for row in LATE)])
def test_whole_programs_end_alike_on_both_paths(attacked, language, code, status):
    case = StdioCase("ok\n", "ok")
    (verdict,) = attacked.judge([StdioSubmission(language, code, (case,))])
    assert verdict.status is status, verdict


@pytest.mark.parametrize("language", ["perl", "php"])
def test_random_numbers_differ_between_forks(attacked, language):
    code = {"perl": "print rand;", "php": "<?php echo mt_rand(), lcg_value(), rand();"}[language]
    details = {attacked.judge([StdioSubmission(language, f"{code} # {n}", (StdioCase("", "?"),))]
                              )[0].detail for n in range(3)}
    assert len(details) == 3
