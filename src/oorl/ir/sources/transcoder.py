"""TransCoder's evaluation functions (Roziere et al. 2020, arXiv 2006.03511).

The file has a row for each function, `programs` by language; `f_gold` is the function, a main
beside it is dropped. It is an evaluation set: do not train a model on it that is judged by it.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

from oorl.errors import DataError
from oorl.ir.compile import CFunction
from oorl.ir.sources._cut import cut, wanted_path
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams

LICENCE = "CC-BY-SA-2.0"


def load(params: IRGroupsParams, root: Path) -> tuple[list[Source], Counter[str]]:
    """`f_gold` of every row in the languages of `params`; a row is one family."""
    path = wanted_path(params.path, root, "TransCoder's gfg.jsonl or gfg.jsonl.gz")
    opened = gzip.open if path.suffix == ".gz" else open
    found: dict[str, list[Source]] = {language: [] for language in params.languages}
    refused: Counter[str] = Counter()
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                programs, name = dict(row["programs"]), str(row.get("name", number))
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{path}: row {number}: {type(error).__name__}: {error}",
                                "Every row needs `name` and `programs`.") from None
            for language in found.keys() & programs.keys():
                text = dict(cut(programs[language], language)).get("f_gold")
                if text is None:
                    refused["no f_gold"] += 1
                    continue
                found[language].append(Source(f"transcoder:{name}:{language}", "",
                                              CFunction(text, "f_gold", language), LICENCE,
                                              family=f"transcoder:{name}"))
    return [s for one in found.values() for s in one], refused
