"""The four roles and what each may do; docs/operations.md shows them as a matrix.

A right is named "app.action_model", with * for any part. Roles are made after every `migrate`, and
brought back to what stands here: a role of one's own is a group with another name.
"""

from fnmatch import fnmatchcase
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import connection

OPERATORS, MANAGERS, DEVELOPERS, ADMINISTRATORS = "Операторы", "Менеджеры", "Разработчики", "Администраторы"

# review, inbox, what is needed to judge them
_OPERATORS = (
    "commentators.view_*",
    "commentators.change_generatedcomment",
    "commentators.change_directmessage",
    "accounts_mgmt.view_contact",
    "accounts_mgmt.change_contact",
    "accounts_mgmt.view_pause",
    "accounts_mgmt.change_pause",
    "sales.view_*",
    "sales.change_conversationmessage",
    "education.view_*",
    "relove.view_telegramuser",
    "relove.view_chat",
)
# scripts, schedules, groups, accounts on and off, reports, notes about people
_MANAGERS = (
    *_OPERATORS,
    "commentators.*",
    "sales.*",
    "education.*",
    "diagnostics.*",
    "accounts_mgmt.view_*",
    "accounts_mgmt.change_telegramaccountsession",
    "accounts_mgmt.change_accountchathold",
    "accounts_mgmt.add_crisiscontact",
    "accounts_mgmt.change_crisiscontact",
    "relove.view_operationlog",
    "relove.view_sessionlog",
    "relove.change_telegramuser",
    "relove.export_telegramuser",
    "relove.view_rehearsal",
    "relove.add_rehearsal",
)
# settings, logs, commands; no words of people beyond what logs show
_DEVELOPERS = (
    "accounts_mgmt.view_*",
    "accounts_mgmt.change_pause",
    "commentators.view_telegramchannel",
    "commentators.view_telegrampost",
    "commentators.view_commentschedule",
    "relove.view_operationlog",
    "relove.view_sessionlog",
    "relove.view_useractivitylog",
    "relove.view_llmcall",
    "relove.view_staff",
    "relove.view_rehearsal",
    "relove.add_rehearsal",
    "constance.*",
    "django_q.*",
)
ROLES: dict[str, tuple[str, ...]] = {
    OPERATORS: _OPERATORS,
    MANAGERS: _MANAGERS,
    DEVELOPERS: _DEVELOPERS,
    ADMINISTRATORS: ("*",),
}
# who needs a second factor where it is asked of managers and above
ABOVE_OPERATORS = frozenset({MANAGERS, DEVELOPERS, ADMINISTRATORS})


def rights_of(role: str) -> list[Permission]:
    """The rights there are now that the role's patterns name."""
    known = Permission.objects.select_related("content_type")
    return [right for right in known if any(fnmatchcase(name_of(right), pattern) for pattern in ROLES[role])]


def name_of(right: Permission) -> str:
    return f"{right.content_type.app_label}.{right.codename}"


def sync(**kwargs: Any) -> None:
    """Make the roles and give them their rights; repeatable. Connected to post_migrate."""
    if Group._meta.db_table not in connection.introspection.table_names():
        # a migrate of one other app alone
        return
    for role in ROLES:
        group, _is_new = Group.objects.get_or_create(name=role)
        group.permissions.set(rights_of(role))
