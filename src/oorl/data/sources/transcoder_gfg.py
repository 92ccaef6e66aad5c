"""TransCoder's evaluation functions (Roziere et al. 2020, arXiv 2006.03511), from GeeksforGeeks.

`dataset.path` is its file, a row for each function: name, programs by language, each with the
function `f_gold` and a main that compares it with another one, on ten lists of arguments. The
arguments are Python's; what they give nobody wrote down, so the Python function is run for it.
Types are those that C++ or Java declare and the arguments have. C++'s function is taken over where
it can take our values, and dropped by itself where it does not give the same.

It is an evaluation set too: do not train on it a model that is judged by it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from oorl.data.infer import declared, encode, infer_type, plain_parameters, split_commas
from oorl.data.normal import normal_text
from oorl.data.sources import Loaded
from oorl.data.sources._rows import BAD_ROW, Row, read_rows, refuse, revision_of
from oorl.data.sources.mbxp import adapt
from oorl.data.splits import assign_split
from oorl.errors import DataError
from oorl.languages import get_language
from oorl.params.dataset import DatasetParams
from oorl.records import Case, Parameter, Problem, Signature, Type

LICENCE = "CC-BY-SA-2.0"
DECLARATION = r"^[ \t]*((?:[\w<>:]+[ \t]+)+)f_gold\s*\(([^)]*)\)"
Declared = tuple[list[Type | None], Type | None]


def load(params: DatasetParams, seed: int, root: Path) -> Loaded:
    """The problems in the file's order, `params.problems` at most, their results yet unknown."""
    loaded = Loaded([], independent=True)
    revision = revision_of(params, root)
    for place, row in read_rows(params, root):
        if len(loaded.problems) == params.problems:
            break
        name = ""
        try:
            if isinstance(row, DataError):
                raise row
            name = str(row["name"])
            problem, function = _problem(name, row["programs"], params, revision)
            for key in (problem.id, function):
                if key in loaded.seen:
                    raise ValueError(f"the same name or function as {loaded.seen[key]}")
        except BAD_ROW as error:
            refuse(loaded, place, error, name)
        else:
            loaded.seen |= {problem.id: problem.id, function: problem.id}
            loaded.problems.append(problem)
            loaded.unanswered[problem.id] = place
            loaded.statements[problem.id] = name.replace("_", " ").lower()
    return loaded


def _problem(title: str, programs: Row, params: DatasetParams, revision: str
             ) -> tuple[Problem, str]:
    """The problem and its function's normal text."""
    if "python" not in programs:
        raise ValueError("no Python program, whose arguments are the cases")
    slug = re.sub(r"\W+", "_", title).strip("_").lower()
    name = slug if slug[:1].isalpha() else f"f_{slug}"
    code, names, tests = function_and_arguments(programs["python"])
    offers = [d for x in ("cpp", "java") if x in programs and (d := declaration(programs[x]))]
    returns = [r for _, r in offers if r is not None]
    if not returns:
        raise ValueError("neither C++ nor Java declares a result of a type of ours")
    if any(len(arguments) != len(names) for arguments in tests):
        raise ValueError(f"a list of arguments is not as long as the parameters ({len(names)})")
    types = [infer_type([a[i] for a in tests],
                        [p[i] for p, _ in offers if len(p) == len(names)], parameter)
             for i, parameter in enumerate(names)]
    signature = Signature(name, tuple(map(Parameter, names, types)), returns[0])
    cases = tuple(Case(tuple(encode(t, a) for t, a in zip(types, arguments, strict=True)), None)
                  for arguments in tests)
    solutions = {"python": _named(code, name)}
    if "cpp" in programs and (own := cpp_solution(programs["cpp"], signature)):
        solutions["cpp"] = own
    if any(not get_language(x).supports_signature(signature) for x in solutions):
        raise ValueError("a name in it means something else in Python or C++")
    function = normal_text(solutions)
    return Problem(f"transcoder-{slug}", "transcoder_gfg", assign_split(function, params),
                   signature, cases[:params.cases], solutions, licence=LICENCE,
                   revision=revision), function


def function_and_arguments(text: str) -> tuple[str, list[str], list[list[Any]]]:
    """(code with `f_gold`, its parameters, lists of arguments). Raises `ValueError`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, MemoryError) as error:
        raise ValueError(f"the Python program does not parse: {error}") from None
    gold = [x for x in tree.body if isinstance(x, ast.FunctionDef) and x.name == "f_gold"]
    main = [x for block in tree.body if isinstance(block, ast.If) for x in block.body]
    lists = [x.value for x in [*tree.body, *main] if isinstance(x, ast.Assign)
             and [t.id for t in x.targets if isinstance(t, ast.Name)] == ["param"]]
    if len(gold) != 1 or len(lists) != 1:
        raise ValueError("not one f_gold and one list `param` in the Python program")
    if "filled_function_param" in text:
        raise ValueError("it is tested by what it does to its arguments, not by a result")
    names = [a.arg for a in plain_parameters(gold[0])]
    lines = text.split("\n")
    kept = ["\n".join(lines[x.lineno - 1:x.end_lineno]) + "\n" for x in tree.body
            if not isinstance(x, ast.If)]
    return "".join(kept), names, [list(a) for a in ast.literal_eval(lists[0])]


def declaration(text: str) -> Declared | None:
    """The types of `f_gold`'s parameters and result in C++ or Java; None without it."""
    found = re.search(DECLARATION, text, re.M)
    if found is None:
        return None
    return [_declared(p) for p in split_commas(found[2])], _declared(f"{found[1]} result")


def _declared(text: str) -> Type | None:
    """The type of `int arr [ ]`, `String [] names`, `unsigned int n`."""
    text = re.sub(r"=.*|&|\b(public|private|static|final|const|unsigned|signed)\b", "", text)
    brackets = re.findall(r"\[[^\]]*\]", text)
    words = re.sub(r"\[[^\]]*\]", " ", text).split()[:-1]
    base = re.sub(r"\b(?:(?:long|short)\s+)*(?:int|long)\b", "int", " ".join(words))
    type_ = declared({"char": "string", "Character": "String"}.get(base, base))
    for _ in brackets:
        type_ = type_ and Type("list", (type_,))
    return type_


def cpp_solution(text: str, signature: Signature) -> str:
    """C++'s function under the signature's name, arrays taken from vectors; "" if it cannot."""
    found = re.search(DECLARATION, text, re.M)
    start, mark = text.find("using namespace std;"), text.find("//TOFILL")
    if found is None or start < 0 or mark < 0:
        return ""
    parameters = split_commas(found[2])
    arrays = ["[" in p for p in parameters]
    if len(parameters) != len(signature.parameters) or re.search(r"\]\s*\[|\bchar\b", found[0]):
        return ""
    code = adapt("cpp", text[start + len("using namespace std;"):mark].strip() + "\n")
    if not any(arrays):
        return _named(code, signature.name)
    inner = f"{signature.name}_of_arrays"
    given = ", ".join(f"{p.name}.data()" if array else p.name
                      for p, array in zip(signature.parameters, arrays, strict=True))
    return (f"{_named(code, inner)}\n{get_language('cpp').declaration(signature)} {{\n"
            f"  return {inner}({given});\n}}\n")


def _named(code: str, name: str) -> str:
    return re.sub(r"\bf_gold\b", name, code)
