"""Staff and their roles."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from relove import access, confirm, desk, show
from relove.admin.base import BackOfficeAdmin
from relove.models import Staff

GIVES_RIGHTS = ("is_superuser", "groups", "user_permissions")


def _has_full_access(request: HttpRequest) -> bool:
    return isinstance(request.user, Staff) and request.user.is_superuser


def _is_within_reach(request: HttpRequest, staff: Staff | None) -> bool:
    """Whoever could set the password of a person with full access would have it too."""
    return staff is None or not staff.is_superuser or _has_full_access(request)


@admin.register(Staff)
class StaffAdmin(UserAdmin, BackOfficeAdmin):  # type: ignore[misc, type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["who", "role_names", "language_word", "seen", "is_active"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    filter_horizontal = []
    autocomplete_fields = ["groups"]
    fieldsets = [
        (None, {"fields": ["username", "password", ("first_name", "last_name"), ("email", "language")]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": [("last_login", "date_joined")]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2", "first_name", "last_name", "is_staff", "groups"]})
    ]
    readonly_fields = ["last_login", "date_joined"]
    actions_detail = ["take_second_factor"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    @access.fresh
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @action(description=_("Take the second factor away"), icon="phonelink_erase", permissions=["second_factor"])
    @access.fresh
    def take_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For somebody who lost the phone and the recovery codes; they add another at the next sign-in."""
        staff = self.get_object(request, object_id)
        if staff is None:
            return redirect("admin:relove_staff_changelist")
        if not _is_within_reach(request, staff):
            raise PermissionDenied
        if not confirm.is_confirmed(request):
            return confirm.ask(
                self,
                request,
                title=_now("Take the second factor away"),
                sentence=_now("The person signs in with the password alone until they add another."),
                button=_now("Take away"),
                rows=[staff],
                danger=True,
            )
        access.take_away(staff, desk.staff_of(request))
        access.sign_out(staff)
        messages.success(request, _now("The second factor is gone, and the person is signed out."))
        return redirect("admin:relove_staff_change", staff.pk)

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> list[str]:
        """Rights are given by those who have all of them; others would give them to themselves."""
        names = list(super().get_readonly_fields(request, obj))
        return names if _has_full_access(request) else [*names, *GIVES_RIGHTS]

    def has_change_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_within_reach(request, obj)

    def has_second_factor_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_within_reach(request, obj)

    @display(description=_("staff member"), ordering="username")
    def who(self, staff: Staff) -> SafeString:
        full = staff.get_full_name()
        second = format_html('<span class="rl-second">{}</span>', staff.username) if full else ""
        return format_html("<bdi>{}</bdi>{}", full or staff.username, second)

    @display(description=_("roles"))
    def role_names(self, staff: Staff) -> SafeString:
        names = [str(group) for group in staff.groups.all()]
        if staff.is_superuser:
            names.insert(0, str(_("full access")))
        return show.chips(names)

    @display(description=_("language"), ordering="language")
    def language_word(self, staff: Staff) -> str:
        return show.capital(staff.get_language_display())

    @display(description=_("last signed in"), ordering="last_login")
    def seen(self, staff: Staff) -> SafeString:
        return show.short_time(staff.last_login)


class RoleAdmin(DjangoGroupAdmin, BackOfficeAdmin):  # type: ignore[misc]
    """Roles: named sets of rights. Registered by relove.admin.foreign, in place of Django's own page."""

    list_display = ["name", "people"]
    empty_text = _("No roles yet. A role is a named set of rights that is given to staff.")

    @access.fresh
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # a right put into one's own role is a right given to oneself
        return super().has_change_permission(request, obj) and _has_full_access(request)

    def get_queryset(self, request: Any) -> Any:
        from django.db.models import Count

        return super().get_queryset(request).annotate(people_count=Count("user"))

    @display(description=_("people"))
    def people(self, group: Any) -> SafeString:
        return show.number(group.people_count)
