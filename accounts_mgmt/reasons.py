"""Telegram's names for trouble, in sentences for people."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from relove.telegram.gateway import GatewayError

# No name of Telegram's: the history told it.
ANSWERED = "ANSWERED_ALREADY"
SENTENCES = {
    ANSWERED: gettext_noop("The account has commented on this post already, in words that this database lost."),
    "CHAT_WRITE_FORBIDDEN": gettext_noop("The account may not write in this chat."),
    "CHAT_GUEST_SEND_FORBIDDEN": gettext_noop("Only members may comment here; the account has not joined."),
    "CHAT_SEND_PLAIN_FORBIDDEN": gettext_noop("The chat does not allow text messages."),
    "CHANNEL_PRIVATE": gettext_noop("The channel is private or has shut the account out."),
    "USER_BANNED_IN_CHANNEL": gettext_noop("The account is banned in this channel."),
    "MSG_ID_INVALID": gettext_noop("The post is deleted, or its comments are switched off."),
    "REPLY_MESSAGE_ID_INVALID": gettext_noop("The message to answer is gone."),
    "USERNAME_NOT_OCCUPIED": gettext_noop("Nobody on Telegram has this name."),
    "USERNAME_INVALID": gettext_noop("This is no name of a public channel."),
    "NOT_A_CHANNEL": gettext_noop("This name belongs to a person, not to a channel."),
    "INVITE_LINK": gettext_noop("Invitation links are not supported: add the channel by its @name."),
    "CHANNEL_INVALID": gettext_noop("The account cannot see this channel."),
    "PEER_ID_INVALID": gettext_noop("The account does not know this chat."),
    "ENTITY_NOT_MET": gettext_noop("The account has not met this chat yet."),
    "USERNAME_OF_ANOTHER": gettext_noop("The person's @name belongs to somebody else now."),
    "MESSAGE_DELETE_FORBIDDEN": gettext_noop("Telegram does not let the account delete this message."),
    "MESSAGE_EMPTY": gettext_noop("The message is empty."),
    "MESSAGE_TOO_LONG": gettext_noop("The message is longer than 4,096 characters."),
    "USER_IS_BLOCKED": gettext_noop("The person has blocked the account."),
    "USER_PRIVACY_RESTRICTED": gettext_noop("The person's privacy settings forbid it."),
    "FLOOD_WAIT": gettext_noop("Telegram asks the account to wait; it is sent afterwards by itself."),
    "FLOOD_PREMIUM_WAIT": gettext_noop("Telegram asks the account to wait; it is sent afterwards by itself."),
    "SLOWMODE_WAIT": gettext_noop("The chat is in slow mode; it is sent afterwards by itself."),
    "PEER_FLOOD": gettext_noop("Telegram has limited the account: it writes too much to strangers."),
    "AUTH_KEY_UNREGISTERED": gettext_noop("The account's session has ended; sign in again."),
    "AUTH_KEY_DUPLICATED": gettext_noop("The session was used from two addresses; sign in again."),
    "SESSION_REVOKED": gettext_noop("The account's session was ended from another device; sign in again."),
    "USER_DEACTIVATED_BAN": gettext_noop("Telegram has banned the account."),
    "PHONE_NUMBER_INVALID": gettext_noop("Telegram does not know such a phone number."),
    "PHONE_NUMBER_BANNED": gettext_noop("Telegram has banned this phone number."),
    "PHONE_NUMBER_UNOCCUPIED": gettext_noop(
        "This number has no Telegram account. Register it in Telegram's own app first."
    ),
    "PHONE_NUMBER_FLOOD": gettext_noop("Too many codes were asked for this number; try again tomorrow."),
    "PHONE_PASSWORD_FLOOD": gettext_noop("Too many attempts: Telegram accepts no more for now. Try again later."),
    "PHONE_CODE_INVALID": gettext_noop("The code is wrong. Look at the last message from Telegram."),
    "PHONE_CODE_EMPTY": gettext_noop("The code is wrong. Look at the last message from Telegram."),
    "PHONE_CODE_EXPIRED": gettext_noop("The code has expired. Ask for a new one."),
    "CODE_NOT_SENT": gettext_noop("Telegram sends no code to this number. Sign in by a QR code."),
    "SEND_CODE_UNAVAILABLE": gettext_noop(
        "Telegram has no other way left to send the code. Wait for the last one."
    ),
    "SESSION_PASSWORD_NEEDED": gettext_noop("The account has a second password, which is asked for now."),
    "PASSWORD_HASH_INVALID": gettext_noop("The second password is wrong."),
    "PASSWORD_KIND_UNKNOWN": gettext_noop("Telegram asks for a kind of password that is not known here."),
    "SRP_ID_INVALID": gettext_noop("Telegram has asked anew: type the second password once more."),
    "ACCOUNT_HERE_ALREADY": gettext_noop("This Telegram account is connected here already; nothing was stored."),
    "ANOTHER_ACCOUNT": gettext_noop("Another Telegram account was signed in than this one; nothing was stored."),
    "NOT_A_SESSION": gettext_noop("This is neither a session string nor a .session file of Telethon."),
    "NOTHING_HANDED_OVER": gettext_noop("What was typed is gone already: type it once more."),
    "SIGN_IN_OVER": gettext_noop("The sign-in was ended meanwhile."),
    "FIRSTNAME_INVALID": gettext_noop("Telegram does not accept this name."),
    "ABOUT_TOO_LONG": gettext_noop("The bio is too long for Telegram."),
    "IMAGE_PROCESS_FAILED": gettext_noop("Telegram could not read the picture."),
    "HASH_INVALID": gettext_noop("The account is no longer signed in there."),
    "OWN_AUTHORIZATION": gettext_noop("This is the connection of this system itself; it is not ended here."),
    "FRESH_RESET_AUTHORISATION_FORBIDDEN": gettext_noop(
        "Telegram lets a new sign-in end others only after 24 hours. Try again tomorrow."
    ),
    "TIMEOUT": gettext_noop("Telegram did not answer in time; whether it arrived is being found out."),
    "CONNECTION_LOST": gettext_noop("The connection broke; whether it arrived is being found out."),
}
EXHAUSTED = gettext_noop("Telegram failed three times (%(code)s).")
UNREADABLE = gettext_noop("Whether it arrived cannot be read in the chat: please look there yourself.")
FAULT = gettext_noop("A fault in the program; the log has the details.")
CRASHED = gettext_noop("A process died three times with this message in its hands.")


def sentence(error: GatewayError) -> str:
    """Why, for a person; Telegram's own code where we have no words for it."""
    return words(error.code)


def words(code: str) -> str:
    known = SENTENCES.get(code)
    return _(known) if known else _("Telegram answered: %(code)s.") % {"code": code}
