"""SLTrans (Paul et al. 2024, arXiv 2403.03894), the paper's source of groups.

From the hub (`ir_groups.path` such as `UKPLab/SLTrans`) or from Parquet files of the same columns
(`ir_groups.path` a file or a folder; below a folder, `C/`, `C++/` and `Rust/` as on the hub, or
files of one language). Only the source text is read: IR of an old LLVM never matters, for every
source is compiled again. A row may hold many functions; each is an example.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from oorl.errors import DataError
from oorl.hub import stream
from oorl.ir.compile import CFunction
from oorl.ir.sources._cut import cut
from oorl.ir.work import Source
from oorl.params.ir_groups import IRGroupsParams
from oorl.records import stable_id

CONFIGS = {"c": "C", "cpp": "C++", "rust": "Rust"}
LICENCE = "see UKPLab/SLTrans"


def load(params: IRGroupsParams, root: Path) -> tuple[list[Source], Counter[str]]:
    """All functions of the first `params.rows` rows of each language."""
    found: list[Source] = []
    refused: Counter[str] = Counter()
    for language in params.languages:
        for text in itertools.islice(_texts(params, root, language), params.rows):
            functions = cut(text, language)
            refused["file without a function"] += not functions
            row = stable_id(text)
            found += [Source(f"sltrans:{row}:{name}", "", CFunction(source, name, language),
                             LICENCE, params.revision) for name, source in functions]
    return found, +refused


def _texts(params: IRGroupsParams, root: Path, language: str) -> Iterator[str]:
    path = root / (params.path or "UKPLab/SLTrans")
    if path.exists():
        return _local(path, params, language)
    return _hub(params, language)


def _local(path: Path, params: IRGroupsParams, language: str) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    config = path / CONFIGS[language]
    files = [path] if path.is_file() else sorted((config if config.is_dir() else path)
                                                 .glob(f"**/{params.hub_split}*.parquet")) \
        or sorted((config if config.is_dir() else path).glob("**/*.parquet"))
    if not files:
        raise DataError(f"{path}: no Parquet file for {language}",
                        "ir_groups.path must be a Parquet file, a folder of them, or a hub id.")
    for file in files:
        try:
            table = pq.ParquetFile(file)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{file}: not a readable Parquet file: {error}",
                            "Download it again.") from None
        if params.source_column not in table.schema_arrow.names:
            raise DataError(f"{file}: no column {params.source_column!r}; it has "
                            f"{', '.join(table.schema_arrow.names)}",
                            "Set ir_groups.source_column to the column of the sources.")
        for batch in table.iter_batches(256, columns=[params.source_column]):
            yield from (text for text in batch.column(0).to_pylist() if text)


def _hub(params: IRGroupsParams, language: str) -> Iterator[str]:
    name = params.path or "UKPLab/SLTrans"
    remedy = ("Give the hub id in ir_groups.path and allow the download (HF_HUB_OFFLINE=0), or "
              "download its Parquet files and give their folder.")
    for _, row in stream(name, CONFIGS[language], params.revision, remedy, params.hub_split):
        if params.source_column not in row:
            raise DataError(f"{name}: no column {params.source_column!r}; it has "
                            f"{', '.join(row)}", "Set ir_groups.source_column.")
        if row[params.source_column]:
            yield row[params.source_column]
