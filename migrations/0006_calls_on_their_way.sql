-- Where each caller is on his way, as long as the call lasts: what a service that died leaves to the next.

CREATE TABLE call_at (
    account_id     text NOT NULL,
    call_id        text NOT NULL,
    number         text NOT NULL, -- as it was dialled
    line           text NOT NULL,
    caller         text NOT NULL,
    seat           text,          -- of the caller
    hops           integer NOT NULL,
    scheme_version integer NOT NULL,
    scheme         jsonb,         -- null: that version of the line's
    caller_name    text NOT NULL,
    record         jsonb,         -- how the talk that comes is recorded
    record_node    text NOT NULL,
    arrived_at     timestamptz NOT NULL,
    way            jsonb NOT NULL, -- to the node where he is
    PRIMARY KEY (account_id, call_id)
) WITH (fillfactor = 70);

SELECT fence('call_at');
