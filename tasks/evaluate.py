"""Stage evaluate: greedy translations of held-out problems by every model, judged and compared.

Reads data/problems/problems.parquet (split "test"), models/{base,rl,gepo,control} and, for the
report alone, data/ir_groups/groups.parquet and the earlier stages' reports. Writes to
reports/evaluation: metrics.json, its short form summary.json, by_target.csv, results.parquet,
report.html, by_target.png and pairs.png.
A model that is not there (the control can be switched off) is left out.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oorl.data.tables import read_problems, write_table
from oorl.errors import ArtifactError, DataError
from oorl.languages import all_languages, get_language
from oorl.params import Params
from oorl.params.base_model import BaseParams
from oorl.params.evaluate import EvaluateParams
from oorl.records import IRGroup, Problem, canonical, stable_id
from tasks._files import digest, write_json, write_text
from tasks._stage import StageContext, stage_main

if TYPE_CHECKING:
    import pandas as pd

    from oorl.evaluation.report import ReportInputs
    from oorl.evaluation.translation import Generate

MODELS = ("base", "rl", "gepo", "control")
PACKAGES = ("torch", "transformers", "trl", "llvmlite", "numpy")
BATCHES_PER_CALL = 4
"""Batches decoded side by side and cached together."""


def run(params: Params, ctx: StageContext) -> None:
    """Evaluate and write everything. Raises `ArtifactError` without a base model, `DataError`
    without test problems, `UnknownName` for a language that does not exist."""
    from oorl.evaluation.metrics import by_target_table, compute_metrics

    settings = params.evaluate
    for language in (*settings.sources, *settings.targets):
        get_language(language)
    path = ctx.root / "data" / "problems" / "problems.parquet"
    problems = read_problems(path, splits=("test",))[:settings.problems]
    if not problems:
        raise DataError(f"{path}: no problem in split 'test'", "Raise dataset.test_share.")
    ctx.log_dataset(path, "problems")

    results = translate(params, ctx, problems, path)
    metrics = compute_metrics(results, settings.sources, settings.targets,
                              samples=settings.bootstrap_samples, confidence=settings.confidence,
                              seed=params.seed)
    folder = ctx.root / "reports" / "evaluation"
    write_results(folder / "results.parquet", results)
    write_text(folder / "by_target.csv",
               by_target_table(metrics).to_csv(index=False, lineterminator="\n"))
    write_report(folder, report_inputs(params, ctx.root, metrics, results, problems))
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "summary.json", main_scores(metrics))
    track(ctx, folder, metrics, results)


def main_scores(metrics: Mapping[str, Any]) -> dict[str, float]:
    """What DVC's tables show: each model's mean pass@1, its gain over the base and the interval."""
    scores = {name: model["pass_at_1"] for name, model in metrics["models"].items()}
    for name, difference in metrics["differences"].items():
        if name.endswith("-base"):
            scores |= {name: difference["mean"]["value"],
                       **{f"{name}.{key}": difference["mean"][key] for key in ("low", "high")}}
    return scores


def translate(params: Params, ctx: StageContext, problems: Sequence[Problem],
              problems_path: Path) -> pd.DataFrame:
    """Rows of all models, one after another; equal programs are judged once for all of them."""
    import pandas as pd

    from oorl.evaluation.translation import Settings, evaluate_model
    from oorl.sandbox import open_judge
    from oorl.trainers.base_model import prompt_style
    from tasks._verdicts import known_verdicts

    settings, style, tables = params.evaluate, prompt_style(params.base), []
    verdicts = known_verdicts(ctx, params.sandbox)
    with open_judge(params.sandbox) as judge:
        for name in present_models(ctx.root):
            folder = ctx.root / "models" / name
            cache = ctx.checkpoints("completions", settings, inputs=[problems_path, folder])
            tables.append(evaluate_model(
                name, greedy(folder, settings, params.base), problems, settings.sources,
                settings.targets, judge, verdicts,
                Settings(settings.batch_size * BATCHES_PER_CALL, style, cache)))
    return pd.concat(tables, ignore_index=True)


def present_models(root: Path) -> list[str]:
    """The models that were trained; a control that was switched off is only the base's copy.

    Raises `ArtifactError` if the base is not among them.
    """
    found = [name for name in MODELS if (root / "models" / name / "config.json").is_file()]
    if "base" not in found:
        raise ArtifactError(f"{root / 'models' / 'base'}: no model there",
                            "Make it with `dvc repro base`.")
    control = _json(root / "reports" / "control" / "metrics.json")
    return [name for name in found if name != "control" or control.get("enabled", True)]


def greedy(folder: Path, settings: EvaluateParams, base: BaseParams) -> Generate:
    """The model's greedy answers as a function of prompts.

    Raises `ArtifactError` if the model cannot be read, `ResourceError` if it needs a GPU.
    """
    import torch

    from oorl.data.prompts import chat_template_kwargs
    from oorl.evaluation.translation import Completion
    from oorl.generation import generate
    from oorl.trainers.artifacts import load_model
    from oorl.trainers.base_model import prompt_style
    from oorl.trainers.device import choose_device
    from oorl.trainers.tokenizer import encode_texts

    model, tokenizer = load_model(folder, folder.name)
    style = prompt_style(base)
    torch.nn.Module.to(model, choose_device(base.device, model.num_parameters()))

    def encode(prompts: Sequence[str]) -> list[list[int]]:
        """Prompts exactly as the model was trained on them."""
        if style == "compact":
            return encode_texts(tokenizer, list(prompts))
        turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
        return tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=True,
                                             return_dict=False, **chat_template_kwargs(style))

    def answer(prompts: Sequence[str], /) -> list[Completion]:
        found = generate(model, encode(prompts),
                         max_new_tokens=settings.max_completion_length, temperature=0.0,
                         eos_token_id=tokenizer.eos_token_id, batch_size=settings.batch_size)
        return [Completion(tokenizer.decode(ids, skip_special_tokens=True), len(ids))
                for (ids,) in found]

    return answer


def write_results(path: Path, results: pd.DataFrame) -> None:
    """The columns that do not depend on the machine's speed, as Parquet."""
    import pyarrow as pa

    from oorl.evaluation.translation import COLUMNS

    table = pa.Table.from_pandas(results[list(COLUMNS)], preserve_index=False)
    write_table(path, table.replace_schema_metadata(None))


