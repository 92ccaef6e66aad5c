"""One judge for the whole folder."""

from collections.abc import Iterator

import pytest

from oorl.errors import IsolationUnavailable
from oorl.params.sandbox import SandboxParams
from oorl.sandbox import Judge


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    params = SandboxParams.model_validate({"cpu_time_s": 1.5, "memory_bytes": 256 * 2**20})
    with Judge(params) as made:
        try:
            made.judge([])
        except IsolationUnavailable as error:
            pytest.skip(str(error))
        yield made
