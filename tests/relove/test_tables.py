"""What the tables of all apps have in common: direction, indexes, names."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, models

# An app may point at itself and at apps of a lower level. import-linter does not see string foreign keys.
LEVEL = {"relove": 0, "accounts_mgmt": 1, "diagnostics": 1, "commentators": 2, "sales": 2, "education": 3}
# The 25 tables of the customer's document, and the answer that names each: 3, and 5 for the two logs.
TABLES = {
    *("users", "chats", "user_activity_log"),
    *("telegram_channels", "telegram_posts", "commentator_accounts", "account_personalities"),
    *("generated_comments", "comment_schedules", "direct_messages"),
    *("sales_scripts", "script_versions", "script_triggers", "client_conversations", "conversation_messages"),
    *("education_groups", "student_bots", "group_messages"),
    *("telegram_account_sessions", "account_security_logs"),
    *("diagnostic_results", "journey_progress", "user_sessions"),
    *("session_logs", "operation_logs"),
}
FOREIGN = ("axes", "django", "unfold", "csp", "channels", "constance", "import_export", "simple_history")
WORDS_FOR_STATUS = {"status", "state", "stage"}


def our_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in LEVEL]


def relations() -> Iterator[tuple[type[models.Model], models.Field, type[models.Model]]]:  # type: ignore[type-arg]
    for model in our_models():
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if isinstance(field.related_model, type):
                yield model, field, field.related_model


def leading_columns() -> set[tuple[str, str]]:
    """(table, column) for the first column of every index there is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.relname, a.attname FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
            "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]"
        )
        return set(cursor.fetchall())


def test_no_foreign_key_points_upward() -> None:
    upward = [
        f"{model._meta.label}.{field.name} → {target._meta.label}"
        for model, field, target in relations()
        if target._meta.app_label in LEVEL
        and target._meta.app_label != model._meta.app_label
        and LEVEL[target._meta.app_label] >= LEVEL[model._meta.app_label]
    ]
    assert upward == []
    assert len(list(relations())) > 30, "the walk sees them"


def test_every_app_of_ours_has_its_place_in_the_order() -> None:
    ours = {config.label for config in apps.get_app_configs() if not config.name.startswith(FOREIGN)}
    assert ours == set(LEVEL)


@pytest.mark.django_db
def test_what_pages_and_sweeps_look_for_is_indexed() -> None:
    """People, accounts, and how far a row has come: each leads an index of its table."""
    sought = {
        (model._meta.db_table, field.column)
        for model, field, target in relations()
        if target._meta.db_table in ("users", "telegram_account_sessions", "commentator_accounts")
        # a history is read by the row it is about
        and not hasattr(model, "history_date")
    }
    for model in our_models():
        named = [field for field in model._meta.fields if field.name in {*WORDS_FOR_STATUS, "account_id"}]
        sought |= {(model._meta.db_table, field.column) for field in named}
    assert len(sought) > 20
    assert sorted(sought - leading_columns()) == []


@pytest.mark.django_db
def test_every_table_of_the_customers_words_is_there() -> None:
    assert len(TABLES) == 25
    assert {model._meta.db_table for model in our_models()} >= TABLES
    assert set(connection.introspection.table_names()) >= TABLES
