"""What is wrong at this moment, in sentences for people: the first lines of the staff's first page.

Apps register here from their `admin` modules what they watch. A trouble lasts as long as its cause: nobody
ticks it off. Those that `tell` are also sent to the staff on duty (accounts_mgmt.tasks.tell_troubles).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Min, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_redis.exceptions import ConnectionInterrupted  # type: ignore[import-untyped]
from redis.exceptions import RedisError

from relove import desk, options, partitions, show
from relove.checkup import reach_cache
from relove.cluster import live_heartbeats
from relove.llm.ledger import spent_today
from relove.models import LLMCall

if TYPE_CHECKING:
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrPromise

# a cluster beats every five seconds
SILENT_SECONDS = 30
LLM_LOOKS_BACK = timedelta(minutes=15)
# how something looks that needs nobody
NEWS = "started"
RESTART_IS_NEWS = timedelta(minutes=30)
WITHOUT: dict[str, "StrPromise"] = {
    "telegram": _("Nothing is sent and nothing that comes in is heard."),
    "llm": _("Posts are not summarised, comments and answers are not drafted."),
    "default": _("Channels are not read, reminders and upkeep wait."),
}


@dataclass(frozen=True)
class Trouble:
    """`key` names the thing for whoever was told of it; `text` takes `values`; `state` gives the look."""

    key: str
    text: "StrPromise"
    url: str
    values: dict[str, Any] = field(default_factory=dict)
    since: datetime | None = None
    state: str = "failed"
    tell: bool = True

    @property
    def words(self) -> str:
        return str(self.text) % self.values

    @property
    def time(self) -> "SafeString":
        return show.short_time(self.since) if self.since else show.NOTHING


Watch = Callable[[datetime], Iterable[Trouble]]
_watches: list[tuple[int, str, Watch]] = []


def watch(order: int, permission: str) -> Callable[[Watch], Watch]:
    """Register what finds troubles; `permission` is the right to see them on a page."""

    def register(function: Watch) -> Watch:
        _watches.append((order, permission, function))
        return function

    return register


def found(now: datetime, request: HttpRequest | None = None) -> list[Trouble]:
    """All there are, or those that the person at the page may see; the gravest kinds first."""
    ordered = sorted(_watches, key=lambda entry: entry[0])
    seen = [function for _order, right, function in ordered if request is None or desk.may(request, right)]
    all_of_them = [trouble for function in seen for trouble in function(now)]
    return sorted(all_of_them, key=lambda trouble: trouble.state == NEWS)


OPERATIONS_RIGHT = "relove.view_operationlog"


@watch(10, OPERATIONS_RIGHT)
def clusters(now: datetime) -> Iterator[Trouble]:
    """A cluster that is gone or stuck; with the cache away nobody can know."""
    system = reverse("admin:section_system")
    try:
        reach_cache()
        ages = live_heartbeats()
    except (ConnectionInterrupted, RedisError):
        text = _("The cache (Valkey or Redis) does not answer: pages are slower, nothing is sent meanwhile.")
        yield Trouble("cache", text, system)
        return
    for name, age in ages.items():
        if age is None or age > SILENT_SECONDS:
            since = None if age is None else now - timedelta(seconds=age)
            text = _("The cluster “%(name)s” does not answer. %(effect)s It is started anew by itself.")
            yield Trouble(f"cluster:{name}", text, system, {"name": name, "effect": WITHOUT[name]}, since)


@watch(20, "relove.view_llmcall")
def language_model(now: datetime) -> Iterator[Trouble]:
    """Calls that fail since the last one that was answered, and a spent budget."""
    page = reverse("admin:relove_llmcall_changelist")
    calls = LLMCall.objects.filter(created_at__gte=now - LLM_LOOKS_BACK)
    answered = calls.filter(status=LLMCall.Status.ANSWERED).order_by("-created_at").first()
    failed = calls.filter(status=LLMCall.Status.FAILED)
    if answered:
        failed = failed.filter(created_at__gt=answered.created_at)
    sums = failed.aggregate(tries=Sum("attempts"), since=Min("created_at"))
    if (sums["tries"] or 0) > 1:
        newest = failed.order_by("-created_at").first()
        text = _(
            "The language model does not answer: %(reason)s. Drafts and answers wait and go on by themselves."
        )
        address = f"{page}?status__exact=failed"
        yield Trouble("llm", text, address, {"reason": newest.error if newest else ""}, sums["since"])
    budget = options.value("LLM_DAILY_BUDGET_USD")
    if spent_today() >= budget:
        text = _("The language model's budget of %(budget)s USD for today is spent: drafts wait until tomorrow.")
        yield Trouble("llm-budget", text, page, {"budget": options.shown(budget)}, state="limited")


@watch(30, OPERATIONS_RIGHT)
def database(now: datetime) -> Iterator[Trouble]:
    """A restart is news, and over by the time a page can tell of it; missing months are not."""
    system = reverse("admin:section_system")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        started = cursor.fetchone()[0]
    if now - started < RESTART_IS_NEWS:
        text = _("PostgreSQL was started anew. What waited goes on by itself; nothing needs to be done.")
        yield Trouble("database", text, system, since=started, state=NEWS, tell=False)
    if missing := partitions.missing(now):
        text = _("Months of the log tables are missing: %(names)s. See that the cluster “default” runs.")
        yield Trouble("partitions", text, system, {"names": ", ".join(missing)})
