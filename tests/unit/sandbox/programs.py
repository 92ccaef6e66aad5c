"""Whole programs, by language: one that doubles a number read from stdin, and one with a function
`f` (x + 1) and tests for it that hold, that fail, and that never run."""

DOUBLE = {
    "bash": "read n; echo $((n * 2))",
    "c": '#include <stdio.h>\nint main() { int n; scanf("%d", &n); printf("%d\\n", n * 2); }',
    "cpp": "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n * 2; }",
    "d": "import std.stdio;\nvoid main() { int n; readf!\" %d\"(n); writeln(n * 2); }",
    "java": "import java.util.*;\npublic class Twice {\n  public static void main (String[] a) {\n"
            "    System.out.println(2 * new Scanner(System.in).nextInt()); } }",
    "javascript": "console.log(parseInt(require('fs').readFileSync(0, 'utf8')) * 2)",
    "lua": "print(io.read('n') * 2)",
    "ocaml": 'let () = Scanf.scanf " %d" (fun n -> print_int (n * 2))',
    "perl": "my $n = <STDIN>; print $n * 2",
    "php": "<?php echo intval(fgets(STDIN)) * 2;",
    "python": "print(int(input()) * 2)\n",
    "racket": "(display (* 2 (read)))",
    "ruby": "puts gets.to_i * 2",
    "typescript": "const n: number = parseInt(require('fs').readFileSync(0, 'utf8'));\n"
                  "console.log(n * 2)",
}

# language: (code, tests that hold, tests that fail, tests that leave before their end)
ASSERTIONS = {
    "bash": ("f() { echo $(($1 + 1)); }", "set -e\n[[ $(f 1) = 2 ]]", "set -e\n[[ $(f 1) = 3 ]]",
             "exit 0"),
    "c": ("#include <assert.h>\n#include <stdlib.h>\nint f(int x) { return x + 1; }",
          "int main() { assert(f(1) == 2); return 0; }", "int main() { assert(f(1) == 3); }",
          "int main() { exit(0); }"),
    "cpp": ("#include <cassert>\nint f(int x) { return x + 1; }",
            "int main() { assert(f(1) == 2); return 0; }", "int main() { assert(f(1) == 3); }",
            "int main() { exit(0); }"),
    "d": ("int f(int x) { return x + 1; }", "void main() { assert(f(1) == 2); }",
          "void main() { assert(f(1) == 3); }",
          "import core.stdc.stdlib;\nvoid main() { exit(0); }"),
    "java": ("class P {\n  static int f(int x) { return x + 1; }\n",
             "public static void main(String[] args) { assert(f(1) == 2); }\n}",
             "public static void main(String[] args) { assert(f(1) == 3); }\n}",
             "public static void main(String[] args) { System.exit(0); }\n}"),
    "javascript": ("function f(x) { return x + 1 }", "if (f(1) !== 2) throw 1;",
                   "if (f(1) !== 3) throw 1;", "process.exit(0)"),
    "lua": ("function f(x) return x + 1 end", "assert(f(1) == 2)", "assert(f(1) == 3)",
            "os.exit(0)"),
    "ocaml": ("let f x = x + 1", ";; assert (f 1 = 2)", "let () = assert (f 1 = 3)",
              "let () = exit 0"),
    "perl": ("sub f { return $_[0] + 1 }", "die if f(1) != 2;", "die if f(1) != 3;", "exit(0);"),
    "php": ("function f($x) { return $x + 1; }", "if (f(1) !== 2) throw new Exception('x');",
            "if (f(1) !== 3) throw new Exception('x');", "exit(0);"),
    "python": ("def f(x): return x + 1\n", "assert f(1) == 2\n", "assert f(1) == 3\n",
               "import sys\nsys.exit(0)\n"),
    "racket": ("(define (f x) (+ x 1))", "(require rackunit)\n(check-equal? (f 1) 2)",
               "(require rackunit)\n(check-equal? (f 1) 3)", "(exit 0)"),
    "ruby": ("def f(x)\n  x + 1\nend", "raise 'x' if f(1) != 2", "raise 'x' if f(1) != 3",
             "exit!(0)"),
    "typescript": ("function f(x: number): number { return x + 1 }",
                   "if (f(1) !== 2) throw new Error('x');", "if (f(1) !== 3) throw new Error('x');",
                   "process.exit(0)"),
}
