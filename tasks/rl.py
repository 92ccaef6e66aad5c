"""rl: REINFORCE++ with unit tests as reward. Reads models/base and the rl split, writes models/rl.

The gepo stage is the same run with the GEPO stream added, and shares `optimise`.
"""

from __future__ import annotations

import resource
import time
import warnings
from typing import TYPE_CHECKING, Any

from oorl.data.prompts import extract_code
from oorl.data.tables import read_problems
from oorl.errors import DataError
from oorl.params import Params
from tasks._files import write_curve
from tasks._stage import StageContext, stage_main

if TYPE_CHECKING:
    from oorl.params.gepo import GEPOParams
    from oorl.records import IRGroup

PROBLEMS = "data/problems/problems.parquet"
GROUPS = "data/ir_groups/groups.parquet"


def run(params: Params, ctx: StageContext) -> None:
    optimise(params, ctx, "base", None, [], [])


def optimise(
    params: Params, ctx: StageContext, start: str, gepo: GEPOParams | None,
    groups: list[IRGroup], held_out: list[IRGroup],
) -> None:
    """Train models/<start> into models/<stage>; with `gepo`, jointly with GEPO on `groups`."""
    import torch
    import transformers

    from oorl.rewards import UnitTestReward
    from oorl.sandbox import open_judge
    from oorl.trainers.artifacts import load_model, save_model
    from oorl.trainers.base_model import prompt_style
    from oorl.trainers.device import choose_device
    from oorl.trainers.preference import PreferenceCheck
    from oorl.trainers.translation import (
        group_rows,
        make_config,
        prompts_needed,
        sample_prompts,
        summary,
        train_translation,
    )

    transformers.utils.logging.disable_progress_bar()  # ours is the only bar
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    began, rl = time.monotonic(), params.rl
    path, origin = ctx.root / PROBLEMS, ctx.root / "models" / start
    problems = read_problems(path, splits=("rl",))
    if not problems:
        raise DataError(f"{path}: no problem in split 'rl'",
                        "Lower dataset.sft_share, validation_share or test_share.")
    ctx.log_dataset(path, "problems")
    style = prompt_style(params.base)
    model, tokenizer = load_model(origin, start)
    device = choose_device(params.base.device, model.num_parameters())
    context = min(int(model.config.max_position_embeddings), params.base.max_length)
    rows, counts = sample_prompts(
        problems, tokenizer, rl, count=prompts_needed(rl, (gepo or rl).max_steps),
        seed=params.seed + (1 if gepo else 0),  # other prompts than the rl stage's
        style=style,
        max_prompt_tokens=context - rl.max_completion_length)
    inputs = [path, origin, *([ctx.root / GROUPS] if gepo else [])]
    sections: list[Any] = [rl, params.sandbox, params.seed, *([gepo] if gepo else [])]
    config = make_config(rl, gepo, output_dir=ctx.checkpoints(*sections, inputs=inputs),
                         seed=params.seed, style=style, max_length=context, device=device)
    if config.cpu_workers:
        torch.set_num_threads(1)  # parts of a batch run side by side instead
    preference = PreferenceCheck(model, tokenizer, group_rows(held_out, style), context,
                                 config) if held_out else None

    with open_judge(params.sandbox) as judge, UnitTestReward(
            judge, {p.id: p for p in problems}, extract_code) as reward:
        _, curve = train_translation(
            model, tokenizer, rows, reward, config, name=ctx.stage, targets=rl.targets,
            groups=group_rows(groups, style) if gepo else None, lora_rank=rl.lora_rank,
            on_row=lambda row: ctx.log_metrics(row, step=int(row["step"])))
        outcomes = reward.metrics()
    metrics = summary(curve, model.num_parameters(), began)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    metrics["cpu_seconds_judging"] = children.ru_utime + children.ru_stime
    metrics |= {"start_from": start, "prompts": counts, "outcomes": outcomes}
    if preference is not None:
        metrics["preference"] = preference.finish(model)
    save_model(model, tokenizer, ctx.root / "models" / ctx.stage)
    write_curve(ctx.reports / "curve.csv", curve)
    ctx.write_metrics(metrics, main=("reward_first_quarter", "reward_last_quarter",
                                     "preference.after.rewards/accuracies"))


if __name__ == "__main__":
    stage_main("rl", run)
