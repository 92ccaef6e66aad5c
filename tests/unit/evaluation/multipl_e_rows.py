"""One small task in every language, in MultiPL-E's form, with a right and a wrong answer.

The function: is any prefix sum of `numbers` below `limit`? Written for these tests.
"""

from typing import Any

ANSWERS = {
    "py": """
    total = 0
    for n in numbers:
        total += n
        if total < limit:
            return True
    return False
""",
    "cpp": """
    long total = 0;
    for (long n : numbers) { total += n; if (total < limit) return true; }
    return false;""",
    "java": """
        long total = 0L;
        for (long n : numbers) { total += n; if (total < limit) return true; }
        return false;""",
    "js": """
  let total = 0;
  for (const n of numbers) { total += n; if (total < limit) return true; }
  return false;
}
""",
    "ts": """
  let total: number = 0;
  for (const n of numbers) { total += n; if (total < limit) return true; }
  return false;
}
""",
    "php": """
    $total = 0;
    foreach ($numbers as $n) { $total += $n; if ($total < $limit) return true; }
    return false;
}
""",
    "sh": """
    local total=0 n
    for n in $1; do
        total=$((total + n))
        if [ $total -lt $2 ]; then echo true; return; fi
    done
    echo false""",
    "cs": """
        long total = 0L;
        foreach (long n in numbers) { total += n; if (total < limit) return true; }
        return false;""",
    "go": """
    total := 0
    for _, n := range numbers { total += n; if total < limit { return true } }
    return false
}
""",
    "rs": """
    let mut total = 0;
    for n in numbers { total += n; if total < limit { return true; } }
    false""",
    "hs": " any (< limit) (scanl1 (+) numbers)",
    "scala": """
        var total = 0L
        numbers.exists { n => total += n; total < limit }""",
    "lua": """
    local total = 0
    for _, n in ipairs(numbers) do total = total + n; if total < limit then return true end end
    return false
end
""",
    "pl": """
    my $total = 0;
    for my $n (@$numbers) { $total += $n; return 1 if $total < $limit; }
    return "";
}
""",
    "rb": """
  total = 0
  numbers.any? { |n| (total += n) < limit }
end
""",
    "r": """
    length(numbers) > 0 && any(cumsum(numbers) < limit)
}
""",
    "rkt": """
  (let loop ([rest numbers] [total 0])
    (and (pair? rest)
         (let ([now (+ total (car rest))]) (or (< now limit) (loop (cdr rest) now))))))
""",
    "ml": """
  let rec go total = function
    | [] -> false
    | n :: rest -> total + n < limit || go (total + n) rest in
  go 0 numbers
""",
    "d": """
{
    long total = 0;
    foreach (n; numbers) { total += n; if (total < limit) return true; }
    return false;
}
""",
}

LISTS = {"cpp": "std::vector<long>({{{}}})", "js": "[{}]", "ts": "[{}]", "php": "array({})",
         "java": "new ArrayList<Long>(Arrays.asList({}))", "sh": '"{}"', "d": "[{}]",
         "cs": "new List<long>(new long[]{{{}}})", "go": "[]int{{{}}}", "rs": "vec![{}]",
         "scala": "List[Long]({})", "hs": "[{}]", "lua": "{{{}}}",
         "pl": "[{}]", "rb": "[{}]", "r": "c({})",
         "rkt": "(list {})", "ml": "[{}]", "py": "[{}]"}

