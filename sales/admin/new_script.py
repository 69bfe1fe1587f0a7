"""A new script: its kind and name; it begins with the kind's example."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from relove import show
from relove.desk import staff_of
from sales import kinds, reading, services
from sales.admin import editor
from sales.models import SalesScript

if TYPE_CHECKING:
    from sales.admin.scripts import ScriptAdmin


class NewScriptForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=128, widget=UnfoldAdminTextInputWidget)
    kind = forms.ChoiceField(label=_("Kind"), widget=UnfoldAdminSelectWidget)
    description = forms.CharField(
        label=_("Description"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = [(kind.name, show.capital(str(kind.title))) for kind in kinds.every()]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if SalesScript.objects.filter(kind=data.get("kind"), name=data.get("name")).exists():
            raise ValidationError({"name": _now("There is a script of this kind and name.")})
        return data


def page(request: HttpRequest, scripts: "ScriptAdmin") -> HttpResponse:
    if not scripts.has_add_permission(request):
        raise PermissionDenied
    form = NewScriptForm(request.POST or None)
    if form.is_valid():
        return redirect(editor.url(_created(form.cleaned_data, request).pk))
    context = {
        **scripts.admin_site.each_context(request),
        "opts": scripts.opts,
        "title": _now("New script"),
        "form": form,
    }
    return TemplateResponse(request, "sales/new_script.html", context)


def _created(data: dict[str, Any], request: HttpRequest) -> SalesScript:
    kind = kinds.get(data["kind"])
    return services.create(
        kind.name,
        data["name"],
        reading.read(kind, kind.example, "yaml").data,
        reason=_now("the example to begin with"),
        who=staff_of(request),
        now=timezone.now(),
        description=data["description"],
    )
