"""For every test: texts come from the database only where a test has one; a used database is emptied fast."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from relove import logs, texts
from sales.texts_kind import source
from tests.heard import Said, listening
from tests.template import wait_for_template

DATABASES = {"db", "transactional_db"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker is left alone with one at the end.

    Within a file nothing moves.
    """
    weight = {"processes": -2, "browser": -1}
    heaviest: dict[Path, int] = {}
    for item in items:
        found = [weight[mark.name] for mark in item.iter_markers() if mark.name in weight]
        heaviest[item.path] = min([*found, heaviest.get(item.path, 0)])
    items.sort(key=lambda item: heaviest[item.path])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each worker's database is a copy of one that has all tables already."""
    if name := wait_for_template():
        connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture(autouse=True)
def _texts_of_the_kernel(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test without a database hears the kernel's own texts: the versioned source would ask for one."""
    if request.node.get_closest_marker("django_db") or DATABASES.intersection(request.fixturenames):
        yield
        return
    texts.unregister(source)
    yield
    texts.register(source)


@pytest.fixture
def spoken() -> Iterator[Said]:
    """What the programs' logs say during a test."""
    with listening(logs.JSON) as heard:
        yield heard


# What migrations put there, the same for every test: rights, roles, the shipped questionnaire.
SHIPPED = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "psychotypes",
    "journey_stages",
    "streams",
    "stream_routes",
    "diagnostic_questions",
    "diagnostic_options",
}


def delete_rows(self: DatabaseOperations, style: Any, tables: list[str], **kwargs: Any) -> list[str]:
    """Delete from the few tables that hold rows: truncating all of them takes a hundred times as long."""
    names = sorted(set(tables) - SHIPPED)
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        used = [name for (name,) in cursor.fetchall()]
    # neither foreign keys nor the triggers of append-only tables are asked
    return [
        "SET session_replication_role = replica",
        *(f'DELETE FROM "{name}"' for name in used),
        "SET session_replication_role = DEFAULT",
    ]


@pytest.fixture(autouse=True, scope="session")
def _empty_databases_fast() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseOperations, "sql_flush", delete_rows)
    # rights and content types stay, so nobody needs to make them anew
    patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
    yield
    patch.undo()
