-- Who may ask for what over HTTP, and what was changed by whom.

CREATE TABLE token (
    shard      integer NOT NULL, -- of the accounts, as in owner
    name       text NOT NULL,    -- is never given twice: the audit speaks of it
    rights     text[] NOT NULL,
    digest     bytea NOT NULL,   -- sha256 of the token, which nobody keeps
    made_at    timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (shard, name)
);

CREATE TABLE audit (
    shard   integer NOT NULL,
    serial  bigint GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL,
    who     text NOT NULL, -- the token's name
    method  text NOT NULL,
    route   text NOT NULL, -- with the names of what varies
    subject text NOT NULL, -- the path that was asked for
    status  integer NOT NULL,
    detail  text NOT NULL, -- why it was refused
    PRIMARY KEY (shard, serial)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lines of % are added, never changed', TG_TABLE_NAME;
END
$$;
-- After `owned`, in the order of names: whoever does not own the accounts hears that first.
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

SELECT fence(written::regclass) FROM unnest(ARRAY['token', 'audit']) AS written;
