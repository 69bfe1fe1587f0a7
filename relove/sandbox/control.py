"""The control interface: plain HTTP with JSON, on loopback only. client.py is its other side.

Every answer is a JSON object; a mistake is answered with status 400 and {"error": a sentence}.
"""

import asyncio
import base64
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from relove.sandbox import media, rules, sign_ins, worlds
from relove.sandbox.export import parse_export, read_export
from relove.sandbox.llm import LLMSandbox, llm_routes
from relove.sandbox.methods.auth import tell_scanned
from relove.sandbox.publishing import publish_posts
from relove.sandbox.rules import Draft
from relove.sandbox.tl import RpcError
from relove.sandbox.world import Box, Channel, User, World

if TYPE_CHECKING:
    from relove.sandbox.server import Sandbox

Body = dict[str, Any]
Action = Callable[["Control", Body], Any]


class Control:
    """What the interface can do; every method takes the request's fields and returns the answer's."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox

    @property
    def core(self) -> Any:
        return self.sandbox.core

    @property
    def world(self) -> World:
        world: World = self.core.world
        return world

    def health(self, body: Body) -> Body:
        return {"ok": True, "telegram": "{}:{}".format(*self.core.telegram_address)}

    def build(self, body: Body) -> Body:
        return worlds.build(self.core, body)

    def describe(self, body: Body) -> Body:
        """Everybody there is, and the channels that posts can be published in."""
        channels = [channel for channel in self.world.channels.values() if channel.broadcast]
        return {
            "users": [worlds.describe_user(user) for user in self.world.users.values()],
            "channels": [worlds.describe_channel(channel) for channel in channels],
        }

    def add_user(self, body: Body) -> Body:
        user = worlds.add_user(self.world, body)
        self.core.touch()
        return worlds.describe_user(user)

    def add_channel(self, body: Body) -> Body:
        channel = worlds.add_channel(self.core, body)
        linked = self.world.channels.get(channel.linked or 0)
        described = worlds.describe_channel(channel)
        return described | {"discussion": worlds.describe_channel(linked) if linked else None}

    def change_channel(self, body: Body) -> Body:
        channel = self._channel(body)
        self.core.touch()
        return worlds.describe_channel(worlds.change_channel(self.world, channel, body))

    def session(self, body: Body) -> Body:
        user = worlds.find_user(self.world, body["user_id"])
        key = self.core.keyring.ready(user.id, body.get("n"))
        return {"auth_key": key.data.hex(), "dc_id": 2, "n": key.number, "user": worlds.describe_user(user)}

    def codes(self, body: Body) -> Body:
        """The codes for signing in that count now, or that of one phone."""
        codes = self.core.sign_ins.codes
        phone = sign_ins.digits_of(body["phone"]) if "phone" in body else None
        return {"codes": [code.describe() for code in codes.values() if phone in (None, code.phone)]}

    def scan(self, body: Body) -> Body:
        """user, and the tg://login link this person scans."""
        token = base64.urlsafe_b64decode(body["link"].partition("token=")[2] + "==")
        link = self.core.sign_ins.scan(token, worlds.find_user(self.world, body["user"]))
        tell_scanned(self.core, link)
        return {"scanned": True}

    def publish(self, body: Body) -> Body:
        change = worlds.publish(self.core, self._channel(body), body)
        assert change.message is not None
        return {
            "id": change.message.id,
            "channel_id": change.box.id,
            "discussion_id": change.message.discussion,
        }

    def edit(self, body: Body) -> Body:
        changes = rules.edit(self.world, self._box(body), body["id"], body["text"])
        self.core.commit(changes)
        return {"changed": len(changes)}

    def delete(self, body: Body) -> Body:
        changes = rules.delete(self.world, self._box(body), body["ids"])
        self.core.commit(changes)
        return {"deleted": sum(len(change.event.ids) for change in changes)}

    def say(self, body: Body) -> Body:
        """from, text, media and to (a person, or a group), or channel and post: a comment under that post."""
        sender = worlds.find_user(self.world, body["from"])
        thing = media.by_name(body.get("media"), sender.last_id + 1)
        draft = Draft(text=body["text"], media=thing, reply_to=body.get("reply_to"))
        to = self._addressee(body, draft)
        if isinstance(to, User):
            changes = rules.say_privately(self.world, sender, to, draft)
        else:
            changes = rules.say_in_channel(self.world, to, sender, draft)
        self.core.commit(changes)
        message = changes[0].message
        assert message is not None
        return {"id": message.id, "chat_id": to.id, "their_id": message.twin}

    def read(self, body: Body) -> Body:
        """from: somebody who has read all that `sender` wrote to them."""
        reader, sender = worlds.find_user(self.world, body["from"]), worlds.find_user(self.world, body["sender"])
        changes = rules.read(self.world, reader, sender, reader.last_id)
        self.core.commit(changes)
        return {"changed": len(changes)}

    def _addressee(self, body: Body, draft: Draft) -> User | Channel:
        if "channel" not in body:
            try:
                return worlds.find_user(self.world, body["to"])
            except ValueError:
                return worlds.find_channel(self.world, body["to"])
        channel = worlds.find_channel(self.world, body["channel"])
        post = channel.messages.get(body["post"])
        if post is None or post.discussion is None:
            raise ValueError(f"there is no post {body['post']} with comments in {channel.title}")
        draft.reply_to = draft.reply_to or post.discussion
        return self.world.channels[channel.linked or 0]

    def react(self, body: Body) -> Body:
        person, box = worlds.find_user(self.world, body["from"]), self._box(body)
        message = rules.react(box, body["id"], person.id, body.get("emoji"))
        self.core.commit_reaction(box, message)
        return {"reactions": len(message.reactions)}

    def views(self, body: Body) -> Body:
        message = self._channel(body).messages[body["id"]]
        message.views = body["views"]
        self.core.touch()
        return {"views": message.views}

    def load_export(self, body: Body) -> Body:
        """channel, and path of an export or the export itself."""
        channel = self._channel(body)
        posts = read_export(Path(body["path"])) if "path" in body else parse_export(body["export"])
        self.sandbox.exports[channel.id] = posts
        return {"posts": sum(bool(post.text) for post in posts), "messages": sum(len(p.parts) for p in posts)}

    def publish_export(self, body: Body) -> Body:
        channel = self._channel(body)
        posts = self.sandbox.exports.get(channel.id)
        if posts is None:
            raise ValueError(f"no export is loaded for {channel.title}")
        chosen = posts[: body.get("limit") or len(posts)]
        self.sandbox.exports[channel.id] = posts[len(chosen) :]
        return publish_posts(self.core, channel, chosen)

    def add_fault(self, body: Body) -> Body:
        return asdict(self.core.faults.add(**body))

    def list_faults(self, body: Body) -> Body:
        return {"faults": self.core.faults.describe()}

    def remove_faults(self, body: Body) -> Body:
        return {"removed": self.core.faults.remove(int(body["id"]) if "id" in body else None)}

    def ledger(self, body: Body) -> Body:
        since, limit = int(body.get("since", 0)), int(body.get("limit", 10_000))
        entries = self.world.ledger[since : since + limit]
        return {"entries": [asdict(entry) for entry in entries], "next": since + len(entries)}

    def messages(self, body: Body) -> Body:
        box = self._box(body)
        after = int(body.get("after", 0))
        return {"messages": [_describe(box.messages[id]) for id in box.ids if id > after]}

    def stats(self, body: Body) -> Body:
        stats, keys = self.core.stats, self.core.keyring.keys.values()
        return {
            "requests": [
                {"account": account, "method": method, "count": count}
                for (account, method), count in stats.requests.items()
            ],
            "unhandled": dict(stats.unhandled),
            "crashed": dict(stats.crashed),
            "overlaps": {str(account): count for account, count in stats.overlaps.items()},
            "views_increments": {str(account): count for account, count in stats.views_increments.items()},
            "online": sorted(self.core.hub.online),
            "connections": len(self.core.connections),
            "dead_keys": [{"user": key.user, "n": key.number, "error": key.dead} for key in keys if key.dead],
            "accepted": len(self.world.ledger),
            "groups": sum(not one.broadcast and one.linked is None for one in self.world.channels.values()),
        }

    def settings(self, body: Body) -> Body:
        self.core.touch()
        return worlds.change_settings(self.world.settings, body)

    def disconnect(self, body: Body) -> Body:
        return {"disconnected": self.core.disconnect(body.get("account"))}

    def _channel(self, body: Body) -> Channel:
        return worlds.find_channel(self.world, body.pop("channel"))

    def _box(self, body: Body) -> Box:
        """A channel's box, or a person's (`user`)."""
        if "user" in body:
            return worlds.find_user(self.world, _number(body["user"]))
        return worlds.find_channel(self.world, _number(body["channel"]))


