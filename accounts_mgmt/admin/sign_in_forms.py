"""What a person types to sign an account in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts_mgmt import imports, phones
from accounts_mgmt.models import SignIn, TelegramAccountSession

Method = SignIn.Method


class NewAccountForm(forms.Form):
    """What every new account needs; the ways of signing in add their own."""

    label = forms.CharField(
        label=_("name for staff"), max_length=64, widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True})
    )
    role = forms.ChoiceField(
        label=_("role"), choices=TelegramAccountSession.Role.choices, widget=UnfoldAdminSelectWidget
    )
    phone = ""
    session = ""


class ByCodeForm(NewAccountForm):
    number = forms.CharField(
        label=_("phone number"),
        max_length=32,
        widget=UnfoldAdminTextInputWidget(
            attrs={"type": "tel", "autocomplete": "off", "placeholder": "+7 999 123-45-67"}
        ),
        help_text=_("Telegram sends a code to this number, first of all into the app where it is signed in."),
    )

    def clean_number(self) -> str:
        self.phone = phones.normalise(self.cleaned_data["number"])
        return self.phone


class ByLinkForm(NewAccountForm):
    """Nothing more: whoever scans the code says whose account it is."""


class SessionForm(forms.Form):
    """A session string or a .session file; what it holds never comes back to the page."""

    string = forms.CharField(
        label=_("session string"),
        required=False,
        max_length=512,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(label=_("or a .session file"), required=False, allow_empty_file=True)
    session = ""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        string, file = cleaned.get("string", "").strip(), cleaned.get("file")
        if bool(string) == bool(file):
            raise ValidationError(_now("Give either a session string or a .session file."))
        try:
            self.session = string or _packed(file)
            imports.parse(self.session)
        except imports.NotASession as error:
            raise ValidationError(
                _now("This is neither a session string nor a .session file of Telethon.")
            ) from error
        return cleaned


class ImportForm(SessionForm, NewAccountForm):
    field_order = ["label", "role", "string", "file"]


def _packed(file: Any) -> str:
    if file.size > imports.LARGEST_FILE:
        raise imports.NotASession
    return imports.pack_file(file.read())


FORMS: dict[str, type[NewAccountForm]] = {
    Method.CODE: ByCodeForm,
    Method.LINK: ByLinkForm,
    Method.IMPORT: ImportForm,
}
