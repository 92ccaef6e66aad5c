"""Any folder of source files: .c, .cpp, .cc, .cxx and .rs, each function an example."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from oorl.ir.compile import CFunction
from oorl.ir.sources._cut import SUFFIXES, cut, wanted_path
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams


def load(params: IRGroupsParams, root: Path) -> tuple[list[Source], Counter[str]]:
    """All functions of all files in the languages of `params`, in the order of the paths."""
    folder = wanted_path(params.path, root, "a folder of source files")
    found: dict[str, list[Source]] = {language: [] for language in params.languages}
    refused: Counter[str] = Counter()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file()):
        language = SUFFIXES[path.suffix]
        name = path.relative_to(folder).as_posix()
        if language not in found:
            continue
        functions = cut(path.read_text(encoding="utf-8", errors="replace"), language)
        refused["file without a function"] += not functions
        found[language] += [Source(f"folder:{name}:{label}", "", CFunction(text, label, language))
                            for label, text in functions]
    return [s for one in found.values() for s in one], +refused
