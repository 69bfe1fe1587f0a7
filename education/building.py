"""A group in the making: one account call or message at a time, each of which may be repeated.

    create ─▶ dress ─▶ link ─▶ join (each partner) ─▶ invite ─▶ arrive ─▶ welcome ─▶ pin ─▶ done

Asking and going on are one transaction on the group's row, so that a crash anywhere is found again from it.
A group that Telegram made and never told us of is recognised by the code in its title. What is refused three
times stands still and says why; a person lets it go on.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.utils.translation import gettext as _

from accounts_mgmt import calls
from accounts_mgmt.delivery import chat_of
from accounts_mgmt.models import AccountCall
from accounts_mgmt.outbox import CHANNEL, Origin, Status
from accounts_mgmt.private import going_out
from accounts_mgmt.private.dialogues import open_thread
from accounts_mgmt.private.model import PrivateMessage
from education import engine, picture, scenarios
from education.document import HOST
from education.models import EducationGroup, GroupMessage, GroupPartner
from relove import llm_work, oplog, texts
from relove.db import in_thread, notify
from relove.telegram.gateway import Gateway, Peer, PeerKind, PeerUnknown
from sales.parts import fill

Step, State = EducationGroup.Step, EducationGroup.State
ORDER = list(Step)
ATTEMPTS = 3
RETRY, LOOK_AGAIN, SOON = timedelta(seconds=30), timedelta(seconds=20), timedelta(seconds=1)
OPEN = (AccountCall.State.WAITING, AccountCall.State.RUNNING)


# --- what the runner does -----------------------------------------------------------------------------


def _group(call: calls.Call) -> Peer:
    return Peer(PeerKind.CHANNEL, call.arguments["chat"])


def _client(call: calls.Call) -> Peer:
    return Peer(PeerKind.USER, call.arguments["user"])


def _having_met(run: calls.CallFunction) -> calls.CallFunction:
    """A runner that died may not have stored that it knows the group: the list of dialogues tells it again."""

    @wraps(run)
    async def asked(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
        try:
            return await run(gateway, call)
        except PeerUnknown:
            await gateway.groups()
            return await run(gateway, call)

    return asked


@calls.kind("create_group", repeatable=True)
async def create_group(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Make the group, or find the one that was made before a crash: its title has the code until it is dressed.

    A connection cut at this very request has it asked once more: of two groups the older one stays.
    """
    known = await _called(gateway, call.arguments["title"])
    if not known:
        await gateway.create_group(call.arguments["title"], "")
        known = await _called(gateway, call.arguments["title"])
    made, *doubles = sorted(known, key=lambda peer: peer.id)
    for double in doubles:
        await gateway.delete_group(double)
    return {"chat": made.id}


async def _called(gateway: Gateway, title: str) -> list[Peer]:
    return [group.peer for group in await gateway.groups() if group.is_own and group.title == title]