PROMPTS = {
    "py": "from typing import List\n\ndef dips(numbers: List[int], limit: int) -> bool:\n"
          '    """ Does it dip?"""',
    "cpp": "#include<assert.h>\n#include<bits/stdc++.h>\n// Does it dip?\n"
           "bool dips(std::vector<long> numbers, long limit) {\n",
    "java": "import java.util.*;\nimport org.javatuples.*;\nclass Problem {\n    // Does it dip?\n"
            "    public static boolean dips(ArrayList<Long> numbers, long limit) {\n",
    "js": "//Does it dip?\nfunction dips(numbers, limit){\n",
    "ts": "//Does it dip?\nfunction dips(numbers: number[], limit: number): boolean {\n",
    "php": "<?php\n// Does it dip?\nfunction dips($numbers, $limit) {\n",
    "sh": "#!/bin/bash\n# Does it dip?\n#\n# $1 is a space-separated list\n# $2 is an integer\n"
          "dips() {\n",
    "cs": "using System;\nusing System.Diagnostics;\nusing System.Collections.Generic;\n"
          "class Problem {\n    // Does it dip?\n"
          "    public static bool Dips(List<long> numbers, long limit) {\n",
    "go": "package dips_test\n\nimport (\n    \"testing\"\n    \"fmt\"\n)\n\n// Does it dip?\n"
          "func dips(numbers []int, limit int) bool {\n",
    "rs": "/// Does it dip?\nfn dips(numbers: Vec<isize>, limit: isize) -> bool {\n",
    "hs": "-- | Does it dip?\ndips :: [Int] -> Int -> Bool\ndips numbers limit =",
    "scala": "import scala.math._\nimport scala.collection.mutable._\nobject Problem {\n"
             "    // Does it dip?\n"
             "    def dips(numbers : List[Long], limit : Long) : Boolean = {\n",
    "lua": "-- Does it dip?\nlocal function dips(numbers, limit)\n",
    "pl": "# Does it dip?\nsub dips {\n    my($numbers, $limit) = @_;\n",
    "rb": "# Does it dip?\ndef dips(numbers, limit)\n",
    "r": "# Does it dip?\ndips <- function(numbers, limit) {",
    "rkt": "#lang racket\n\n;; Does it dip?\n(define (dips numbers limit)\n",
    "ml": "(**Does it dip?\n*)\nlet dips (numbers : int list) (limit : int) : bool =\n",
    "d": "import std.math;\n/*\nDoes it dip?\n*/\nbool dips(long[] numbers, long limit) \n",
}

FRAMES = {
    "py": ("def check(candidate):\n", "    assert candidate({list}, {limit}) == {result}\n",
           "\ndef test_check():\n    check(dips)\n\ntest_check()\n"),
    "cpp": ("}}\nint main() {{\n    auto candidate = dips;\n",
            "    assert(candidate(({list}), ({limit})) == ({result}));\n", "}}\n"),
    "java": ("    }}\n    public static void main(String[] args) {{\n",
             "    assert(dips(({list}), ({limit}l)) == ({result}));\n", "    }}\n\n}}\n"),
    "js": ("const assert = require('node:assert');\n\n\nfunction test() {{\n"
           "  let candidate = dips;\n",
           "  assert.deepEqual(candidate({list}, {limit}),{result});\n", "}}\n\ntest();"),
    "ts": ("declare var require: any;\nconst assert = require('node:assert');\n\n\n"
           "function test() {{\n  let candidate = dips;\n",
           "  assert.deepEqual(candidate({list}, {limit}),{result});\n", "}}\n\ntest();"),
    "php": ("function candidate(...$args) {{\n    return dips(...$args);\n}}\n\n"
            "function test(): void {{\n",
            "    if (candidate({list}, {limit}) !== {result}) "
            "{{ throw new Exception(\"Test failed!\"); }}\n", "}}\n\ntest();"),
    "sh": ("}}\n\ncandidate() {{\n    dips \"$@\"\n}}\n\nset -e\nrun_test() {{\n",
           "    [[ $(candidate {list} \"{limit}\") = \"{result}\" ]]\n", "}}\n\nrun_test"),
    "cs": ("    }}\n    public static void Main(string[] args) {{\n",
           "    Debug.Assert(Dips(({list}), ({limit}L)) == ({result}));\n", "    }}\n\n}}\n"),
    "go": ("func TestDips(t *testing.T) {{\n  candidate := dips\n\ttype test struct {{\n"
           "\t\tactual   interface{{}}\n\t\texpected interface{{}}\n\t}}\n   tests := []test{{\n",
           "     {{ actual: candidate({list}, {limit}), expected: {result} }},\n",
           "   }}\n\n\tfor i, tc := range tests {{\n\t\tt.Run(fmt.Sprintf(\"test num % d\", i), "
           "func(t *testing.T) {{\n\t\t\tif fmt.Sprintf(\"%v\", tc.actual) != "
           "fmt.Sprintf(\"%v\", tc.expected) {{\n\t\t\t\tt.Errorf(\"expected '%s', got '%s'\", "
           "tc.expected, tc.actual)\n\t\t\t}}\n\t\t}})\n\t}}\n}}\n"),
    "rs": ("}}\n\nfn main() {{\n    let candidate = dips;\n",
           "    assert_eq!(candidate({list}, {limit}), {result});\n", "}}\n"),
    "hs": ("\nmain :: IO ()\nmain = do\n  let candidate = dips\n",
           "  if candidate {list} {limit} == {result} then pure () "
           "else error \"assertion failed\"\n",
           "  pure ()\n"),
    "scala": ("    }}\n    def main(args: Array[String]) = {{\n",
              "    assert(dips(({list}), ({limit}l)) == ({result}));\n", "    }}\n\n}}\n"),
    "lua": ("lu = require('luaunit')\n\nfunction test_humaneval()\nlocal candidate = dips\n",
            "    lu.assertEquals(candidate({list}, {limit}), {result})\n",
            "end\n\nos.exit(lu.LuaUnit.run())"),
    "pl": ("use Test::Deep;\n\n\nsub testhumaneval {{\n    my $candidate = \\&dips;\n",
           "        if(eq_deeply($candidate->({list}, {limit}),{result})) {{\n"
           "        print \"ok!\" }}else{{\n        exit 1;\n        }}\n",
           "}}\n\ntesthumaneval();"),
    "rb": ("require 'test/unit'\nclass TestHumanEval < Test::Unit::TestCase\n  def test_dips\n"
           "    candidate = method(:dips)\n",
           "    assert_equal({result}, candidate.call({list}, {limit}))\n", "  end\nend\n"),
    "r": ("test_humaneval <- function() {{\n    candidate <- dips\n",
          "    stopifnot(isTRUE(all.equal(candidate({list}, {limit}), {result})))\n",
          "}}\ntest_humaneval()"),
    "rkt": ("(require rackunit)\n\n(define (test-humaneval) \n\n  (let (( candidate dips))\n",
            "    (check-within (candidate {list} {limit}) {result} 0.001)\n",
            "))\n\n(test-humaneval)"),
    "ml": ("let assertions =\n let candidate = dips in\n",
           "  (assert ((candidate {list} {limit}) = {result}));\n", "  ()\n"),
    "d": ("unittest\n{{\n    alias candidate = dips;\n\n",
          "    assert(candidate({list}, {limit}) == {result});\n", "}}\nvoid main(){{}}"),
}
FRAMES["py"] = tuple(part.replace("{}", "{{}}") for part in FRAMES["py"])  # type: ignore[assignment]

