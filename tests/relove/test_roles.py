"""The matrix of docs/operations.md: role by page by action."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from relove import roles
from relove.management import upkeep
from relove.models import Staff

O, M, D, A = roles.OPERATORS, roles.MANAGERS, roles.DEVELOPERS, roles.ADMINISTRATORS  # noqa: E741
# list → who may open it; what is not here only administrators may
MAY_OPEN = {
    "commentators_generatedcomment": {O, M},
    "commentators_directmessage": {O, M},
    "commentators_telegramchannel": {O, M, D},
    "commentators_telegrampost": {O, M, D},
    "commentators_commentatoraccount": {O, M},
    "commentators_accountpersonality": {O, M},
    "commentators_commentschedule": {O, M, D},
    "sales_salesscript": {O, M},
    "diagnostics_diagnosticresult": {M},
    "diagnostics_usersession": {M},
    "diagnostics_journeyprogress": {M},
    "diagnostics_diagnosticquestion": {M},
    "accounts_mgmt_telegramaccountsession": {M, D},
    "accounts_mgmt_contact": {O, M, D},
    "accounts_mgmt_accountsecuritylog": {M, D},
    "accounts_mgmt_accountcall": {M, D},
    "relove_telegramuser": {O, M},
    "relove_operationlog": {M, D},
    "relove_useractivitylog": {D},
    "relove_llmcall": {D},
    "relove_rehearsal": {M, D},
    "relove_staff": {D},
    "auth_group": set(),
    "django_q_failure": {D},
}
MAY_ADD = {
    "commentators_telegramchannel": {M},
    "commentators_commentschedule": {M},
    "diagnostics_diagnosticquestion": {M},
    "accounts_mgmt_telegramaccountsession": set(),
    "relove_staff": set(),
    "auth_group": set(),
}


@pytest.fixture
def clients(db: None) -> dict[str, Client]:
    roles.sync()
    found = {}
    for number, role in enumerate(roles.ROLES):
        person = Staff.objects.create_user(f"person{number}", password=None, is_staff=True)
        person.groups.add(Group.objects.get(name=role))
        found[role] = Client()
        found[role].force_login(person)
    return found


def opened(clients: dict[str, Client], page: str) -> set[str]:
    return {role for role, client in clients.items() if client.get(reverse(f"admin:{page}")).status_code == 200}


def test_who_may_open_which_list(clients: dict[str, Client]) -> None:
    found = {name: opened(clients, f"{name}_changelist") for name in MAY_OPEN}

    assert found == {name: may | {A} for name, may in MAY_OPEN.items()}


def test_who_may_add_what(clients: dict[str, Client]) -> None:
    found = {name: opened(clients, f"{name}_add") for name in MAY_ADD}

    assert found == {name: may | {A} for name, may in MAY_ADD.items()}


def test_every_page_is_closed_to_a_person_without_a_role(db: None, client: Client) -> None:
    client.force_login(Staff.objects.create_user("new", password=None, is_staff=True))
    names = [f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry]
    open_to_all = [n for n in names if client.get(reverse(f"admin:{n}_changelist")).status_code != 403]

    assert open_to_all == []
    assert len(names) > 30


def test_nobody_but_full_access_gives_rights(clients: dict[str, Client]) -> None:
    target = Staff.objects.create_user("target", password=None, is_staff=True)
    page = reverse("admin:relove_staff_change", args=[target.pk])
    group = Group.objects.get(name=A).pk
    for client in clients.values():
        client.post(page, {"username": "target", "groups": [group], "is_staff": "on", "is_superuser": "on"})
        target.refresh_from_db()
        assert not target.is_superuser
        assert not target.groups.exists()


def test_roles_are_brought_back_to_what_is_written(db: None) -> None:
    roles.sync()
    group = Group.objects.get(name=O)
    before = set(group.permissions.values_list("codename", flat=True))
    group.permissions.clear()
    roles.sync()

    assert set(group.permissions.values_list("codename", flat=True)) == before
    assert "erase_telegramuser" not in before
    assert Group.objects.get(name=A).permissions.filter(codename="erase_telegramuser").exists()


@pytest.mark.django_db
def test_a_start_with_nothing_to_migrate_brings_roles_back() -> None:
    rights = Group.objects.get(name=roles.OPERATORS).permissions
    before = set(rights.values_list("codename", flat=True))
    rights.clear()
    upkeep.bring_up_to_date()
    assert before
    assert set(rights.values_list("codename", flat=True)) == before
