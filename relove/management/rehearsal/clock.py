"""Simulated time: the database's clock and how far it is ahead (or, replaying the past, behind) of itself.

The whole project goes by the database's clock (relove.clock), so that is the one place to change it: functions
of ours in `public` stand before PostgreSQL's own and add what one row says. Nothing in the project's code or
SQL knows of it. `install` lets `time.time` follow too, by which the sandbox and Telegram's client date things
(which takes a step of a machine's clock back everywhere else, `relove.telegram.steady`).

Between two moves the clock goes as fast as the real one, so every wait, pace and lease keeps its length; a move
passes at once a stretch in which nothing is in hand. What measures lengths (monotonic clocks) is left alone.
"""

import time
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from relove import clock
from relove.telegram import steady

FUNCTIONS = ("now", "transaction_timestamp", "statement_timestamp", "clock_timestamp")
TABLE = "CREATE TABLE public.rehearsal_clock (ahead interval NOT NULL)"
MOVE = "UPDATE rehearsal_clock SET ahead = ahead + make_interval(secs => %s)"
FUNCTION = """
CREATE FUNCTION public.{name}() RETURNS timestamptz LANGUAGE sql STABLE AS
'SELECT pg_catalog.{name}() + (SELECT ahead FROM public.rehearsal_clock)'
"""


def install() -> None:
    """In this process, from now on."""
    time.time = lambda: timezone.now().timestamp()
    # moves are no steps that a connection to Telegram should take back
    steady.unset_clock = time.time


def start(at: datetime) -> None:
    """Make the database's clock one that can be moved, and set it to `at`. Other connections are opened anew."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        cursor.execute("INSERT INTO rehearsal_clock VALUES (%s::timestamptz - now())", [at])
        for name in FUNCTIONS:
            cursor.execute(FUNCTION.format(name=name))
    clock.follow(connection, afresh=True)


def move(by: timedelta) -> None:
    """Pass a stretch at once; only forward."""
    if by > timedelta(0):
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [by.total_seconds()])
        clock.follow(connection, afresh=True)
