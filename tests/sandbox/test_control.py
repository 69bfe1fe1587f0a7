"""The control interface, by its client."""

import http.client
from asyncio import to_thread
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from telethon import events
from telethon.crypto import AuthKey

from relove.sandbox.client import SandboxClient, SandboxError
from relove.sandbox.server import Sandbox
from tests.sandbox.conftest import Connect, session_for
from tests.sandbox.tools import heard

pytestmark = pytest.mark.anyio


def a_day(control: SandboxClient) -> dict[str, Any]:
    """Everything once, as a script would use it."""
    anna = control.add_user("Анна", username="anna")
    control.add_user("Борис", username="boris")
    channel = control.add_channel("Канал", username="kanal", discussion=True, members=["anna"])
    post = control.publish("kanal", "Пост", media="photo")
    comment = control.comment("boris", "kanal", post["id"], "Комментарий")
    group = channel["discussion"]["id"]
    control.react("anna", group, comment["id"], "👍")
    control.set_views("kanal", post["id"], 120)
    control.edit("kanal", post["id"], "Пост, исправленный")
    private = control.say("boris", "anna", "Личное")
    control.delete("kanal", [control.publish("kanal", "Лишнее")["id"]])
    return {"anna": anna, "group": group, "post": post, "comment": comment, "private": private}


async def test_a_day(control: SandboxClient) -> None:
    made = await to_thread(a_day, control)
    [post] = await to_thread(control.messages, "kanal")
    assert (post["text"], post["views"]) == ("Пост, исправленный", 120)
    [comment] = [m for m in await to_thread(control.messages, made["group"]) if m["sender"]]
    assert comment["reactions"] == {str(made["anna"]["id"]): "👍"}
    ledger = await to_thread(control.ledger)
    assert [entry["text"] for entry in ledger] == ["Пост", "Комментарий", "Личное", "Лишнее"]
    assert [entry["seq"] for entry in await to_thread(control.ledger, 3)] == [4]
    assert (await to_thread(control.health))["ok"]
    assert await to_thread(control.wait_idle, 50)


async def test_a_session_from_control_signs_a_client_in(
    sandbox: Sandbox, control: SandboxClient, connect: Connect
) -> None:
    await to_thread(a_day, control)
    session = session_for(sandbox)
    given = await to_thread(control.session, "anna")
    session.auth_key = AuthKey(bytes.fromhex(given["auth_key"]))
    client = await connect(session=session)
    async with heard(client, events.NewMessage()) as news:
        await to_thread(control.publish, "kanal", "Живое")
        assert await news.texts(1) == ["Живое"]
    stats = await to_thread(control.stats)
    assert stats["online"] == [given["user"]["id"]]
    assert {"account": given["user"]["id"], "method": "updates.GetState", "count": 1} in stats["requests"]
    assert await to_thread(control.disconnect, given["user"]["id"]) == 1


async def test_faults_and_settings(control: SandboxClient) -> None:
    fault = await to_thread(control.add_fault, "PEER_FLOOD", times=2)
    await to_thread(control.add_fault, "drop_after")
    assert [item["kind"] for item in await to_thread(control.faults)] == ["PEER_FLOOD", "drop_after"]
    assert await to_thread(control.clear_faults, fault["id"]) == 1
    assert await to_thread(control.clear_faults) == 1
    assert (await to_thread(lambda: control.settings(rate=30, duplicate_answer="echo")))["rate"] == 30


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        ("publish", {"channel": "nobody", "text": "x"}, "no channel"),
        ("users", {"first_name": "x", "shoe_size": 43}, "shoe_size"),
        ("users", {"first_name": "x", "username": "anna"}, "taken"),
        ("say", {"from": "anna", "to": "anna"}, "'text' is missing"),
        ("settings", {"speed": 1}, "settings are"),
        ("faults", {"kind": "drop_everything"}, "no fault"),
        ("world", "users: &a [*a]", "aliases"),
        ("world", "- 1", "mapping"),
        ("export", {"channel": "kanal", "path": "/nonexistent.json"}, "cannot be read"),
        ("nothing", {}, "Not Found"),
    ],
)
async def test_mistakes_are_told_in_a_sentence(
    control: SandboxClient, action: str, fields: Any, sentence: str
) -> None:
    await to_thread(a_day, control)
    with pytest.raises(SandboxError, match=sentence):
        await to_thread(control.call, "POST", action, fields)


async def test_a_foreign_host_is_refused(sandbox: Sandbox) -> None:
    def status(host: str) -> int:
        with closing(http.client.HTTPConnection(urlsplit(sandbox.http_url).netloc)) as connection:
            connection.request("GET", "/control/health", headers={"Host": host})
            return connection.getresponse().status

    assert await to_thread(status, "evil.example") == 403
    assert await to_thread(status, "localhost:1") == 200


async def test_virtual_people_react_reply_and_answer(sandbox: Sandbox, control: SandboxClient) -> None:
    description = """
        users:
          - {first_name: Анна, username: anna}
          - {first_name: Вера, username: vera}
        channels:
          - {title: Канал, username: kanal, discussion: true, members: [vera], posts: [Пост]}
        people:
          - user: vera
            reacts: {share: 1, delay: [0, 0], emoji: ["🔥"]}
            replies: {share: 1, delay: [0, 0], texts: ["Спасибо!"]}
            answers: [{when: цен, say: "Дорого", delay: [0, 0]}, {say: "Понятно", delay: [0, 0]}]
            views: {delay: [0, 0]}
        settings: {people: true}
    """
    world = await to_thread(control.world, description)
    anna, vera = (user["id"] for user in world["users"])
    await to_thread(control.publish, "kanal", "Ещё пост")
    await to_thread(control.comment, "anna", "kanal", 1, "Здорово")
    for text in ("Какая цена?", "Ясно"):
        await to_thread(control.say, "anna", "vera", text)
    assert await to_thread(control.wait_idle, 50)
    group = sandbox.core.world.channels[world["channels"][0]["linked"]]
    assert [m.text for m in group.messages.values()] == ["Пост", "Ещё пост", "Здорово", "Спасибо!"]
    assert group.messages[3].reactions[vera][0] == "🔥"
    private = sandbox.core.world.users[anna].messages.values()
    assert {m.text for m in private if not m.out} == {"Дорого", "Понятно"}
    assert sandbox.core.world.channels[world["channels"][0]["id"]].messages[2].views == 2
