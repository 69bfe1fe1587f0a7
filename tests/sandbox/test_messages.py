"""Comments, de-duplication, text rules, reading."""

import asyncio

import pytest
from telethon import errors, functions, types

from relove.sandbox import rules
from relove.sandbox.server import Sandbox
from relove.sandbox.world import Channel, User
from tests.sandbox.conftest import Connect
from tests.sandbox.tools import discussion, publish, send

pytestmark = pytest.mark.anyio


async def test_a_comment_counts_for_its_post(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel, group: Channel
) -> None:
    client = await connect(anna)
    post = publish(sandbox, channel, "Пост")
    peer, top = await discussion(client, channel, post.id)
    answer = await client(send(peer, "  Комментарий\n", random_id=77, reply_to=top))
    [sent] = [u.message for u in answer.updates if isinstance(u, types.UpdateNewChannelMessage)]
    assert (sent.message, sent.out, sent.reply_to.reply_to_msg_id) == ("Комментарий", True, top)
    second = await client(send(peer, "Ответ", reply_to=sent.id))
    header = second.updates[1].message.reply_to
    assert (header.reply_to_msg_id, header.reply_to_top_id) == (sent.id, top)
    [shown] = await client.get_messages("kanal", ids=[post.id])
    assert (shown.replies.replies, shown.replies.channel_id) == (2, group.id)
    assert [m.message async for m in client.iter_messages("kanal", reply_to=post.id)] == [
        "Ответ",
        "Комментарий",
    ]
    assert [m.replies.replies for m in await client.get_messages(peer, ids=[top, sent.id])] == [2, 1]
    last = sandbox.core.world.ledger[-2]
    assert (last.account, last.chat, last.chat_kind) == (anna.id, group.id, "group")
    assert (last.message, last.reply_to, last.random_id, last.text) == (sent.id, top, 77, "Комментарий")


async def test_an_album_has_one_discussion_of_all_its_copies(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna)
    ids = [publish(sandbox, channel, f"часть {n}", grouped=5).id for n in range(3)]
    publish(sandbox, channel, "другое")
    assert len({(await discussion(client, channel, id))[1] for id in ids}) == 1
    found = await client(functions.messages.GetDiscussionMessageRequest("kanal", ids[1]))
    assert len(found.messages) == 3
    assert {message.fwd_from.saved_from_msg_id for message in found.messages} == set(ids)


async def test_comments_that_are_off_or_gone(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna)
    world = sandbox.core.world
    world.add_channel(title="Без комментариев", username="tihiy", broadcast=True)
    publish(sandbox, world.channels[max(world.channels)], "Пост")
    post = publish(sandbox, channel, "Пост")
    peer, top = await discussion(client, channel, post.id)
    sandbox.core.commit(rules.delete(world, channel, [post.id]))
    for name, id in (("tihiy", 1), ("kanal", post.id), ("kanal", 999)):
        with pytest.raises(errors.MsgIdInvalidError):
            await client(functions.messages.GetDiscussionMessageRequest(name, id))
    with pytest.raises(errors.MsgIdInvalidError):
        await client(send(peer, "поздно", reply_to=top))


