"""docs/architecture.md: what the customer's document names is mapped to ours, and ours is there."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "architecture.md").read_text()
SECTION = TEXT[TEXT.rindex("## From the customer's words to ours") :]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")]
NAME = re.compile(r"`((?:relove|accounts_mgmt|commentators|diagnostics|sales|education)(?:\.\w+)+)`")
TARGETS = sorted({name for row in ROWS for cell in row[1:] for name in NAME.findall(cell)})

# Every table, class and method of the customer's document.
TABLES = [
    "users",
    "chats",
    "user_activity_log",
    "telegram_channels",
    "telegram_posts",
    "commentator_accounts",
    "account_personalities",
    "generated_comments",
    "comment_schedules",
    "direct_messages",
    "sales_scripts",
    "script_versions",
    "script_triggers",
    "client_conversations",
    "conversation_messages",
    "education_groups",
    "student_bots",
    "group_messages",
    "telegram_account_sessions",
    "account_security_logs",
    "diagnostic_results",
    "journey_progress",
    "user_sessions",
    "session_logs",
    "operation_logs",
]
NAMED = [
    "TelegramChannel",
    "TelegramPost",
    "CommentatorAccount",
    "GeneratedComment",
    "CommentSchedule",
    "DirectMessage",
    "SalesScript",
    "ScriptVersion",
    "ClientConversation",
    "SessionLog",
    "OperationLog",
    "ChannelMonitorService",
    "CommentGenerationService",
    "CommentSchedulerService",
    "send_scheduled_comments",
    "send_comment",
    "TelegramAPIError",
    "LoggingService",
    "log_session_start",
    "log_session_end",
    "log_operation",
    "get_session_stats",
    "get_operation_stats",
    "logging_config",
    "StrategySelectorService",
    "select_strategy",
    "analyze_message",
    "SalesConversationService",
    "generate_response",
    "get_script_response",
    "adapt_response",
    "generate_free_response",
    "EducationGroupService",
    "ScriptService",
    "load_script",
    "invalidate_cache",
    "edit_script",
    "export_script",
    "import_script",
    "HotReloadService",
    "watch_for_changes",
    "wait_for_reload",
    "handle_message",
    "ChannelRepository",
    "PostRepository",
    "CommentatorRepository",
    "CommentRepository",
    "get_pending",
    "ScriptRepository",
    "get_by_id",
    "get_updated_since",
    "Qdrant",
]


def found(name: str) -> Any:
    """The module of this dotted name, or what it names inside one."""
    path = name.split(".")
    for length in range(len(path), 0, -1):
        try:
            thing = import_module(".".join(path[:length]))
        except ModuleNotFoundError:
            continue
        for part in path[length:]:
            thing = getattr(thing, part)
        return thing
    raise ModuleNotFoundError(name)


def words_of_the_customer() -> Iterator[str]:
    for row in ROWS:
        yield from re.findall(r"\w+", row[0])


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_named_there_is_there(name: str) -> None:
    assert found(name) is not None


def test_a_name_that_is_not_there_would_be_seen() -> None:
    with pytest.raises(AttributeError):
        found("sales.live.nobody")
    assert len(TARGETS) > 80


def test_every_word_of_the_customer_has_its_row() -> None:
    assert sorted({*TABLES, *NAMED} - set(words_of_the_customer())) == []


def test_each_table_is_the_one_of_the_model_beside_it() -> None:
    tables = {row[0].split("`")[1]: NAME.findall(row[1])[0] for row in ROWS if row[0].startswith("`") and row[1:]}
    known = {model._meta.db_table: model for model in apps.get_models()}
    assert {table: known[table] for table in TABLES} == {table: found(tables[table]) for table in TABLES}


def test_nothing_is_put_off() -> None:
    assert [row for row in ROWS if row[-1].rstrip("| ").endswith("later")] == []
