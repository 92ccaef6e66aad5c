"""What a step of on-policy RL gains when rewards begin while others are still being generated.

    make demo && python benchmarks/reward_overlap.py [--root .] [--steps 6] [--rounds 2]
    python benchmarks/reward_overlap.py --seconds-per-token 0.02 --update-s 3 \
        --prompts 8 --samples 4                                 # a GPU, simulated

The rl stage's own path: the base model and the problems of --root, the settings of its
params.yaml, the real judge. The same run with judging begun early and with whole batches, in turn;
the first step (the judge's warm parents start) is left out, and of each other step the best of all
rounds counts, since other work disturbs. Rewards are the same, and that is checked.

With --seconds-per-token the model's own completions are handed out as a large model on a GPU would:
all decode side by side, each ends after its length times that, and an update takes --update-s.
Generation then costs no CPU, as on a machine whose CPUs are free while the GPU works.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def replayed(rollout: Any, seconds_per_token: float) -> Any:
    """The same completions, each handed on when it would be complete."""
    def run(model: Any, prompt_ids: Any, *, on_done: Any = None, **options: Any) -> Any:
        made = rollout(model, prompt_ids, **options)
        rows = sorted((len(tokens), p, s) for p, row in enumerate(made)
                      for s, tokens in enumerate(row))
        began = time.perf_counter()
        for length, prompt, sample in rows:
            time.sleep(max(0.0, began + length * seconds_per_token - time.perf_counter()))
            if on_done is not None:
                on_done(prompt, sample, made[prompt][sample])
        run.seconds.append(time.perf_counter() - began)
        return made

    run.seconds = []
    return run


def train(root: Path, changes: Row, early: bool, seconds_per_token: float) -> list[Row]:
    """The curve of some steps, with the judge's seconds and those simulated beside it."""
    import yaml

    from oorl.data.prompts import extract_code
    from oorl.data.tables import read_problems
    from oorl.params import parse_params
    from oorl.rewards import UnitTestReward
    from oorl.sandbox import open_judge
    from oorl.trainers import translation
    from oorl.trainers.artifacts import load_model
    from oorl.trainers.base_model import prompt_style

    params = parse_params(yaml.safe_load((root / "params.yaml").read_text()))
    rl = params.rl.model_copy(update=changes)
    problems = read_problems(root / "data/problems/problems.parquet", splits=("rl",))
    model, tokenizer = load_model(root / "models/base", "base")
    style, context = prompt_style(params.base), int(model.config.max_position_embeddings)
    rows, _ = translation.sample_prompts(
        problems, tokenizer, rl, count=translation.prompts_needed(rl, rl.max_steps),
        seed=params.seed, style=style, max_prompt_tokens=context - rl.max_completion_length)
    kept, rollout = translation.engine, None
    if seconds_per_token:
        rollout = replayed(kept(tokenizer.eos_token_id), seconds_per_token)
        translation.engine = lambda _: rollout
    seen: list[Row] = []
    with (tempfile.TemporaryDirectory() as folder, open_judge(params.sandbox) as judge,
          UnitTestReward(judge, {p.id: p for p in problems}, extract_code) as reward):
        config = translation.make_config(rl, None, output_dir=Path(folder), seed=params.seed,
                                         style=style, max_length=context)

        def on_row(row: Row) -> None:
            seen.append({**row, "judge_busy_s": reward.metrics()["judge_busy_s"],
                         "replayed_s": rollout.seconds[-1] if rollout else None})

        translation.train_translation(
            model, tokenizer, rows, reward if early else reward.__call__, config, name="rl",
            targets=rl.targets, on_row=on_row)
    translation.engine = kept
    return seen


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path())
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--prompts", type=int, help="of a step; default: params.yaml's")
    parser.add_argument("--samples", type=int, help="of a prompt; default: params.yaml's")
    parser.add_argument("--seconds-per-token", type=float, default=0.0)
    parser.add_argument("--update-s", type=float, default=0.0, help="of a simulated step")
    args = parser.parse_args()
    torch.set_num_threads(1)  # as the rl stage
    changes = {"max_steps": args.steps, "save_every": args.steps,
               **({"prompts_per_step": args.prompts} if args.prompts else {}),
               **({"num_generations": args.samples} if args.samples else {})}
    curves: dict[bool, list[list[Row]]] = {False: [], True: []}
    for _ in range(args.rounds):
        for early in curves:
            curves[early].append(train(args.root, changes, early, args.seconds_per_token))
    rewards = [[row["reward"] for row in curve] for run in curves.values() for curve in run]
    assert all(row == rewards[0] for row in rewards), "rewards differ"
    print(f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}, torch "
          f"{torch.__version__}; means over {args.steps - 1} steps, each the best of "
          f"{args.rounds}\n")
    print("| rewards | generating s | waiting for rewards s | judge at work s | updating s | "
          "step s | waiting, of the step |\n|---|---|---|---|---|---|---|")
    for early, runs in curves.items():
        steps = [min((timed(row, args.update_s) for row in same), key=lambda x: x["step"])
                 for same in list(zip(*runs, strict=True))[1:]]
        mean = {name: statistics.fmean(step[name] for step in steps) for name in steps[0]}
        print(f"| {'begun early' if early else 'whole batches'} | "
              + " | ".join(f"{mean[name]:.2f}" for name in mean)
              + f" | {mean['waiting'] / mean['step']:.3f} |")


def timed(row: Row, update_s: float) -> dict[str, float]:
    """Where one step's seconds went."""
    generating = row["replayed_s"] or row["seconds_generating"]
    updating, waiting = update_s or row["seconds_updating"], row["seconds_judging"]
    return {"generating": generating, "waiting": waiting, "busy": row["judge_busy_s"],
            "updating": updating, "step": generating + waiting + updating}


if __name__ == "__main__":
    main()
