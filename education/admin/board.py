"""The board of a study group: its scenes and roles in time, what comes next, and what staff may do."""

from collections.abc import Callable
from datetime import datetime, timedelta
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
from accounts_mgmt.outbox import Status
from education import engine, scenarios, services
from education.document import CLIENT, HOST, Scenario
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
            "client": show.link(group.user),
            "scenes": _scenes(group),
            "said": [self._line(group, scenario, row) for row in reversed(said)],
            "next": _next(group),
            "partners": [
                (place.bot, name_of(scenario, place.role))
                for place in group.partners.select_related("bot__session").order_by("id")
            ],
            "roles": [(role, name_of(scenario, role)) for role in roles],
            "preview": preview(scenario, group.user),
            "may_act": self.may_act(request),
        }

    def _line(self, group: EducationGroup, scenario: Scenario, row: GroupMessage) -> dict[str, Any]:
        scene = scenario.scene(row.scene)
        # the welcome stands before every scene
        title = "" if scene is None or row.purpose == GroupMessage.Purpose.WELCOME else scene.title or scene.key
        return {
            "row": row,
            "who": self._who(group, row),
            "at": show.short_time(row.sent_at or row.created_at),
            "badge": _badge(row),
            "scene": title,
            "is_partner": scenario.role(row.role) is not None,
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
    """What is not simply said and done."""
    if row.status == Status.SENT and not row.stage:
        return ""
    status = row.stage or row.status
    words = row.get_stage_display() if row.stage else row.get_status_display()
    return show.badge("unknown" if row.stage else status, words, row.stage_reason or row.failed_reason)


def _scenes(group: EducationGroup) -> Any:
    """The scenario's scenes in their order: played, under way, to come."""
    said: Any = GroupMessage.objects.filter(group=group).scenes()
    played = set(said.exclude(status=Status.CANCELLED).values_list("scene", flat=True))
    is_over = group.state in (EducationGroup.State.ENDED, EducationGroup.State.ARCHIVED)

    def state(key: str) -> str:
        if key == group.scene and not is_over:
            return show.NOW
        return show.PASSED if key in played else show.TO_COME

    return show.way([(scene.title or scene.key, state(scene.key)) for scene in scenarios.of(group).scenes])


def _next(group: EducationGroup) -> dict[str, Any] | None:
    """What the scenario says next, by whom and when; or what it waits for."""
    scenario = scenarios.of(group)
    beat = engine.beat_at(scenario, Place(group.scene, group.beat))
    scene = scenario.scene(group.scene)
    if beat is None or scene is None or group.state not in ("running", "paused"):
        return None
    found = {"scene": scene.title or scene.key, "who": name_of(scenario, beat.role)}
    asked = services.said_here(group).filter(status=Status.SENT).first() if beat.waits else None
    if asked is not None and asked.sent_at is not None:
        until = show.short_time(asked.sent_at + timedelta(hours=beat.hours))
        return found | {"text": _now("The question is asked; the client's answer is waited for."), "at": until}
    said = spoken(scenario, beat, scenarios.values_of(group))
    return found | {"text": said, "at": show.short_time(group.due_at)}


def _number(request: HttpRequest) -> int:
    written = request.POST.get("message", "")
    return int(written) if written.isdecimal() and len(written) < 18 else 0


@people.doors
def doors(request: HttpRequest, user: TelegramUser) -> list[people.Door]:
    if not desk.may(request, "education.change_educationgroup"):
        return []
    return [people.Door(_now("Make a study group"), reverse("admin:education_educationgroup_new", args=[user.pk]))]
