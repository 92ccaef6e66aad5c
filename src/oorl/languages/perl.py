"""Perl 5: lists and maps are array and hash references; the function is called in scalar context.

Perl keeps neither numbers and strings nor bools apart, so a scalar is read as the signature says:
int is digits or an integral number within 2^53; bool is 1, 0, the empty string or undef; str is
any scalar. Strings are character strings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oorl.languages.base import (
    Language,
    Probe,
    Program,
    Tool,
    Warm,
    pack_job,
    runtime_file,
    source_bytes,
    warm_part,
    words,
)
from oorl.languages.values import escaped, nested
from oorl.records import Json, Signature, Type

DRIVER = r'''
package oorl_driver;
use strict; no warnings;
open(my $out, '>&=', 3) or exit(97);  # not POSIX::_exit: loading POSIX costs more than perl
sub put_line {
    my $data = join("\t", @_) . "\n";
    my $at = 0;
    while ($at < length $data) {
        my $n = syswrite($out, $data, length($data) - $at, $at);
        exit(97) unless $n;
        $at += $n;
    }
}
sub one_line {
    my $text = substr("$_[0]", 0, 500);
    $text =~ s/\s+/ /g;
    $text =~ s/[^ -~]/?/g;
    return $text;
}
sub quote {
    my $text = shift;
    $text =~ s/(["\\])/\\$1/g;
    $text =~ s/([^ -~])/ord($1) > 0xFFFF
        ? sprintf('\u%04x\u%04x', 0xD800 + ((ord($1) - 0x10000) >> 10),
                  0xDC00 + ((ord($1) - 0x10000) & 0x3FF))
        : sprintf('\u%04x', ord($1))/ge;
    return "\"$text\"";
}
sub is_number { return $_[0] =~ /^\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?)\s*$/ }
sub encode {
    my ($kind, $value) = @_;
    my $name = $kind->[0];
    if ($name eq 'optional') { return defined $value ? encode($kind->[1], $value) : 'null' }
    if ($name eq 'list') {
        die "list expected\n" unless ref $value eq 'ARRAY';
        return '[' . join(',', map { encode($kind->[1], $_) } @$value) . ']';
    }
    if ($name eq 'map') {
        die "map expected\n" unless ref $value eq 'HASH';
        return '[' . join(',', map {
            '[' . encode($kind->[1], $_) . ',' . encode($kind->[2], $value->{$_}) . ']'
        } keys %$value) . ']';
    }
    die "$name expected, got a reference\n" if ref $value;
    if ($name eq 'bool') {
        return 'false' if !defined $value || $value eq '' || $value eq '0';
        return 'true' if $value eq '1';
        die "bool expected\n";
    }
    die "$name expected, got undef\n" unless defined $value;
    return quote($value) if $name eq 'str';
    if ($name eq 'int') {
        return $value if $value =~ /^-?(0|[1-9]\d*)\z/;
        return sprintf('%.0f', $value)
            if is_number($value) && $value == int($value) && abs($value) <= 2**53;
        die "int expected\n";
    }
    return 'NaN' if $value =~ /^[-+]?nan/i;
    return ($1 eq '-' ? '-' : '') . 'Infinity' if $value =~ /^([-+]?)inf/i;
    die "float expected\n" unless is_number($value);
    return sprintf('%.17g', $value);
}
sub load {
    my $done = do { package main; do '/job/candidate.pl' };
    my $error = $@;
    if ($error) {
        # perl says "syntax error", "Execution of ... aborted" or "... aborted due to compilation".
        my $syntax = $error =~ /syntax error|compilation|Can't find string terminator|Missing/;
        put_line($syntax ? 'C' : 'L', one_line($error));
        exit(0);
    }
}
sub run {
    my ($name, $returns, $cases) = @_;
    load();
    my $function = main->can($name);
    unless ($function) { put_line('L', "sub $name is not defined"); exit(0) }
    for my $index (0 .. $#$cases) {
        my ($result, $text);
        unless (eval { $result = $function->($cases->[$index]->()); 1 }) {
            put_line('!', $index, one_line($@)); next;
        }
        if (eval { $text = encode($returns, $result); 1 }) { put_line('=', $index, $text) }
        else { put_line('?', $index, one_line($@)) }
    }
    finish();
}
'''


class Perl(Language):
    """Perl 5 of the machine."""

    name = "perl"
    title = "Perl"
    aliases = ("pl",)
    suffix = ".pl"
    fence = "perl"
    # Parameters carry a sigil: $x, $y and $if are fine, subs of these names are not.
    reserved = words(
        "BEGIN END STDIN STDOUT STDERR __FILE__ __LINE__ __PACKAGE__ __DATA__ __END__")
    reserved_functions = words(
        "if elsif else unless while until for foreach do sub my our local return last next redo "
        "package use no require and or not xor eq ne lt gt le ge cmp x q qq qw qr m s y tr abs "
        "accept alarm atan2 bind binmode bless caller chdir chmod chomp chop chown chr chroot "
        "close connect cos crypt defined delete die each eof eval exec exists exit exp fork "
        "format getc glob goto grep hex index int ioctl join keys kill lc lcfirst length link "
        "listen log lstat map mkdir oct open ord pack pipe pop pos print printf prototype push "
        "quotemeta rand read readline ref rename reset reverse rewinddir rindex rmdir say "
        "scalar seek select shift sin sleep socket sort splice split sprintf sqrt srand stat "
        "study substr symlink syscall system tell tie time times truncate uc ucfirst umask "
        "undef unlink unpack unshift untie utime values vec wait wantarray warn write import "
        "can isa")
    tools = (Tool(("perl",), "perl"),)
    completion = 'syswrite(STDOUT, "\\n@SECRET@\\n");'
    syntax_errors = r"^syntax error at|^Execution of .* aborted due to compilation errors"

    def declaration(self, signature: Signature) -> str:
        return f"sub {signature.name}  # ({', '.join('$' + p.name for p in signature.parameters)})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "undef" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return "[" + ", ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{self.literal(key, k)} => {self.literal(item, v)}" for k, v in value)
            return "{" + ", ".join(pairs) + "}"
        if type_.kind == "str":
            return escaped(value, "\\x{{{:x}}}".format).replace("$", "\\$").replace("@", "\\@")
        if type_.kind == "bool":
            return "1" if value else "0"
        if type_.kind == "float" and isinstance(value, str):
            return {"NaN": '"nan"+0', "Infinity": "9**9**9", "-Infinity": "-9**9**9"}[value]
        return repr(float(value)) if type_.kind == "float" else str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = "".join(
            "  sub { return (" + ", ".join(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True)) + ") },\n"
            for arguments in inputs)
        call = f"run('{signature.name}', {nested(signature.returns)}, [\n{cases}]);\n".encode()
        candidate = {"candidate.pl": source_bytes(code + "\n;1;\n")}
        files = candidate | {"driver.pl": DRIVER.encode() + b"sub finish { exit(0) }\n" + call}
        job = pack_job((), candidate | {"cases.pl": b"package oorl_driver;\n" + call})
        return Program(files, (self.find(), "/job/driver.pl"), warm=self.warm(), job=job)

    def warm(self) -> Warm | None:
        part = warm_part("perl-warm", "warm_perl.c", "warm.so")
        if part is None:
            return None
        driver = DRIVER.encode() + runtime_file("warm.pl")
        return Warm("perl", {"warm.pl": driver}, (self.find(), "/job/warm.pl"), (part,))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"sub count_even {{\n  my ($nums) = @_;\n  {text}\n}}\n"
        return {
            "ok": Probe(body("return scalar grep { $_ % 2 == 0 } @$nums;"), "passed"),
            "wrong": Probe(body("return scalar @$nums;"), "wrong_answer"),
            "compile_error": Probe("sub count_even { my ($nums = @_; }\n", "compile_error"),
            "crash": Probe(body("die 'no';"), "runtime_error"),
            "hang": Probe(body("while (1) {}"), "timeout"),
        }


LANGUAGE = Perl()