def write_report(folder: Path, inputs: ReportInputs) -> None:
    """report.html and the plots."""
    from oorl.evaluation import plots
    from oorl.evaluation.report import build_report
    from oorl.evaluation.report.inputs import TITLES

    write_text(folder / "report.html", build_report(inputs))
    best = inputs.metrics["models"][inputs.best]
    for name, image in (
            ("by_target.png", plots.by_target(inputs.metrics, inputs.language_titles)),
            ("pairs.png", plots.pairs(best, TITLES[inputs.best], inputs.language_titles))):
        temporary = folder / f".{name}.tmp"
        temporary.write_bytes(image)
        os.replace(temporary, folder / name)


def track(ctx: StageContext, folder: Path, metrics: Mapping[str, Any],
          results: pd.DataFrame) -> None:
    """The main figures, and the timings that no file holds."""
    for name, model in metrics["models"].items():
        rows = results[results["model"] == name]
        ctx.log_metrics({
            f"{name}.pass_at_1": model["pass_at_1"], f"{name}.compile_rate": model["compile_rate"],
            f"{name}.generation_s": rows["generation_s"].sum(),
            f"{name}.judge_cpu_s": rows["judge_cpu_s"].sum(),
            **{f"{name}.{t}": figures["pass_at_1"] for t, figures in model["targets"].items()}})
    for name, difference in metrics["differences"].items():
        ctx.log_metrics({f"{name}.{key}": difference["mean"][key]
                         for key in ("value", "low", "high")})
    for file in ("report.html", "metrics.json", "by_target.png", "pairs.png"):
        ctx.log_artifact(folder / file)


def report_inputs(params: Params, root: Path, metrics: Mapping[str, Any], results: pd.DataFrame,
                  problems: Sequence[Problem]) -> ReportInputs:
    """Gather what the report shows; earlier stages' reports are optional."""
    import pandas as pd

    from oorl.evaluation.report import ReportInputs

    reports = root / "reports"
    stages = ("dataset", "ir_groups", *MODELS)
    curves = {stage: reports / stage / "curve.csv" for stage in MODELS}
    titles = {name: language.title for name, language in all_languages().items()}
    return ReportInputs(
        metrics=metrics, results=results, problems={p.id: p for p in problems},
        stages={stage: _json(reports / stage / "metrics.json") for stage in stages},
        curves={stage: pd.read_csv(path) for stage, path in curves.items() if path.is_file()},
        group=sample_group(root / "data" / "ir_groups" / "groups.parquet"),
        validation=_json(reports / "validation" / "validation.json"),
        provenance=provenance(params, root), language_titles=titles,
        samples=params.evaluate.samples_in_report)


def sample_group(path: Path, wanted_chars: int = 350) -> IRGroup | None:
    """A held-out group of readable size, the same for the same file."""
    from oorl.ir.tables import read_groups

    if not path.is_file():
        return None
    groups = read_groups(path, splits=("test",)) or read_groups(path)
    return min(groups, key=lambda g: (abs(len(g.source_code) - wanted_chars), g.id), default=None)


def provenance(params: Params, root: Path) -> dict[str, str]:
    """What made these figures: seed, settings, code, data, models, versions."""
    settings = params.model_dump(mode="json", by_alias=True, exclude={"tracking", "register_"})
    facts = {"Seed": str(params.seed), "Settings": stable_id(canonical(settings), length=32),
             "Code": _git_commit(root),
             "Problems": digest(root / "data" / "problems" / "problems.parquet")}
    facts |= {f"Model {name}": digest(root / "models" / name) for name in present_models(root)}
    versions = [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in PACKAGES)]
    return facts | {"Versions": ", ".join(versions)}


def _git_commit(root: Path) -> str:
    """The commit, marked if tracked files differ from it."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True,
                              text=True).stdout.strip()
    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "not in a git repository"


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


if __name__ == "__main__":
    stage_main("evaluate", run)
