"""The attack corpus in Ruby."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NOT_COMPILED


def rb(body: str, before: str = "") -> str:
    return f"{before}\ndef f(x)\n{body}\nx + 1\nend\n"


ATTACKS = [
    ({6}, 'def f(x)\n  File.exist?("@SECRET@") ? -1 : x + 1\nend\n', {S.PASSED}),
    ({24}, "def f(x)\n  exit!(0)\nend\n", LEFT),
    ({2}, rb("y = 'x' * (1500 << 20)"), {S.MEMORY_LIMIT}),
    ({3}, rb("loop { print 'x' * 9999 }"), {S.OUTPUT_LIMIT}),
    ({4, 13, 15, 18}, rb("print 'x' * 300_000, \"\\xff\\xfe\\x80\"\nfork { Process.setsid; sleep 60 }"), {S.PASSED}),
    ({5}, rb("begin\nFile.open('/tmp/big', 'wb') { |o| 300.times { o.syswrite('x' * 1048576) } }\nreturn -1\nrescue SystemCallError\nend"), DISK),
    ({7, 17}, rb("return -1 if ENV['OORL_SECRET']\n$stdin.gets"), {S.PASSED}),
    ({8, 14}, rb("[%q(@REACH@), %q(@ESCAPE@)].each { |c| return -1 if system('sh', '-c', c) }"), {S.PASSED}),
    ({9, 10}, rb("[1, Process.ppid].each { |p| begin; return -1 if p > 0 && syscall(101, 16, p, 0, 0) == 0; rescue SystemCallError; end }\n[1, Process.ppid, -1].each { |p| Process.kill(9, p) rescue nil }"), {S.PASSED, S.RUNTIME_ERROR}),
    ({11, 23}, rb("%w(@HOST@ /etc /root /usr /job /prepared /var).each { |p| begin; File.write(p + '/plant', 'x'); return -1; rescue SystemCallError; end }\nFile.symlink('@SECRET@', '/tmp/link') rescue nil\nreturn -1 if File.exist?('/tmp/link')"), {S.PASSED}),
    ({12, 31, 32}, (rb("system(%q(@PLANT@))", "class Integer; def planted = 1; end; $planted = 1; ENV['PLANT'] = '1'"),
                    rb("return -1 if system(%q(@LOOK@)) || 1.respond_to?(:planted) || $planted || ENV['PLANT']")), {S.PASSED}),
    ({19}, "# \ud800\n" + rb(""), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, rb("begin; load '@SECRET@'; return -1; rescue LoadError; end"), {S.PASSED}),
    ({22}, "require '@SECRET@'\n" + rb(""), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({25}, "class Integer; def ==(o) = true; def to_s(*) = '2'; end\ndef f(x) = 0\n", {S.WRONG_ANSWER, *LEFT}),
    ({25}, "class E < Integer; def self.===(o) = true; end\ndef f(x) = Object.new\ndef Integer.===(o) = true\n", {S.WRONG_ANSWER, *LEFT, S.RUNTIME_ERROR}),
    ({25}, rb("(Dir['/job/*'] + %w(/proc/self/environ /proc/self/cmdline)).each { |p| return -1 if File.binread(p).include?((x + 1).to_s) } if x > 9e8"), {S.PASSED}),
    ({26}, "exit!(0)\n" + rb(""), LEFT),
    ({26}, "BEGIN { exit!(0) }\n" + rb(""), LEFT),
    # leaves a moment later, when the first answer is out
    ({26}, rb("sleep 2 if x > 1", "Thread.new { sleep 0.1; exit!(0) }"), LEFT),
    ({24, 27}, rb("raise 'no'", "at_exit { exit!(0) }; trap('EXIT') { exit!(0) }"), {S.RUNTIME_ERROR}),
    ({28}, rb("IO.for_fd(3, 'w', autoclose: false).syswrite(\"=\\t0\\t2\\n\")"), LEFT),
    ({29}, rb("exit!(0) if x == 5"), LEFT),
]
SLOW = [
    ({16}, rb("%w(TERM INT HUP XCPU).each { |s| trap(s, 'IGNORE') }\nProcess.kill('STOP', $$)\nloop {}"), {S.TIMEOUT}),
    ({1}, rb("200.times { fork { sleep 60 } }"), {S.PROCESS_LIMIT, S.TIMEOUT}),
]
ABSENT = {
    20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
