"""Made-up problems, results and stage figures, for tests of the evaluation and its report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from oorl.evaluation.metrics import compute_metrics
from oorl.evaluation.report import ReportInputs
from oorl.records import Case, IRGroup, Loser, Parameter, Problem, Signature, Type, Winner

SOURCES = ("python", "cpp")
TARGETS = ("python", "cpp", "java", "php", "bash", "javascript")
MODELS = {"base": -0.4, "rl": 0.3, "gepo": 0.9, "control": 0.4}
SKILL = {"python": 1.6, "cpp": 1.1, "java": 0.7, "javascript": 0.5, "php": -1.2, "bash": -2.2}
FAILURES = ("wrong_answer", "compile_error", "runtime_error", "timeout", "bad_format")

PYTHON = ("def count_even(values):\n    total = 0\n    for value in values:\n"
          "        if value % 2 == 0:  # even\n            total += 1\n    return total")


def problem(index: int, targets: tuple[str, ...] = TARGETS) -> Problem:
    """A problem whose "solutions" are texts that name the language and the problem."""
    name = f"count_even_{index}"
    solutions = {language: f"{language} solution of {name}" for language in targets}
    solutions["python"] = PYTHON.replace("count_even", name)
    solutions["cpp"] = f"long long {name}(std::vector<long long> values) {{\n    return 0;\n}}"
    return Problem(
        id=f"p{index:03d}", source="made-up", split="test",
        signature=Signature(name, (Parameter("values", Type.parse("list[int]")),),
                            Type.parse("int")),
        cases=(Case(([1, 2],), 1), Case(([2, 4],), 2)), solutions=solutions)


def results(problems: int = 40, seed: int = 5) -> pd.DataFrame:
    """Rows like `evaluate_model` returns; difficulty is shared by all models, as in life."""
    rng = np.random.default_rng(seed)
    rows = []
    ease = rng.normal(0, 1.2, size=problems)
    for model, strength in MODELS.items():
        for index in range(problems):
            for source in SOURCES:
                for target in TARGETS:
                    if source == target or (target == "bash" and index % 3 == 0):
                        continue
                    logit = strength + ease[index] + SKILL[target]
                    passed = bool(rng.random() < 1 / (1 + np.exp(-logit)))
                    rows.append(_row(model, index, source, target, passed, rng))
    return pd.DataFrame(rows)


def _row(model: str, index: int, source: str, target: str, passed: bool,
         rng: np.random.Generator) -> dict[str, object]:
    status = "passed" if passed else str(rng.choice(FAILURES, p=(0.4, 0.3, 0.15, 0.05, 0.1)))
    text = f"```{target}\n{PYTHON.replace('count_even', f'count_even_{index}')}\n```"
    if status == "bad_format":
        text = text.removesuffix("\n```")
    detail = "" if passed else "count_even([2, 4]) gave <1>, expected 2 & nothing else"
    return {"model": model, "problem_id": f"p{index:03d}", "source": source, "target": target,
            "status": status, "passed": passed, "passed_cases": 2 if passed else 1,
            "total_cases": 2, "detail": detail, "completion": text, "tokens": 50 + index}


def group() -> IRGroup:
    o0 = ("define i64 @f(i64 %0) {\n  %2 = alloca i64\n  store i64 %0, ptr %2\n"
          "  %3 = load i64, ptr %2\n  %4 = add i64 %3, 1\n  ret i64 %4\n}")
    o3 = "define i64 @f(i64 %0) {\n  %2 = add i64 %0, 1\n  ret i64 %2\n}"
    return IRGroup(
        id="g1", problem_id="p001", split="test", language="c",
        source_code="long long f(long long x) {\n    return x + 1; // next\n}", signature="",
        inputs=[], winners=(Winner(o0, "O0"), Winner(o3, "O3")),
        losers=(Loser(o3.replace("add", "sub"), 1, "binop_swap",
                      {"input": [3], "expected": 4, "got": 2}, 0.96),))


def curve(steps: int, columns: dict[str, tuple[float, float]], every: int = 1,
          seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    step = np.arange(every, steps + 1, every)
    frame = {"step": step}
    for name, (start, end) in columns.items():
        frame[name] = (start + (end - start) * step / steps
                       + rng.normal(0, abs(end - start) / 8, len(step)))
    return pd.DataFrame(frame)


def inputs() -> ReportInputs:
    frame = results()
    metrics = compute_metrics(frame, SOURCES, TARGETS, samples=400, confidence=0.95, seed=7)
    return ReportInputs(
        metrics=metrics, results=frame, problems={p.id: p for p in map(problem, range(40))},
        stages={
            "dataset": {"problems": {"in": 4100, "kept": 4000, "refused": 100}, "cases": 32000,
                        "splits": {"sft": 1400, "rl": 2200, "validation": 200, "test": 200},
                        "verified": {"programs": {"php": 200, "java": 200}}},
            "ir_groups": {"groups": 660, "winners": 2640, "losers": 2600, "splits": {
                "rl": {"refused": {"too few losers": 30}},
                "sft": {"refused": {"too few losers": 10, "no C solution": 300}}}},
            "base": {"steps": 1500, "flops": 4.1e12, "tokens": 1536000},
            "rl": {"steps": 30, "cpu_seconds": 150, "cpu_seconds_judging": 50, "flops": 2e12,
                   "tokens": {"trained": 800000, "generated": 500000}},
            "gepo": {"steps": 20, "cpu_seconds": 140, "flops": 1.5e12,
                     "tokens": {"trained": 600000, "generated": 300000},
                     "preference": {"groups": 60, "before": {"logp_accuracy": 0.71},
                                    "after": {"logp_accuracy": 0.83}}},
            "control": {"steps": 900, "flops": 3.52e12, "tokens": 920000}},
        curves={"base": curve(1500, {"loss": (3, 0.2), **{f"loss_{t}": (3, 0.2 + i / 9)
                                                          for i, t in enumerate(TARGETS)}}, 150),
                "rl": curve(60, {"reward": (0.3, 0.5)}),
                "gepo": curve(40, {"reward": (0.5, 0.6), "gepo_margin": (0, 1.5),
                                   "gepo_accuracy": (0.5, 0.9)})},
        group=group(),
        validation={"passed": True, "tables": {
            "problems": {"rows": 4000, "rules": [{"words": "ids are unique", "failed": 0}] * 12}}},
        provenance={"seed": "7", "git commit": "abc123", "params digest": "0f" * 32},
        language_titles={"php": "PHP", "cpp": "C++", "javascript": "JavaScript", "java": "Java",
                         "python": "Python", "bash": "Bash", "c": "C"},
        samples=16)
