"""Groups from sources: honest labels, counts that add up, the same bytes however they are built."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oorl.errors import DataError, InfraError, UnknownName
from oorl.ir import groups as building
from oorl.ir import mutate
from oorl.ir.chunk import build_chunk
from oorl.ir.cli import describe, side_by_side
from oorl.ir.distance import token_distance
from oorl.ir.groups import build_from_sources, build_groups
from oorl.ir.page import groups_page
from oorl.ir.pool import Pool
from oorl.ir.tables import read_groups, to_row, write_groups
from oorl.ir.verify import verify_groups
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import Case, IRGroup, Parameter, Problem, Signature, Type
from tests.unit.ir.c_sources import GOOD, REFUSED, good_sources, many, source

PARAMS = IRGroupsParams(workers=1)


@pytest.fixture(scope="module")
def groups() -> list[IRGroup]:
    found, counts = build_from_sources(good_sources(), PARAMS, 7, progress=False)
    assert counts == {"in": len(GOOD), "kept": len(GOOD), "refused": {}}
    return found


def named(groups: list[IRGroup], name: str) -> IRGroup:
    return next(g for g in groups if g.problem_id == f"p-{name}")


def test_shape_of_a_group(groups: list[IRGroup]) -> None:
    for group in groups:
        assert len(group.winners) == len(group.losers) == 4
        assert 10 <= len(group.inputs) <= 24
        texts = [w.ir for w in group.winners] + [lo.ir for lo in group.losers]
        assert len(set(texts)) == 8
        assert all(f"@{group.problem_id[2:]}(" in text for text in texts)
        assert group.winners[0].recipe == "Oz"
        assert "LLVM 22" in group.toolchain
        assert all(x.tokens == len(re.findall(r"\w+|[^\w\s]", x.ir)) > 10
                   for x in (*group.winners, *group.losers))
        for loser in group.losers:
            assert loser.witness["input"] in group.inputs
            assert loser.witness["expected"] != loser.witness["got"]
            assert 0 < loser.hardness <= 1
            assert 0 <= loser.winner < 4


def test_witnesses_are_right_by_hand(groups: list[IRGroup]) -> None:
    for loser in named(groups, "sum_upto").losers:
        (n,) = loser.witness["input"]
        assert loser.witness["expected"] == {"return": 3 * n * (n + 1) // 2 if n > 0 else 0}
    for loser in named(groups, "reverse").losers:
        xs, _ = loser.witness["input"]
        expected = {"arrays": {"xs": xs[::-1]}} if xs != xs[::-1] else {}
        assert loser.witness["expected"] == expected
    for loser in named(groups, "greet").losers:
        (n,) = loser.witness["input"]
        text = "".join(f"{i * i}," for i in range(n))[:512]
        assert loser.witness["expected"].get("stdout", "") == text


def test_every_label_is_confirmed_by_native_code(groups: list[IRGroup]) -> None:
    report = verify_groups(groups)
    assert report.failures == []
    assert report.labels == report.confirmed == 8 * len(GOOD)


def test_planted_false_labels_are_found(groups: list[IRGroup]) -> None:
    group = named(groups, "count_even")
    w, lo = group.winners, group.losers
    false_winner = replace(group, winners=(replace(w[0], ir=lo[0].ir), *w[1:]),
                           losers=lo[1:])
    false_loser = replace(group, losers=(replace(lo[0], ir=w[3].ir), *lo[1:]), winners=w[:3])
    wrong_record = replace(group, losers=(replace(
        lo[0], witness={**lo[0].witness, "expected": lo[0].witness["got"],
                        "got": lo[0].witness["expected"]}), *lo[1:]))
    twin = replace(group, winners=(w[0], w[0], *w[2:]))
    report = verify_groups([false_winner, false_loser, wrong_record, twin])
    assert [label for _, label, _ in report.failures] == \
        ["winner 0", "loser 0", "loser 0", "winner 1"]
    assert report.confirmed == report.labels - 4


@pytest.mark.parametrize("reason", list(REFUSED))
def test_refusals_have_reasons(reason: str) -> None:
    name, code = REFUSED[reason]
    sources = [source(name, code), source("sum_upto", GOOD["sum_upto"])]
    results = build_chunk(sources, PARAMS, 1, "t")
    assert results[0] == reason
    assert isinstance(results[1], IRGroup)


def test_undefined_inputs_are_refused_and_the_rest_kept() -> None:
    """x / y is undefined for y = 0: no such input may be in the group."""
    (group,) = build_chunk([source("q", "int q(int x, int y) { return x / y + x % y; }")],
                           PARAMS, 1, "t")
    assert isinstance(group, IRGroup)
    assert all(y != 0 for _, y in group.inputs)


def test_reading_uninitialised_memory_is_refused() -> None:
    code = "int u(int x) { int a[4]; a[0] = x; return a[x & 3]; }"
    (result,) = build_chunk([source("u", code)], PARAMS.model_copy(update={"min_inputs": 20}),
                            1, "t")
    assert result == "too few vetted inputs"


def test_mutants_that_change_nothing_are_never_losers(monkeypatch: pytest.MonkeyPatch) -> None:
    def same(text: str, rng: object) -> Iterator[tuple[str, str]]:
        for k in range(40):  # an unused value more: another text of the same meaning
            yield "none", text.replace("ret i32", f"call i32 @abs(i32 {k})\n  ret i32") \
                + "\ndeclare i32 @abs(i32)"

    def nothing(text: str, rng: object) -> Iterator[tuple[str, str]]:
        for flags in ("", "nsw ", "nuw "):
            yield "none", text.replace("add nsw ", f"add {flags}")

    for stream in (same, nothing):
        monkeypatch.setattr(mutate, "mutants", stream)
        (result,) = build_chunk([source("table", GOOD["table"])], PARAMS, 1, "t")
        assert result == "too few losers"


def test_losers_that_rest_on_garbage_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def garbage(text: str, rng: object) -> Iterator[tuple[str, str]]:
        for k in range(40):
            yield "garbage", ("define i32 @twist(i32 %0) {\n  %2 = alloca [8 x i32]\n"
                              f"  %3 = getelementptr i32, ptr %2, i64 {k % 8}\n"
                              f"  %4 = load i32, ptr %3\n  %5 = add i32 %4, {k}\n  ret i32 %5\n}}")

    monkeypatch.setattr(mutate, "mutants", garbage)
    code = "int twist(int x) { int y = x * 3; return y > 20 ? y - x : y + 1; }"
    (result,) = build_chunk([source("twist", code)], PARAMS, 1, "t")
    assert result == "too few losers"


def test_losers_that_break_a_promise_of_llvms_flags_are_refused(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Their answer is whatever the compiler makes of it: wrong, but not always in one way."""
    def overflows(text: str, rng: object) -> Iterator[tuple[str, str]]:
        for k in range(40):
            yield "overflow", ("define i32 @twist(i32 %0) {\n  %2 = and i32 %0, 7\n"
                               f"  %3 = or i32 %2, {2**31 - 64 * k - 64}\n"
                               "  %4 = add nsw i32 %3, 5000\n  ret i32 %4\n}")

    monkeypatch.setattr(mutate, "mutants", overflows)
    code = "int twist(int x) { int y = x / 3; return y > 20 ? y - x : y + 1; }"
    (result,) = build_chunk([source("twist", code)], PARAMS, 1, "t")
    assert result == "too few losers"


