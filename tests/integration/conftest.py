"""What several of these tests need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.browser import BROWSER, Browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A real one; skips where there is none."""
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome here")
    made = Browser(tmp_path / "profile")
    yield made
    made.close()
