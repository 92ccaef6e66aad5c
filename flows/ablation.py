"""The paper's ablation in one command: base, supervised, RL, RL + DPO and RL + GEPO, over seeds.

    python -m flows.ablation [--seeds 1 2 3] [--set rl.max_steps=10]

Each seed is two DVC experiments of the whole pipeline up to `evaluate`, which share all stages but
`gepo`: one with GEPO on the IR groups, one with DPO on the same groups as pairs, both from the base
model, for as many steps as RL alone. The supervised control gets the mean of the compute that the
two runs of a seed's pipeline, RL and RL + GEPO, spend. The experiments run in folders of their
own: the workspace stays as it is. `dvc exp show` lists them; one that is there already is not run
again, so an interrupted ablation goes on where it stopped. Writes scores.csv, table.md and
ablation.png to reports/ablation.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oorl.errors import DataError, OORLError
from oorl.params import load_params
from oorl.records import stable_id
from tasks._files import write_text
from tasks._process import quiet

ROOT = Path(__file__).resolve().parents[1]
LOSSES = ("gepo", "dpo")


def name_of(root: Path, seed: int, loss: str, overrides: Sequence[str]) -> str:
    """The experiment's name: other settings or another commit make it another experiment."""
    head = _git(root, "rev-parse", "HEAD")
    text = (root / "params.yaml").read_text(encoding="utf-8")
    return f"ablation-{stable_id(head, text, *overrides, length=8)}-seed{seed}-{loss}"


def settings(root: Path, seed: int, loss: str, overrides: Sequence[str]) -> list[str]:
    """What one experiment sets in params.yaml; the ablation's own come after `overrides`."""
    steps = next((o.split("=", 1)[1] for o in reversed(overrides) if o.startswith("rl.max_steps=")),
                 load_params(root / "params.yaml").rl.max_steps)
    return [*overrides, f"seed={seed}", f"gepo.loss={loss}", "gepo.start_from=base",
            f"gepo.max_steps={steps}", "control.compute_ratio=0.5"]


def run_missing(root: Path, seeds: Sequence[int], overrides: Sequence[str]) -> list[str]:
    """Run the experiments that are not there yet, one after the other; their names.

    Raises `DataError` if one fails; what was finished stays.
    """
    wanted = {name_of(root, seed, loss, overrides): (seed, loss)
              for seed in seeds for loss in LOSSES}
    there = _dvc(root, "exp", "list", "--name-only", capture=True).split()
    missing = [name for name in wanted if name not in there]
    for number, name in enumerate(missing, 1):
        print(f"ablation: {name} ({number} of {len(missing)})", flush=True)
        chosen = [part for setting in settings(root, *wanted[name], overrides)
                  for part in ("-S", setting)]
        _dvc(root, "exp", "run", "--temp", "--name", name, *chosen, "evaluate")
    return list(wanted)


def evaluation(root: Path, name: str) -> Any:
    """reports/evaluation/metrics.json of an experiment, from DVC's cache."""
    from dvc.api import DVCFileSystem

    files = DVCFileSystem(str(root), rev=name)
    return json.loads(files.read_text("reports/evaluation/metrics.json"))


def ablate(root: Path, seeds: Sequence[int], overrides: Sequence[str]) -> str:
    """Run what is missing, write the report, return the table."""
    from oorl.evaluation.ablation import figure, scores, summarise, table

    run_missing(root, seeds, overrides)
    found = scores({(seed, loss): evaluation(root, name_of(root, seed, loss, overrides))
                    for seed in seeds for loss in LOSSES})
    summary = summarise(found)
    folder = root / "reports" / "ablation"
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "scores.csv", found.to_csv(index=False, lineterminator="\n"))
    write_text(folder / "table.md", table(summary))
    (folder / "ablation.png").write_bytes(figure(found, summary))
    return table(summary)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise DataError(f"{root}: git {arguments[0]} failed: {done.stderr.strip()[:200]}",
                        "DVC's experiments need a Git repository with at least one commit.")
    return done.stdout.strip()


def _dvc(root: Path, *arguments: str, capture: bool = False) -> str:
    """DVC, which ends with us."""
    environment = dict(os.environ)
    quiet(environment, offline=False)
    done = subprocess.run([sys.executable, "-m", "flows._dvc", *arguments], cwd=root, text=True,
                          env=environment, stdout=subprocess.PIPE if capture else None, check=False)
    if done.returncode:
        raise DataError(f"dvc {' '.join(arguments)}: exit {done.returncode}",
                        "Its own lines above say why; a second run goes on from here.")
    return done.stdout or ""


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--set", dest="overrides", action="append", default=[],
                         metavar="KEY=VALUE", help="a setting of params.yaml for all of them")
    chosen = options.parse_args()
    try:
        print(ablate(ROOT, list(dict.fromkeys(chosen.seeds)), chosen.overrides))
    except OORLError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
