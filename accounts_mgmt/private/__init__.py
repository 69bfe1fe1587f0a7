"""Private messages, whichever domain leads the dialogue: stored once, ruled by wishes, answered by the outbox.

model       the abstract row, both ways          guards      what must hold when one leaves
dialogues   what a domain brings, by role        coming_in   received, mirrored, edited, deleted, read
going_out   fixed texts and the disclosure       decisions   what people decide
drafting    rows that wait for a draft
"""
