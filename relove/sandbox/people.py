"""Virtual people: they react to comments, reply to them and answer private messages, by simple rules.

A person's rules, as they stand in a world's description (delays in seconds, [from, to]):

    user: anna
    reacts:  {share: 0.5, delay: [1, 5], emoji: ["👍", "❤"]}
    replies: {share: 0.2, delay: [2, 8], texts: ["Спасибо!"]}
    answers: [{when: "цен", say: "А сколько стоит?"}, {say: "Понятно"}]   # the first whose `when` occurs
    views:   {share: 1, delay: [0, 3]}                                    # looks at new posts

They never react to one another, and do nothing while the setting `people` is off.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from relove.sandbox import rules
from relove.sandbox.rules import Change, Draft
from relove.sandbox.tl import RpcError
from relove.sandbox.world import Channel, Message, User

if TYPE_CHECKING:
    from relove.sandbox.core import Core

_RULES = {"user", "reacts", "replies", "answers", "views"}


def check_rules(rule: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a rule nobody knows."""
    if rule.keys() - _RULES:
        raise ValueError(f"a virtual person has no {', '.join(sorted(rule.keys() - _RULES))}")
    return rule


class People:
    def __init__(self, core: "Core") -> None:
        self.core = core
        self.random = core.world.random("people")
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def busy(self) -> bool:
        """Somebody is about to do something."""
        return bool(self._timers)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def notice(self, changes: Iterable[Change]) -> None:
        """Lets everybody think about what was just written."""
        if not self.core.world.settings.people or not self.core.world.people:
            return
        virtual = {rule["user"] for rule in self.core.world.people}
        for change in changes:
            if change.event.kind == "new" and change.message and change.message.sender not in virtual:
                self._consider(change, change.message)

    def _consider(self, change: Change, message: Message) -> None:
        for rule in self.core.world.people:
            person = self.core.world.users[rule["user"]]
            if isinstance(change.box, Channel):
                self._consider_channel(rule, person, change.box, message)
            elif change.box is person and not message.out:
                self._consider_private(rule, person, message)

    def _consider_channel(self, rule: dict[str, Any], person: User, box: Channel, message: Message) -> None:
        if message.sender is None:
            if box.broadcast:
                self._maybe(rule.get("views"), lambda: self._view(box, message))
            return
        if person.id not in box.members:
            return
        if emoji := (rule.get("reacts") or {}).get("emoji", ["👍"]):
            self._maybe(rule.get("reacts"), lambda: self._react(person, box, message, self.random.choice(emoji)))
        if texts := (rule.get("replies") or {}).get("texts"):
            self._maybe(rule["replies"], lambda: self._reply(person, box, message, self.random.choice(texts)))

    def _consider_private(self, rule: dict[str, Any], person: User, message: Message) -> None:
        for answer in rule.get("answers") or []:
            if str(answer.get("when", "")).lower() in message.text.lower():
                self._maybe(answer, partial(self._answer, person, message, str(answer["say"])))
                return

    def _maybe(self, habit: dict[str, Any] | None, act: Callable[[], None]) -> None:
        """Acts after the habit's delay, in the habit's share of cases."""
        if not habit or self.random.random() >= float(habit.get("share", 1)):
            return
        low, high = habit.get("delay", (0.5, 2))

        def due() -> None:
            self._timers.discard(timer)
            try:
                act()
            except RpcError:  # the message, or the right to write, is gone: so is the occasion
                return

        delay = self.random.uniform(low, high)
        timer = asyncio.get_running_loop().call_later(delay, due)
        self._timers.add(timer)

    def _view(self, channel: Channel, message: Message) -> None:
        if message.views is not None:
            message.views += 1

    def _react(self, person: User, box: Channel, message: Message, emoji: str) -> None:
        self.core.commit_reaction(box, rules.react(box, message.id, person.id, emoji))

    def _reply(self, person: User, box: Channel, message: Message, text: str) -> None:
        draft = Draft(text=text, reply_to=message.id)
        self.core.commit(rules.say_in_channel(self.core.world, box, person, draft))

    def _answer(self, person: User, message: Message, text: str) -> None:
        other = self.core.world.users[message.peer or 0]
        self.core.commit(rules.say_privately(self.core.world, person, other, Draft(text=text)))
