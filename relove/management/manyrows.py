"""Rows by the million, made inside PostgreSQL, for what is measured or planned on full tables.

    fill_tables(1_000_000)                      the tables that grow, in the database at hand
    with kept_cluster(folder) as server:        the same, made once and kept as a template database
        with database_of(server.url(kept(server, 1_000_000))): …

Times go back evenly, newest last. About a third of all texts hold COMMON, RARELY of them hold RARE.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import DateTimeField, Field, Model
from django.utils import timezone
from environ import Env
from psycopg import sql

from accounts_mgmt.models import TelegramAccountSession
from commentators.models import CommentatorAccount, DirectMessage, GeneratedComment, TelegramChannel, TelegramPost
from education.models import EducationGroup, GroupMessage
from relove.embedded import PostgreSQL
from relove.models import Chat, OperationLog, SessionLog, TelegramUser, UserActivityLog
from relove.partitions import MONTHS_AHEAD, ensure_partitions
from sales.models import ClientConversation, ConversationMessage

COMMON, RARE, RARELY = "сегодня", "перламутр", 20
RARE_OPERATION = "change_option"
ACCOUNTS, CHANNELS, PEOPLE, GROUPS = 20, 50, 1000, 500
YEAR = timedelta(days=365)
SENTENCES = 9973
SYLLABLES = ("ба", "ве", "го", "ди", "жу", "за", "ки", "лю", "мо", "ну", "пы", "ра", "со", "ту", "фе", "хо", "це")

Expressions = dict[str, str]

# One of so many of each, spread over the rows; a row number is `g`, its moment `at`.
_ACCOUNT, _CHANNEL, _PERSON = f"1 + g % {ACCOUNTS}", f"1 + g % {CHANNELS}", f"1 + g * 7 % {PEOPLE}"
_GROUP = f"1 + g % {GROUPS}"
_SENT = "CASE WHEN g % 10 > 0 THEN at END"
_STATUS = (
    "CASE WHEN g % 10 > 0 THEN 'sent' WHEN g % 20 = 0 THEN 'failed' WHEN g % 1000 = 10 THEN 'draft' "
    "ELSE 'rejected' END"
)
_OUTGOING = {
    "sender_id": _ACCOUNT,
    "text": "said",
    "status": _STATUS,
    "sent_at": _SENT,
    "message_id": "g",
    "origin": "CASE WHEN g % 500 = 0 THEN 'person' ELSE 'machine' END",
}
_PRIVATE = {
    **_OUTGOING,
    "user_id": _PERSON,
    "direction": "CASE WHEN g % 2 = 0 THEN 'in' ELSE 'out' END",
    "is_read": "true",
    "purpose": "CASE WHEN g % 5000 = 1 THEN 'stop' ELSE '' END",
}
_WORK = {"account_id": _ACCOUNT, "subject_table": "'generated_comments'", "subject_id": "g", "created_at": "at"}

BIG: dict[type[Model], Expressions] = {
    TelegramPost: {
        "channel_id": _CHANNEL,
        "message_id": "g",
        "text": "said",
        "stage": "CASE WHEN g % 200 = 0 THEN 'refused' WHEN g % 3 = 0 THEN 'ignored' ELSE 'drafted' END",
        "created_at": "at",
    },
    GeneratedComment: {**_OUTGOING, "post_id": "g", "channel_id": _CHANNEL, "account_id": _ACCOUNT},
    DirectMessage: {**_PRIVATE, "account_id": _ACCOUNT},
    ConversationMessage: {
        **_PRIVATE,
        "conversation_id": _PERSON,
        "strategy": "CASE WHEN g % 300 = 0 THEN 'person' WHEN g % 2 = 0 THEN 'script' ELSE '' END",
    },
    GroupMessage: {
        **_OUTGOING,
        "group_id": _GROUP,
        "user_id": f"CASE WHEN g % 2 = 0 THEN {_PERSON} END",
        "direction": "CASE WHEN g % 2 = 0 THEN 'in' ELSE 'out' END",
        "role": "CASE WHEN g % 2 = 0 THEN 'client' ELSE 'host' END",
    },
    OperationLog: {
        **_WORK,
        "operation_type": f"CASE WHEN {{rare}} THEN '{RARE_OPERATION}' WHEN g % 3 = 0 THEN 'send_message' "
        "ELSE 'draft' END",
        "status": "CASE WHEN g % 400 = 0 THEN 'failed' ELSE 'success' END",
        "error_message": "CASE WHEN g % 400 = 0 THEN said ELSE '' END",
        "duration_ms": "g % 900",
    },
    UserActivityLog: {
        "user_id": _PERSON,
        "chat_id": _CHANNEL,
        "activity_type": f"CASE WHEN {{rare}} THEN '{RARE_OPERATION}' ELSE 'reply' END",
        "created_at": "at",
    },
    SessionLog: {
        "account_id": _ACCOUNT,
        "user_id": _PERSON,
        "session_type": "CASE WHEN g % 700 = 0 THEN 'education' ELSE 'comment' END",
        "status": "CASE WHEN g % 900 = 0 THEN 'failed' ELSE 'completed' END",
        "start_time": "at",
    },
}
# One of each kind: a post, a comment, a message, a log. The others have the same indexes.
MAIN = (TelegramPost, GeneratedComment, DirectMessage, OperationLog)
_AROUND: dict[type[Model], tuple[int, Expressions]] = {
    Chat: (CHANNELS, {"telegram_id": "g", "kind": "'channel'", "title": "'Канал ' || g"}),
    TelegramUser: (PEOPLE, {"telegram_id": "g", "first_name": "'Гость ' || g", "username": "'guest' || g"}),
    TelegramAccountSession: (ACCOUNTS, {"label": "'Аккаунт ' || g", "role": "'commentator'"}),
    CommentatorAccount: (ACCOUNTS, {"session_id": "g"}),
    TelegramChannel: (CHANNELS, {"chat_id": "g", "title": "'Канал ' || g", "username": "'channel' || g"}),
    EducationGroup: (
        GROUPS,
        {
            "account_id": _ACCOUNT,
            "user_id": "g",
            "script_id": "1",
            "version_id": "1",
            "title": "'Группа ' || g",
            "code": "'code-' || g",
        },
    ),
    ClientConversation: (PEOPLE, {"account_id": _ACCOUNT, "user_id": "g"}),
}


def fill_tables(rows: int, span: timedelta = YEAR, others: int | None = None) -> None:
    """So many rows in each of the big tables, the oldest of `span` ago, and what they point at; all are empty.

    `others` is how many rows the tables get that are not in MAIN: as many unless it is given.
    """
    now = timezone.now()
    ensure_partitions(now - span, ahead=span.days // 30 + MONTHS_AHEAD)
    with connection.cursor() as cursor:
        # neither keys nor triggers are checked: what is made here fits by design
        cursor.execute("SET session_replication_role = replica")
        _make_sentences(cursor)
        for model, (count, expressions) in _AROUND.items():
            _fill(cursor, model, count, expressions, now, span)
        for model, expressions in BIG.items():
            count = rows if model in MAIN or others is None else others
            with without_indexes(cursor, model._meta.db_table):
                _fill(cursor, model, count, expressions, now, span)
        cursor.execute("DROP TABLE many_sentences")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE")


def _make_sentences(cursor: Any) -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _word in range(3000)]
    said = [
        " ".join([*chance.choices(words, k=5), *([COMMON] if number % 5 == 0 else [])]).capitalize() + "."
        for number in range(SENTENCES)
    ]
    cursor.execute("CREATE TEMPORARY TABLE many_sentences (id integer PRIMARY KEY, words text)")
    cursor.execute(
        "INSERT INTO many_sentences SELECT * FROM unnest(%s::integer[], %s::text[])",
        [list(range(SENTENCES)), said],
    )
    cursor.execute("ANALYZE many_sentences")


def _fill(
    cursor: Any, model: type[Model], rows: int, expressions: Expressions, now: datetime, span: timedelta
) -> None:
    """What no expression is given for takes the model's default; ids begin with 1."""
    every = max(rows // RARELY, 1)
    rare = f"(mod(g, {every}) = {every // 2})"
    values, parameters = [], []
    for field in model._meta.concrete_fields:
        expression = {"id": "g", **expressions}.get(field.attname)
        if expression is None and _is_stamped(field):
            expression = "at"
        if expression is None:
            parameters.append(field.get_db_prep_save(field.get_default(), connection))
            values.append(f"%s::{field.rel_db_type(connection)}")
        else:
            values.append(expression.replace("{rare}", rare).replace("%", "%%"))
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    cursor.execute(  # every name in it is ours
        f'INSERT INTO "{table}" ({columns}) SELECT {", ".join(values)} '  # noqa: S608
        "FROM generate_series(1, %s::bigint) AS g "
        f"JOIN many_sentences a ON a.id = g %% {SENTENCES} JOIN many_sentences b ON b.id = g * 31 %% {SENTENCES} "
        "CROSS JOIN LATERAL (SELECT %s::timestamptz - (%s - g) * %s::interval AS at, "
        f"concat_ws(' ', a.words, b.words, CASE WHEN {rare} THEN '{RARE}' END) AS said) AS row",
        [*parameters, rows, now, rows, span / rows],
    )
    cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [rows])


