-- Seats and their phones, members of queues who pause, recordings of talks.

CREATE TABLE seat (
    account_id      text NOT NULL,
    name            text NOT NULL, -- as schemes and colleagues call it
    shows           text NOT NULL, -- a number of the account's, for those whom it calls; empty: none
    is_undisturbed  boolean NOT NULL,
    is_busy_on_busy boolean NOT NULL,
    added_at        timestamptz NOT NULL,
    PRIMARY KEY (account_id, name)
);

-- Which phone is whose: a directory, read whole at the start.
CREATE TABLE device (
    device     text PRIMARY KEY, -- its SIP user
    account_id text NOT NULL,
    seat       text NOT NULL,
    realm      text NOT NULL,
    digest     text NOT NULL, -- md5 of user:realm:secret
    secret_at  timestamptz NOT NULL
);
CREATE INDEX device_of_seat ON device (account_id, seat);

CREATE TABLE pause (
    account_id text NOT NULL,
    member     text NOT NULL,
    is_seat    boolean NOT NULL, -- or a number
    since      timestamptz NOT NULL,
    PRIMARY KEY (account_id, member, is_seat)
);

-- The recording itself is a file of Asterisk's.
CREATE TABLE recording (
    account_id text NOT NULL,
    name       text NOT NULL, -- in Asterisk
    call_id    text NOT NULL,
    began_at   timestamptz NOT NULL,
    keep_days  integer, -- null: as the operator's profile says
    PRIMARY KEY (account_id, name)
);
CREATE INDEX recording_of_call ON recording (call_id);
CREATE INDEX recording_by_time ON recording (account_id, began_at);

-- In the order in which they became durable, for whoever asks what is new.
ALTER TABLE message ADD COLUMN serial bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX message_in_order ON message (serial);
CREATE INDEX message_of_call ON message (call_id);
