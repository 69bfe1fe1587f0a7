"""The big lists: each page of ours beside that of an untuned ModelAdmin, on the same rows in the same run."""

import math
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin as django_admin
from django.core.management.base import CommandError
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import path, reverse
from unfold.admin import ModelAdmin

from commentators.models import DirectMessage, GeneratedComment, TelegramPost
from relove import keyset, urls
from relove.embedded import PostgreSQL
from relove.management import manyrows
from relove.management.benchmark import Bench, Figures, at_least, at_most, benchmark, percentile
from relove.models import OperationLog, Staff

SMALL = 10_000
TURNS, OURS_A_TURN = 5, 10
# how far down the deep page lies: a tenth of all rows
DEEP = 10
PAGE = 25


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, and what is asked of it. `columns` are what an untuned page shows, by field names."""

    model: type[Model]
    columns: tuple[str, ...]
    narrow: str
    searched: str
    ours_by: str
    stock_by: str
    rare: str = manyrows.RARE
    common: str = manyrows.COMMON

    @property
    def name(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def ours(self) -> str:
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist")

    @property
    def stock(self) -> str:
        return f"/stock/{self.name}/"

    def stock_view(self) -> Any:
        field = self.narrow.partition("__")[0]
        options = {"list_display": self.columns, "list_filter": (field,), "search_fields": (self.searched,)}
        made = type("StockAdmin", (ModelAdmin,), {**options, "list_per_page": PAGE})
        return django_admin.site.admin_view(made(self.model, django_admin.site).changelist_view)


_SENT = {"narrow": "status__exact=failed", "searched": "text", "ours_by": "sent", "stock_by": "sent_at"}
LISTS = [
    Listed(
        TelegramPost,
        ("text", "stage", "channel", "summary", "message_id", "created_at"),
        "stage__exact=refused",
        "text",
        "posted",
        "created_at",
    ),
    Listed(
        GeneratedComment,
        ("text", "status", "post", "channel", "account", "scheduled_at", "sent_at"),
        **_SENT,
    ),
    Listed(DirectMessage, ("text", "direction", "status", "user", "sender", "sent_at"), **_SENT),
    Listed(
        OperationLog,
        ("operation_type", "status", "error_message", "subject_id", "account_id", "duration_ms", "created_at"),
        "status__exact=failed",
        "operation_type",
        "when",
        "created_at",
        manyrows.RARE_OPERATION,
        "send_message",
    ),
]
urlpatterns = [*urls.urlpatterns, *(path(listed.stock[1:], listed.stock_view()) for listed in LISTS)]

Queries = Mapping[str, str]


class Desk:
    """A member of staff at the pages of one database."""

    def __init__(self, url: str, rows: int) -> None:
        self.url, self.rows = url, rows
        with manyrows.database_of(url):
            staff = Staff.objects.filter(username="benchmark").first()
            self.client = Client(SERVER_NAME="127.0.0.1")
            self.client.force_login(staff or Staff.objects.create_superuser("benchmark", password=None))

    def milliseconds(self, address: str) -> float:
        started = time.perf_counter()
        answer = self.client.get(address)
        took = (time.perf_counter() - started) * 1000
        if answer.status_code != 200:
            raise CommandError(f"{address} answers {answer.status_code}.")
        return took

    def queries(self, listed: Listed) -> dict[str, Queries]:
        """What is asked, by name, for ours and for the untuned list."""
        answer: Any = self.client.get(listed.ours)
        ours = answer.context_data["cl"]
        rows = listed.model._default_manager.order_by(*map(str, ours.order))
        deep = keyset.mark_of(ours.order, rows[self.rows // DEEP])
        stock = ["action_checkbox", *listed.columns]
        return {
            "first": {"ours": "", "stock": ""},
            "filter": {"ours": listed.narrow, "stock": listed.narrow},
            "order": {
                "ours": f"o=-{ours.list_display.index(listed.ours_by)}",
                "stock": f"o=-{stock.index(listed.stock_by)}",
            },
            "rare": {"ours": f"q={listed.rare}", "stock": f"q={listed.rare}"},
            "deep": {"ours": f"after={deep}", "stock": f"p={self.rows // DEEP // PAGE}"},
            "common": {"ours": f"q={listed.common}"},
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Milliseconds of one page: ours on many rows and on few, and the untuned one's where it is asked for."""

    ours: list[float]
    small: list[float]
    stock: list[float]

    @property
    def p95(self) -> float:
        return percentile(self.ours, 95)

    def __str__(self) -> str:
        stock = f", untuned {statistics.median(self.stock):.0f}" if self.stock else ""
        median, small = statistics.median(self.ours), statistics.median(self.small)
        return f"{median:.0f} (p95 {self.p95:.0f}), of {SMALL} rows {small:.0f}{stock} ms"


@benchmark(
    "admin",
    {"p95_ms": at_most(120), "vs_stock": at_least(15), "vs_small": at_most(1.5), "common_p95_ms": at_most(200)},
    {"RELOVE_DEBUG": "false"},
)
def admin(bench: Bench) -> Figures:
    """The worst p95 of our pages, how much faster they are than untuned ones, and how they bear many rows."""
    with manyrows.kept_cluster(bench.kept) as server, override_settings(ROOT_URLCONF=__name__):
        big, small = (_desk(bench, server, rows) for rows in (bench.rows, min(SMALL, bench.rows)))
        found = {name: page for listed in LISTS for name, page in _pages(bench, listed, big, small)}
    plain = [page for name, page in found.items() if not name.endswith("common")]
    common = [page for name, page in found.items() if name.endswith("common")]
    return {
        "p95_ms": [max(page.p95 for page in plain)],
        "vs_stock": [_mean(statistics.median(p.stock) / statistics.median(p.ours) for p in plain)],
        "vs_small": [_mean(statistics.median(p.ours) / statistics.median(p.small) for p in plain)],
        "common_p95_ms": [max(page.p95 for page in common)],
    }


def _desk(bench: Bench, server: PostgreSQL, rows: int) -> Desk:
    started = time.monotonic()
    url = server.url(manyrows.kept(server, rows))
    bench.tell(f"{rows} rows of each table are there after {time.monotonic() - started:.0f} s")
    return Desk(url, rows)


def _pages(bench: Bench, listed: Listed, big: Desk, small: Desk) -> Iterator[tuple[str, Page]]:
    many, few = (_queries(desk, listed) for desk in (big, small))
    for question, queries in many.items():
        ours, stock = f"{listed.ours}?{queries['ours']}", f"{listed.stock}?{queries.get('stock')}"
        page = Page([], [], [])
        for _turn in range(TURNS):
            with manyrows.database_of(big.url):
                # the first one opens the connection
                big.milliseconds(ours)
                page.ours.extend(big.milliseconds(ours) for _time in range(OURS_A_TURN))
                page.stock.extend(big.milliseconds(stock) for _time in range("stock" in queries))
            with manyrows.database_of(small.url):
                small_ours = f"{listed.ours}?{few[question]['ours']}"
                small.milliseconds(small_ours)
                page.small.extend(small.milliseconds(small_ours) for _time in range(OURS_A_TURN))
        bench.tell(f"{listed.name} {question}: {page}")
        yield f"{listed.name} {question}", page


def _queries(desk: Desk, listed: Listed) -> dict[str, Queries]:
    with manyrows.database_of(desk.url):
        return desk.queries(listed)


def _mean(ratios: Iterator[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, ratios)))
