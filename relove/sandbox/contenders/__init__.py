"""Other ways to send the same messages, for `manage.py benchmark send`. Nothing of the product uses them.

Each runs in one process with Telethon clients of its own, and reads what to do from a plan (`plan`). Nothing here
needs Django but `q2`, which is a cluster; `dramatiq_tasks` runs in the environment of `requirements.txt`.
"""
