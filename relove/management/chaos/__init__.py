"""Survival under fire: a world at work, everything around it dying, and the server's ledger as the judge.

    world     50 accounts, channels and people, and what is said and published while the storm lasts
    storm     the faults, drawn by a seed; it knows processes, servers and the sandbox, not our database
    clocks    the clocks of the clusters' processes, which can be set wrong
    judge     the ledger compared with the database

`manage.py chaos` makes the system and the storm; its inside (`--stage`) plays the world and judges. What the
storm did reaches the inside as one line of JSON (`storm.Diary`), which is also the sign that it is over.
"""

# Waits in scale with a run of minutes instead of days; the ceiling has a benchmark of its own.
LEASE_SECONDS = 3
# a message with this in it kills every process that is about to send it
POISON = "☠"
SETTINGS = {
    "RELOVE_LEASE_SECONDS": str(LEASE_SECONDS),
    "RELOVE_RETRY_BASE_SECONDS": "1",
    "RELOVE_RECONCILE_AFTER_SECONDS": "10",
    "RELOVE_SEND_CEILING": "0",
    "RELOVE_PACE_PER_SECOND": "1000",
    "RELOVE_PACE_PER_MINUTE": "60000",
    "RELOVE_TELEGRAM_REQUEST_TIMEOUT": "6",
    "RELOVE_ACCOUNTS_PER_RUNNER": "30",
    "RELOVE_LLM_CLAIM_SECONDS": "20",
    "RELOVE_LLM_RETRY_BASE_SECONDS": "1",
    "LLM_TIMEOUT": "4",
    "RELOVE_FAULT_TEXT": POISON,
}
# the second claims the same work as the first
CLUSTERS = ("default", "llm", "telegram", "telegram-2")