def test_near_duplicates_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that -O2 makes equal are one loser, unless another winner has nothing better."""
    def twins(text: str, rng: object) -> Iterator[tuple[str, str]]:
        for k in range(9):
            yield "twin", (f"define i32 @twist(i32 %0) {{\n  %2 = add i32 {k}, 0\n"
                           f"  %3 = sub i32 %2, {k}\n  ret i32 %3\n}}")

    monkeypatch.setattr(mutate, "mutants", twins)
    code = "int twist(int x) { int y = x * 3; return y > 20 ? y - x : y + 1; }"
    five = PARAMS.model_copy(update={"losers": 5})
    assert build_chunk([source("twist", code)], five, 1, "t") == ["too few losers"]
    (result,) = build_chunk([source("twist", code)], PARAMS, 1, "t")
    assert isinstance(result, IRGroup)
    assert sorted(lo.winner for lo in result.losers) == [0, 1, 2, 3]


def test_neighbours_do_not_matter(groups: list[IRGroup]) -> None:
    """A function gives the same group alone, in another order, and beside failing ones."""
    toolchain = groups[0].toolchain
    alone = build_chunk([source("is_big", GOOD["is_big"])], PARAMS, 7, toolchain)
    mixed = build_chunk([source(*REFUSED["does not compile"]), *reversed(good_sources())],
                        PARAMS, 7, toolchain)
    uncounted = [building._count_tokens(g, lambda ir: 0) for g in groups]
    assert alone == [named(uncounted, "is_big")]
    assert mixed[1:] == uncounted[::-1]


def test_workers_and_cache_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "CHUNK", 5)
    sources = [*many(18), source(*REFUSED["does not compile"])]
    built = []
    for workers, cache in ((1, None), (3, tmp_path), (2, tmp_path)):
        found, counts = build_from_sources(sources, PARAMS.model_copy(update={"workers": workers}),
                                           3, cache_dir=cache, progress=False)
        assert counts["in"] == len(sources) == counts["kept"] + sum(counts["refused"].values())
        write_groups(tmp_path / "g.parquet", found)
        built.append((tmp_path / "g.parquet").read_bytes())
    assert built[0] == built[1] == built[2]
    other, _ = build_from_sources(sources, PARAMS, 4, progress=False)
    write_groups(tmp_path / "g.parquet", other)
    assert (tmp_path / "g.parquet").read_bytes() != built[0]


def test_cached_chunks_are_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = many(6)
    first = build_from_sources(sources, PARAMS, 3, cache_dir=tmp_path, progress=False)

    def refuse(self: Pool, *arguments: object) -> None:
        raise AssertionError("built again")

    with monkeypatch.context() as patch:
        patch.setattr(Pool, "submit", refuse)
        assert build_from_sources(sources, PARAMS, 3, cache_dir=tmp_path, progress=False) == first
        with pytest.raises(AssertionError, match="built again"):  # another seed is another chunk
            build_from_sources(sources, PARAMS, 4, cache_dir=tmp_path, progress=False)
    (file,) = tmp_path.glob("*.json")
    file.write_text(file.read_text()[:-40])  # damaged: built again
    assert build_from_sources(sources, PARAMS, 3, cache_dir=tmp_path, progress=False) == first


def test_a_killed_build_goes_on(tmp_path: Path) -> None:
    """SIGKILL in the middle: the finished chunks stay, the workers end, the result is the same."""
    script = (
        "import sys; from tests.unit.ir.c_sources import many\n"
        "from oorl.ir import groups; groups.CHUNK = 8\n"
        "from oorl.params.ir_groups import IRGroupsParams\n"
        "groups.build_from_sources(many(80), IRGroupsParams(workers=2), 3, cache_dir=sys.argv[1],"
        " progress=False)\n")
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'src'}"}
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", script, str(cache)]
    process = subprocess.Popen(command, env=environment, cwd=root)
    deadline = time.monotonic() + 120
    while len(list(cache.glob("*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path: path.read_bytes() for path in cache.glob("*.json")}
    assert 2 <= len(kept) < 10
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in workers)
    subprocess.run(command, env=environment, cwd=root, check=True)
    assert all(path.read_bytes() == data for path, data in kept.items())
    assert len(list(cache.glob("*.json"))) == 10
    assert not list(cache.glob("*.tmp"))


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_limit_stops_in_order() -> None:
    sources = [source(*REFUSED["does not compile"]), *many(8)]
    full, _ = build_from_sources(sources, PARAMS, 3, progress=False)
    some, counts = build_from_sources(sources, PARAMS, 3, progress=False, limit=3)
    assert some == full[:3]
    assert counts == {"in": 4, "kept": 3, "refused": {"does not compile": 1}}


def test_a_worker_that_dies_costs_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = many(5)
    real = Pool._start

    def start(self: Pool) -> subprocess.Popen[bytes]:
        """A worker that aborts when it sees f3, as LLVM's assertions would."""
        code = ("import os; from oorl.ir import chunk, worker\n"
                "real = chunk.build_chunk\n"
                "def build(sources, *rest):\n"
                "    if any(s.function.name == 'f3' for s in sources): os.abort()\n"
                "    return real(sources, *rest)\n"
                "chunk.build_chunk = build\nworker.main()\n")
        original = subprocess.Popen
        monkeypatch.setattr(subprocess, "Popen", lambda command, **options: original(
            [sys.executable, "-c", code], **options))
        try:
            return real(self)
        finally:
            monkeypatch.setattr(subprocess, "Popen", original)

    monkeypatch.setattr(Pool, "_start", start)
    found, counts = build_from_sources(sources, PARAMS, 3, progress=False)
    assert [g.problem_id for g in found] == ["p-f0", "p-f1", "p-f2", "p-f4"]
    assert counts["refused"] == {"crashes LLVM": 1}


