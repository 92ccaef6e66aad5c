"""`oorl evaluate` and `oorl compare`: a benchmark without the pipeline, and two runs of it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oorl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

RESULTS, SCORES, PAGE = "results.parquet", "scores.json", "report.html"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evaluate` and `compare` to the dispatcher's subparsers."""
    run = commands.add_parser(
        "evaluate", help="score a model on a benchmark",
        description="Writes results.parquet, scores.json and report.html to --out. The same "
        "command goes on where it was interrupted.")
    run.add_argument("--benchmark", required=True, help="a name; a wrong one prints the list")
    run.add_argument("--model", required=True,
                     help="a folder or hub id; with a server: its name for the model; `gold` "
                     "answers with the benchmark's own solutions")
    run.add_argument("--path", type=Path, help="the benchmark's file or folder")
    run.add_argument("--languages", default="", help="targets, comma separated (default all)")
    run.add_argument("--sources", default="", help="languages translated from (default all)")
    run.add_argument("--limit", type=int, default=0, help="only the first N problems")
    run.add_argument("--style", choices=("chat", "plain"), default="chat",
                     help="chat: requests for a model with a chat template; plain: texts to be "
                     "continued, as MultiPL-E's authors do (default chat)")
    run.add_argument("--backend", default="", help="transformers, openai or vllm (default: "
                     "openai if --url is given, else transformers)")
    run.add_argument("--url", default="", help="an OpenAI-compatible server, http://host:port/v1; "
                     "its key in OPENAI_API_KEY")
    run.add_argument("--device", default="auto", help="of transformers: auto, cpu, cuda")
    run.add_argument("--samples", type=int, default=1, help="answers for each task")
    run.add_argument("--k", default="", help="of pass@k, comma separated (default 1)")
    run.add_argument("--temperature", type=float, default=0.0, help="0 is greedy")
    run.add_argument("--top-p", type=float, default=1.0)
    run.add_argument("--max-tokens", type=int, default=512)
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--batch-size", type=int, default=16, help="prompts answered together")
    run.add_argument("--workers", type=int, default=2, help="programs judged at a time")
    run.add_argument("--cpu-time-s", type=float, default=5.0, help="CPU limit of a program")
    run.add_argument("--out", type=Path, help="default reports/benchmarks/BENCHMARK/MODEL")
    run.add_argument("--quiet", action="store_true", help="no progress bars")
    run.set_defaults(command=run_evaluate)
    compare = commands.add_parser(
        "compare", help="the difference of two runs of `oorl evaluate`",
        description="A minus B with intervals, paired over problems.")
    compare.add_argument("a", type=Path, help="a run's folder")
    compare.add_argument("b", type=Path, help="another's, same benchmark and tasks")
    compare.add_argument("--json", type=Path, metavar="OUT", help="write the figures here")
    compare.set_defaults(command=run_compare)


def run_evaluate(options: argparse.Namespace) -> int:
    """Ask, judge, score, write. Raises what the parts raise, all of it for users."""
    from oorl.data.tables import write_table
    from oorl.evaluation.benchmarks import Request, get_benchmark
    from oorl.evaluation.run import run_tasks
    from oorl.evaluation.run_page import run_page
    from oorl.evaluation.scores import run_scores
    from oorl.generation.backends import Sampling
    from oorl.params.files import write_text
    from oorl.params.sandbox import SandboxParams
    from oorl.sandbox import Judge

    if options.samples > 1 and options.temperature <= 0:
        raise DataError("several greedy answers to one prompt are the same",
                        "Give a --temperature above 0, or --samples 1.")
    ks = [int(k) for k in options.k.split(",") if k] or [1]
    if max(ks) > options.samples or min(ks) < 1:
        raise DataError(f"pass@{max(ks)} needs as many samples", "Raise --samples.")
    benchmark = get_benchmark(options.benchmark)
    request = Request(options.path, _names(options.languages), _names(options.sources),
                      options.limit, options.style)
    tasks = benchmark.load(request)
    if not tasks:
        raise DataError(f"{options.benchmark} has no task for these languages and sources",
                        "Widen --languages or --sources.")
    sampling = Sampling(options.samples, options.temperature, options.top_p, options.max_tokens,
                        options.seed)
    folder = options.out or Path("reports/benchmarks") / options.benchmark / _slug(options.model)
    params = SandboxParams.model_validate(
        {"workers": options.workers, "cpu_time_s": options.cpu_time_s})
    if options.model == "gold":
        tasks = [t for t in tasks if t.gold]
        if not tasks:
            raise DataError(f"{options.benchmark} comes without solutions in these languages",
                            "Evaluate a model, or widen --languages.")
    with Judge(params) as judge:
        results = run_tasks(options.model, tasks, _backend(options, tasks), judge, sampling,
                            folder=folder / "cache", batch_size=options.batch_size * 4,
                            progress=not options.quiet)
    scores = {"benchmark": options.benchmark, "title": benchmark.TITLE,
              "licence": benchmark.LICENCE, "style": options.style,
              **run_scores(results, ks=ks, seed=options.seed)}
    write_table(folder / RESULTS, _table(results))
    write_text(folder / SCORES, json.dumps(scores, indent=1, sort_keys=True) + "\n")
    write_text(folder / PAGE, run_page(scores, results))
    print(text(scores))
    print(f"\n{folder / RESULTS}, {folder / SCORES}, {folder / PAGE}")
    return 0


