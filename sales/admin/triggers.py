"""Triggers of live versions and how often they fired. They are written in the script's editor."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from relove import show
from relove.admin.base import ReadOnlyAdmin
from sales import actions
from sales.admin import editor
from sales.models import ScriptTrigger


@admin.register(ScriptTrigger)
class TriggerAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind_word", "reacts_to", "leads", "priority", "hit_count", "script_link"]
    list_filter = ["is_active", ("kind", ChoicesDropdownFilter)]
    list_select_related = ["script"]
    search_fields = ["key", "title", "script__name"]
    search_help_text = _("Key, name or script")
    ordering = ["-hits", "script", "key"]
    extra_lookups = ("script__id__exact",)
    empty_text = _("No triggers yet. They appear when a script with triggers is published.")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "name",
                    ("kind_word", "priority"),
                    ("leads", "is_active"),
                    "hit_count",
                    "script_link",
                    "definition_rows",
                ]
            },
        )
    ]

    @display(description=_("trigger"), ordering="key")
    def name(self, trigger: ScriptTrigger) -> SafeString:
        second = format_html('<span class="rl-second">{}</span>', trigger.key) if trigger.title else ""
        return format_html("<bdi>{}</bdi>{}", trigger, second)

    @display(description=_("kind"), ordering="kind")
    def kind_word(self, trigger: ScriptTrigger) -> str:
        return show.capital(trigger.get_kind_display())

    @display(description=_("reacts to"))
    def reacts_to(self, trigger: ScriptTrigger) -> Any:
        said = trigger.definition
        words = said.get("words") or said.get("intents") or [said.get("pattern") or said.get("stage") or ""]
        hours = [_("%(count)s h") % {"count": said["hours"]}] if "hours" in said else []
        found = [str(word) for word in (*hours, *words) if word]
        return show.chips(found[:6]) if found else show.NOTHING

    @display(description=_("leads to"))
    def leads(self, trigger: ScriptTrigger) -> str:
        name = trigger.definition.get("action", "")
        action = actions.get(name)
        return str(trigger.definition.get("to") or (action.title if action else name) or show.NOTHING)

    @display(description=_("hits"), ordering="hits")
    def hit_count(self, trigger: ScriptTrigger) -> SafeString:
        """How often, and when last."""
        if trigger.last_hit_at is None:
            return show.number(trigger.hits)
        last = show.short_time(trigger.last_hit_at)
        return format_html('{}<span class="rl-second">{}</span>', show.number(trigger.hits), last)

    @display(description=_("script"), ordering="script__name")
    def script_link(self, trigger: ScriptTrigger) -> SafeString:
        url = editor.url(trigger.script_id)
        return format_html('<a class="rl-link" href="{}"><bdi>{}</bdi></a>', url, trigger.script)

    @display(description=_("definition"))
    def definition_rows(self, trigger: ScriptTrigger) -> SafeString:
        return show.key_values(trigger.definition)
