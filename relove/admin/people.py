"""People on Telegram and chats, as far as we have met them."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field
from import_export.formats.base_formats import JSON
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.decorators import action, display

from relove import access, confirm, desk, erasure, oplog, people, show
from relove.admin import person
from relove.admin.base import BackOfficeAdmin, ReadOnlyAdmin, ViewsLogged
from relove.exports import SafeResource, TreeWidget
from relove.models import Chat, TelegramUser

CONVERSION = ("started_journey", "completed_journey", "visited_platform", "bought_programme")


class PersonResource(SafeResource):
    """People by their Telegram id, with the fields that the customer's former system kept."""

    profile = Field(column_name="profile", attribute="profile", widget=TreeWidget())
    markers = Field(column_name="markers", attribute="markers", widget=TreeWidget())
    streams = Field(column_name="streams", attribute="streams", widget=TreeWidget())

    class Meta:
        model = TelegramUser
        import_id_fields = ["telegram_id"]
        # a zone that nobody knows is a conflict of its row, told in the dry run
        clean_model_instances = True
        fields = [
            "telegram_id",
            "username",
            "first_name",
            "last_name",
            "gender",
            "history_summary",
            "profile",
            "profile_version",
            "hero_stage",
            "markers",
            "streams",
            "is_active",
            "last_seen_date",
            "registration_date",
            "zone",
            *CONVERSION,
        ]


