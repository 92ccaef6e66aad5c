"""base: the model to start from. Reads problems and IR groups, writes models/base.

`base.model: embedded` trains a tiny Qwen3 from scratch on the sft split; anything else is taken
from the hub or a path as it is.
"""

from __future__ import annotations

from typing import Any

from oorl.data.tables import read_problems
from oorl.ir.tables import read_groups
from oorl.params import Params
from tasks._files import write_curve
from tasks._stage import StageContext, stage_main

PROBLEMS = "data/problems/problems.parquet"
GROUPS = "data/ir_groups/groups.parquet"


def run(params: Params, ctx: StageContext) -> None:
    if params.base.model != "embedded":
        adopt(params, ctx)
        return
    from oorl.trainers.artifacts import save_model
    from oorl.trainers.base_model import check_pairs, exact_match, train_base
    from oorl.trainers.supervised_data import shown_problems

    problems = read_problems(ctx.root / PROBLEMS, splits=("sft",))
    validation = read_problems(ctx.root / PROBLEMS, splits=("validation",))
    groups = read_groups(ctx.root / GROUPS, splits=("sft",))
    ctx.log_dataset(ctx.root / PROBLEMS, "problems")
    ctx.log_dataset(ctx.root / GROUPS, "ir_groups")
    checkpoint = ctx.checkpoints(params.base, params.seed,
                                 inputs=[ctx.root / PROBLEMS, ctx.root / GROUPS])

    def track(row: dict[str, float]) -> None:
        ctx.log_metrics(row, step=int(row["step"]))

    model, tokenizer, state = train_base(
        problems, groups, validation, params.base, params.seed,
        checkpoint=checkpoint / "state.pt", on_row=track)
    matches = exact_match(model, tokenizer, check_pairs(validation, [], params.base))
    save_model(model, tokenizer, ctx.root / "models" / "base")
    write_curve(ctx.reports / "curve.csv", state.curve)
    parameters = model.num_parameters()
    ctx.write_metrics({
        "model": "embedded", "parameters": parameters, "vocab_size": len(tokenizer),
        "steps": state.step, "tokens": state.tokens, "flops": 6 * parameters * state.tokens,
        "plateau_step": state.plateau_step, "loss": state.curve[-1]["loss"],
        "exact_match": matches,
        "shown": {target: len(shown_problems(problems, target, share, params.seed))
                  for target, share in params.base.language_shares.items()},
    }, main=("loss",))


def adopt(params: Params, ctx: StageContext) -> None:
    """Copy a model from the hub or a path to models/base."""
    from oorl.trainers.artifacts import fetch_model, save_model

    model, tokenizer = fetch_model(params.base.model)
    save_model(model, tokenizer, ctx.root / "models" / "base")
    rows: list[dict[str, Any]] = [{"step": 0, "tokens": 0}]
    write_curve(ctx.reports / "curve.csv", rows)
    ctx.write_metrics({"model": params.base.model, "parameters": model.num_parameters(),
                       "vocab_size": len(tokenizer), "steps": 0, "tokens": 0, "flops": 0})


if __name__ == "__main__":
    stage_main("base", run)
