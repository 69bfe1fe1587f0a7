"""updates.*: where a person stands and what was missed."""

from typing import Any

from telethon.tl.functions import updates

from relove.sandbox.methods.registry import Call, handles
from relove.sandbox.tl import RpcError, seconds


@handles(updates.GetStateRequest)
def get_state(call: Call, request: Any) -> Any:
    return call.core.hub.state(call.user)


@handles(updates.GetDifferenceRequest)
def get_difference(call: Call, request: Any) -> Any:
    if request.pts < 1:
        raise RpcError("PERSISTENT_TIMESTAMP_EMPTY")
    return call.core.hub.difference(call.user, request.pts, seconds(request.date) or 0)


@handles(updates.GetChannelDifferenceRequest)
def get_channel_difference(call: Call, request: Any) -> Any:
    channel = call.channel(request.channel)
    if request.pts < 1:
        raise RpcError("PERSISTENT_TIMESTAMP_EMPTY")
    return call.core.hub.channel_difference(call.user, channel, request.pts, request.limit)
