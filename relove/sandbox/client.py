"""The other side of control.py: a small synchronous client of the sandbox's control interface."""

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

Answer = dict[str, Any]


class SandboxError(Exception):
    """The sandbox refused; the text is its sentence."""


class SandboxClient:
    """One method per action; people and channels are named by id or username. May raise SandboxError."""

    def __init__(self, base_url: str, timeout: float = 60.0) -> None:
        address = urlsplit(base_url)
        self._host, self._port, self._timeout = address.hostname or "127.0.0.1", address.port, timeout

    def call(self, method: str, action: str, fields: dict[str, Any] | str | None = None) -> Answer:
        """One request; `fields` may be YAML text."""
        path, body = f"/control/{action}", None
        if method == "GET":
            path += "?" + urlencode(fields or {})  # type: ignore[arg-type]
        else:
            body = fields if isinstance(fields, str) else json.dumps(fields or {}, ensure_ascii=False)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            connection.request(method, path, body.encode() if body else None)
            response = connection.getresponse()
            answer: Answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise SandboxError(answer.get("error", f"status {response.status}"))
        return answer

    def _post(self, action: str, **fields: Any) -> Answer:
        return self.call("POST", action, {name: value for name, value in fields.items() if value is not None})

    def health(self) -> Answer:
        return self.call("GET", "health")

    def world(self, description: str | dict[str, Any]) -> Answer:
        """Adds what YAML text or a mapping describes; returns the users and channels made."""
        return self.call("POST", "world", description)

    def everybody(self) -> Answer:
        """{"users": […], "channels": […]}: who is there, and where posts can be published."""
        return self.call("GET", "world")

    def add_user(self, first_name: str, **fields: Any) -> Answer:
        return self._post("users", first_name=first_name, **fields)

    def add_channel(self, title: str, **fields: Any) -> Answer:
        """fields: those of a channel in worlds.py, and `group: true` for a group."""
        return self._post("channels", title=title, **fields)

    def change_channel(self, channel: int | str, **fields: Any) -> Answer:
        """fields: title, about, username, closed, guests, slowmode, banned (a list of people)."""
        return self.call("POST", "channel", {"channel": channel} | fields)

    def session(self, user: int | str, n: int | None = None) -> Answer:
        """{"auth_key": hex, "dc_id", "n", "user"}: ready-made session n of the person, or the first alive."""
        return self._post("sessions", user_id=user, n=n)

    def code(self, phone: str) -> str:
        """The code last sent to a phone. Raises SandboxError where none counts."""
        codes: list[Answer] = self.call("GET", "codes", {"phone": phone})["codes"]
        if not codes:
            raise SandboxError(f"no code was sent to {phone}")
        digits: str = codes[0]["code"]
        return digits

    def scan(self, user: int | str, link: str) -> Answer:
        """The person scans a tg://login link."""
        return self._post("scan", user=user, link=link)

    def publish(self, channel: int | str, text: str = "", **fields: Any) -> Answer:
        """{"id", "channel_id", "discussion_id"}; fields: date (Unix seconds), media, grouped."""
        return self._post("publish", channel=channel, text=text, **fields)

    def edit(self, channel: int | str, id: int, text: str) -> Answer:
        return self._post("edit", channel=channel, id=id, text=text)

    def delete(self, channel: int | str, ids: list[int]) -> Answer:
        return self._post("delete", channel=channel, ids=ids)

    def edit_said(self, user: int | str, id: int, text: str) -> Answer:
        """The person changes a private message of theirs."""
        return self._post("edit", user=user, id=id, text=text)

    def take_back(self, user: int | str, ids: list[int]) -> Answer:
        """The person deletes private messages of theirs, at both sides."""
        return self._post("delete", user=user, ids=ids)

    def say(
        self,
        sender: int | str,
        to: int | str,
        text: str = "",
        reply_to: int | None = None,
        media: str | None = None,
    ) -> Answer:
        """A private message, or one in a group: {"id", "chat_id", "their_id"}."""
        return self._post("say", **{"from": sender}, to=to, text=text, reply_to=reply_to, media=media)

    def comment(
        self, sender: int | str, channel: int | str, post: int, text: str, reply_to: int | None = None
    ) -> Answer:
        """A comment under a post of a channel; `reply_to` is a comment's id in the discussion group."""
        return self._post("say", **{"from": sender}, channel=channel, post=post, text=text, reply_to=reply_to)

    def read(self, reader: int | str, sender: int | str) -> Answer:
        """The reader has read everything the sender wrote to them privately."""
        return self._post("read", **{"from": reader}, sender=sender)

    def react(self, sender: int | str, channel: int | str, id: int, emoji: str | None) -> Answer:
        """Sets a reaction; None takes it back."""
        return self.call("POST", "react", {"from": sender, "channel": channel, "id": id, "emoji": emoji})

    def set_views(self, channel: int | str, id: int, views: int) -> Answer:
        return self._post("views", channel=channel, id=id, views=views)

    def load_export(self, channel: int | str, export: Path | dict[str, Any]) -> Answer:
        """Queues the posts of a Telegram Desktop export: {"posts", "messages"}."""
        if isinstance(export, Path):
            return self._post("export", channel=channel, path=str(export.absolute()))
        return self._post("export", channel=channel, export=export)

    def publish_export(self, channel: int | str, limit: int | None = None) -> Answer:
        """Publishes queued posts, dated now: {"posts", "ids", "messages", "items": [{"ids", "text"}]}."""
        return self._post("publish_export", channel=channel, limit=limit)

    def add_fault(self, kind: str, **fields: Any) -> Answer:
        """fields: account, method, times, share, chat, sticky, until, code."""
        return self._post("faults", kind=kind, **fields)

    def faults(self) -> list[Answer]:
        faults: list[Answer] = self.call("GET", "faults")["faults"]
        return faults

    def clear_faults(self, id: int | None = None) -> int:
        removed: int = self.call("DELETE", "faults", {} if id is None else {"id": id})["removed"]
        return removed

    def ledger(self, since: int = 0) -> list[Answer]:
        """Accepted messages after the `since` first ones, in commit order."""
        entries: list[Answer] = []
        while page := self.call("GET", "ledger", {"since": since + len(entries)})["entries"]:
            entries += page
        return entries

    def messages(self, channel: int | str, after: int = 0) -> list[Answer]:
        found: list[Answer] = self.call("GET", "messages", {"channel": channel, "after": after})["messages"]
        return found

    def dialogue(self, user: int, peer: int) -> list[Answer]:
        """What stands in a person's private chat with somebody, oldest first."""
        found: list[Answer] = self.call("GET", "messages", {"user": user})["messages"]
        return [message for message in found if message["peer"] == peer]

    def stats(self) -> Answer:
        return self.call("GET", "stats")

    def settings(self, **values: Any) -> Answer:
        """Changes settings of world.Settings; returns all of them."""
        return self.call("POST", "settings", values)

    def wait_idle(self, quiet_ms: int = 300, timeout: float = 30) -> bool:
        idle: bool = self._post("wait_idle", quiet_ms=quiet_ms, timeout=timeout)["idle"]
        return idle

    def disconnect(self, account: int | None = None) -> int:
        """Cuts the connections of one account, or all; returns how many there were."""
        cut: int = self._post("disconnect", account=account)["disconnected"]
        return cut