def _is_stamped(field: "Field[Any, Any]") -> bool:
    return isinstance(field, DateTimeField) and (field.auto_now or field.auto_now_add)


@contextmanager
def without_indexes(cursor: Any, table: str) -> Iterator[None]:
    """Many rows first and their indexes afterwards take a fraction of the time."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "WHERE i.indrelid = %s::regclass "
        "AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [table],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _name, definition in found:
        # of a partitioned table PostgreSQL tells only its own part
        cursor.execute(definition.replace(" ON ONLY ", " ON "))


# --- kept ---------------------------------------------------------------------------------------------


@contextmanager
def kept_cluster(folder: Path) -> Iterator[PostgreSQL]:
    """A PostgreSQL whose data stays in `folder` for the next time."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    server = PostgreSQL(folder / "postgres", durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def kept(server: PostgreSQL, rows: int) -> str:
    """The name of the template database with so many rows; made unless it is there, of these very tables."""
    name = f"rows_{rows}_{_digest()}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as db:
        # a template is whole; what is none was given up half-way, what is of other tables is of no more use
        found = db.execute("SELECT datname, datistemplate FROM pg_database WHERE datname LIKE 'rows%'").fetchall()
        for other, is_whole in found:
            if not is_whole or not other.endswith(_digest()):
                db.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(other)))
                db.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(other)))
        if (name, True) not in found:
            db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with database_of(server.url(name)):
                _make(rows)
            db.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
    return name


def _make(rows: int) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute("SET work_mem = '64MB'")
        fill_tables(rows, others=max(rows // 100, RARELY))
        cursor.execute("VACUUM ANALYZE")


def _digest() -> str:
    """Of the tables' migrations and of what is written here."""
    migrations = sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    return hashlib.sha256(repr(migrations).encode() + Path(__file__).read_bytes()).hexdigest()[:12]


@contextmanager
def database_of(url: str) -> Iterator[None]:
    """While the block runs this process works in another database."""
    before = connection.settings_dict
    connection.close()
    connection.settings_dict = {**before, **Env.db_url_config(url)}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before
