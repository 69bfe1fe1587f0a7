"""The board of a study group: its scenes and roles in time, what comes next, and what staff may do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts_mgmt.models import Contact
from education import engine, scenarios, services
from education.document import CLIENT, HOST
from education.engine import Place
from education.kind import NAME, name_of, preview, spoken
from education.models import EducationGroup, GroupMessage
from relove import desk, people, show
from relove.admin.base import ReadOnlyAdmin
from relove.models import TelegramUser
from sales import live

SHOWN = 300


@admin.register(EducationGroup)
class EducationGroupAdmin(ReadOnlyAdmin):
    list_display = ["title", "how", "user", "account", "created_at"]
    list_filter = [("state", ChoicesDropdownFilter)]
    list_select_related = ["user", "account"]
    ordering = ["-id"]
    empty_text = _("No study groups yet. A scenario begins one, or a manager on a person's page.")

    @display(description=_("state"), ordering="state")
    def how(self, group: EducationGroup) -> Any:
        return show.badge(group.state, group.get_state_display(), group.state_reason)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("new/<int:user_id>/", wrap(self.new), name="education_educationgroup_new"),
            path("<int:group_id>/archive/", wrap(self.transcript), name="education_educationgroup_transcript"),
            *super().get_urls(),
        ]

    def may_act(self, request: HttpRequest) -> bool:
        return desk.may(request, "education.change_educationgroup")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The board; POST carries `do`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = EducationGroup.objects.select_related("account", "user", "chat", "script")
        group = get_object_or_404(rows, pk=object_id if object_id.isdecimal() else 0)
        if request.method == "POST":
            return self._act(request, group)
        return TemplateResponse(request, "education/board.html", self._context(request, group))

    def _context(self, request: HttpRequest, group: EducationGroup) -> dict[str, Any]:
        scenario = scenarios.of(group)
        said = GroupMessage.objects.filter(group=group).select_related("sender", "user").order_by("-id")[:SHOWN]
        roles = [HOST, *(role.key for role in scenario.roles)]
        return {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": group.title,
            "group": group,
            "state": show.badge(group.state, group.get_state_display()),
            "said": [(row, self._who(group, row), _badge(row)) for row in reversed(said)],
            "next": _next(group),
            "partners": group.partners.select_related("bot__session").order_by("id"),
            "roles": [(role, name_of(scenario, role)) for role in roles],
            "preview": preview(scenario, group.user),
            "may_act": self.may_act(request),
        }

    def _who(self, group: EducationGroup, row: GroupMessage) -> str:
        if row.direction == GroupMessage.Direction.IN:
            return f"{row.user} · {_now('client') if row.role == CLIENT else _now('guest')}"
        return f"{row.sender} · {name_of(scenarios.of(group), row.role)}"

    def _act(self, request: HttpRequest, group: EducationGroup) -> HttpResponse:
        if not self.may_act(request):
            raise PermissionDenied
        staff, now, field = desk.staff_of(request), timezone.now(), request.POST.get
        actions: dict[str, Callable[[], Any]] = {
            "pause": lambda: services.pause(group.pk, staff),
            "resume": lambda: services.resume(group.pk, staff, now),
            "step": lambda: services.step(group.pk, staff, now),
            "skip": lambda: services.skip(group.pk, staff, now),
            "say": lambda: services.say(group.pk, field("role", ""), field("text", ""), staff, now),
            "approve": lambda: services.approve(group.pk, _number(request), field("text", ""), staff, now),
            "end": lambda: services.end(group.pk, now, staff),
            "archive": lambda: services.archive(group.pk, staff, now),
        }
        if field("do", "") not in actions:
            raise Http404
        try:
            actions[field("do", "")]()
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect(request.path)

    def new(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """A manager asks for a group: the whole scenario first, then the button."""
        user = get_object_or_404(TelegramUser, pk=user_id)
        contact = Contact.objects.select_related("account").filter(user=user).first()
        if not self.may_act(request):
            raise PermissionDenied
        if request.method == "POST" and contact and contact.account:
            try:
                made = services.create(contact.account, user, timezone.now(), asked_by=desk.staff_of(request))
                return redirect("admin:education_educationgroup_change", made.pk)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
        script = live.in_use(NAME)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _now("A study group for %(who)s") % {"who": user},
            "host": contact.account if contact else None,
            "script": script,
            "preview": preview(script.document, user) if script else [],
        }
        return TemplateResponse(request, "education/new.html", context)

    def transcript(self, request: HttpRequest, group_id: int) -> HttpResponse:
        """Everything that was said in the group, as a text file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        group = get_object_or_404(EducationGroup.objects.select_related("account", "user"), pk=group_id)
        rows = GroupMessage.objects.filter(group=group, status__in=("sent", "deleted")).select_related(
            "sender", "user"
        )
        lines = [
            f"{_when(row):%d.%m.%Y %H:%M} {self._who(group, row)}\n{row.text}\n"
            for row in rows.order_by("sent_at", "id")
        ]
        answer = HttpResponse("\n".join([group.title, "", *lines]), content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="group-{group.pk}.txt"'
        return answer


def _when(row: GroupMessage) -> datetime:
    return timezone.localtime(row.sent_at or row.created_at)


def _badge(row: GroupMessage) -> Any:
    status = row.stage or row.status
    words = row.get_stage_display() if row.stage else row.get_status_display()
    return show.badge("unknown" if row.stage else status, words, row.stage_reason or row.failed_reason)


def _next(group: EducationGroup) -> dict[str, Any] | None:
    """What the scenario says next, by whom and when."""
    scenario = scenarios.of(group)
    beat = engine.beat_at(scenario, Place(group.scene, group.beat))
    scene = scenario.scene(group.scene)
    if beat is None or scene is None or group.state not in ("running", "paused"):
        return None
    said = spoken(scenario, beat, scenarios.values_of(group))
    who = name_of(scenario, beat.role)
    return {"scene": scene.title or scene.key, "who": who, "text": said, "at": show.short_time(group.due_at)}


def _number(request: HttpRequest) -> int:
    written = request.POST.get("message", "")
    return int(written) if written.isdecimal() and len(written) < 18 else 0


@people.doors
def doors(request: HttpRequest, user: TelegramUser) -> list[people.Door]:
    if not desk.may(request, "education.change_educationgroup"):
        return []
    return [people.Door(_now("Make a study group"), reverse("admin:education_educationgroup_new", args=[user.pk]))]
