"""gepo: OORL, on-policy RL and GEPO on IR groups in one objective. Writes models/gepo.

Reads models/<gepo.start_from>, the rl split's prompts and IR groups, and the test split's groups,
on which the preference is measured before and after.
"""

from __future__ import annotations

from oorl.errors import DataError
from oorl.ir.tables import read_groups
from oorl.params import Params
from tasks._stage import StageContext, stage_main
from tasks.rl import GROUPS, optimise


def run(params: Params, ctx: StageContext) -> None:
    path = ctx.root / GROUPS
    groups = read_groups(path, splits=("rl",))
    if not groups and params.gepo.w_gepo > 0:
        raise DataError(f"{path}: no group in split 'rl'",
                        "Raise ir_groups.groups, or set gepo.w_gepo to 0.")
    ctx.log_dataset(path, "ir_groups")
    optimise(params, ctx, params.gepo.start_from, params.gepo, groups,
             read_groups(path, splits=("test",)))


if __name__ == "__main__":
    stage_main("gepo", run)
