"""In which order what came is heard."""

import asyncio
from datetime import UTC, datetime

from accounts_mgmt.turns import Turns
from relove.telegram.gateway import DeletedMessages, Message, NewMessage, Peer, PeerKind, Update

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def said(person: int, number: int) -> NewMessage:
    return NewMessage(Message(Peer(PeerKind.USER, person), number, "", NOW))


def test_a_chat_keeps_its_order_and_does_not_hold_up_another() -> None:
    began: list[str] = []
    gates = {name: asyncio.Event() for name in ("a1", "a2", "b1", "gone", "a3")}

    async def hear(turns: Turns, name: str, update: Update) -> None:
        async with turns.turn(update):
            began.append(name)
            await gates[name].wait()

    async def open_gates(*names: str) -> list[str]:
        for name in names:
            gates[name].set()
        for _round in range(20):
            await asyncio.sleep(0)
        return began

    async def main() -> None:
        turns = Turns()
        came = {
            "a1": said(1, 1),
            "a2": said(1, 2),
            "b1": said(2, 1),
            "gone": DeletedMessages(None, (1,)),
            "a3": said(1, 3),
        }
        tasks = [asyncio.create_task(hear(turns, name, update)) for name, update in came.items()]
        assert await open_gates() == ["a1", "b1"]
        assert await open_gates("a1") == ["a1", "b1", "a2"]
        assert await open_gates("a2") == ["a1", "b1", "a2"], "what names no chat waits for all"
        assert await open_gates("b1") == ["a1", "b1", "a2", "gone"]
        tasks[3].cancel()
        assert await open_gates() == ["a1", "b1", "a2", "gone", "a3"], "a turn that is broken off is over"
        await open_gates("a3")
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not turns._ends

    asyncio.run(main())
