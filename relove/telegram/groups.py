"""The gateway's part that is about groups of our own: made, dressed, filled and closed.

Every request here may be repeated: what is so already counts as done.
"""

from abc import abstractmethod
from typing import Any

from telethon import functions, types

from relove.telegram import convert
from relove.telegram.gateway import GroupInfo, Peer, Refused
from relove.telegram.own_account import OwnAccount

DIALOGS = 100


class Groups(OwnAccount):
    """What an account does with groups; `MtprotoGateway` is one."""

    @abstractmethod
    def _input(self, peer: Peer) -> Any: ...

    async def create_group(self, title: str, about: str) -> Peer:
        made = await self._call(functions.channels.CreateChannelRequest(title, about, megagroup=True))
        return convert.peer(types.PeerChannel(made.chats[0].id))

    async def groups(self) -> list[GroupInfo]:
        found = await self._call(
            functions.messages.GetDialogsRequest(None, 0, types.InputPeerEmpty(), limit=DIALOGS, hash=0)
        )
        return [
            GroupInfo(convert.peer(types.PeerChannel(chat.id)), chat.title, bool(chat.creator))
            for chat in found.chats
            if isinstance(chat, types.Channel) and chat.megagroup and not chat.left
        ]

    async def set_group(self, peer: Peer, *, title: str, about: str, photo: bytes) -> None:
        target = self._input(peer)
        await self._unless_done(functions.channels.EditTitleRequest(target, title))
        await self._unless_done(functions.messages.EditChatAboutRequest(target, about))
        if photo:
            async with self._asking() as client:
                uploaded = await client.upload_file(photo, file_name="photo.jpg")
                await client(functions.channels.EditPhotoRequest(target, types.InputChatUploadedPhoto(uploaded)))

    async def invite_link(self, peer: Peer) -> str:
        made = await self._call(functions.messages.ExportChatInviteRequest(self._input(peer)))
        return str(made.link)

    async def come_in(self, link: str) -> None:
        await self._unless_done(functions.messages.ImportChatInviteRequest(link.rpartition("/")[2].lstrip("+")))

    async def invite(self, group: Peer, person: Peer) -> bool:
        request = functions.channels.InviteToChannelRequest(self._input(group), [self._input(person)])
        try:
            answer = await self._call(request)
        except Refused as error:
            if error.code == "USER_ALREADY_PARTICIPANT":
                return True
            if error.code in ("USER_PRIVACY_RESTRICTED", "USER_NOT_MUTUAL_CONTACT", "USER_CHANNELS_TOO_MUCH"):
                return False
            raise
        return not answer.missing_invitees

    async def is_member(self, group: Peer, person: Peer) -> bool:
        try:
            await self._call(functions.channels.GetParticipantRequest(self._input(group), self._input(person)))
        except Refused as error:
            if error.code == "USER_NOT_PARTICIPANT":
                return False
            raise
        return True

    async def pin(self, peer: Peer, message_id: int) -> None:
        await self._unless_done(
            functions.messages.UpdatePinnedMessageRequest(self._input(peer), message_id, silent=True)
        )

    async def delete_group(self, peer: Peer) -> None:
        await self._call(functions.channels.DeleteChannelRequest(self._input(peer)))

    async def close_group(self, peer: Peer) -> None:
        rights = types.ChatBannedRights(until_date=None, send_messages=True)
        await self._unless_done(functions.messages.EditChatDefaultBannedRightsRequest(self._input(peer), rights))

    async def _unless_done(self, request: Any) -> None:
        """Ask for a change; Telegram's word that it is so already is as good as done."""
        try:
            await self._call(request)
        except Refused as error:
            if error.code not in ("CHAT_NOT_MODIFIED", "CHAT_ABOUT_NOT_MODIFIED", "USER_ALREADY_PARTICIPANT"):
                raise
