"""help.*, account.*, auth.*: configuration, the own profile, the own sessions."""

import time
from typing import Any

from telethon.tl import types
from telethon.tl.functions import account, auth, help

from relove.sandbox.core import Key
from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.tl import Raw, RpcError

_DC = 2
# all of them are this server
_DCS = range(1, 6)
_MAX_ABOUT = 70


@handles(help.GetConfigRequest)
def get_config(call: Call, request: Any) -> Any:
    now = int(time.time())
    host, port = call.core.telegram_address
    return types.Config(
        date=now,
        expires=now + 3600,
        test_mode=False,
        this_dc=_DC,
        dc_options=[types.DcOption(id=dc, ip_address=host, port=port) for dc in _DCS],
        dc_txt_domain_name="",
        chat_size_max=200,
        megagroup_size_max=200_000,
        forwarded_count_max=100,
        online_update_period_ms=120_000,
        offline_blur_timeout_ms=5_000,
        offline_idle_timeout_ms=30_000,
        online_cloud_timeout_ms=300_000,
        notify_cloud_delay_ms=30_000,
        notify_default_delay_ms=1_500,
        push_chat_period_ms=60_000,
        push_chat_limit=2,
        edit_time_limit=172_800,
        revoke_time_limit=2**31 - 1,
        revoke_pm_time_limit=2**31 - 1,
        rating_e_decay=2_419_200,
        stickers_recent_limit=200,
        channels_read_media_period=604_800,
        call_receive_timeout_ms=20_000,
        call_ring_timeout_ms=90_000,
        call_connect_timeout_ms=30_000,
        call_packet_timeout_ms=10_000,
        me_url_prefix="https://t.me/",
        caption_length_max=1024,
        message_length_max=4096,
        webfile_dc_id=_DC,
    )


@handles(help.GetNearestDcRequest)
def get_nearest_dc(call: Call, request: Any) -> Any:
    return types.NearestDc(country="XX", this_dc=_DC, nearest_dc=_DC)


@handles(account.UpdateStatusRequest)
def update_status(call: Call, request: Any) -> bool:
    return call.user is not None


@handles(account.UpdateProfileRequest)
def update_profile(call: Call, request: Any) -> Raw:
    user = call.user
    if request.first_name == "":
        raise RpcError("FIRSTNAME_INVALID")
    if request.about is not None and len(request.about) > _MAX_ABOUT:
        raise RpcError("ABOUT_TOO_LONG")
    for name in ("first_name", "last_name", "about"):
        if getattr(request, name) is not None:
            setattr(user, name, getattr(request, name))
    user.version += 1
    call.core.touch()
    return call.core.views.user(user, user)


def _sessions(call: Call) -> list[Key]:
    """The own sessions that were ever used and still live."""
    keys = call.core.keyring.keys.values()
    return [key for key in keys if key.user == call.user.id and key.active and not key.dead]


@handles(account.GetAuthorizationsRequest)
def get_authorizations(call: Call, request: Any) -> Any:
    authorizations = [
        types.Authorization(
            current=key is call.key,
            hash=0 if key is call.key else key.hash,
            device_model=str(key.device.get("device_model", "unknown")),
            platform="",
            system_version=str(key.device.get("system_version", "")),
            api_id=int(key.device.get("api_id", 0)),
            app_name="",
            app_version=str(key.device.get("app_version", "")),
            date_created=int(key.created),
            date_active=int(key.active),
            ip=key.address,
            country="",
            region="",
        )
        for key in _sessions(call)
    ]
    return types.account.Authorizations(authorization_ttl_days=180, authorizations=authorizations)


@handles(account.ResetAuthorizationRequest)
def reset_authorization(call: Call, request: Any) -> bool:
    for key in _sessions(call):
        if key.hash == request.hash and key is not call.key:
            key.dead = "AUTH_KEY_UNREGISTERED"
            call.core.touch()
            return True
    raise RpcError("HASH_INVALID")


@handles(auth.LogOutRequest)
def log_out(call: Call, request: Any) -> Any:
    call.key.dead = "AUTH_KEY_UNREGISTERED"
    call.core.touch()
    return types.auth.LoggedOut()
