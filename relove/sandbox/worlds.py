"""Worlds described in YAML (or JSON): people, channels with discussion groups, groups, posts, virtual people.

    users:
      - {first_name: Анна, username: anna, about: "..."}
    channels:
      - title: Канал
        username: kanal
        discussion: true            # or {title: Обсуждение, guests: false, slowmode: 10}
        members: [anna]
        posts: ["First post", {text: "Second", media: photo}]
    groups:
      - {title: Группа, members: [anna]}
    people:
      - {user: anna, reacts: {share: 0.5, emoji: ["👍"]}, ...}     # see people.py
    settings: {people: true}

Names of people and channels may be usernames or ids.
"""

from dataclasses import asdict, fields
from typing import Any

import yaml

from relove.sandbox import media, rules
from relove.sandbox.core import Core
from relove.sandbox.people import check_rules
from relove.sandbox.rules import Change, Draft
from relove.sandbox.world import Channel, Settings, User, World

Description = dict[str, Any]


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML without aliases: a few lines of them can describe a world that fits into no memory."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed here")
        return super().compose_node(parent, index)


def parse(text: str) -> Description:
    """Raises ValueError with the place of the mistake."""
    try:
        description = yaml.load(text, _PlainLoader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"the world's description cannot be read: {error}") from error
    if not isinstance(description, dict):
        raise ValueError("a world's description is a mapping with users, channels, groups, people, settings")
    return description


def build(core: Core, description: Description) -> dict[str, Any]:
    """Adds what is described to the world; returns {"users": [...], "channels": [...]} as made.

    Raises ValueError where names are taken or unknown.
    """
    world = core.world
    unknown = description.keys() - {"users", "channels", "groups", "people", "settings"}
    if unknown:
        raise ValueError(f"a world has no {', '.join(sorted(unknown))}")
    users = [add_user(world, item) for item in description.get("users") or []]
    channels = [add_channel(core, item) for item in description.get("channels") or []]
    channels += [add_channel(core, item | {"group": True}) for item in description.get("groups") or []]
    for rule in description.get("people") or []:
        world.people.append(check_rules(rule | {"user": find_user(world, rule.get("user")).id}))
    change_settings(world.settings, description.get("settings") or {})
    core.touch()
    return {
        "users": [describe_user(user) for user in users],
        "channels": [describe_channel(channel) for channel in channels],
    }


def change_settings(settings: Settings, values: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a setting that does not exist; returns all of them."""
    known = {item.name for item in fields(Settings)}
    if values.keys() - known:
        raise ValueError(f"settings are {', '.join(sorted(known))}")
    for name, value in values.items():
        setattr(settings, name, value)
    return asdict(settings)


def add_user(world: World, item: Description) -> User:
    allowed = {
        "id",
        "first_name",
        "last_name",
        "username",
        "phone",
        "about",
        "bot",
        "password",
        "password_hint",
        "banned",
        "uninvited",
    }
    return world.add_user(**_only(item, allowed, "a person"))


def add_channel(core: Core, item: Description) -> Channel:
    """A channel, or a group with `group: true`; posts in it are published at once."""
    item = dict(item)
    discussion, posts = item.pop("discussion", None), item.pop("posts", None) or []
    channel = _plain_channel(core.world, item)
    if discussion:
        given = discussion if isinstance(discussion, dict) else {}
        default = {"title": f"{channel.title}: обсуждение", "members": list(channel.members), "group": True}
        core.world.link(channel, _plain_channel(core.world, default | given))
    for post in posts:
        publish(core, channel, post if isinstance(post, dict) else {"text": post})
    core.touch()
    return channel


def _plain_channel(world: World, item: Description) -> Channel:
    allowed = {
        "id",
        "title",
        "username",
        "about",
        "members",
        "admins",
        "guests",
        "closed",
        "slowmode",
        "group",
    }
    values = _only(item, allowed, "a channel")
    group = values.pop("group", False)
    for role in ("members", "admins"):
        values[role] = {find_user(world, name).id for name in values.get(role) or []}
    values["members"] |= values["admins"]
    return world.add_channel(broadcast=not group, **values)


def _only(item: Description, allowed: set[str], owner: str) -> Description:
    if item.keys() - allowed:
        raise ValueError(f"{owner} has no {', '.join(sorted(item.keys() - allowed))}")
    return dict(item)


def change_channel(world: World, channel: Channel, values: dict[str, Any]) -> Channel:
    """Changes title, about, username, closed, guests, slowmode, and who is banned."""
    plain = {"title", "about", "closed", "guests", "slowmode"}
    for name, value in _only(values, plain | {"username", "banned"}, "a channel").items():
        if name == "username":
            world.rename(channel, value)
        elif name == "banned":
            _ban(world, channel, {find_user(world, who).id for who in value})
        else:
            setattr(channel, name, value)
    channel.version += 1
    return channel


def _ban(world: World, channel: Channel, banned: set[int]) -> None:
    channel.banned = banned
    for user in banned & channel.members:
        rules.leave(channel, world.users[user])


def publish(core: Core, channel: Channel, item: Description) -> Change:
    values = _only({"text": "", **item}, {"text", "date", "media", "grouped"}, "a post")
    values["media"] = media.by_name(values.get("media"), channel.last_id + 1)
    draft = Draft(**values)
    changes = rules.say_in_channel(core.world, channel, None, draft)
    core.commit(changes)
    return changes[0]


def find_user(world: World, name: Any) -> User:
    """By id or username. Raises ValueError where there is nobody of that name."""
    found = world.users.get(name) if isinstance(name, int) else _named(world, name)
    if not isinstance(found, User):
        raise ValueError(f"there is no person {name!r}")
    return found


def find_channel(world: World, name: Any) -> Channel:
    """By id, username or title. Raises ValueError where there is no channel or group of that name."""
    found = world.channels.get(name) if isinstance(name, int) else _named(world, name)
    found = found or next((channel for channel in world.channels.values() if channel.title == name), None)
    if not isinstance(found, Channel):
        raise ValueError(f"there is no channel or group {name!r}")
    return found


def _named(world: World, name: Any) -> Any:
    return world.usernames.get(str(name).removeprefix("@").lower())


def describe_user(user: User) -> dict[str, Any]:
    names = ("id", "first_name", "last_name", "username", "phone", "about", "bot")
    return {name: getattr(user, name) for name in names}


def describe_channel(channel: Channel) -> dict[str, Any]:
    names = ("id", "title", "username", "about", "kind", "invite", "closed", "guests", "slowmode", "pinned")
    return {name: getattr(channel, name) for name in names} | {
        "linked": channel.linked,
        "has_photo": bool(channel.photo),
        "members": len(channel.members),
        "posts": len(channel.ids),
    }
