"""users.* and contacts.*: who is who."""

from typing import Any

from telethon.tl import types
from telethon.tl.functions import contacts, users

from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.rules import may_read
from relove.sandbox.tl import Raw, RpcError
from relove.sandbox.world import Channel


@handles(users.GetUsersRequest)
def get_users(call: Call, request: Any) -> list[Raw]:
    return [call.core.views.user(call.user, call.person(given)) for given in request.id]


@handles(users.GetFullUserRequest)
def get_full_user(call: Call, request: Any) -> Any:
    person = call.person(request.id)
    full = types.UserFull(
        id=person.id,
        settings=types.PeerSettings(),
        notify_settings=types.PeerNotifySettings(),
        common_chats_count=len(person.channels & call.user.channels) if person is not call.user else 0,
        about=person.about or None,
    )
    return types.users.UserFull(full_user=full, chats=[], users=[call.core.views.user(call.user, person)])


@handles(contacts.ResolveUsernameRequest)
def resolve_username(call: Call, request: Any) -> Any:
    owner = call.world.usernames.get(request.username.lower())
    if owner is None:
        raise RpcError("USERNAME_NOT_OCCUPIED")
    views = call.core.views
    if isinstance(owner, Channel):
        may_read(call.world, call.user, owner)
        chats = [views.channel(call.user, owner)]
        return types.contacts.ResolvedPeer(peer=types.PeerChannel(owner.id), chats=chats, users=[])
    person = call.world.users[owner.id]
    return types.contacts.ResolvedPeer(types.PeerUser(owner.id), chats=[], users=[views.user(call.user, person)])
