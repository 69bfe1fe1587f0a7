"""What was missed while the account was not connected, edits, deletions and read marks included."""

from typing import Any

from telethon._updates.messagebox import ENTRY_ACCOUNT, MessageBox, PtsInfo


class CompleteBox(MessageBox):  # type: ignore[misc]
    """Telethon's own drops from a difference every other update that carries the account's pts.

    It takes them for what it is just fetching; but of private chats only new messages stand apart there.
    A difference begins where our state ends, so whatever it holds is news.
    """

    def apply_difference_type(self, diff: Any, chat_hashes: Any) -> tuple[list[Any], Any, Any]:
        updates, users, chats = super().apply_difference_type(diff, chat_hashes)
        dropped = [update for update in diff.other_updates if _is_accounts(update) and update not in updates]
        # after the new messages, which they may be about
        return [*updates, *dropped], users, chats


def _is_accounts(update: Any) -> bool:
    info = PtsInfo.from_update(update)
    return info is not None and info.entry is ENTRY_ACCOUNT
