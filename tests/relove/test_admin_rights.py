"""Who may do what on pages: viewing is not changing, and nobody gives themselves more rights."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts_mgmt.models import AccountCall
from commentators.models import TelegramChannel
from relove.fields import Sealed
from relove.models import Staff
from tests.admin_scene import Scene

VERSIONED = ("channel", "voice", "schedule")
May = Callable[..., Client]


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene(rows=1)


@pytest.fixture
def may(client: Client, scene: Scene) -> May:
    """Sign in the scene's member of staff with these rights and no others."""

    def with_rights(*codenames: str) -> Client:
        scene.staff.is_superuser = False
        scene.staff.save()
        scene.staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        assert scene.staff.user_permissions.count() == len(codenames)
        client.force_login(scene.staff)
        return client

    return with_rights


def address(row: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=args)


def as_form(row: Any) -> dict[str, Any]:
    """What the row's page sends when nothing was changed."""
    from django.contrib import admin
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = Staff(is_superuser=True)
    form = admin.site.get_model_admin(type(row)).get_form(request, row)(instance=row)
    shown = {name: form[name].value() for name in form.fields}
    lists = ("interests", "vocabulary", "examples", "forbidden")
    return {
        name: "\n".join(value) if name in lists else "" if value is None else value
        for name, value in shown.items()
    }


@pytest.mark.parametrize("name", VERSIONED)
def test_going_back_to_a_version_is_a_change(may: May, scene: Scene, name: str) -> None:
    row = getattr(scene, name)
    field = {"channel": "title", "voice": "tone", "schedule": "time_zone"}[name]
    before = getattr(row, field)
    form = as_form(row) | {field: "Asia/Tokyo"}
    version = address(row, "simple_history", row.pk, row.history.latest().pk)
    model = row._meta.model_name

    viewer = may(f"view_{model}")
    seen, refused = viewer.get(version), viewer.post(version, form)
    row.refresh_from_db()
    assert (seen.status_code, refused.status_code) == (200, 403)
    assert getattr(row, field) == before

    assert may(f"view_{model}", f"change_{model}").post(version, form).status_code == 302
    row.refresh_from_db()
    assert getattr(row, field) == "Asia/Tokyo"


@pytest.mark.parametrize("name", VERSIONED)
def test_importing_needs_the_rights_to_add_and_to_change(may: May, scene: Scene, name: str) -> None:
    row = getattr(scene, name)
    model = row._meta.model_name

    for rights in [(), ("view",), ("view", "change"), ("view", "add")]:
        page = may(*(f"{right}_{model}" for right in rights))
        assert page.get(address(row, "import")).status_code == 403
        assert page.post(address(row, "process_import")).status_code == 403

    page = may(*(f"{right}_{model}" for right in ("view", "add", "change")))
    assert page.get(address(row, "import")).status_code == 200


@pytest.mark.parametrize("name", VERSIONED)
def test_exporting_needs_the_right_to_view(may: May, scene: Scene, name: str) -> None:
    row = getattr(scene, name)

    assert may().get(address(row, "export")).status_code == 403
    assert may(f"view_{row._meta.model_name}").get(address(row, "export")).status_code == 200


def upload(page: Client, scene: Scene, text: str) -> Any:
    file = SimpleUploadedFile("channels.csv", text.encode(), content_type="text/csv")
    return page.post(address(scene.channel, "import"), {"import_file": file, "format": "0"})


def take(page: Client, scene: Scene, text: str) -> None:
    """Both steps of an import: the preview, and the button under it."""
    preview = upload(page, scene, text)
    assert AccountCall.objects.filter(kind="check_channel", state="waiting").count() == 0, "asked by a preview"
    form = preview.context["confirm_form"]
    page.post(address(scene.channel, "process_import"), form.initial, follow=True)


def with_session(scene: Scene) -> None:
    scene.account.session = Sealed.seal("session", b"x")
    scene.account.save()


