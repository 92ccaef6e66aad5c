"""Sources: functions cut out with what they need, schemas and faults named, splits by function."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oorl.errors import DataError, UnknownName
from oorl.ir.compile import CFunction
from oorl.ir.distance import token_distance
from oorl.ir.groups import build_from_sources
from oorl.ir.identity import benchmark_marks, distinct, fingerprint, place, split_of
from oorl.ir.sources import get_source, source_names
from oorl.ir.sources._cut import cut
from oorl.ir.verify import verify_groups
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams
from tests.unit.ir.hub import COMMIT, hub

FILE = """#include <stdio.h>
#define LIMIT 10
/* a comment { */
typedef struct { int a; } pair;
static const int steps[] = {3, 1, 4};
int unused(int x) { return x; }
static int helper(int x) {
    return x > LIMIT ? steps[x % 3] : x * 2;
}
int score(const int *xs, int xs_len) {
    int s = 0;
    for (int i = 0; i < xs_len; i++) s += helper(xs[i]) - '{';
    return s;
}
int main(void) { printf("%d\\n", unused(3)); return 0; }
"""
SCORE = """static const int steps[] = {3, 1, 4};
static int helper(int x) {
    return x > 10 ? steps[x % 3] : x * 2;
}
int score(const int *xs, int xs_len) {
    int s = 0;
    for (int i = 0; i < xs_len; i++) s += helper(xs[i]) - '{';
    return s;
}"""


def params(source: str, path: str, **more: object) -> IRGroupsParams:
    return IRGroupsParams(source=source, path=path, workers=1, **more)  # type: ignore[arg-type]


def test_functions_are_cut_with_what_they_need() -> None:
    found = dict(cut(FILE, "c"))
    assert list(found) == ["unused", "helper", "score"]
    assert found["score"] == SCORE
    assert found["unused"] == "int unused(int x) { return x; }"


def test_cpp_and_rust_are_cut() -> None:
    cpp = "#include <x>\nusing namespace std;\nint twice(int x) { return max(x, 2) * 2; }\n//TOFILL"
    assert dict(cut(cpp, "cpp")) == {
        "twice": "using namespace std;\nint twice(int x) { return max(x, 2) * 2; }"}
    rust = ("#![feature(main)]\n#[no_mangle]\npub unsafe fn low(x: i32, y: i32)\n -> i32 {\n"
            "    return if x < y { x } else { y };\n}\nfn other(x: i32) -> i32 { x }\n"
            "pub fn f(x: i32) -> i32 { unsafe { low(x, 3) } }\npub fn main() { }")
    found = dict(cut(rust, "rust"))
    assert list(found) == ["low", "other", "f"]
    assert "low" in found["f"]
    assert "other" not in found["f"]


def test_a_folder_of_c_files_gives_proven_groups(tmp_path: Path) -> None:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "deep" / "a.c").write_text(FILE)
    (tmp_path / "src" / "empty.c").write_text("int x;\n")
    (tmp_path / "src" / "other.cpp").write_text("int f(int x) { return x; }\n")
    settings = params("folder", "src")
    sources, refused = get_source("folder").load(settings, tmp_path)
    assert [s.problem_id for s in sources] == [f"folder:deep/a.c:{name}" for name in
                                               ("unused", "helper", "score")]
    assert refused == {"file without a function": 1}
    found, counts = build_from_sources(sources, settings, 1, progress=False)
    assert "folder:deep/a.c:score" in {group.problem_id for group in found}
    assert counts["in"] == 3
    assert verify_groups(found).share == 1.0


def transcoder_file(path: Path) -> Path:
    c = ("#include <stdio.h>\nint min(int x, int y) { return (x < y)? x: y; }\n"
         "int f_gold ( int n ) { int s = 0; for (int i = 0; i < n; i++) s += min(i, 7); return s; }"
         "\nint f_filled ( int n ) {}\nint main(void) { return f_gold(3); }")
    rows = [{"name": "ONE", "programs": {"c": c, "cpp": c.replace("n ) {}", "n ) {}"),
                                         "java": "class A {}"}},
            {"name": "TWO", "programs": {"c": "int main(void) { return 0; }"}}]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def test_transcoder_rows(tmp_path: Path) -> None:
    transcoder_file(tmp_path / "gfg.jsonl.gz")
    settings = params("transcoder", "gfg.jsonl.gz", languages=("c", "cpp"))
    sources, refused = get_source("transcoder").load(settings, tmp_path)
    assert [(s.problem_id, s.function.name) for s in sources] == [
        ("transcoder:ONE:c", "f_gold"), ("transcoder:ONE:cpp", "f_gold")]
    assert "f_filled" not in sources[0].function.source
    assert "int min" in sources[0].function.source
    assert refused == {"no f_gold": 1}
    assert len({s.split for s in place(sources, 0.5)}) == 1  # one function, two languages
    (tmp_path / "bad.jsonl").write_text('{"name": "x"}\n')
    with pytest.raises(DataError, match=r"bad\.jsonl: row 1: KeyError"):
        get_source("transcoder").load(params("transcoder", "bad.jsonl"), tmp_path)


def test_sltrans_parquet(tmp_path: Path) -> None:
    for name, column in (("C", "Source_Code"), ("Rust", "Source_Code")):
        (tmp_path / "sl" / name).mkdir(parents=True)
        text = FILE if name == "C" else "pub fn f(x: i32) -> i32 { x * 3 }"
        pq.write_table(pa.table({column: [text, ""], "IR_Original": ["old IR", ""]}),
                       tmp_path / "sl" / name / "Perf_Optimized-00000.parquet")
    settings = params("sltrans", "sl", languages=("c", "rust"), revision="abc")
    sources, refused = get_source("sltrans").load(settings, tmp_path)
    assert [(s.function.language, s.function.name, s.revision) for s in sources] == [
        ("c", "unused", "abc"), ("c", "helper", "abc"), ("c", "score", "abc"), ("rust", "f", "abc")]
    assert not refused
    with pytest.raises(DataError, match=r"no column 'content'; it has Source_Code"):
        get_source("sltrans").load(params("sltrans", "sl", source_column="content"), tmp_path)


HUB_CARD = """---
configs:
- config_name: C
  data_files:
  - {split: Size_Optimized, path: "C/Size_Optimized-*"}
  - {split: Perf_Optimized, path: "C/Perf_Optimized-*"}
