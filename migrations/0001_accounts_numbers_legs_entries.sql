-- The truth about money. Every table is keyed by the account first, so that it can be spread by account.

CREATE TABLE account (
    account_id      text PRIMARY KEY,
    profile         text NOT NULL,
    plan            text NOT NULL,
    balance_kopecks bigint NOT NULL DEFAULT 0, -- always the sum of its entries, moved in their transaction
    opened_at       timestamptz NOT NULL
) WITH (fillfactor = 70);

-- Which number leads to whom: a directory, read whole at the start.
CREATE TABLE number (
    e164       text PRIMARY KEY,
    account_id text NOT NULL,
    scheme     text NOT NULL,
    added_at   timestamptz NOT NULL
);

-- The ledger: lines are added, never changed.
CREATE TABLE entry (
    account_id     text NOT NULL,
    reference      text NOT NULL,
    kind           text NOT NULL,
    amount_kopecks bigint NOT NULL,
    at             timestamptz NOT NULL,
    line           bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (account_id, reference)
);
CREATE INDEX entry_in_order ON entry (account_id, line);

-- One connection: held, begun, settled; or refused before it was placed.
CREATE TABLE leg (
    account_id     text NOT NULL, -- empty: an emergency call from a number that is nobody's here
    leg_id         text NOT NULL,
    call_id        text NOT NULL,
    caller         text NOT NULL,
    number         text NOT NULL,
    held_at        timestamptz NOT NULL,
    held_kopecks   bigint NOT NULL,
    rate           jsonb,
    answered_at    timestamptz,
    ended_at       timestamptz,
    seconds        integer,
    units          integer,
    charge_kopecks bigint,
    lines          jsonb,
    ended_by       text,
    cause          integer,
    refusal        text,
    PRIMARY KEY (account_id, leg_id)
);
CREATE INDEX leg_by_id ON leg (leg_id);
CREATE INDEX leg_by_time ON leg (account_id, held_at);
CREATE INDEX leg_open ON leg (leg_id) WHERE ended_at IS NULL;
