"""The sidebar and the tabs above lists: the customer's ten sections, in the customer's order of work.

Everything here is data; `sidebar` and `tabs` (named in relove.unfold) turn it into what the theme
takes, for the person at the page. An entry nobody may open is not there.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from relove import desk


@dataclass(frozen=True)
class Tab:
    """A list of a section. `model` is "app.model"; `name` names a page of its own."""

    title: Promise
    model: str = ""
    name: str = ""

    @cached_property
    def url(self) -> str:
        """Asked for a hundred times by every page, and never another one."""
        return reverse(f"admin:{self.name or self.model.replace('.', '_') + '_changelist'}")

    @property
    def permission(self) -> str:
        app, _dot, model = self.model.partition(".")
        return f"{app}.view_{model}"

    def is_open(self, request: HttpRequest) -> bool:
        return not self.model or desk.may(request, self.permission)


@dataclass(frozen=True)
class Section:
    """An entry of the sidebar; it opens its first tab the person may see."""

    title: Promise
    icon: str
    tabs: list[Tab] = field(default_factory=list)
    count: str = ""
    variant: str = "primary"

    def open_tabs(self, request: HttpRequest) -> list[Tab]:
        return [tab for tab in self.tabs if tab.is_open(request)]


COMMENTS = Section(
    _("Comment generation"),
    "rate_review",
    [
        Tab(_("Review queue"), "commentators.generatedcomment", "commentators_generatedcomment_review"),
        Tab(_("All comments"), "commentators.generatedcomment"),
        Tab(_("Calendar"), "commentators.generatedcomment", "commentators_generatedcomment_calendar"),
        Tab(_("Results"), "commentators.generatedcomment", "commentators_generatedcomment_effect"),
        Tab(_("Pictures"), "commentators.commentphoto"),
    ],
    count="drafts",
)
INBOX = Section(
    _("Inbox"),
    "inbox",
    [
        Tab(_("Dialogues"), "sales.conversationmessage", "sales_conversationmessage_inbox"),
        Tab(_("Private messages"), "commentators.directmessage", "commentators_directmessage_inbox"),
        Tab(_("All messages of dialogues"), "sales.conversationmessage"),
        Tab(_("All messages"), "commentators.directmessage"),
    ],
    count="inbox",
    variant="danger",
)
CHANNELS = Section(
    _("Channels and posts"),
    "campaign",
    [
        Tab(_("Channels"), "commentators.telegramchannel"),
        Tab(_("Posts"), "commentators.telegrampost"),
    ],
    count="channels",
    variant="warning",
)
GROUPS = Section(
    _("Study groups"),
    "groups",
    [
        Tab(_("Study groups"), "education.educationgroup"),
        Tab(_("All messages of groups"), "education.groupmessage"),
        Tab(_("Practice partners"), "education.studentbot"),
    ],
)
SCRIPTS = Section(
    _("Scripts"),
    "account_tree",
    [
        Tab(_("Scripts"), "sales.salesscript"),
        Tab(_("Triggers"), "sales.scripttrigger"),
        Tab(_("What scripts achieve"), "sales.salesscript", "sales_salesscript_report"),
        Tab(_("Another threshold"), "sales.conversationmessage", "sales_salesscript_threshold"),
    ],
)
REHEARSAL = Section(_("Rehearsal"), "theater_comedy", [Tab(_("Rehearsals"), "relove.rehearsal")])
DIAGNOSTICS = Section(
    _("Diagnostics"),
    "explore",
    [
        Tab(_("Results"), "diagnostics.diagnosticresult"),
        Tab(_("Progress"), "diagnostics.journeyprogress"),
        Tab(_("Sessions"), "diagnostics.usersession"),
        Tab(_("Questions"), "diagnostics.diagnosticquestion"),
        Tab(_("Programmes"), "diagnostics.stream"),
        Tab(_("Stages"), "diagnostics.stage"),
        Tab(_("Psychotypes"), "diagnostics.psychotype"),
    ],
)
ACCOUNTS = Section(
    _("Telegram accounts"),
    "smartphone",
    [
        Tab(_("Accounts"), "accounts_mgmt.telegramaccountsession"),
        Tab(_("Commentators"), "commentators.commentatoraccount"),
        Tab(_("Voices"), "commentators.accountpersonality"),
        Tab(_("Schedules"), "commentators.commentschedule"),
        Tab(_("Leases"), "accounts_mgmt.telegramaccountsession", "accounts_mgmt_telegramaccountsession_leases"),
        Tab(_("Account calls"), "accounts_mgmt.accountcall"),
        Tab(_("Security"), "accounts_mgmt.accountsecuritylog"),
        Tab(_("Pauses"), "accounts_mgmt.pause"),
        Tab(_("Waits in chats"), "accounts_mgmt.accountchathold"),
        Tab(_("Alerts"), "accounts_mgmt.alert"),
    ],
    count="accounts",
    variant="warning",
)
LOGS = Section(
    _("Logs and history"),
    "history",
    [
        Tab(_("Operations"), "relove.operationlog"),
        Tab(_("Work sessions"), "relove.sessionlog"),
        Tab(_("Activities"), "relove.useractivitylog"),
        Tab(_("Model calls"), "relove.llmcall"),
    ],
)
PEOPLE = Section(
    _("Users and access"),
    "shield_person",
    [
        Tab(_("Staff"), "relove.staff"),
        Tab(_("Roles"), "auth.group"),
        Tab(_("Telegram of the staff"), "accounts_mgmt.stafftelegram"),
        Tab(_("Messages to staff"), "accounts_mgmt.staffmessage"),
        Tab(_("People on Telegram"), "relove.telegramuser"),
        Tab(_("Chats"), "relove.chat"),
        Tab(_("Contacts"), "accounts_mgmt.contact"),
        Tab(_("Help contacts"), "accounts_mgmt.crisiscontact"),
    ],
)
SYSTEM = Section(
    _("System settings"),
    "tune",
    [
        Tab(_("Values"), name="section_system"),
        Tab(_("Waiting tasks"), "django_q.ormq"),
        Tab(_("Finished tasks"), "django_q.success"),
        Tab(_("Failed tasks"), "django_q.failure"),
        Tab(_("Regular tasks"), "django_q.schedule"),
    ],
)
SANDBOX = Section(_("Sandbox"), "science", [Tab(_("Sandbox"), name="section_sandbox")])
DASHBOARD = Section(_("Dashboard"), "monitoring", [Tab(_("Dashboard"), name="index")])

SIDEBAR: list[tuple[Promise | str, list[Section]]] = [
    ("", [DASHBOARD]),
    (_("Work"), [COMMENTS, INBOX, CHANNELS, GROUPS, DIAGNOSTICS]),
    (_("Setting up"), [SCRIPTS, REHEARSAL, ACCOUNTS]),
    (_("System"), [LOGS, PEOPLE, SYSTEM, SANDBOX]),
]


def uses_sandbox() -> bool:
    """Whether the gateway in force is the sandbox's."""
    return bool(settings.TELEGRAM_GATEWAY == "sandbox")


