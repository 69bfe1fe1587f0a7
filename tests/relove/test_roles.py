"""The matrix of docs/operations.md: role by page by action by object."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from relove import roles
from relove.management import upkeep
from relove.models import Staff
from tests.admin_scene import Scene

O, M, D, A = roles.OPERATORS, roles.MANAGERS, roles.DEVELOPERS, roles.ADMINISTRATORS  # noqa: E741
# every list there is → who may open it; administrators may open all
MAY_OPEN = {
    "commentators_generatedcomment": {O, M},
    "commentators_directmessage": {O, M},
    "commentators_telegramchannel": {O, M, D},
    "commentators_telegrampost": {O, M, D},
    "commentators_commentatoraccount": {O, M},
    "commentators_accountpersonality": {O, M},
    "commentators_commentphoto": {O, M},
    "commentators_commentschedule": {O, M, D},
    "sales_conversationmessage": {O, M},
    "sales_salesscript": {O, M},
    "sales_scripttrigger": {O, M},
    "education_educationgroup": {O, M},
    "education_groupmessage": {O, M},
    "education_studentbot": {O, M},
    "diagnostics_diagnosticresult": {M},
    "diagnostics_usersession": {M},
    "diagnostics_journeyprogress": {M},
    "diagnostics_diagnosticquestion": {M},
    "diagnostics_psychotype": {M},
    "diagnostics_stage": {M},
    "diagnostics_stream": {M},
    "accounts_mgmt_telegramaccountsession": {M, D},
    "accounts_mgmt_accountchathold": {M, D},
    "accounts_mgmt_alert": {M, D},
    "accounts_mgmt_crisiscontact": {M, D},
    "accounts_mgmt_pause": {O, M, D},
    "accounts_mgmt_staffmessage": {M, D},
    "accounts_mgmt_stafftelegram": {M, D},
    "accounts_mgmt_contact": {O, M, D},
    "accounts_mgmt_accountsecuritylog": {M, D},
    "accounts_mgmt_accountcall": {M, D},
    "relove_telegramuser": {O, M},
    "relove_chat": {O, M},
    "relove_operationlog": {M, D},
    "relove_sessionlog": {M, D},
    "relove_useractivitylog": {D},
    "relove_llmcall": {D},
    "relove_rehearsal": {M, D},
    "relove_staff": {D},
    "auth_group": set(),
    "django_q_failure": {D},
    "django_q_ormq": {D},
    "django_q_schedule": {D},
    "django_q_success": {D},
}
MAY_ADD = {
    "commentators_telegramchannel": {M},
    "commentators_commentschedule": {M},
    "diagnostics_diagnosticquestion": {M},
    "accounts_mgmt_telegramaccountsession": set(),
    "relove_staff": set(),
    "auth_group": set(),
}
# list → who may change a row of it by its form
MAY_CHANGE = {
    "commentators_telegramchannel": {M},
    "commentators_commentschedule": {M},
    "commentators_accountpersonality": {M},
    "accounts_mgmt_telegramaccountsession": {M},
    "relove_telegramuser": {M},
    "relove_staff": set(),
}
# list, action → who may begin it with a row
MAY_DO = {
    ("commentators_generatedcomment", "approve_one"): {O, M},
    ("commentators_generatedcomment", "delete_one"): {O, M},
    ("commentators_telegramchannel", "join_channel"): {M},
    ("accounts_mgmt_telegramaccountsession", "resume_account"): {M},
    ("accounts_mgmt_telegramaccountsession", "sign_in_anew"): {M},
    ("relove_telegramuser", "export_person"): {M},
    ("relove_telegramuser", "erase_person"): set(),
    ("relove_staff", "take_second_factor"): set(),
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


def rows_of(scene: Scene) -> dict[str, int]:
    """list → the key of a row in it."""
    rows = [scene.comments["draft"][0], scene.channel, scene.schedule, scene.voice, scene.account, scene.person]
    rows.append(Staff.objects.create_user("boris", password=None, is_staff=True))
    return {f"{row._meta.app_label}_{row._meta.model_name}": row.pk for row in rows}


def let_in(clients: dict[str, Client], address: str, data: dict[str, str] | None = None) -> set[str]:
    """The roles that are not refused; an empty form or a question changes nothing."""
    answers = {
        role: client.get(address) if data is None else client.post(address, data)
        for role, client in clients.items()
    }
    return {role for role, answer in answers.items() if answer.status_code != 403}


def test_who_may_change_and_do_what_with_which_row(clients: dict[str, Client]) -> None:
    rows = rows_of(Scene())
    changed = {
        name: let_in(clients, reverse(f"admin:{name}_change", args=[rows[name]]), {}) for name in MAY_CHANGE
    }
    done = {
        (name, act): let_in(clients, reverse(f"admin:{name}_{act}", args=[rows[name]])) for name, act in MAY_DO
    }

    assert changed == {name: may | {A} for name, may in MAY_CHANGE.items()}
    assert done == {what: may | {A} for what, may in MAY_DO.items()}


def test_every_page_is_closed_to_a_person_without_a_role(db: None, client: Client) -> None:
    client.force_login(Staff.objects.create_user("new", password=None, is_staff=True))
    names = {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry}
    open_to_all = [n for n in names if client.get(reverse(f"admin:{n}_changelist")).status_code != 403]

    assert open_to_all == []
    assert names == MAY_OPEN.keys(), "every list stands in the table"


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
