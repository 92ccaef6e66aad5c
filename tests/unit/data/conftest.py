"""A small generated data set, made once."""

import pytest

from oorl.data.synthetic import generate_problems
from oorl.params.dataset import DatasetParams
from oorl.records import Problem


@pytest.fixture(scope="session")
def params() -> DatasetParams:
    return DatasetParams(problems=400)


@pytest.fixture(scope="session")
def problems(params: DatasetParams) -> list[Problem]:
    return generate_problems(params, seed=3)
