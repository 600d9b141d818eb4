-- Places in lines that are kept for callers at home, until they are called back.

CREATE TABLE kept_place (
    account_id     text NOT NULL,
    queue          text NOT NULL,
    caller         text NOT NULL, -- whom to call
    call_id        text NOT NULL, -- in which he asked
    line           text NOT NULL, -- the number that he had dialled
    hops           integer NOT NULL,
    scheme_version integer NOT NULL,
    scheme         jsonb NOT NULL, -- from the queue on
    caller_name    text NOT NULL,
    record         jsonb,         -- how the talk that comes is recorded
    record_node    text NOT NULL,
    since          timestamptz NOT NULL, -- of his place
    until          timestamptz NOT NULL, -- then it goes
    tries          integer NOT NULL, -- that failed
    PRIMARY KEY (account_id, queue, caller)
);

SELECT fence('kept_place');
