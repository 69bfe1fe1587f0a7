"""The shared limits in PostgreSQL, for a system without Redis."""

from django.db import migrations

GRANT = """
CREATE FUNCTION relove_grant(keys text[], counts int[], windows float8[]) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
    moment float8;
    pause float8 := 0;
    times float8[];
BEGIN
    INSERT INTO send_paces (key, recent) SELECT unnest(keys), '{}' ON CONFLICT DO NOTHING;
    -- callers name the keys in one order: the row locks cannot cross
    FOR i IN 1 .. array_length(keys, 1) LOOP
        SELECT recent INTO times FROM send_paces WHERE key = keys[i] FOR UPDATE;
        -- read after the lock: the wait for it must not let two grants share a moment
        moment := EXTRACT(EPOCH FROM clock_timestamp());
        IF cardinality(times) >= counts[i] THEN
            pause := GREATEST(pause, times[cardinality(times) - counts[i] + 1] + windows[i] - moment);
        END IF;
    END LOOP;
    IF pause > 0 THEN
        RETURN pause;
    END IF;
    FOR i IN 1 .. array_length(keys, 1) LOOP
        UPDATE send_paces SET recent = (array_append(recent, moment))[
            GREATEST(1, cardinality(recent) + 2 - counts[i]) : cardinality(recent) + 1]
        WHERE key = keys[i];
    END LOOP;
    RETURN 0;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts_mgmt", "0002_append_only")]

    operations = [migrations.RunSQL(GRANT, "DROP FUNCTION relove_grant")]