@admin.register(TelegramUser)
class TelegramUserAdmin(ViewsLogged, ImportExportModelAdmin, BackOfficeAdmin):
    """Names come from Telegram; staff may write the short history and switch a person off."""

    resource_classes = [PersonResource]
    import_form_class = ImportForm
    export_form_class = ExportForm
    # nested values stay whole in JSON alone
    formats = [JSON]
    actions_detail = ["export_person", "erase_person"]
    list_display = ["person", "at_name", "first_met", "last_seen", "stage", "is_active"]
    list_filter = ["is_active", "is_bot"]
    search_fields = ["username", "first_name", "last_name", "=telegram_id"]
    search_help_text = _("Name, @name or Telegram id")
    ordering = ["-id"]
    empty_text = _("Nobody yet. People appear here when they first write to an account or under a post.")
    change_form_before_template = "relove/doors.html"
    fieldsets = [
        (
            None,
            {"fields": ["person", ("at_name", "telegram_id"), ("first_met", "last_seen"), ("zone", "is_active")]},
        ),
        (
            _("What we know"),
            {
                "fields": [
                    "history_summary",
                    "stage",
                    "profile_rows",
                    "marker_rows",
                    "stream_rows",
                    CONVERSION[:2],
                    CONVERSION[2:],
                ]
            },
        ),
        (_("History"), {"fields": ["history"]}),
    ]
    readonly_fields = [
        "history",
        "person",
        "at_name",
        "telegram_id",
        "first_met",
        "last_seen",
        "stage",
        "profile_rows",
        "marker_rows",
        "stream_rows",
    ]

    @action(description=_("Export everything"), icon="download", permissions=["export_person"])
    @access.fresh
    def export_person(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.get_object(request, object_id)
        if user is None:
            return redirect("admin:relove_telegramuser_changelist")
        oplog.log_activity("export_person", staff_id=desk.staff_of(request).pk, subject=("users", user.pk))
        answer = JsonResponse(
            erasure.export(user), encoder=erasure.JSON, json_dumps_params={"ensure_ascii": False, "indent": 2}
        )
        answer["Content-Disposition"] = f'attachment; filename="person-{user.pk}.json"'
        answer["Cache-Control"] = "no-store"
        return answer

    @action(description=_("Erase the person"), icon="delete_forever", permissions=["erase_person"])
    @access.fresh
    def erase_person(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.get_object(request, object_id)
        if user is None:
            return redirect("admin:relove_telegramuser_changelist")
        if not confirm.is_confirmed(request):
            return confirm.ask(
                self,
                request,
                title=_now("Erase the person"),
                sentence=_now(
                    "Messages, answers and notes are deleted, logs lose the words. Nobody writes to this person "
                    "again, unless they ask for it. It cannot be undone."
                ),
                button=_now("Erase"),
                rows=[user],
                danger=True,
            )
        try:
            erasure.erase(user, timezone.now(), desk.staff_of(request))
        except erasure.NotYet as error:
            messages.error(request, str(error))
            return redirect("admin:relove_telegramuser_change", user.pk)
        messages.success(request, _now("The person is erased."))
        return redirect("admin:relove_telegramuser_changelist")

    def has_export_person_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("relove.export_telegramuser"))

    def has_erase_person_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.has_perm("relove.erase_telegramuser"))

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("relove.add_telegramuser"))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def change_view(self, request: HttpRequest, object_id: str, *arguments: Any, **options: Any) -> HttpResponse:
        user = self.get_object(request, object_id)
        extra = {"doors": people.doors_of(request, user) if user else []}
        options["extra_context"] = (options.get("extra_context") or {}) | extra
        return super().change_view(request, object_id, *arguments, **options)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TelegramUser | None = None) -> bool:
        # erasing a person goes through every table, not through this form
        return False

    @display(description=_("person"), ordering="first_name")
    def person(self, user: TelegramUser) -> SafeString:
        return show.foreign_text(str(user), lines=1)

    def get_object(self, request: HttpRequest, *arguments: Any) -> Any:
        """The person, with who looks at them: the history shows what that reader may see."""
        user: Any = super().get_object(request, *arguments)
        if user is not None:
            user.reader = request.user
        return user

    @display(description=_("history"))
    def history(self, user: Any) -> SafeString:
        return person.history(user, user.reader)

    @display(description=_("@name"), ordering="username")
    def at_name(self, user: TelegramUser) -> str:
        return f"@{user.username}" if user.username else show.NOTHING

    @display(description=_("first met"), ordering="registration_date")
    def first_met(self, user: TelegramUser) -> SafeString:
        return show.short_time(user.registration_date)

    @display(description=_("last seen"), ordering="last_seen_date")
    def last_seen(self, user: TelegramUser) -> SafeString:
        return show.short_time(user.last_seen_date)

    @display(description=_("stage of the journey"))
    def stage(self, user: TelegramUser) -> str:
        return people.stage_name(user.hero_stage) or show.NOTHING

    @display(description=_("profile"))
    def profile_rows(self, user: TelegramUser) -> SafeString:
        return show.key_values(user.profile)

    @display(description=_("markers"))
    def marker_rows(self, user: TelegramUser) -> SafeString:
        return show.key_values(user.markers)

    @display(description=_("programmes"))
    def stream_rows(self, user: TelegramUser) -> SafeString:
        return show.key_values(user.streams)


@admin.register(Chat)
class ChatAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind_word", "at_name", "first_met", "is_active"]
    list_filter = [("kind", ChoicesDropdownFilter), "is_active"]
    search_fields = ["title", "username", "=telegram_id"]
    search_help_text = _("Title, @name or Telegram id")
    ordering = ["-id"]
    empty_text = _("No chats yet. They appear with the first channel or message.")
    fieldsets = [
        (
            None,
            {"fields": ["name", ("kind_word", "at_name"), ("telegram_id", "is_active"), "first_met"]},
        )
    ]

    @display(description=_("title"), ordering="title")
    def name(self, chat: Chat) -> SafeString:
        return show.foreign_text(str(chat), lines=1)

    @display(description=_("kind"), ordering="kind")
    def kind_word(self, chat: Chat) -> str:
        return show.capital(chat.get_kind_display())

    @display(description=_("@name"), ordering="username")
    def at_name(self, chat: Chat) -> Any:
        return f"@{chat.username}" if chat.username else show.NOTHING

    @display(description=_("first met"), ordering="registration_date")
    def first_met(self, chat: Chat) -> SafeString:
        return show.short_time(chat.registration_date)
