"""The attack corpus in Perl."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NOT_COMPILED


def perl(body: str, before: str = "") -> str:
    return f"{before}\nsub f {{ my ($x) = @_;\n{body}\nreturn $x + 1;\n}}\n"


ATTACKS = [
    ({6}, "sub f { return -e '@SECRET@' ? -1 : $_[0] + 1 }", {S.PASSED}),
    ({24}, "sub f { exit(0) }", LEFT),
    ({1}, perl("for (1 .. 99) { defined(my $p = fork) or die; if (!$p) { sleep 60; exit } }"), {S.PROCESS_LIMIT}),
    ({2}, perl("my $y = 'x' x 1_500_000_000;"), {S.MEMORY_LIMIT}),
    ({3}, perl("print 'x' x 9999 while 1;"), {S.OUTPUT_LIMIT}),
    ({4, 13, 15, 18}, perl("print 'x' x 300_000, \"\\xff\\xfe\\x80\"; if (!fork) { setpgrp; sleep 60; exit }"), {S.PASSED}),
    ({5}, perl("open my $o, '>', '/tmp/big'; for (1 .. 300) { syswrite($o, 'x' x 1048576) == 1048576 or return $x + 1 } return -1;"), DISK),
    ({7, 17}, perl("return -1 if $ENV{OORL_SECRET}; my $line = <STDIN>;"), {S.PASSED}),
    ({8, 14}, perl("for my $c (q{@REACH@}, q{@ESCAPE@}) { return -1 if system('sh', '-c', $c) == 0 }"), {S.PASSED}),
    ({9, 10}, perl("my @pids = (1, getppid, -1); for (@pids) { return -1 if $_ > 0 && syscall(101, 16, $_, 0, 0) == 0; kill 9, $_ }"), {S.PASSED, S.RUNTIME_ERROR}),
    ({11, 23}, perl("for (qw(@HOST@ /etc /root /usr /job /prepared /var)) { return -1 if open my $o, '>', \"$_/plant\" } symlink '@SECRET@', '/tmp/link'; return -1 if open my $i, '<', '/tmp/link';"), {S.PASSED}),
    ({19}, "# \ud800\n" + perl(""), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, perl("return -1 if defined do '@SECRET@';"), {S.PASSED}),
    ({22}, "require '@SECRET@';\n" + perl(""), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({25}, "package E; use overload '==' => sub { 1 }, 'eq' => sub { 1 }, '\"\"' => sub { '2' };\npackage main; sub f { bless {}, 'E' }\n", {S.WRONG_ANSWER}),
    ({25}, perl("if ($x > 9e8) { my $wanted = $x + 1; for (glob('/job/*'), '/proc/self/environ', '/proc/self/cmdline', '/proc/self/fd/0') { open my $i, '<', $_ or next; local $/; return -1 if (<$i> // '') =~ /$wanted/ } }"), {S.PASSED}),
    ({26}, "exit 0;\n" + perl(""), LEFT),
    ({26}, "BEGIN { exit 0 }\n" + perl(""), LEFT),
    # leaves a moment later, when the first answer is out
    ({26}, perl("select undef, undef, undef, 2 if $x > 1;", "use POSIX (); use Time::HiRes 'ualarm'; $SIG{ALRM} = sub { POSIX::_exit(0) }; ualarm 100_000;"), LEFT),
    ({27}, perl("die 'no';", "$SIG{__DIE__} = sub { exit 0 }; END { $? = 0 }"), {*LEFT, S.RUNTIME_ERROR}),
    ({28}, perl("open my $o, '>&=', 3; syswrite $o, \"=\\t0\\t2\\n\";"), LEFT),
    ({29}, perl("exit 0 if $x == 5;"), LEFT),
]
SLOW = [
    ({16}, perl("$SIG{$_} = 'IGNORE' for qw(TERM INT HUP XCPU); kill 'STOP', $$; 1 while 1;"), {S.TIMEOUT}),
]
ABSENT = {
    20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