- config_name: Rust
  data_files:
  - {split: Perf_Optimized, path: "Rust/Perf_Optimized-*"}
---
"""
LOAD = """
import json, sys
from pathlib import Path
from oorl.errors import DataError
from oorl.ir.sources import get_source
from oorl.params.ir_groups import IRGroupsParams
for revision in sys.argv[2:]:
    params = IRGroupsParams(source="sltrans", path="UKPLab/SLTrans", languages=("c", "rust"),
                            revision=revision)
    try:
        sources, _ = get_source("sltrans").load(params, Path(sys.argv[1]))
        print(json.dumps([[s.function.language, s.function.name, s.revision] for s in sources]))
    except DataError as error:
        print(json.dumps([error.problem, error.remedy]))
"""


def test_sltrans_from_a_hub(tmp_path: Path) -> None:
    def parquet(text: str) -> bytes:
        out = io.BytesIO()
        pq.write_table(pa.table({"Source_Code": [text, ""], "IR_Original": ["old IR", ""]}), out)
        return out.getvalue()

    files = {"README.md": HUB_CARD.encode(),
             "C/Perf_Optimized-00000-of-00001.parquet": parquet(FILE),
             "C/Size_Optimized-00000-of-00001.parquet": parquet("int other(int x) { return x; }"),
             "Rust/Perf_Optimized-00000-of-00001.parquet": parquet("pub fn f(x: i32) -> i32 { x }")}

    def load(address: str, offline: str, *revisions: str) -> list[Any]:
        settings = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": offline,
                    "NO_PROXY": "127.0.0.1"}
        done = subprocess.run([sys.executable, "-c", LOAD, str(tmp_path), *revisions], text=True,
                              env={**os.environ, **settings}, capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    with hub("UKPLab/SLTrans", files) as (address, asked):
        good, bad = load(address, "0", COMMIT, "f" * 40)
        paths = [line.split()[1] for line in asked if "parquet" in line or "/tree/" in line]
        assert paths
        assert all(COMMIT in path for path in paths)  # nothing but the pinned commit is read
        asked.clear()
        ((problem, remedy),) = load(address, "1", COMMIT)
        assert load(address, "", COMMIT) == [[problem, remedy]]  # the default
        assert not asked
    assert good == [["c", "unused", COMMIT], ["c", "helper", COMMIT], ["c", "score", COMMIT],
                    ["rust", "f", COMMIT]]
    assert "f" * 40 in bad[0]
    assert "UKPLab/SLTrans" in problem
    assert "downloads are off" in problem
    assert "HF_HUB_OFFLINE=0" in remedy
    assert "download its Parquet files" in remedy


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="sltrans"):
        get_source("sltran")
    assert source_names() == ["problems", "folder", "sltrans", "transcoder"]
    with pytest.raises(DataError, match=r"ir_groups\.path is not set"):
        get_source("folder").load(params("folder", ""), tmp_path)
    with pytest.raises(DataError, match="nowhere: not found"):
        get_source("folder").load(params("folder", "nowhere"), tmp_path)


def test_names_comments_and_space_do_not_make_another_function() -> None:
    twin = "// other\nint total(int m) {\n int acc = 1; return acc + m; }"
    base = "int f(int n) { int s = 1; return s + n; }"
    assert fingerprint(base) == fingerprint(twin)
    assert fingerprint(base) == fingerprint(base, "cpp")
    for other in ("int f(int n) { int s = 2; return s + n; }",
                  "int f(int n) { int s = 1; return n + s; }",
                  "long f(int n) { int s = 1; return s + n; }"):
        assert fingerprint(base) != fingerprint(other)


def test_benchmarks_and_twins_are_left_out(tmp_path: Path) -> None:
    path = transcoder_file(tmp_path / "bench.jsonl.gz")
    marks = benchmark_marks([path], ["c"])
    renamed = ("int low(int a, int b) { return (a < b)? a: b; }\n"
               "int g(int k) { int t = 0; for (int j = 0; j < k; j++) t += low(j, 7); return t; }")
    texts = [("g", renamed), ("score", SCORE), ("points", SCORE.replace("score", "points"))]
    kept, refused = distinct([Source(name, "", CFunction(text, name)) for name, text in texts],
                             marks)
    assert [s.problem_id for s in kept] == ["score"]
    assert refused == {"also in bench.jsonl.gz": 1, "same function as another": 1}


@given(st.text(max_size=8))
def test_splits_are_stable_and_test_only_grows(mark: str) -> None:
    assert split_of(mark, 0.0) != "test"
    if split_of(mark, 0.1) == "test":
        assert split_of(mark, 0.3) == "test"


@cache
def slow_distance(x: tuple[str, ...], y: tuple[str, ...]) -> int:
    """Levenshtein by its definition."""
    if not x or not y:
        return len(x) + len(y)
    return min(slow_distance(x[1:], y) + 1, slow_distance(x, y[1:]) + 1,
               slow_distance(x[1:], y[1:]) + (x[0] != y[0]))


@given(st.lists(st.sampled_from("ab1"), max_size=7), st.lists(st.sampled_from("ab1"), max_size=7),
       st.integers(1, 9))
def test_token_distance_is_levenshteins(x: list[str], y: list[str], limit: int) -> None:
    wanted = min(slow_distance(tuple(x), tuple(y)), limit + 1)
    assert token_distance(" ".join(x), " ".join(y), limit) == wanted
