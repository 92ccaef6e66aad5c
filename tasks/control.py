"""control: what the compute of rl and gepo would have bought as further supervised training.

Reads models/base and what it was trained on, and trains on, same data, same learning rates
re-warmed and decayed, until as many FLOPs are spent as reports/{rl,gepo}/metrics.json record.
Writes models/control.
"""

from __future__ import annotations

import json

from oorl.data.tables import read_problems
from oorl.errors import DataError
from oorl.ir.tables import read_groups
from oorl.params import Params
from tasks._files import write_curve
from tasks._stage import StageContext, stage_main
from tasks.base import GROUPS, PROBLEMS


def run(params: Params, ctx: StageContext) -> None:
    from oorl.trainers.artifacts import load_model, save_model
    from oorl.trainers.base_model import (
        check_pairs,
        exact_match,
        loss_check,
        make_mixture,
        schedule,
    )
    from oorl.trainers.pretrain import steps_for_tokens, train

    base, target = ctx.root / "models" / "base", ctx.root / "models" / "control"
    if not params.control.enabled:
        target.mkdir(parents=True, exist_ok=True)  # empty: evaluate leaves it out
        write_curve(ctx.reports / "curve.csv", [{"step": 0, "tokens": 0}])
        ctx.write_metrics({"enabled": False, "steps": 0, "tokens": 0, "flops": 0})
        return
    model, tokenizer = load_model(base, "base")
    budget = params.control.compute_ratio * sum(spent_flops(ctx, s) for s in ("rl", "gepo"))
    problems = read_problems(ctx.root / PROBLEMS, splits=("sft",))
    validation = read_problems(ctx.root / PROBLEMS, splits=("validation",))
    groups = read_groups(ctx.root / GROUPS, splits=("sft",))
    mixture = make_mixture(problems, groups, tokenizer, params.base, params.seed,
                           order_seed=params.seed + 1)
    steps = steps_for_tokens(mixture, budget / (6 * model.num_parameters()))
    pairs = check_pairs(validation, [], params.base)
    checkpoint = ctx.checkpoints(params.base, params.control, params.seed, steps,
                                 inputs=[base, ctx.root / PROBLEMS, ctx.root / GROUPS])

    def track(row: dict[str, float]) -> None:
        ctx.log_metrics(row, step=int(row["step"]))

    plan = schedule(params.base, steps, stop_early=False)
    state = train(model, mixture, plan, progress=True, name="control", on_row=track,
                  check=loss_check(tokenizer, pairs, params.base.max_length),
                  checkpoint=checkpoint / "state.pt")
    save_model(model, tokenizer, target)
    write_curve(ctx.reports / "curve.csv", state.curve)
    ctx.write_metrics({
        "enabled": True, "steps": state.step, "tokens": state.tokens,
        "flops": 6 * model.num_parameters() * state.tokens, "flops_budget": budget,
        "loss": state.curve[-1]["loss"], "exact_match": exact_match(model, tokenizer, pairs)},
        main=("loss",))


def spent_flops(ctx: StageContext, stage: str) -> float:
    """The FLOPs that a stage reported. Raises `DataError` if it did not."""
    path = ctx.root / "reports" / stage / "metrics.json"
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["flops"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path}: missing, or without a number `flops`",
                        f"Make it with `dvc repro {stage}`.") from None


if __name__ == "__main__":
    stage_main("control", run)
