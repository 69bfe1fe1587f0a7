"""The stage on which runners as real processes play."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.accounts_mgmt.scene")

from tests.accounts_mgmt.scene import Scene, stage  # noqa: E402  (after the registration)


@pytest.fixture
def scene(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Scene]:
    with stage(settings, tmp_path) as scene:
        yield scene
