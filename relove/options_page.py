"""The page of system settings: what staff set, who set it when, and what comes from the environment."""

import hashlib
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import formats
from django.utils.translation import gettext as _

from relove import desk, options
from relove.models import UserActivityLog
from relove.option_list import GROUPS, OPTIONS, Option
from relove.show import capital

MAY_VIEW, MAY_CHANGE = "constance.view_config", "constance.change_config"
SHOWN_CHANGES = 20


def _field(option: Option, default: Any) -> forms.Field:
    words: dict[str, Any] = {"label": capital(str(option.title)), "help_text": option.help}
    look = {"class": "rl-input"}
    if hasattr(default, "hour"):
        # as text: the browser's own time field speaks the browser's language
        clock = forms.TimeInput(attrs={**look, "placeholder": "09:00", "maxlength": 5}, format="%H:%M")
        return forms.TimeField(**words, widget=clock)
    if isinstance(default, str):
        return forms.CharField(**words, max_length=128, widget=forms.TextInput(attrs=look))
    kinds: dict[type, type[forms.Field]] = {int: forms.IntegerField, Decimal: forms.DecimalField}
    kind = kinds.get(type(default), forms.FloatField)
    return kind(**words, localize=True, widget=forms.TextInput(attrs={**look, "inputmode": "decimal"}))


class OptionsForm(forms.Form):
    """All options; ranges bind what is changed, so that a value of the environment may stay as it is."""

    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None) -> None:
        options.refresh()
        values = {name: options.value(name) for name in OPTIONS}
        super().__init__(data, initial={**values, "version": _version(values)})
        for name, option in OPTIONS.items():
            self.fields[name] = _field(option, values[name])

    def clean_version(self) -> str:
        """Two editors: the second sees what the first has set before setting anything."""
        if self.cleaned_data["version"] != self.initial["version"]:
            raise forms.ValidationError(_("Somebody has changed the settings meanwhile. Open the page anew."))
        return str(self.cleaned_data["version"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, option in OPTIONS.items():
            if name in data and data[name] != self.initial[name] and option.held(data[name]) != data[name]:
                self.add_error(name, _("From %(low)s to %(high)s.") % _range(option))
        if not self.errors and (sentence := options.conflict(data)):
            raise forms.ValidationError(sentence)
        return data

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(str(title), [self[option.name] for option in group]) for title, group in GROUPS]

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in OPTIONS}


def _version(values: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:16]


def _range(option: Option) -> dict[str, str]:
    return {"low": formats.localize(option.low), "high": formats.localize(option.high)}


def save(request: HttpRequest, form: OptionsForm) -> HttpResponse:
    """Store what was changed and show the page anew."""
    changed = options.change(form.values, desk.staff_of(request))
    if changed:
        messages.success(request, _("Saved. It holds everywhere within two seconds."))
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect(request.path)


def changes() -> list[dict[str, Any]]:
    """The last changes: when, who, which option, from what to what."""
    rows = UserActivityLog.objects.filter(activity_type=options.ACTIVITY).select_related("staff")
    return [
        {
            "at": row.created_at,
            "who": row.staff.get_full_name() or row.staff.get_username() if row.staff else "",
            "what": OPTIONS[name].title if (name := row.details["option"]) in OPTIONS else name,
            "old": row.details["old"],
            "new": row.details["new"],
        }
        for row in rows.order_by("-created_at")[:SHOWN_CHANGES]
    ]