def test_an_imported_channel_is_looked_up_like_one_added_by_hand(may: May, scene: Scene) -> None:
    with_session(scene)
    page = may(*(f"{right}_telegramchannel" for right in ("view", "add", "change")))

    take(page, scene, "username,title,id,chat\nhttps://t.me/Put_k_sebe,Путь,1,77\n@Relove_Daily,Наш,99,78\n")

    new = TelegramChannel.objects.get(username="put_k_sebe")
    assert (new.listener, new.chat) == (scene.account, None)
    call = AccountCall.objects.get(kind="check_channel", state="waiting")
    assert (call.arguments, call.asked_by) == ({"channel": new.pk}, scene.staff)
    known = TelegramChannel.objects.get(username="relove_daily")
    assert (known.pk, known.title, known.chat) == (scene.channel.pk, "Наш", scene.channel.chat)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("два слова,none,,", "Напишите канал как @имя"),
        (",none,,", "Напишите канал как @имя"),
        ("put_k_sebe,agreed,,", "Укажите, кто и когда согласовал."),
        ("put_k_sebe,agreed,Ольга,", "Укажите, кто и когда согласовал."),
        ("put_k_sebe,theirs,,", "theirs"),
    ],
)
def test_an_incomplete_row_is_refused_with_the_reason(may: May, scene: Scene, row: str, reason: str) -> None:
    with_session(scene)
    page = may(*(f"{right}_telegramchannel" for right in ("view", "add", "change")))

    preview = upload(page, scene, f"username,basis,basis_by,basis_at\n{row}\n")

    assert "confirm_form" not in preview.context
    assert reason in preview.content.decode()
    assert TelegramChannel.objects.count() == 1


def test_without_an_account_no_channel_is_imported(may: May, scene: Scene) -> None:
    page = may(*(f"{right}_telegramchannel" for right in ("view", "add", "change")))

    preview = upload(page, scene, "username\nput_k_sebe\n")

    assert "confirm_form" not in preview.context
    assert "Сначала подключите" in preview.content.decode()


STAFF = "admin:relove_staff"
RIGHTS_FOR_STAFF = ("view_staff", "add_staff", "change_staff", "delete_staff", "view_group", "change_group")


def test_nobody_without_full_access_gives_rights(may: May, scene: Scene) -> None:
    page = may(*RIGHTS_FOR_STAFF)
    colleague = Staff.objects.create_user("boris", is_staff=True)
    role = Group.objects.get(name="Операторы")

    for person in (scene.staff, colleague):
        form = {"username": person.username, "language": "ru", "is_active": "on", "is_staff": "on"}
        rights = {"is_superuser": "on", "groups": [role.pk], "user_permissions": [1]}
        answer = page.post(reverse(f"{STAFF}_change", args=[person.pk]), form | rights | {"first_name": "Иван"})
        person.refresh_from_db()
        assert (answer.status_code, person.first_name) == (302, "Иван")
        assert (person.is_superuser, person.groups.count()) == (False, 0)
    assert colleague.user_permissions.count() == 0
    assert scene.staff.user_permissions.count() == len(RIGHTS_FOR_STAFF)


def test_a_new_member_of_staff_gets_no_role_from_one_without_full_access(may: May, scene: Scene) -> None:
    form = {"username": "vera", "password1": "a-long-p4ssword", "password2": "a-long-p4ssword", "is_staff": "on"}

    answer = may(*RIGHTS_FOR_STAFF).post(
        reverse(f"{STAFF}_add"), form | {"groups": [Group.objects.get(name="Операторы").pk]}
    )

    assert answer.status_code == 302
    assert Staff.objects.get(username="vera").groups.count() == 0


def test_who_has_full_access_is_out_of_reach_of_others(may: May, scene: Scene) -> None:
    page = may(*RIGHTS_FOR_STAFF)
    chief = Staff.objects.create_superuser("chief", password=None)

    assert page.get(reverse(f"{STAFF}_change", args=[chief.pk])).status_code == 200
    for place in ("change", "delete"):
        assert page.post(reverse(f"{STAFF}_{place}", args=[chief.pk]), {"post": "yes"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[chief.pk])
    assert page.post(password, {"password1": "a-long-p4ssword", "password2": "a-long-p4ssword"}).status_code == 403
    many = {"action": "delete_selected", "_selected_action": [chief.pk], "post": "yes"}
    page.post(reverse(f"{STAFF}_changelist"), many)
    chief.refresh_from_db()
    assert not chief.has_usable_password()


def test_a_role_is_changed_by_those_with_full_access(may: May, scene: Scene) -> None:
    role = Group.objects.get(name="Операторы")
    place = reverse("admin:auth_group_change", args=[role.pk])
    right = Permission.objects.earliest("id").pk
    form = {"name": "Редакторы", "permissions": [right]}

    assert may(*RIGHTS_FOR_STAFF).post(place, form).status_code == 403

    scene.staff.is_superuser = True
    scene.staff.save()
    client = Client()
    client.force_login(scene.staff)
    assert client.post(place, form).status_code == 302
    assert [p.pk for p in role.permissions.all()] == [right]
