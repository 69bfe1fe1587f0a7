"""A Telegram server for rehearsal, demo and tests: real MTProto 2.0, on loopback only."""
