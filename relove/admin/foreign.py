"""Tables of other packages, shown our way: roles and the background tasks."""

from typing import Any

from constance.admin import Config
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.decorators import display

from relove import show
from relove.admin.base import ReadOnlyAdmin
from relove.admin.filters import StartedPeriodFilter
from relove.admin.staff import RoleAdmin

# What the functions of our tasks do, in words.
TASKS = {
    "accounts_mgmt.tasks.hold_accounts": _("hold Telegram accounts"),
    "relove.llm_work.run_llm": _("ask the language model"),
}


def task_name(function: str) -> str:
    known = TASKS.get(function)
    return show.capital(str(known) if known else function.rpartition(".")[2].replace("_", " "))


class TaskAdmin(ReadOnlyAdmin):
    list_display = ["what", "cluster_name", "begun", "ended", "took"]
    list_filter = [StartedPeriodFilter]
    search_fields = ["=func", "=name"]
    search_help_text = _("Function or name of the task")
    ordering = ["-stopped"]
    empty_text = _("No tasks here.")
    fieldsets = [
        (None, {"fields": ["what", ("func", "cluster_name"), ("begun", "ended"), ("took", "attempt_count")]}),
        (_("Outcome"), {"fields": ["outcome"]}),
    ]

    def get_queryset(self, request: Any) -> Any:
        # Arguments and results are pickles: a list opens none of them.
        rows = super().get_queryset(request).defer("args", "kwargs")
        return rows.defer("result") if request.resolver_match.url_name.endswith("_changelist") else rows

    @display(description=_("task"), ordering="func")
    def what(self, task: Any) -> str:
        return task_name(task.func)

    @display(description=_("cluster"), ordering="cluster")
    def cluster_name(self, task: Any) -> Any:
        return task.cluster or show.NOTHING

    @display(description=_("start"), ordering="started")
    def begun(self, task: Any) -> SafeString:
        return show.short_time(task.started)

    @display(description=_("end"), ordering="stopped")
    def ended(self, task: Any) -> SafeString:
        return show.short_time(task.stopped)

    @display(description=_("took, s"))
    def took(self, task: Any) -> SafeString:
        return show.number((task.stopped - task.started).total_seconds(), 1)

    @display(description=_("outcome"))
    def outcome(self, task: Any) -> SafeString:
        return show.whole_text(str(task.result or ""))


class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ["what", "rhythm", "next_time", "cluster_name"]
    ordering = ["next_run"]
    empty_text = _("No regular tasks. They are made when the system starts.")
    fieldsets = [(None, {"fields": ["what", ("func", "cluster_name"), ("rhythm", "next_time")]})]

    @display(description=_("task"), ordering="func")
    def what(self, schedule: Schedule) -> str:
        return schedule.name or task_name(schedule.func)

    @display(description=_("rhythm"))
    def rhythm(self, schedule: Schedule) -> str:
        if schedule.schedule_type == Schedule.MINUTES:
            return str(_("every %(count)s min") % {"count": schedule.minutes})
        return str(schedule.cron or schedule.get_schedule_type_display())

    @display(description=_("next run"), ordering="next_run")
    def next_time(self, schedule: Schedule) -> SafeString:
        return show.short_time(schedule.next_run)

    @display(description=_("cluster"))
    def cluster_name(self, schedule: Schedule) -> Any:
        return schedule.cluster or show.NOTHING


class WaitingTaskAdmin(ReadOnlyAdmin):
    """The broker's rows. Their payload is a signed pickle and is not opened for a page."""

    list_display = ["number", "cluster_name", "held_until"]
    ordering = ["id"]
    empty_text = _("No task waits.")
    fieldsets = [(None, {"fields": ["number", "cluster_name", "held_until"]})]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("payload")

    @display(description=_("task"), ordering="id")
    def number(self, row: OrmQ) -> str:
        return f"№ {row.pk}"

    @display(description=_("cluster"), ordering="key")
    def cluster_name(self, row: OrmQ) -> str:
        return str(row.key)

    @display(description=_("taken until"), ordering="lock")
    def held_until(self, row: OrmQ) -> SafeString:
        return show.short_time(row.lock)


PAGES: dict[Any, Any] = {
    Group: RoleAdmin,
    Success: TaskAdmin,
    Failure: TaskAdmin,
    Schedule: ScheduleAdmin,
    OrmQ: WaitingTaskAdmin,
}


def register_all() -> None:
    """Put our pages in place of those the packages registered themselves."""
    # its values stand on the page of system settings
    admin.site.unregister([Config])
    for model, page in PAGES.items():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
        admin.site.register(model, page)
