"""Staff and their roles."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from relove import show
from relove.admin.base import BackOfficeAdmin
from relove.models import Staff


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

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

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

    def get_queryset(self, request: Any) -> Any:
        from django.db.models import Count

        return super().get_queryset(request).annotate(people_count=Count("user"))

    @display(description=_("people"))
    def people(self, group: Any) -> SafeString:
        return show.number(group.people_count)