def run_compare(options: argparse.Namespace) -> int:
    """Print the differences. Raises `DataError` for runs that cannot be compared."""
    from oorl.evaluation.scores import compare_scores
    from oorl.params.files import write_text

    runs = [_read(folder) for folder in (options.a, options.b)]
    if runs[0][1] != runs[1][1]:
        raise DataError(f"not comparable: {runs[0][1]} and {runs[1][1]}",
                        "Compare runs of one benchmark in one style.")
    figures = compare_scores(runs[0][0], runs[1][0])
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1, sort_keys=True) + "\n")
    percent = f"{figures['confidence']:.0%}"
    print(f"{figures['a']} minus {figures['b']}, points with {percent} intervals over "
          f"{figures['problems']} problems")
    for name, row in (("mean", figures["mean"]), ("low-resource", figures["low_resource"]),
                      *figures["targets"].items()):
        if row is not None:
            print(f"  {name:14}{_points(row['value'])}   {_points(row['low'])} to "
                  f"{_points(row['high'])}")
    return 0


def text(scores: Mapping[str, Any]) -> str:
    """The scores for a terminal."""
    lines = [f"{scores['title']}, {scores['model']}: {scores['problems']} problems, "
             f"{scores['asked']} answers"]
    for k, row in scores["pass_at"].items():
        lines.append(f"  {'pass@' + k:14}{_percent(row)}")
    if scores["low_resource"] is not None:
        lines.append(f"  {'low-resource':14}{_percent(scores['low_resource'])}")
    for target, row in scores["targets"].items():
        failures = ", ".join(f"{name} {count}" for name, count in row["failures"].items())
        lines.append(f"  {target:14}{_percent(row)}   {failures}")
    if scores["infra_errors"]:
        lines.append(f"  {scores['infra_errors']} without a verdict, by our own fault: in no score")
    return "\n".join(lines)


def _backend(options: argparse.Namespace, tasks: Any) -> Any:
    from oorl.evaluation.gold import Gold
    from oorl.generation.backends import open_backend

    if options.model == "gold":
        return Gold(tasks)
    name = options.backend or ("openai" if options.url else "transformers")
    return open_backend(name, options.model, url=options.url, device=options.device,
                        batch_size=options.batch_size)


def _table(results: pd.DataFrame) -> Any:
    import pyarrow as pa

    table = pa.Table.from_pandas(results, preserve_index=False)
    return table.replace_schema_metadata(None)


def _read(folder: Path) -> tuple[pd.DataFrame, tuple[str, str]]:
    import pandas as pd

    for name in (RESULTS, SCORES):
        if not (folder / name).is_file():
            raise DataError(f"{folder}: no {name} there", "Give a folder of `oorl evaluate`.")
    try:
        scores = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        return pd.read_parquet(folder / RESULTS), (scores["benchmark"], scores["style"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder}: not readable: {error}",
                        "Make it again with `oorl evaluate`.") from None


def _names(text_: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text_.split(",") if part.strip())


def _slug(model: str) -> str:
    return re.sub(r"[^\w.-]+", "-", model).strip("-.") or "model"


def _percent(row: Mapping[str, Any]) -> str:
    low, high = (100 * row[key] if row[key] is not None else float("nan")
                 for key in ("low", "high"))
    return f"{100 * row['value']:5.1f}   {low:5.1f} to {high:5.1f}"


def _points(value: float | None) -> str:
    return "    –" if value is None else f"{100 * value:+5.1f}"
