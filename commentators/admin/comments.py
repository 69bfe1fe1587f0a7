"""Comments: the list of all, one in detail, and decisions about many at a time."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.contrib.import_export.forms import ExportForm
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display

from commentators import services
from commentators.admin import calendar, decisions, effect, pictures, review
from commentators.admin.decisions import Decision
from commentators.admin.resources import CommentResource, MetricsResource
from commentators.models import CommentKey, GeneratedComment, TelegramPost
from relove import confirm, desk, show
from relove.admin.biglist import BigListAdmin
from relove.admin.filters import PeriodFilter
from relove.exports import FORMATS

# Decisions about one comment, by the name of the action on its page.
ON_ONE = {
    "approve_one": decisions.APPROVE,
    "reject_one": decisions.REJECT,
    "cancel_one": decisions.CANCEL,
    "retry_one": decisions.RETRY,
    "check_one": decisions.CHECK,
    "found_one": decisions.FOUND,
    "missing_one": decisions.MISSING,
    "delete_one": decisions.DELETE,
}
# Asked for afterwards: joined, PostgreSQL would plan each partition, which takes longer than the rows.
POST = Prefetch("post", TelegramPost.objects.only("text", "message_id", "channel"))


@admin.register(GeneratedComment)
class CommentAdmin(ExportMixin, BigListAdmin):
    resource_classes = [CommentResource, MetricsResource]
    export_form_class = ExportForm
    formats = FORMATS
    list_display = ["comment", "state", "post_link", "channel_link", "account_link", "planned", "sent"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("channel", AutocompleteSelectFilter),
        ("account", AutocompleteSelectFilter),
        ("origin", ChoicesDropdownFilter),
        PeriodFilter,
    ]
    list_select_related = ["channel", "sender"]
    list_fields = (
        "text",
        "status",
        "failed_reason",
        "post",
        "channel__title",
        "channel__username",
        "sender__label",
        "scheduled_at",
        "sent_at",
    )
    search_fields = ["text"]
    search_help_text = _("Words of the comment")
    extra_lookups = ("post__id__exact",)
    ordering = ["-id"]
    sortable_by = ("sent",)
    actions = [
        "approve_drafts",
        "reject_drafts",
        "cancel_comments",
        "retry_comments",
        "check_comments",
        "delete_comments",
    ]
    actions_detail = list(ON_ONE)
    empty_text = _(
        "No comments yet. The first draft comes by itself once a channel, a voice and a schedule stand."
    )
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "full_text",
                    "picture",
                    ("state", "planned", "sent"),
                    "why",
                    ("channel_link", "account_link"),
                ]
            },
        ),
        (_("Post"), {"fields": ["post_link", "post_text"]}),
        (_("Response of readers"), {"fields": ["metrics", "metrics_read", "trail"]}),
        (
            _("How it came to be"),
            {
                "classes": ["tab"],
                "fields": [
                    ("written_by", "language_model"),
                    "as_drafted",
                    ("approver", "approved"),
                    "schedule_link",
                ],
            },
        ),
        (
            _("Sending"),
            {
                "classes": ["tab"],
                "fields": [
                    ("retry_count", "next_try"),
                    ("last_attempt", "failed_code"),
                    ("message_id", "expires"),
                    "deletion",
                    "keys",
                ],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GeneratedComment]:
        return super().get_queryset(request).prefetch_related(POST)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name, planned = "commentators_generatedcomment_review", "commentators_generatedcomment_calendar"
        own = [
            path("review/", wrap(review.queue), {"page": self}, name=name),
            path("review/rows/", wrap(review.rows), {"page": self}, name=f"{name}_rows"),
            path("review/<int:comment_id>/", wrap(review.one), {"page": self}, name=f"{name}_decide"),
            path("review/<int:comment_id>/lock/", wrap(review.lock), {"page": self}, name=f"{name}_lock"),
            path("review/<int:comment_id>/check/", wrap(review.check), {"page": self}, name=f"{name}_check"),
            path("effect/", wrap(effect.results), {"page": self}, name="commentators_generatedcomment_effect"),
            path("calendar/", wrap(calendar.calendar), {"page": self}, name=planned),
            path("calendar/events/", wrap(calendar.events), {"page": self}, name=f"{planned}_events"),
            path("calendar/<int:comment_id>/move/", wrap(calendar.move), {"page": self}, name=f"{planned}_move"),
        ]
        return own + super().get_urls()

    # --- rights ---------------------------------------------------------------------------------

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Comments are never edited as rows; those who may change them may decide about them."""
        return desk.may(request, "commentators.change_generatedcomment")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    # --- decisions ------------------------------------------------------------------------------

    def _many(self, request: HttpRequest, rows: QuerySet[GeneratedComment], decision: Decision) -> Any:
        if confirm.is_confirmed(request) and (confirm.reason_given(request) or not decision.reasons):
            decisions.carry_out(request, decision, list(rows.values_list("pk", flat=True)))
            return redirect(review.url()) if request.POST.get("back") == "review" else None
        chosen = list(rows)
        return confirm.ask(
            self,
            request,
            title=str(decision.question) % {"count": len(chosen)},
            sentence=decision.sentence,
            button=decision.verb,
            rows=chosen,
            action=request.POST.get("action", ""),
            reasons=decision.reasons,
            danger=decision.danger,
        )

    @action(description=_("Approve"), permissions=["decide"])
    def approve_drafts(self, request: HttpRequest, rows: QuerySet[GeneratedComment]) -> Any:
        return self._many(request, rows, decisions.APPROVE)

    @action(description=_("Reject"), permissions=["decide"])
    def reject_drafts(self, request: HttpRequest, rows: QuerySet[GeneratedComment]) -> Any:
        return self._many(request, rows, decisions.REJECT)

    @action(description=_("Cancel"), permissions=["decide"])
    def cancel_comments(self, request: HttpRequest, rows: QuerySet[GeneratedComment]) -> Any:
        return self._many(request, rows, decisions.CANCEL)

    @action(description=_("Try again"), permissions=["decide"])
    def retry_comments(self, request: HttpRequest, rows: QuerySet[GeneratedComment]) -> Any:
        return self._many(request, rows, decisions.RETRY)

    @action(description=_("Check now"), permissions=["decide"])
    def check_comments(self, request: HttpRequest, rows: QuerySet[GeneratedComment]) -> Any:
        return self._many(request, rows, decisions.CHECK)

    @action(description=_("Delete in Telegram"), permissions=["decide"])
    def delete_comments(self, request: HttpRequest, rows: QuerySet[GeneratedComment]) -> Any:
        return self._many(request, rows, decisions.DELETE)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[UnfoldAction]:
        """Only what makes sense in the comment's state."""
        comment = self.get_object(request, str(object_id))
        state = comment.status if comment else ""
        fitting = {name for name, decision in ON_ONE.items() if state in decision.states}
        return [a for a in super().get_actions_detail(request, object_id) if a.method.__name__ in fitting]

    def _one(self, request: HttpRequest, object_id: str, decision: Decision) -> HttpResponse:
        answer = self._many(request, self.get_queryset(request).filter(pk=object_id), decision)
        return answer or redirect("admin:commentators_generatedcomment_change", object_id)

    @action(description=_("Approve"), icon="check", permissions=["decide"])
    def approve_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.APPROVE)

    @action(description=_("Reject"), icon="block", permissions=["decide"])
    def reject_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.REJECT)

    @action(description=_("Cancel"), icon="close", permissions=["decide"])
    def cancel_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.CANCEL)

    @action(description=_("Try again"), icon="replay", permissions=["decide"])
    def retry_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.RETRY)

    @action(description=_("Check now"), icon="manage_search", permissions=["decide"])
    def check_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.CHECK)

    @action(description=_("It stands there"), icon="task_alt", permissions=["decide"])
    def found_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.FOUND)

    @action(description=_("It is not there"), icon="unpublished", permissions=["decide"])
    def missing_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.MISSING)

    @action(description=_("Delete in Telegram"), icon="delete", permissions=["decide"])
    def delete_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._one(request, object_id, decisions.DELETE)

    # --- columns --------------------------------------------------------------------------------

    @display(description=_("comment"))
    def comment(self, row: GeneratedComment) -> SafeString:
        return show.foreign_text(row.text)

    @display(description=_("picture"))
    def picture(self, row: GeneratedComment) -> SafeString:
        return pictures.photo_image(row.photo) if row.photo else show.NOTHING

    @display(description=_("comment"))
    def full_text(self, row: GeneratedComment) -> SafeString:
        return show.whole_text(row.text)

    @display(description=_("status"), ordering="status")
    def state(self, row: GeneratedComment) -> SafeString:
        return show.badge(row.status, show.choice(row, "status"), row.failed_reason)

    @display(description=_("why"))
    def why(self, row: GeneratedComment) -> SafeString:
        return show.foreign_text(row.failed_reason)

    @display(description=_("post"))
    def post_link(self, row: GeneratedComment) -> SafeString:
        # which names a post without text; a comment's channel is its post's
        row.post.channel = row.channel
        return show.link(row.post, show.shorten(row.post.text) or str(row.post))

    @display(description=_("text"))
    def post_text(self, row: GeneratedComment) -> SafeString:
        return show.whole_text(row.post.text)

    @display(description=_("channel"))
    def channel_link(self, row: GeneratedComment) -> SafeString:
        return show.link(row.channel)

    @display(description=_("account"))
    def account_link(self, row: GeneratedComment) -> SafeString:
        return show.link(row.sender)

    @display(description=_("planned for"), ordering="scheduled_at")
    def planned(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.scheduled_at)

    @display(description=_("sent"), ordering="sent_at")
    def sent(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.sent_at)

    @display(description=_("response"))
    def metrics(self, row: GeneratedComment) -> SafeString:
        return show.key_values(row.engagement_metrics)

    @display(description=_("read at"))
    def metrics_read(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.metrics_at)

    @display(description=_("deleting in Telegram"))
    def deletion(self, row: GeneratedComment) -> SafeString:
        call = services.deletions(row).first()
        if call is None:
            return show.NOTHING
        return format_html(
            "{} {}",
            show.badge(call.state, call.get_state_display()),
            show.link(call, call.error or _now("what was asked")),
        )

    @display(description=_("who wrote to us after it"))
    def trail(self, row: GeneratedComment) -> SafeString:
        return effect.trail_rows(row)

    @display(description=_("written by"))
    def written_by(self, row: GeneratedComment) -> str:
        return show.capital(show.choice(row, "origin"))

    @display(description=_("language model"))
    def language_model(self, row: GeneratedComment) -> Any:
        return show.link(row.llm_call, row.model) if row.llm_call_id else row.model or show.NOTHING

    @display(description=_("as drafted"))
    def as_drafted(self, row: GeneratedComment) -> SafeString:
        return show.whole_text(row.drafted_text if row.drafted_text != row.text else "")

    @display(description=_("approved by"))
    def approver(self, row: GeneratedComment) -> SafeString:
        return show.link(row.approved_by)

    @display(description=_("approved at"))
    def approved(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.approved_at)

    @display(description=_("schedule"))
    def schedule_link(self, row: GeneratedComment) -> SafeString:
        return show.link(row.schedule)

    @display(description=_("next attempt"))
    def next_try(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.next_retry)

    @display(description=_("last attempt"))
    def last_attempt(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.attempted_at)

    @display(description=_("too late after"))
    def expires(self, row: GeneratedComment) -> SafeString:
        return show.short_time(row.expires_at)

    @display(description=_("unique keys"))
    def keys(self, row: GeneratedComment) -> SafeString:
        """Its row of comment_keys: what keeps it from being planned or sent a second time."""
        key = CommentKey.objects.filter(comment_id=row.pk).select_related("account__session").first()
        if key is None:
            return show.NOTHING
        post = _now("%(account)s, post %(post)s") % {"account": key.account, "post": key.post_id}
        slot = date_format(localtime(key.slot_utc), "DATETIME_FORMAT") if key.slot_utc else ""
        named = {_now("once under a post"): post, _now("slot of the schedule"): slot, "random_id": key.random_id}
        return show.key_values({name: value for name, value in named.items() if value})
