"""Telethon alone: no database, nothing kept, everything at once. As fast as these clients can be.

It prints a JSON object with two rates: `answered` stops the clock at the last answer, `read` when all
updates that came with the answers are read, which a product has to do as well.
"""

import asyncio
import json
import sys
import time

from relove.sandbox.contenders.clients import Clients
from relove.sandbox.contenders.plan import Plan


async def main() -> None:
    plan = Plan.load()
    clients = Clients(plan)
    await clients.connect()
    began = time.perf_counter()
    await asyncio.gather(*map(clients.send, plan.messages))
    answered = time.perf_counter()
    await clients.read()
    read = time.perf_counter()
    await clients.disconnect()
    count = len(plan.messages)
    json.dump({"answered": count / (answered - began), "read": count / (read - began)}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
