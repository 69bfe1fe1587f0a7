"""Days of the past played once more with today's settings, in a system of its own that no message leaves.

    environment   what the inside is given: of the real system's environment nothing that opens anything
    settings      Django's settings of the inside: Telegram and the model are the sandbox, whatever is configured
    clock         simulated time, in Python and in PostgreSQL
    copying       the configuration: what is taken from the real database, and put into the second one
    cast          invented people and what they say
    stage         the sandbox's world for that configuration
    director      lets things happen when their time comes, and time pass while nothing is in hand
    watch         what is in hand now, and when something will be next
    timeline      what became of every message, in words
    outside       the real system's side: makes the second one, keeps what it tells

The outside and the inside are two processes. They share a pipe each way: the configuration goes in, lines of
JSON come out (`outside.Told`). The inside knows no address of the real database.
"""