TRUE = {"py": ("True", "False"), "hs": ("True", "False"), "pl": ("1", '""'),
        "r": ("TRUE", "FALSE"), "rkt": ("#t", "#f")}
STOPS = {"py": ["\ndef", "\n#", "\nif", "\nclass"], "cpp": ["\n}"], "java": ["\n    }\n"],
         "js": ["\nfunction ", "\n/*", "\n//", "\nconsole.log"], "php": ["\nfunction", "\n?>"],
         "ts": ["\nfunction ", "\n/*", "\n//", "\nclass"], "sh": ["\n}"], "cs": ["\n    }\n"],
         "go": ["\nfunc", "struct", "\n// "], "rs": ["\n}"], "scala": ["\n    }\n"],
         "hs": ["\n\n", "\n--"],
         "lua": ["\nlocal", "\nfunction", "\n--", "\n\n"], "pl": ["\nsub", "\n#", "\n\n"],
         "rb": ["\nclass", "\ndef", "\n#", "\n\n"], "r": ["\n#", "\n```"],
         "rkt": ["\n(define ", "\n#|", "\n;", "\n("], "ml": ["\n\n", "\n(*", "\ntype", "\nlet"],
         "d": ["\n\n", "\nvoid", "\nbool", "\nint"]}
CASES = [([1, 2, 3], 0, False), ([1, 2, 4, 5], 2, True), ([], 0, False), ([5, 1], 5, False)]
LONGS = {"java": "(long){}l", "scala": "{}l", "d": "{}L"}
GAPS = {"sh": " ", "rkt": " ", "ml": "; "}


def row(extension: str) -> dict[str, Any]:
    """The task in one language."""
    first, line, last = FRAMES[extension]
    true, false = TRUE.get(extension, ("true", "false"))
    body = "".join(line.format(
        list=LISTS[extension].format(GAPS.get(extension, ", ").join(
            LONGS.get(extension, "{}").format(n) for n in numbers)),
        limit=limit, result=true if result else false) for numbers, limit, result in CASES)
    return {"name": "Own_0_dips", "language": extension, "prompt": PROMPTS[extension],
            "doctests": "transform", "original": "Own_0_dips.py", "prompt_terminology": "reworded",
            "tests": first.format() + body + last.format(), "stop_tokens": STOPS[extension]}


def wrong(extension: str) -> str:
    """The answer with its comparison turned round."""
    return ANSWERS[extension].replace("-lt", "-gt").replace("< limit", "> limit").replace(
        "< $limit", "> $limit").replace("(< now limit)", "(> now limit)")


def fenced(extension: str, tag: str) -> str:
    """What a chat model says: the whole code in a block."""
    code = PROMPTS[extension] + ANSWERS[extension].rstrip("\n")
    if "\n}" in STOPS[extension]:
        code += "\n}"
    if extension in ("java", "cs", "scala"):
        code += "\n    }\n}"
    return f"Here it is:\n\n```{tag}\n{code}\n```\nIt sums up.\n"