def _number(name: Any) -> Any:
    return int(name) if isinstance(name, str) and name.isdecimal() else name


def _describe(message: Any) -> Body:
    names = ("id", "date", "text", "sender", "reply_to", "top", "views", "replies", "grouped", "out", "peer")
    reactions = {str(person): emoji for person, (emoji, _) in message.reactions.items()}
    return {name: getattr(message, name) for name in names} | {"reactions": reactions}


async def wait_idle(control: Control, body: Body) -> Body:
    """Waits until nothing happened for quiet_ms and nothing is planned; {"idle": false} at the time-out."""
    quiet, deadline = body.get("quiet_ms", 300) / 1000, time.monotonic() + body.get("timeout", 30)
    while time.monotonic() < deadline:
        rest = control.core.last_activity + quiet - time.monotonic()
        if rest <= 0 and not control.core.people.busy:
            return {"idle": True}
        await asyncio.sleep(max(0.01, rest))
    return {"idle": False}


ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "health"): Control.health,
    ("GET", "world"): Control.describe,
    ("POST", "world"): Control.build,
    ("POST", "users"): Control.add_user,
    ("POST", "channels"): Control.add_channel,
    ("POST", "channel"): Control.change_channel,
    ("POST", "sessions"): Control.session,
    ("GET", "codes"): Control.codes,
    ("POST", "scan"): Control.scan,
    ("POST", "publish"): Control.publish,
    ("POST", "edit"): Control.edit,
    ("POST", "delete"): Control.delete,
    ("POST", "say"): Control.say,
    ("POST", "read"): Control.read,
    ("POST", "react"): Control.react,
    ("POST", "views"): Control.views,
    ("POST", "export"): Control.load_export,
    ("POST", "publish_export"): Control.publish_export,
    ("POST", "faults"): Control.add_fault,
    ("GET", "faults"): Control.list_faults,
    ("DELETE", "faults"): Control.remove_faults,
    ("GET", "ledger"): Control.ledger,
    ("GET", "messages"): Control.messages,
    ("GET", "stats"): Control.stats,
    ("POST", "settings"): Control.settings,
    ("POST", "disconnect"): Control.disconnect,
}