def sections() -> list[Section]:
    return [section for _, group in SIDEBAR for section in group if section is not SANDBOX or uses_sandbox()]


def current_section(request: HttpRequest) -> Section | None:
    """The section whose list or page this address belongs to: the one with the longest matching tab."""
    matches = [
        (len(tab.url), section)
        for section in sections()
        for tab in section.tabs
        if (request.path == tab.url if tab.name == "index" else request.path.startswith(tab.url))
    ]
    return max(matches, key=lambda pair: pair[0])[1] if matches else None


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's SIDEBAR["navigation"] for this person."""
    current = current_section(request)
    shown, counts = sections(), desk.counts()
    return [
        {"title": title, "items": [_item(s, request, current, counts) for s in group if s in shown]}
        for title, group in SIDEBAR
    ]


def _item(
    section: Section, request: HttpRequest, current: Section | None, counts: dict[str, int]
) -> dict[str, Any]:
    tabs = section.open_tabs(request)
    return {
        "title": section.title,
        "icon": section.icon,
        "link": tabs[0].url if tabs else "",
        "active": lambda _request: section is current,
        "permission": lambda _request: bool(tabs),
        "badge": desk.badge_text(counts.get(section.count, 0)) if section.count and tabs else None,
        "badge_variant": section.variant,
    }


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's TABS for this person: the current section's lists, on each of them and on its pages."""
    section = current_section(request)
    if section is None or len(section.tabs) < 2:
        return []
    open_tabs = section.open_tabs(request)
    best = max((t for t in open_tabs if request.path.startswith(t.url)), key=lambda t: len(t.url), default=None)
    items = [{"title": t.title, "link": t.url, "active": t is best} for t in open_tabs]
    models = [tab.model for tab in section.tabs if tab.model]
    return [{"models": models, "page": "section", "items": items}]
