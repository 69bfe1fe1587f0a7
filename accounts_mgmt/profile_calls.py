"""Account calls about the account itself: its profile and disclosure, its photo, where it is signed in."""

from typing import Any

from accounts_mgmt import calls, health
from accounts_mgmt.models import AccountPhoto, AccountSecurityLog, TelegramAccountSession
from relove.db import in_thread
from relove.models import Staff
from relove.telegram.gateway import Authorization, Gateway, Profile, Refused

Event = AccountSecurityLog.Event


@calls.kind("profile", repeatable=True)
async def read_profile(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Read the account's own profile, and see whether its disclosure stands there."""
    profile = await gateway.profile()
    if profile.photo_id != await in_thread(_known_photo, call.account):
        picture = await gateway.photo() if profile.photo_id else b""
        await in_thread(_keep_photo, call.account, profile.photo_id, picture)
    await in_thread(health.saw_profile, call.account, profile)
    return _described(profile)


@calls.kind("disclose", repeatable=True)
async def disclose(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Write the account's disclosure into its profile, and see it there."""
    account = await in_thread(TelegramAccountSession.objects.get, id=call.account)
    if account.disclosure and account.disclosure not in (await gateway.profile()).bio:
        await gateway.set_profile(bio=account.disclosure)
    return await read_profile(gateway, call)


@calls.kind("set_profile", repeatable=True)
async def set_profile(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """arguments: first_name, last_name, bio (accounts_mgmt.profiles has checked them), staff."""
    names = ("first_name", "last_name", "bio")
    await gateway.set_profile(**{name: call.arguments[name] for name in names})
    await in_thread(_log, call, Event.PROFILE, **{name: call.arguments[name] for name in names})
    return await read_profile(gateway, call)


@calls.kind("set_photo", repeatable=True)
async def set_photo(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Put up the photo that waits for it."""
    wanted = await in_thread(_wanted_photo, call.account)
    if not wanted:
        raise Refused("NOTHING_HANDED_OVER")
    await gateway.set_photo(wanted)
    await in_thread(_photo_is_up, call.account)
    await in_thread(_log, call, Event.PROFILE, photo=True)
    return await read_profile(gateway, call)


@calls.kind("authorizations", repeatable=True)
async def read_authorizations(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """Where the account is signed in."""
    return {"authorizations": [_place(one) for one in await gateway.authorizations()]}


@calls.kind("end_authorization", repeatable=True)
async def end_authorization(gateway: Gateway, call: calls.Call) -> dict[str, Any]:
    """arguments: number (as text), staff. Signs the account out there; never here."""
    wanted = call.arguments["number"]
    found = next((one for one in await gateway.authorizations() if str(one.number) == wanted), None)
    if found is None:
        raise Refused("HASH_INVALID")
    if found.is_own:
        raise Refused("OWN_AUTHORIZATION")
    await gateway.end_authorization(found.number)
    await in_thread(_log, call, Event.ENDED, device=found.device, app=found.app)
    return await read_authorizations(gateway, call)


def _described(profile: Profile) -> dict[str, Any]:
    return {"username": profile.username, "first_name": profile.first_name, "bio": profile.bio}


def _place(one: Authorization) -> dict[str, Any]:
    return {
        # text: a page's JSON does not carry 64 bits
        "number": str(one.number),
        "own": one.is_own,
        "device": one.device,
        "system": one.system,
        "app": one.app,
        "ip": one.ip,
        "country": one.country,
        "since": one.since.isoformat(),
        "active": one.active.isoformat(),
    }


def _log(call: calls.Call, event: Event, **details: Any) -> None:
    staff = Staff.objects.filter(pk=call.arguments["staff"]).first()
    health.log_event(call.account, event, staff=staff, **details)


def _known_photo(account_id: int) -> int:
    return AccountPhoto.objects.filter(pk=account_id).values_list("photo_id", flat=True).first() or 0


def _keep_photo(account_id: int, photo_id: int, picture: bytes) -> None:
    AccountPhoto.objects.update_or_create(account_id=account_id, defaults={"photo_id": photo_id, "shown": picture})


def _wanted_photo(account_id: int) -> bytes:
    row = AccountPhoto.objects.filter(pk=account_id).first()
    return bytes(row.wanted) if row and row.wanted else b""


def _photo_is_up(account_id: int) -> None:
    AccountPhoto.objects.filter(pk=account_id).update(wanted=None)
