"""Publishing the posts of an export in a channel of the sandbox, dated now."""

from typing import Any

from relove.sandbox import rules
from relove.sandbox.core import Core
from relove.sandbox.export import ExportedPost, Part
from relove.sandbox.rules import Change, Draft
from relove.sandbox.world import Channel, Forward


def publish_posts(core: Core, channel: Channel, posts: list[ExportedPost]) -> dict[str, Any]:
    """Publishes all messages; counts as posts those with text or caption.

    Returns {"posts": n, "ids": the first message id of each post, "messages": n of all messages,
    "items": [{"ids", "text"}] of each post}.
    """
    items = []
    for post in posts:
        grouped = core.world.new_group_id() if len(post.parts) > 1 else None
        ids = [_publish(core, channel, part, grouped) for part in post.parts]
        if post.text:
            items.append({"ids": ids, "text": post.text})
    return {
        "posts": len(items),
        "ids": [item["ids"][0] for item in items],
        "messages": sum(len(post.parts) for post in posts),
        "items": items,
    }


def _publish(core: Core, channel: Channel, part: Part, grouped: int | None) -> int:
    origin = Forward(date=part.second, name=part.forwarded_from) if part.forwarded_from else None
    draft = Draft(
        text=part.text,
        entities=part.entities or None,
        media=part.media,
        grouped=grouped,
        forward=origin,
    )
    changes: list[Change] = rules.say_in_channel(core.world, channel, None, draft)
    core.commit(changes)
    assert changes[0].message is not None
    return changes[0].message.id
