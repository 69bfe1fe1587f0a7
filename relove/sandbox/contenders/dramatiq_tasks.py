"""One Dramatiq message for each of ours, over Redis. Run as a program it fills the queue from the plan."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from relove.sandbox.contenders.plan import Plan
from relove.sandbox.contenders.worker import worker

PLAN = Plan.load()
dramatiq.set_broker(RedisBroker(url=PLAN.redis))


def send(id: int) -> None:
    worker().hand(id)


actor = dramatiq.actor(send)


def main() -> None:
    for message in PLAN.messages:
        actor.send(message.id)


if __name__ == "__main__":
    main()