def test_a_bug_in_a_worker_is_our_fault() -> None:
    pool = Pool(1, (PARAMS, 3, "t"))
    try:
        pool.submit("key", [Source("p", "sft", None)])  # type: ignore[arg-type]
        with pytest.raises(InfraError, match="AttributeError"):
            pool.wait()
    finally:
        pool.close()


def problem(name: str, code: str | None, split: str = "rl") -> Problem:
    signature = Signature(name, (Parameter("xs", Type.parse("list[int]")),), Type("int"))
    return Problem(f"id-{name}", "test", split, signature, (Case(([2, 4, 5],), 2), Case(([],), 0)),
                   {"c": code} if code else {"python": ""}, licence="CC0", revision="r1")


def test_problems_give_their_cases_as_inputs_and_their_split() -> None:
    again = GOOD["count_even"].replace("{\n", "{ // the same\n", 1)
    found, counts = build_groups(
        [problem("count_even", GOOD["count_even"]), problem("none", None),
         problem("count_even", again)], PARAMS, 5, progress=False, tokenizer=len)
    assert counts == {"in": 3, "kept": 1, "refused": {"no C solution": 1,
                                                       "same C text as another problem": 1}}
    (group,) = found
    assert (group.split, group.licence, group.revision) == ("rl", "CC0", "r1")
    assert group.inputs[:2] == [[[2, 4, 5], 3], [[], 0]]
    assert all(w.tokens == len(w.ir) for w in (*group.winners, *group.losers))


