"""The staff's site: the theme's, with a search that no query string breaks and pages without a model."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from relove import access, dashboard_page, desk, once, options_page, sandbox_page
from relove.access_pages import AccessPages, after, signed_in_staff
from relove.section_pages import environment_values

PAGE_VARIABLE = "page"


class ReloveAdminSite(AccessPages, UnfoldAdminSite):
    index_title = _("Dashboard")
    empty_value_display = "—"
    enable_nav_sidebar = True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With what the red button of every page says."""
        paused = request.user.is_authenticated and desk.counts().get("everything_paused")
        return {**super().each_context(request), "everything_paused": paused}

    def _get_is_active(self, request: HttpRequest, link: Any, is_tab: bool = False) -> bool:
        """Once for each address: the theme asks it of all tabs again for each line of the sidebar."""
        asked = ("is_active", str(link), is_tab)
        return once.per_request(asked, lambda: super(ReloveAdminSite, self)._get_is_active(request, link, is_tab))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Made where a page shows it, which ours do not: they have a sidebar of their own."""
        return SimpleLazyObject(lambda: super(ReloveAdminSite, self).get_app_list(request, app_label))

    def has_permission(self, request: HttpRequest) -> bool:
        """The second factor is part of being signed in: the stock login alone opens nothing."""
        staff, session = signed_in_staff(request), request.session
        asked = ("has_permission", staff and staff.pk, session.get(access.SECOND_FACTOR))
        return once.per_request(asked, lambda: access.has_passed(session, staff))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Whoever has given their password already is asked for what is still missing."""
        staff = signed_in_staff(request)
        if request.method == "GET" and staff and not access.has_passed(request.session, staff):
            return redirect(f"{reverse('admin:second_factor')}?{urlencode({'next': after(request)})}")
        return super().login(request, extra_context)

    @method_decorator(never_cache)
    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As all other pages, this one is kept by no browser and no proxy."""
        return super().password_change(request, extra_context)

    @method_decorator(never_cache)
    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().password_change_done(request, extra_context)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The theme's search answers 500 to a page that is no number; ours has one page only."""
        query = request.GET.copy()
        query[PAGE_VARIABLE] = "1"
        request.GET = query  # type: ignore[assignment]
        return super().search(request, extra_context)

    def extra_urls(self) -> list[URLPattern]:
        return [
            *self.access_urls(),
            path("dashboard/", self.admin_view(self.dashboard), name="dashboard"),
            path("section/system/", self.admin_view(self.system), name="section_system"),
            path("section/sandbox/", self.admin_view(self.sandbox), name="section_sandbox"),
            path("section/sandbox/say/", self.admin_view(sandbox_page.say), name="sandbox_say"),
            path("section/sandbox/publish/", self.admin_view(sandbox_page.publish), name="sandbox_publish"),
        ]

    def dashboard(self, request: HttpRequest) -> TemplateResponse:
        """What the first page shows, without the page around it: it asks for this to stay as it is."""
        return TemplateResponse(request, "relove/dashboard.html", dashboard_page.context(request, {}))

    def system(self, request: HttpRequest) -> HttpResponse:
        may_change = desk.may(request, options_page.MAY_CHANGE)
        if not (may_change or desk.may(request, options_page.MAY_VIEW)):
            return self._page(request, "relove/system.html", {"title": _("System settings")})
        form = options_page.OptionsForm(request.POST if request.method == "POST" and may_change else None)
        if form.is_bound and form.is_valid():
            return options_page.save(request, form)
        context = {
            "title": _("System settings"),
            "form": form,
            "may_change": may_change,
            "changes": options_page.changes(),
            "groups": environment_values(),
        }
        return self._page(request, "relove/system.html", context)

    def sandbox(self, request: HttpRequest) -> HttpResponse:
        """The page, or the dialogue on it alone for its own script."""
        context = {"title": _("Sandbox"), **sandbox_page.context(request)}
        part = request.headers.get("HX-Request") == "true"
        return self._page(request, "relove/sandbox_dialogue.html" if part else "relove/sandbox.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        request.current_app = self.name
        return TemplateResponse(request, template, {**self.each_context(request), **context})
