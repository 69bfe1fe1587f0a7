"""The pages of relove.access: second factor, proof, own sign-ins. Mixed into the staff's site."""

from typing import Any
from urllib.parse import urlencode

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.widgets import INPUT_CLASSES

from relove import access
from relove.access_models import Authenticator
from relove.models import Staff

FIELD = {"class": " ".join(INPUT_CLASSES), "autofocus": True}


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=16,
        widget=forms.TextInput(attrs=FIELD | {"autocomplete": "one-time-code", "inputmode": "text"}),
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs=FIELD | {"autocomplete": "current-password"})
    )


def after(request: HttpRequest) -> str:
    """Where the person wanted to go, when that is a page of ours."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and is_ours else reverse("admin:index")


def signed_in_staff(request: HttpRequest) -> Staff | None:
    """Who has given their password, whether or not the second factor was shown."""
    user = request.user
    return user if isinstance(user, Staff) and user.is_active and user.is_staff else None


class AccessPages:
    """Pages that stand between a password and the back office, so they ask for no more than a password."""

    each_context: Any
    admin_view: Any
    name: str

    def access_urls(self) -> list[URLPattern]:
        return [
            path("second-factor/", never_cache(self.second_factor), name="second_factor"),
            path("second-factor/add/", never_cache(self.add_second_factor), name="add_second_factor"),
            path("prove/", never_cache(self.prove), name="prove"),
            path("sign-ins/", self.admin_view(never_cache(self.sign_ins)), name="sign_ins"),
            path("recovery-codes/", self.admin_view(never_cache(self.recovery_codes)), name="recovery_codes"),
        ]

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """After the password: a code of the authenticator or a recovery code."""
        staff = signed_in_staff(request)
        if staff is None:
            return redirect_to_login(after(request), reverse("admin:login"))
        if not Authenticator.objects.filter(staff=staff, confirmed_at__isnull=False).exists():
            return redirect(f"{reverse('admin:add_second_factor')}?{urlencode({'next': after(request)})}")
        form = CodeForm(request.POST or None)
        if form.is_valid():
            if access.show(request, staff, form.cleaned_data["code"]):
                return redirect(after(request))
            form.add_error("code", _now("The code does not fit, or it was used. After wrong tries wait a little."))
        lead = _now("Enter the code that your authenticator shows now, or one of your recovery codes.")
        return self._step(request, _now("Second factor"), lead, form)

    def add_second_factor(self, request: HttpRequest) -> HttpResponse:
        """The QR code of a new authenticator, until its first code is right."""
        staff = signed_in_staff(request)
        if staff is None:
            return redirect_to_login(after(request), reverse("admin:login"))
        device = access.pending(staff)
        if device.confirmed_at:
            return redirect("admin:sign_ins")
        form = CodeForm(request.POST or None)
        if form.is_valid():
            if access.show(request, staff, form.cleaned_data["code"]):
                return redirect(f"{reverse('admin:recovery_codes')}?{urlencode({'next': after(request)})}")
            form.add_error(
                "code", _now("The code does not fit. Check the clock of the phone and try the next one.")
            )
        picture = segno.make(access.address_of(device), error="m").svg_data_uri(scale=6, border=3, light="#fff")
        lead = _now("Scan this with an authenticator app on your phone, then enter the code it shows.")
        values = {"picture": picture, "secret": access.typed_secret(device)}
        return self._step(request, _now("Add the second factor"), lead, form, **values)

    def prove(self, request: HttpRequest) -> HttpResponse:
        """Before something sensitive: the password once more."""
        staff = signed_in_staff(request)
        if staff is None or not access.has_passed(request.session, staff):
            return redirect_to_login(after(request), reverse("admin:login"))
        form = PasswordForm(request.POST or None)
        if form.is_valid():
            if staff.check_password(form.cleaned_data["password"]):
                access.prove(request)
                return redirect(after(request))
            form.add_error("password", _now("The password does not fit."))
        lead = _now("The next page is sensitive: please enter your password once more.")
        return self._step(request, _now("It is you, is it not"), lead, form)

    def recovery_codes(self, request: HttpRequest) -> HttpResponse:
        """Fresh codes, shown this once; asked for by a POST, or at the end of adding the second factor."""
        staff = signed_in_staff(request)
        assert staff is not None
        is_first = not staff.recovery_codes.exists()
        if request.method != "POST" and not is_first:
            return redirect("admin:sign_ins")
        if not access.is_fresh(request):
            return redirect(f"{reverse('admin:prove')}?{urlencode({'next': reverse('admin:sign_ins')})}")
        context = {
            "title": _now("Recovery codes"),
            "codes": access.new_recovery_codes(staff),
            "next_url": after(request),
        }
        return self._page(request, "relove/recovery_codes.html", context)

    def sign_ins(self, request: HttpRequest) -> HttpResponse:
        """Where the person is signed in, and their second factor."""
        staff = signed_in_staff(request)
        assert staff is not None
        own = request.session.session_key
        if request.method == "POST":
            only = request.POST.get("session", "")
            count = access.sign_out(staff, but=own, only=int(only) if only.isdecimal() else None)
            messages.success(request, _now("Signed out: %(count)d") % {"count": count})
            return redirect("admin:sign_ins")
        context = {
            "title": _now("My sign-ins"),
            "sessions": access.sessions_of(staff),
            "own": own,
            "device": Authenticator.objects.filter(staff=staff, confirmed_at__isnull=False).first(),
            "codes_left": staff.recovery_codes.filter(used_at=None).count(),
        }
        return self._page(request, "relove/sign_ins.html", context)

    def _step(
        self, request: HttpRequest, title: str, lead: str, form: forms.Form, **values: Any
    ) -> TemplateResponse:
        context = {**self.each_context(request), "title": title, "lead": lead, "form": form, **values}
        context["next_url"] = after(request)
        return TemplateResponse(request, "relove/access_step.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        raise NotImplementedError
