"""What is pushed, and what is caught up with."""

from typing import Any

import pytest
from telethon import events, functions, types

from relove.sandbox import rules
from relove.sandbox.rules import Draft
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, User
from tests.sandbox.conftest import Connect, session_for
from tests.sandbox.tools import discussion, heard, publish, send

pytestmark = pytest.mark.anyio


def say(sandbox: Sandbox, sender: User, receiver: User, text: str) -> None:
    sandbox.core.commit(rules.say_privately(sandbox.core.world, sender, receiver, Draft(text=text)))


async def test_a_post_is_pushed_to_members(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna)
    async with heard(client, events.NewMessage()) as news:
        post = publish(sandbox, channel, "Привет 😀")
        event = await news.next()
    assert event.message.message == "Привет 😀"
    assert (event.message.id, event.message.post, event.message.views) == (post.id, True, 1)
    assert event.message.replies.comments
    assert event.chat.username == "kanal"


async def test_who_is_not_a_member_hears_nothing(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    stranger = sandbox.core.world.add_user(first_name="Чужой")
    client, member = await connect(stranger), await connect(anna)
    async with heard(client, events.NewMessage()) as strange, heard(member, events.NewMessage()) as news:
        publish(sandbox, channel, "Только своим")
        await news.next()
        say(sandbox, anna, stranger, "после")
        assert await strange.texts(1) == ["после"]


async def test_a_sender_learns_its_pts_from_the_answer_and_other_sessions_by_push(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, group: Channel
) -> None:
    for person in (anna, boris):
        rules.join(sandbox.core.world, group, person)
    group.username = "obsuzhdenie"
    sandbox.core.world.usernames["obsuzhdenie"] = group
    here = await connect(anna)
    there = await connect(session=session_for(sandbox, anna, 1))
    other = await connect(boris)
    async with (
        heard(here, events.NewMessage()) as own,
        heard(there, events.NewMessage()) as second,
        heard(other, events.NewMessage()) as news,
    ):
        peer = await here.get_input_entity("obsuzhdenie")
        for text in ("раз", "два", "три"):
            await here(send(peer, text))
        assert await news.texts(3) == ["раз", "два", "три"]
        assert await second.texts(3) == ["раз", "два", "три"]
        assert own.empty
    assert sandbox.core.stats.requests[anna.id, "updates.GetChannelDifference"] == 0, "no gap was seen"


async def test_edits_deletions_and_reactions_are_pushed(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel
) -> None:
    client = await connect(anna)
    core = sandbox.core
    async with heard(client, events.Raw()) as raw:
        post = publish(sandbox, channel, "Было")
        core.commit(rules.edit(core.world, channel, post.id, "Стало"))
        core.commit_reaction(channel, rules.react(channel, post.id, boris.id, "🔥"))
        core.commit(rules.delete(core.world, channel, [post.id]))
        seen = [await raw.next() for _ in range(4)]
    assert [type(update) for update in seen] == [
        types.UpdateNewChannelMessage,
        types.UpdateEditChannelMessage,
        types.UpdateMessageReactions,
        types.UpdateDeleteChannelMessages,
    ]
    assert seen[1].message.message == "Стало"
    assert seen[2].reactions.results[0].reaction.emoticon == "🔥"


async def test_private_messages_reach_both_boxes(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    first, second = await connect(anna), await connect(boris)
    async with heard(second, events.NewMessage()) as news:
        sent = await first(send(await first.get_input_entity("boris"), "Привет, Борис"))
        event = await news.next()
    assert isinstance(sent, types.UpdateShortSentMessage)
    assert event.is_private
    assert event.sender_id == anna.id
    async with heard(first, events.NewMessage()) as answers:
        await event.reply("Привет, Анна")
        answer = (await answers.next()).message
    assert answer.reply_to.reply_to_msg_id == sent.id, "each side names the message by its own id"


@pytest.mark.parametrize("count", [1, 30])
async def test_what_was_missed_is_caught_up_with(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel, count: int
) -> None:
    sandbox.core.world.settings.difference_slice = 7
    session = session_for(sandbox, anna)
    client = await connect(session=session)
    async with heard(client, events.NewMessage()) as news:
        publish(sandbox, channel, "до")
        say(sandbox, boris, anna, "до")
        await news.texts(2)
    await client.disconnect()
    expected = []
    for number in range(count):
        publish(sandbox, channel, f"пост {number}")
        say(sandbox, boris, anna, f"личное {number}")
        expected += [f"пост {number}", f"личное {number}"]
    client = await connect(session=session, catch_up=True)
    async with heard(client, events.NewMessage()) as news:
        assert sorted(await news.texts(2 * count)) == sorted(expected)
        publish(sandbox, channel, "после")
        assert await news.texts(1) == ["после"], "each once, and nothing else"


async def test_a_gap_too_long_ends_at_the_newest_pts(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    sandbox.core.world.settings.channel_too_long = 3
    session = session_for(sandbox, anna)
    client = await connect(session=session)
    async with heard(client, events.NewMessage()) as news:
        publish(sandbox, channel, "до")
        await news.next()
    await client.disconnect()
    for number in range(10):
        publish(sandbox, channel, f"пропущено {number}")
    client = await connect(session=session, catch_up=True)
    peer = await client.get_input_entity("kanal")
    request = functions.updates.GetChannelDifferenceRequest(
        peer, types.ChannelMessagesFilterEmpty(), pts=2, limit=100
    )
    long = await client(request)
    assert isinstance(long, types.updates.ChannelDifferenceTooLong)
    request.pts = long.dialog.pts
    assert isinstance(await client(request), types.updates.ChannelDifferenceEmpty)
    async with heard(client, events.NewMessage()) as news:
        publish(sandbox, channel, "после")
        assert (await news.texts(1)) == ["после"]


async def test_a_client_without_updates_gets_none(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna, receive_updates=False)
    await client.get_me()
    assert anna.id not in sandbox.core.hub.online
    post = publish(sandbox, channel, "Пост")
    peer, top = await discussion(client, channel, post.id)
    answer: Any = await client(send(peer, "ок", reply_to=top))
    assert answer.updates
