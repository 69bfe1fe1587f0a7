"""The checks of `manage.py doctor`, each for one part of a running system.

A check returns in a few words what it found; when something is wrong it raises Trouble, which says what
is wrong and how to mend it.
"""

import base64
import binascii
import http.client
import socket
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_redis.exceptions import ConnectionInterrupted  # type: ignore[import-untyped]
from redis.exceptions import RedisError

from relove import archive, backups, partitions, texts
from relove.archive_files import ArchiveError
from relove.cluster import live_heartbeats
from relove.embedded import read_env, session_keys_file
from relove.fields import KeyMissing, SealedField

# supervisord replaces a cluster within a minute
STALE_SECONDS = 60
ANSWER_SECONDS = 5
# Telegram's data centre 2, where a client without a session begins
TELEGRAM_ADDRESS = "149.154.167.51:443"
# made daily, and one may fail
BACKUP_IS_OLD = timedelta(days=2)
START = "is the system running (make up)?"


class Trouble(Exception):
    """What is wrong, and how to mend it."""


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except DatabaseError as error:
        raise Trouble(f"not reachable ({first_line(error)}): check DATABASE_URL; {START}") from error
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise Trouble(f"{len(plan)} migrations are not applied: run manage.py migrate")
    return f"PostgreSQL {version}, migrated"


def check_partitions() -> str:
    try:
        missing = partitions.missing(timezone.now())
    except DatabaseError as error:
        raise Trouble(f"unknown, the database does not answer ({first_line(error)})") from error
    if missing:
        raise Trouble(f"missing: {', '.join(missing)}; see that the cluster 'default' does its daily upkeep")
    return f"{partitions.MONTHS_AHEAD} months ahead"


def check_cache() -> str:
    name = "Valkey or Redis" if settings.REDIS_URL else "in the database"
    key, value = "doctor", uuid.uuid4().hex
    try:
        reach_cache()
        cache.set(key, value, 60)
        kept = cache.get(key)
    except (ConnectionInterrupted, RedisError, DatabaseError) as error:
        hint = "check REDIS_URL" if settings.REDIS_URL else "run manage.py createcachetable"
        raise Trouble(f"{name}: {first_line(error)}; {hint}") from error
    if kept != value:
        raise Trouble(f"{name}: a value written was not read back; look at the server's memory limit")
    return name


def reach_cache() -> None:
    """Ask the cache's server itself: the cache says nothing when it is away, so that pages live on."""
    client = getattr(cache, "client", None)
    if client:
        client.get_client().ping()


def check_clusters() -> str:
    try:
        reach_cache()
        ages = live_heartbeats()
    except (ConnectionInterrupted, RedisError, DatabaseError) as error:
        raise Trouble(f"unknown, the cache does not answer ({first_line(error)})") from error
    silent = [name for name, age in ages.items() if age is None or age > STALE_SECONDS]
    if silent:
        raise Trouble(
            f"no heartbeat of {', '.join(silent)}: start it (Q_CLUSTER_NAME=… manage.py qcluster); {START}"
        )
    return ", ".join(f"{name} {age:.0f} s ago" for name, age in ages.items() if age is not None)


def check_telegram() -> str:
    sandbox = settings.TELEGRAM_GATEWAY == "sandbox"
    address = settings.SANDBOX_TELEGRAM if sandbox else TELEGRAM_ADDRESS
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        hint = START if sandbox else "does a firewall close this port?"
        raise Trouble(f"{address} does not answer ({first_line(error)}): {hint}") from error
    return f"{'the sandbox' if sandbox else 'the real Telegram'} at {address}"


def check_llm() -> str:
    """Any answer but a refusal of the key will do: not every server lists its models."""
    base: str = settings.LLM_BASE_URL
    url = f"{base.rstrip('/')}/models"
    headers = {"Authorization": f"Bearer {settings.LLM_API_KEY}"}
    try:
        urllib.request.urlopen(  # noqa: S310
            urllib.request.Request(url, headers=headers),  # noqa: S310
            timeout=ANSWER_SECONDS,
        ).close()
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise Trouble(f"{base} refuses the key: check LLM_API_KEY") from error
        if error.code >= 500:
            raise Trouble(f"{base} answers {error.code}: try again later") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Trouble(f"{base} does not answer ({first_line(error)}): check LLM_BASE_URL; {START}") from error
    return base


def check_keys() -> str:
    rings = {"RELOVE_PERSONAL_KEYS": settings.PERSONAL_KEYS, "RELOVE_SESSION_KEYS": settings.SESSION_KEYS}
    for name, ring in rings.items():
        if not ring or not all(_is_key(key) for key in ring):
            raise Trouble(f"{name} holds no keys of 32 bytes in base64url: set it, or restore it from your backup")
    try:
        opened = sum(_opened(field) for model in apps.get_models() for field in model._meta.fields)
    except KeyMissing as error:
        raise Trouble(f"{error} Put the key that is missing back at the end of its ring.") from error
    except DatabaseError as error:
        raise Trouble(f"unknown, the database does not answer ({first_line(error)})") from error
    return f"both rings, stored values opened: {opened}"


def check_backups() -> str:
    """Whoever makes their backups by other means hears nothing of it here."""
    made = backups.kept(settings.BACKUP_DIR)
    if not made:
        return "none was made by manage.py backup"
    age = timezone.now() - datetime.fromtimestamp(made[0].stat().st_mtime, UTC)
    if age > BACKUP_IS_OLD:
        raise Trouble(f"the newest of {settings.BACKUP_DIR} is {age.days} days old: see that cron makes them")
    return f"the newest is {age / timedelta(hours=1):.0f} hours old, in {settings.BACKUP_DIR}"


def check_archive() -> str:
    try:
        return archive.check()
    except DatabaseError as error:
        raise Trouble(f"unknown, the database does not answer ({first_line(error)})") from error
    except ArchiveError as error:
        raise Trouble(str(error)) from error


def check_texts() -> str:
    try:
        unfit = texts.misfits()
    except DatabaseError as error:
        raise Trouble(f"unknown, the database does not answer ({first_line(error)})") from error
    if unfit:
        raise Trouble(f"built-in texts are said instead: {' '.join(unfit)} Mend them in the editor and publish")
    return "every text in use keeps its rule"


CHECKS: list[tuple[str, Callable[[], str]]] = [
    ("database", check_database),
    ("partitions", check_partitions),
    ("cache", check_cache),
    ("clusters", check_clusters),
    ("telegram", check_telegram),
    ("llm", check_llm),
    ("keys", check_keys),
    ("texts", check_texts),
    ("backups", check_backups),
    ("archive", check_archive),
]


def load_session_keys() -> None:
    """Give this process the session ring that `manage.py up` keeps from all but runners."""
    if not settings.SESSION_KEYS:
        ring = read_env(session_keys_file()).get("RELOVE_SESSION_KEYS", "")
        settings.SESSION_KEYS = [key for key in ring.split(",") if key]


def _opened(field: object) -> int:
    """Open the oldest and the newest value of a sealed column; how many there were."""
    if not isinstance(field, SealedField):
        return 0
    rows = field.model._default_manager.exclude(**{field.name: None}).values_list("pk", field.name)
    values = dict(row for order in ("pk", "-pk") for row in rows.order_by(order)[:1])
    for value in values.values():
        value.reveal()
    return len(values)


def _is_key(encoded: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(encoded)) == 32
    except binascii.Error:
        return False


def first_line(error: Exception) -> str:
    """What an error says, short enough for a line of doctor's."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