async def test_a_repeated_random_id_is_refused(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    client = await connect(anna)
    await client(send("boris", "раз", random_id=5))
    with pytest.raises(errors.RandomIdDuplicateError):
        await client(send("boris", "раз", random_id=5))
    assert len(sandbox.core.world.ledger) == 1


async def test_a_repeated_random_id_may_be_answered_with_the_first_message(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    sandbox.core.world.settings.duplicate_answer = "echo"
    client = await connect(anna)
    first, again = [await client(send("boris", "раз", random_id=5)) for _ in range(2)]
    assert (first.id, first.pts) == (again.id, again.pts)
    assert len(sandbox.core.world.ledger) == 1


async def test_a_random_id_is_the_accounts_own(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    await (await connect(anna))(send("boris", "раз", random_id=5))
    await (await connect(boris))(send("anna", "раз", random_id=5))
    assert len(sandbox.core.world.ledger) == 2


async def test_a_forgotten_random_id_doubles_the_message(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User
) -> None:
    client = await connect(anna)
    await client(send("boris", "раз", random_id=5))
    sandbox.core.world.settings.forget_random_ids = 0
    await client(send("boris", "раз", random_id=5))
    assert [entry.random_id for entry in sandbox.core.world.ledger] == [5, 5]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (" \n ", errors.MessageEmptyError),
        ("x" * 4097, errors.MessageTooLongError),
        ("😀" * 2049, errors.MessageTooLongError),
        ("😀" * 2048, None),
    ],
)
async def test_length_counts_in_utf16(
    connect: Connect, anna: User, boris: User, text: str, error: type[Exception] | None
) -> None:
    client = await connect(anna)
    if error is None:
        assert (await client(send("boris", text))).id
    else:
        with pytest.raises(error):
            await client(send("boris", text))


async def test_own_messages_are_edited_and_deleted_foreign_ones_not(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel
) -> None:
    first, second = await connect(anna), await connect(boris)
    peer, top = await discussion(first, channel, publish(sandbox, channel, "Пост").id)
    sent = (await first(send(peer, "мой", reply_to=top))).updates[0].id
    foreign, _ = await discussion(second, channel, 1)
    with pytest.raises(errors.MessageAuthorRequiredError):
        await second.edit_message(foreign, sent, "чужой")
    with pytest.raises(errors.MessageDeleteForbiddenError):
        await second.delete_messages(foreign, [sent])
    assert (await first.edit_message(peer, sent, "исправлен")).message == "исправлен"
    await first.delete_messages(peer, [sent])
    assert (await first.get_messages(peer, ids=[sent])) == [None]
    assert (await first.get_messages("kanal", ids=[1]))[0].replies.replies == 0


async def test_a_private_message_is_edited_and_deleted_on_both_sides(
    connect: Connect, anna: User, boris: User
) -> None:
    first, second = await connect(anna), await connect(boris)
    sent = await first(send("boris", "раз"))
    await first.edit_message("boris", sent.id, "два")
    assert [m.message for m in await second.get_messages("anna")] == ["два"]
    await first.delete_messages("boris", [sent.id], revoke=True)
    assert [m.message for m in await second.get_messages("anna")] == []


async def test_reactions_are_set_listed_and_taken_back(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel
) -> None:
    first, second = await connect(anna), await connect(boris)
    peer, top = await discussion(first, channel, publish(sandbox, channel, "Пост").id)
    sent = (await first(send(peer, "мой", reply_to=top))).updates[0].id
    foreign, _ = await discussion(second, channel, 1)
    heart = types.ReactionEmoji("❤")
    await second(functions.messages.SendReactionRequest(foreign, sent, reaction=[heart]))
    [shown] = await first.get_messages(peer, ids=[sent])
    assert [(r.reaction.emoticon, r.count) for r in shown.reactions.results] == [("❤", 1)]
    assert shown.reactions.recent_reactions[0].peer_id.user_id == boris.id
    listed = await first(functions.messages.GetMessageReactionsListRequest(peer, sent, limit=10))
    assert [item.peer_id.user_id for item in listed.reactions] == [boris.id]
    polled = await first(functions.messages.GetMessagesReactionsRequest(peer, [sent]))
    assert polled.updates[0].reactions.results[0].count == 1
    await second(functions.messages.SendReactionRequest(foreign, sent, reaction=[]))
    assert (await first.get_messages(peer, ids=[sent]))[0].reactions is None


async def test_views_are_counted_for_posts_only_and_increments_are_recorded(
    sandbox: Sandbox, connect: Connect, anna: User, channel: Channel
) -> None:
    client = await connect(anna)
    peer, top = await discussion(client, channel, publish(sandbox, channel, "Пост").id)
    read = functions.messages.GetMessagesViewsRequest
    assert (await client(read("kanal", [1], increment=False))).views[0].views == 1
    assert (await client(read(peer, [top], increment=False))).views[0].views is None
    assert not sandbox.core.stats.views_increments
    assert (await client(read("kanal", [1], increment=True))).views[0].views == 2
    assert sandbox.core.stats.views_increments == {anna.id: 1}


async def test_history_is_paged_searched_and_filtered_by_author(connect: Connect, anna: User, boris: User) -> None:
    first, second = await connect(anna), await connect(boris)
    for number in range(150):
        await first(send("boris", f"письмо {number}"))
    await second(send("anna", "ответ"))
    texts = [message.message async for message in first.iter_messages("boris")]
    assert texts == ["ответ"] + [f"письмо {n}" for n in reversed(range(150))]
    assert [m.message async for m in first.iter_messages("boris", reverse=True, limit=2)] == [
        "письмо 0",
        "письмо 1",
    ]
    assert [m.message async for m in first.iter_messages("boris", search="149")] == ["письмо 149"]
    assert [m.message async for m in first.iter_messages("boris", from_user="boris")] == ["ответ"]
    assert len([m async for m in first.iter_messages("boris", min_id=140, max_id=145)]) == 4


async def test_dialogs_list_chats_and_people(
    sandbox: Sandbox, connect: Connect, anna: User, boris: User, channel: Channel
) -> None:
    client = await connect(anna)
    publish(sandbox, channel, "Пост")
    other = await connect(boris)
    await other(send("anna", "раз"))
    found = {dialog.title: dialog for dialog in await client.get_dialogs()}
    assert found.keys() == {"Канал", "Борис"}
    assert found["Борис"].unread_count == 1
    await client.send_read_acknowledge("boris")
    await client.send_read_acknowledge("kanal")
    assert [dialog.unread_count for dialog in await client.get_dialogs()] == [0, 0]


async def test_the_profile_is_changed_and_seen_by_others(connect: Connect, anna: User, boris: User) -> None:
    first, second = await connect(anna), await connect(boris)
    about = "ИИ помогает мне писать"
    await first(functions.account.UpdateProfileRequest(first_name="Аня", about=about))
    full = await second(functions.users.GetFullUserRequest("anna"))
    assert (full.users[0].first_name, full.full_user.about) == ("Аня", about)
    assert full.users[0].phone is None
    with pytest.raises(errors.AboutTooLongError):
        await first(functions.account.UpdateProfileRequest(about="x" * 71))


async def test_the_ceiling_of_the_server(sandbox: Sandbox, connect: Connect, anna: User, boris: User) -> None:
    sandbox.core.world.settings.rate = 3
    client = await connect(anna)
    calls = [client(send("boris", f"{n}")) for n in range(5)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, errors.FloodWaitError) for answer in answers) == 2
