"""For every test: texts come from the versions in the database only where a test has one."""

from collections.abc import Iterator

import pytest

from relove import texts
from sales.texts_kind import source

DATABASES = {"db", "transactional_db"}


@pytest.fixture(autouse=True)
def _texts_of_the_kernel(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test without a database hears the kernel's own texts: the versioned source would ask for one."""
    if request.node.get_closest_marker("django_db") or DATABASES.intersection(request.fixturenames):
        yield
        return
    texts.unregister(source)
    yield
    texts.register(source)