def test_tables_round_trip(groups: list[IRGroup], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "groups.parquet"
    write_groups(path, reversed(groups))
    first = path.read_bytes()
    assert read_groups(path) == sorted(groups, key=lambda g: g.id)
    assert read_groups(path, splits=["rl"]) == []
    write_groups(path, groups)
    assert path.read_bytes() == first
    assert list(path.parent.iterdir()) == [path]


def test_bad_tables_are_named(groups: list[IRGroup], tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "g.parquet"
    with pytest.raises(DataError, match="not found"):
        read_groups(path)
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match="not a readable Parquet"):
        read_groups(path)
    pq.write_table(pa.Table.from_pylist([to_row(groups[0]), {**to_row(groups[1]), "losers": "[{"}]),
                   path)
    with pytest.raises(DataError, match="row 1"):
        read_groups(path)


def test_winners_stand_beside_each_other_where_there_is_room() -> None:
    columns = [["a1", "a2"], ["b1"], ["c1", "c2", "c3"]]
    assert side_by_side(columns, 0) == ["a1", "a2", "", "b1", "", "c1", "c2", "c3"]
    assert side_by_side(columns, 7) == ["a1 | b1", "a2 |", "", "c1", "c2", "c3"]
    assert side_by_side(columns, 12) == ["a1 | b1 | c1", "a2 |    | c2", "   |    | c3"]
    assert side_by_side([], 10) == []


def test_commands(groups: list[IRGroup], tmp_path: Path, capsys: pytest.CaptureFixture[str],
                  monkeypatch: pytest.MonkeyPatch) -> None:
    from oorl.cli import main

    monkeypatch.setenv("COLUMNS", "1")
    path = tmp_path / "g.parquet"
    write_groups(path, groups)
    group = named(groups, "vowels")
    assert main(["ir", "show", group.id[:8], str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.rstrip("\n") == describe(group).rstrip("\n")
    assert GOOD["vowels"] in shown
    assert group.winners[2].ir in shown
    assert '"return"' in shown
    assert "--- winner" in shown
    page = tmp_path / "page.html"
    assert main(["ir", "show", group.id[:8], str(path), "--html", str(page)]) == 0
    text = html.unescape(page.read_text())
    assert all(f"<pre>{w.ir}</pre>" in text for w in group.winners)
    assert group.source_code in text
    assert text.count('class="del"') >= len(group.losers)
    assert "<script" not in text
    assert page.read_text() == groups_page([group])
    hostile = replace(group, source_code="<script>alert(1)</script>")
    assert "<script" not in groups_page([hostile])
    assert main(["ir", "show", "all", str(path), "--html", str(page)]) == 0
    assert page.read_text().count("<h2") == len(groups)
    assert main(["ir", "show", "nothing", str(path), "--html", str(page)]) == UnknownName.exit_code
    assert main(["ir", "show", "nothing", str(path)]) == UnknownName.exit_code
    false = replace(group, losers=(replace(group.losers[0], ir=group.winners[0].ir + "\n"),))
    write_groups(path, [false])
    assert main(["ir", "verify", str(path), "--quiet"]) == 1
    assert "loser 0" in capsys.readouterr().err


def test_longer_texts_than_allowed_are_not_used() -> None:
    short = PARAMS.model_copy(update={"max_ir_chars": 500})
    found, _ = build_from_sources(good_sources(), short, 7, progress=False)
    assert found
    assert all(len(x.ir) <= 500 for g in found for x in (*g.winners, *g.losers))


def test_varied_winners_use_other_recipes() -> None:
    varied = PARAMS.model_copy(update={"select": "varied", "max_ir_chars": 60000})
    found, counts = build_from_sources(good_sources(), varied, 7, progress=False)
    assert counts["kept"] >= 6
    recipes = {w.recipe for g in found for w in g.winners}
    assert len(recipes) >= 8
    assert recipes & {"O3", "O1+reg2mem", "O2+wide", "O1+unroll", "Os", "O1+lcssa"}
    assert verify_groups(found).share == 1.0


def test_hard_negatives_are_close_and_rarely_wrong() -> None:
    hard = PARAMS.model_copy(update={"max_loser_edits": 2, "max_hardness": 0.6})
    found, _ = build_from_sources(good_sources(), hard, 7, progress=False)
    assert len(found) >= 3
    for group in found:
        for loser in group.losers:
            assert 0 < loser.hardness <= 0.6
            assert 0 < token_distance(group.winners[loser.winner].ir, loser.ir, 9) <= 2