@calls.kind("dress_group", repeatable=True)
@_having_met
async def dress_group(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    photo = await in_thread(picture.draw)
    await gateway.set_group(
        _group(call), title=call.arguments["title"], about=call.arguments["about"], photo=photo
    )
    return {}


@calls.kind("link_group", repeatable=True)
@_having_met
async def link_group(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    return {"link": await gateway.invite_link(_group(call))}


@calls.kind("join_group", repeatable=True)
async def join_group(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """A partner comes in by the link, and so has met the group it will write in."""
    await gateway.come_in(call.arguments["link"])
    return {}


@calls.kind("invite_client", repeatable=True)
@_having_met
async def invite_client(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    return {"came": await _with_client(gateway, call, gateway.invite)}


@calls.kind("look_for_client", repeatable=True)
@_having_met
async def look_for_client(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    return {"came": await _with_client(gateway, call, gateway.is_member)}


async def _with_client(gateway: Gateway, call: calls.Call, act: Callable[[Peer, Peer], Awaitable[bool]]) -> bool:
    """Whom this account has not met, or met just before a death, is looked up by their name if they have one."""
    try:
        return await act(_group(call), _client(call))
    except PeerUnknown:
        if not call.arguments["username"]:
            raise
        await gateway.meet(_client(call), call.arguments["username"])
        return await act(_group(call), _client(call))


@calls.kind("pin_welcome", repeatable=True)
@_having_met
async def pin_welcome(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    await gateway.pin(_group(call), call.arguments["message"])
    return {}


@calls.kind("close_group", repeatable=True)
@_having_met
async def close_group(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    await gateway.close_group(_group(call))
    return {}


# --- one step -----------------------------------------------------------------------------------------


def advance(group: EducationGroup, now: datetime) -> None:
    """Ask for the next step, or take in what became of it. The group is locked by the caller."""
    if group.step == Step.WELCOME:
        _welcome(group, now)
    elif group.call is None:
        _ask(group, now)
    elif group.call.state in OPEN:
        group.due_at = now + SOON
    elif group.call.state == AccountCall.State.DONE:
        _take(group, group.call.result or {}, now)
    else:
        _again(group, now)
    group.save()


def _ask(group: EducationGroup, now: datetime) -> None:
    name, account, arguments = _wish(group)
    group.call = calls.ask(account, name, arguments, now=now, asked_by=group.asked_by)
    group.due_at = now + SOON


def _wish(group: EducationGroup) -> tuple[str, int, dict[str, Any]]:
    """(kind of call, account, arguments) of the step."""
    chat = {"chat": group.chat.telegram_id} if group.chat else {}
    client = {**chat, "user": group.user.telegram_id, "username": group.user.username or ""}
    host = group.account_id
    match group.step:
        case Step.CREATE:
            return "create_group", host, {"title": f"{group.title} · {group.code}"}
        case Step.DRESS:
            about = fill(scenarios.of(group).group.about, scenarios.values_of(group)) or ""
            return "dress_group", host, {**chat, "title": group.title, "about": about}
        case Step.LINK:
            return "link_group", host, chat
        case Step.JOIN:
            return "join_group", _next_partner(group).bot.session_id, {"link": group.invite_link}
        case Step.INVITE:
            return "invite_client", host, client
        case Step.ARRIVE:
            return "look_for_client", host, client
        case _:
            return "pin_welcome", host, {**chat, "message": _welcome_of(group).get().message_id}


def _next_partner(group: EducationGroup) -> GroupPartner:
    found: GroupPartner = group.partners.filter(joined_at=None).select_related("bot").order_by("id")[0]
    return found


def _take(group: EducationGroup, result: dict[str, Any], now: datetime) -> None:
    match group.step:
        case Step.CREATE:
            group.chat = chat_of(Peer(PeerKind.CHANNEL, result["chat"]))
        case Step.LINK:
            group.invite_link = result["link"]
        case Step.JOIN:
            GroupPartner.objects.filter(pk=_next_partner(group).pk).update(joined_at=now)
        case Step.INVITE if not result["came"]:
            _hand_link(group, now)
        case Step.ARRIVE if not result["came"]:
            group.state_reason = _("The client has the invite link and has not come yet.")
            group.call, group.due_at = None, now + LOOK_AGAIN
            return
    _log(group, "success")
    group.call, group.attempts, group.state_reason, group.due_at = None, 0, "", now
    group.step = _following(group)
    if group.step == Step.DONE:
        _begin(group, now)


def _following(group: EducationGroup) -> str:
    if group.step in (Step.LINK, Step.JOIN) and group.partners.filter(joined_at=None).exists():
        return Step.JOIN
    after = ORDER[ORDER.index(Step(group.step)) + 1]
    return Step.INVITE if after == Step.JOIN else after


def _again(group: EducationGroup, now: datetime) -> None:
    """The step was refused or nobody carried it out: try again, then leave it to a person."""
    assert group.call is not None
    _log(group, "failed", group.call.error)
    group.attempts += 1
    if group.attempts >= ATTEMPTS:
        group.pause(f"{group.get_step_display()}: {group.call.error or group.call.get_state_display()}")
    group.call, group.due_at = None, now + RETRY


def _hand_link(group: EducationGroup, now: datetime) -> None:
    """Their privacy lets nobody add them: the link goes into the dialogue."""
    thread = open_thread(group.account, group.user)
    language = scenarios.language_of(thread.last_heard())
    text = texts.get("group.link", language, title=group.title, link=group.invite_link)
    going_out.queue_fixed(thread, text, PrivateMessage.Purpose.REPLY, language, now)


# --- the welcome, and the beginning -------------------------------------------------------------------


def _welcome_of(group: EducationGroup) -> Any:
    rows = GroupMessage.objects.filter(group=group, purpose=GroupMessage.Purpose.WELCOME)
    return rows.filter(status__in=("pending", "sending", "unknown", "sent"))


def _welcome(group: EducationGroup, now: datetime) -> None:
    """Say who is who, once; go on when it stands in the group."""
    row = _welcome_of(group).first()
    group.due_at = now + SOON
    if row is None:
        row = GroupMessage(
            group=group,
            sender=group.account,
            chat=group.chat,
            direction=GroupMessage.Direction.OUT,
            role=HOST,
            purpose=GroupMessage.Purpose.WELCOME,
            text=welcome_text(group),
            origin=Origin.MACHINE,
        )
        row.queue(now)
        row.save()
        notify(CHANNEL)
    elif row.status == Status.SENT:
        group.step, group.due_at = Step.PIN, now
        _log(group, "success")


def welcome_text(group: EducationGroup) -> str:
    """The host, the client, and which members are AI practice partners, by the names Telegram shows."""
    places = group.partners.select_related("bot__session").order_by("id")
    sessions = [place.bot.session for place in places]
    named = ", ".join(
        f"{one.first_name} (@{one.username})" if one.username else one.first_name for one in sessions
    )
    values = {
        "host": group.account.first_name or group.account.label,
        "owner": group.account.owner,
        "client": group.user.first_name or group.user.username or "",
    }
    language = scenarios.language_of(scenarios.of(group).summary)
    return texts.get("group.welcome", language, partners=named, **values)


def _begin(group: EducationGroup, now: datetime) -> None:
    """Everything stands: the scenario starts with its first scene."""
    place = engine.start(scenarios.of(group))
    group.state, group.state_reason = State.RUNNING, ""
    group.go_to(place.scene, place.beat, now)
    notify(llm_work.CHANNEL)


def _log(group: EducationGroup, status: str, error: str = "") -> None:
    subject = ("education_groups", group.pk)
    oplog.log_operation(
        f"group_{group.step}",
        status,
        error=error,
        account_id=group.account_id,
        user_id=group.user_id,
        subject=subject,
    )
