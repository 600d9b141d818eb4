-- Who may write: one service at a time. A session says by its settings `callctl.shard` and `callctl.epoch` as
-- whom it writes, and every transaction of it proves that once; a session without them is a person's.

CREATE TABLE owner (
    shard integer PRIMARY KEY, -- of the accounts; today there is one
    epoch bigint NOT NULL,     -- grows with each take-over, and never falls
    host  text NOT NULL,
    pid   integer NOT NULL,
    since timestamptz NOT NULL
);

-- The row stays locked until the transaction ends: nobody takes over between the proof and the last line.
CREATE FUNCTION prove_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM owner
    WHERE shard = current_setting('callctl.shard')::integer
      AND epoch = current_setting('callctl.epoch')::bigint
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'epoch % of shard % is over',
            current_setting('callctl.epoch'), current_setting('callctl.shard') USING ERRCODE = 'CC001';
    END IF;
    PERFORM set_config('callctl.proven', 'yes', true);
    RETURN NULL;
END
$$;

-- For every table that a service writes; the condition costs less than a call of the function.
CREATE FUNCTION fence(written regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER owned BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT '
        'WHEN (current_setting(''callctl.epoch'', true) <> '''' '
        'AND current_setting(''callctl.proven'', true) IS DISTINCT FROM ''yes'') '
        'EXECUTE FUNCTION prove_owner()', written);
END
$$;

SELECT fence(written::regclass) FROM unnest(ARRAY[
    'account', 'number', 'entry', 'leg', 'number_limit', 'profile', 'scheme', 'call', 'message', 'sound',
    'seat', 'device', 'pause', 'recording'
]) AS written;
