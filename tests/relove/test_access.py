"""Who gets in: the second factor and its codes, lockout, a fresh proof, sign-ins that can be ended."""

import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP

from relove import access, roles
from relove.access_models import Authenticator, RecoveryCode, StaffSession
from relove.models import Staff, UserActivityLog

PASSWORD = "ласточка-у-реки-7"
INDEX, LOGIN = "/admin/", "/admin/login/"
STEP, ADD, PROVE = "/admin/second-factor/", "/admin/second-factor/add/", "/admin/prove/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def staff(db: None) -> Staff:
    person: Staff = Staff.objects.create_superuser("vera", password=PASSWORD)
    return person


def with_password(client: Client, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"username": "vera", "password": password, "next": INDEX})


def code_of(device: Authenticator, drift: int = 0) -> str:
    return f"{TOTP(device.secret.reveal(), drift=drift).token():06d}"


@pytest.fixture
def device(staff: Staff) -> Authenticator:
    """A confirmed authenticator."""
    found = access.pending(staff)
    Authenticator.objects.update(confirmed_at="2026-01-01T00:00:00Z")
    found.refresh_from_db()
    return found


# --- the second factor -----------------------------------------------------------------------------------


def test_the_stock_login_alone_opens_nothing(client: Client, device: Authenticator) -> None:
    with_password(client)
    closed = [client.get(url) for url in (INDEX, "/admin/relove/staff/", "/admin/sign-ins/", PROVE)]

    assert {page.status_code for page in closed} == {302}
    assert client.get(closed[0]["Location"])["Location"].startswith(STEP)


def test_the_code_opens_the_door_once(client: Client, device: Authenticator) -> None:
    with_password(client)
    code = code_of(device)
    assert client.post(STEP, {"code": code, "next": INDEX})["Location"] == INDEX
    assert client.get(INDEX).status_code == 200

    other = Client()
    with_password(other)
    assert other.post(STEP, {"code": code}).status_code == 200
    assert other.get(INDEX).status_code == 302


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "abcdef", "１２３４５６", "0" * 16, "' OR 1=1"])
def test_wrong_codes_open_nothing_and_slow_down(client: Client, device: Authenticator, wrong: str) -> None:
    with_password(client)
    for _ in range(3):
        assert client.post(STEP, {"code": wrong}).status_code == 200
    assert client.get(INDEX).status_code == 302
    if wrong:
        device.refresh_from_db()
        assert device.failures >= 1
        assert client.post(STEP, {"code": code_of(device)}).status_code == 200, "a right code has to wait too"


def test_a_recovery_code_is_good_once(client: Client, staff: Staff, device: Authenticator) -> None:
    codes = access.new_recovery_codes(staff)
    with_password(client)
    assert client.post(STEP, {"code": codes[3].upper()}).status_code == 302
    assert client.get(INDEX).status_code == 200
    assert not access._recovers(device, codes[3].replace("-", ""))
    assert RecoveryCode.objects.filter(used_at=None).count() == access.RECOVERY_CODES - 1


def test_adding_one_shows_a_picture_then_codes_once(client: Client, staff: Staff) -> None:
    with_password(client)
    page = client.get(ADD)
    found = Authenticator.objects.get()
    assert access.typed_secret(found) in page.content.decode()
    assert client.get(INDEX).status_code == 200, "until it is confirmed it asks nothing"

    answer = client.post(ADD, {"code": code_of(found)}, follow=True)
    shown = answer.context["codes"]
    assert len(shown) == access.RECOVERY_CODES
    assert shown[0] in answer.content.decode()
    assert client.get(reverse("admin:recovery_codes")).status_code == 302, "shown once"
    stored = " ".join(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert shown[0].replace("-", "") not in stored
    assert UserActivityLog.objects.filter(activity_type="second_factor_added").exists()


@pytest.mark.parametrize(
    ("rule", "role", "asked"),
    [
        ("off", roles.ADMINISTRATORS, False),
        ("managers", roles.OPERATORS, False),
        ("managers", roles.MANAGERS, True),
        ("managers", roles.DEVELOPERS, True),
        ("everyone", roles.OPERATORS, True),
    ],
)
def test_who_must_have_one(db: None, client: Client, settings: Any, rule: str, role: str, asked: bool) -> None:
    settings.SECOND_FACTOR = rule
    person = Staff.objects.create_user("oleg", password=None, is_staff=True)
    person.groups.add(roles.Group.objects.get_or_create(name=role)[0])
    client.force_login(person)

    assert (client.get(INDEX).status_code == 302) == asked
    if asked:
        assert client.get(STEP)["Location"].startswith(ADD)


def test_an_administrator_takes_a_lost_one_away(client: Client, device: Authenticator) -> None:
    boss = Client()
    boss.force_login(Staff.objects.create_superuser("boss", password=None))
    with_password(client)
    client.post(STEP, {"code": code_of(device)})
    boss.post(reverse("admin:relove_staff_take_second_factor", args=[device.staff_id]), {"confirmed": "1"})

    assert not Authenticator.objects.exists()
    assert client.get(INDEX).status_code == 302, "signed out"
    assert with_password(client).status_code == 302
    assert client.get(INDEX).status_code == 200


def test_pages_after_the_login_lead_only_to_ourselves(client: Client, device: Authenticator) -> None:
    with_password(client)
    answer = client.post(STEP, {"code": code_of(device), "next": "https://evil.example/"})

    assert answer["Location"] == INDEX


# --- lockout, proof, sign-ins ----------------------------------------------------------------------------


def test_five_wrong_passwords_lock_the_name_for_this_address(client: Client, staff: Staff) -> None:
    answers = [with_password(client, "не тот пароль").status_code for _ in range(6)]

    assert answers[-1] == 429
    assert with_password(client).status_code == 429, "also with the right one"
    stranger = Client(REMOTE_ADDR="10.0.0.9")
    assert with_password(stranger).status_code == 302


def make_stale(client: Client) -> None:
    session = client.session
    session[access.PROVED_AT] = int(time.time()) - access.FRESH_SECONDS - 1
    session.save()


def test_what_is_sensitive_asks_for_the_password_again(client: Client, staff: Staff) -> None:
    page = f"/admin/relove/staff/{staff.pk}/change/"
    with_password(client)
    assert client.get(page).status_code == 200
    make_stale(client)
    asked = client.get(page)
    assert asked["Location"].startswith(PROVE)

    assert client.post(PROVE, {"password": "не тот", "next": page}).status_code == 200
    assert client.get(page).status_code == 302
    assert client.post(PROVE, {"password": PASSWORD, "next": page})["Location"] == page
    assert client.get(page).status_code == 200


def test_signing_out_everywhere_else(client: Client, staff: Staff) -> None:
    elsewhere = Client(HTTP_USER_AGENT="Другой браузер")
    with_password(elsewhere)
    with_password(client)
    page = client.get("/admin/sign-ins/").content.decode()
    assert "Другой браузер" in page

    client.post("/admin/sign-ins/")
    assert elsewhere.get(INDEX).status_code == 302
    assert client.get(INDEX).status_code == 200
    assert StaffSession.objects.count() == 1


def test_nobody_ends_the_sign_in_of_another(client: Client, staff: Staff) -> None:
    other = Client()
    other.force_login(Staff.objects.create_superuser("igor", password=None))
    with_password(client)
    session = StaffSession.objects.get(staff__username="igor")
    client.post("/admin/sign-ins/", {"session": session.pk})

    assert other.get(INDEX).status_code == 200
