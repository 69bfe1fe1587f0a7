"""Several hosts on one machine: network namespaces on a bridge of their own, which nothing else reaches.

    servers    10.77.0.1 sandbox and Valkey, 10.77.0.2 PostgreSQL
    web        10.77.0.10
    runner-a   10.77.0.11
    runner-b   10.77.0.12

`manage.py several_hosts` builds them (`network`), runs the servers in the first one and the story (`story`) there,
which starts and kills what runs on the others.
"""

SERVERS, WEB, RUNNERS = "servers", "web", ("runner-a", "runner-b")
MAIN_ADDRESS, DATABASE_ADDRESS = "10.77.0.1", "10.77.0.2"
ADDRESSES = {WEB: "10.77.0.10", RUNNERS[0]: "10.77.0.11", RUNNERS[1]: "10.77.0.12"}
TELEGRAM_PORT, HTTP_PORT, DATABASE_PORT, VALKEY_PORT, WEB_PORT = 8443, 8099, 5432, 6379, 8000