def application(sandbox: "Sandbox") -> Starlette:
    control = Control(sandbox)
    routes = [
        Route(f"/control/{path}", _endpoint(control, action), methods=[method])
        for (method, path), action in ACTIONS.items()
    ]

    async def idle(request: Request) -> JSONResponse:
        return JSONResponse(await wait_idle(control, await _body(request)))

    routes.append(Route("/control/wait_idle", idle, methods=["POST"]))
    routes += llm_routes(LLMSandbox())
    handlers: Any = dict.fromkeys((ValueError, KeyError, TypeError, RpcError, HTTPException), _mistake)
    guard = Middleware(OwnAddressOnly, address=sandbox.host)
    return Starlette(routes=routes, exception_handlers=handlers, middleware=[guard])


def _endpoint(control: Control, action: Action) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        body = dict(request.query_params) if request.method == "GET" else await _body(request)
        return JSONResponse(action(control, body))

    return endpoint


async def _body(request: Request) -> Body:
    """The fields of a request: JSON, YAML (its superset, as far as we need it), or the query's."""
    text = (await request.body()).decode()
    return dict(request.query_params) | (worlds.parse(text) if text.strip() else {})


async def _mistake(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    sentence = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
    return JSONResponse({"error": sentence}, 400)


class OwnAddressOnly:
    """Refuses a Host that is neither loopback nor the server's: no web page may reach it through another name."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Request(scope).url.hostname or "" if scope["type"] == "http" else self.address
        if host != self.address and not _is_loopback(host):
            refusal = JSONResponse({"error": "this server is for this machine only"}, 403)
            return await refusal(scope, receive, send)
        return await self.app(scope, receive, send)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
