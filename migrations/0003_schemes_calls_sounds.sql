-- Schemes as versions, the ways that calls took, messages, the subscribers' own sounds, states of accounts.

ALTER TABLE account ADD COLUMN standing text NOT NULL DEFAULT 'active';

-- Versions are added, never changed; the newest of a number is in force.
CREATE TABLE scheme (
    account_id text NOT NULL,
    number     text NOT NULL,
    version    integer NOT NULL,
    text       text NOT NULL,
    digest     text NOT NULL, -- sha256 of the text
    loaded_at  timestamptz NOT NULL,
    note       text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, number, version)
);
INSERT INTO scheme (account_id, number, version, text, digest, loaded_at)
SELECT account_id, e164, 1, scheme, encode(sha256(convert_to(scheme, 'UTF8')), 'hex'), added_at FROM number;
ALTER TABLE number DROP COLUMN scheme;

-- One caller's way through a scheme, once it is over.
CREATE TABLE call (
    account_id     text NOT NULL,
    call_id        text NOT NULL,
    number         text NOT NULL, -- that was dialled
    caller         text NOT NULL,
    scheme_version integer NOT NULL,
    arrived_at     timestamptz NOT NULL,
    answered_at    timestamptz,
    ended_at       timestamptz NOT NULL,
    ending         text NOT NULL,
    way            jsonb NOT NULL,
    PRIMARY KEY (account_id, call_id)
);
CREATE INDEX call_by_id ON call (call_id);
CREATE INDEX call_by_time ON call (account_id, number, arrived_at);

-- What callers left in a mailbox; the recording itself is a file of Asterisk's.
CREATE TABLE message (
    account_id text NOT NULL,
    recording  text NOT NULL,
    call_id    text NOT NULL,
    number     text NOT NULL, -- that was dialled
    caller     text NOT NULL,
    mailbox    text NOT NULL,
    taken_at   timestamptz NOT NULL,
    length_ms  integer NOT NULL,
    PRIMARY KEY (account_id, recording)
);

-- Asterisk plays files: each of these is one, written anew from here whenever it is missing.
CREATE TABLE sound (
    account_id text NOT NULL,
    name       text NOT NULL,
    wav        bytea NOT NULL,
    digest     text NOT NULL, -- sha256 of the wav
    length_ms  integer NOT NULL,
    added_at   timestamptz NOT NULL,
    PRIMARY KEY (account_id, name)
);
ALTER TABLE sound ALTER COLUMN wav SET STORAGE EXTERNAL; -- speech hardly packs
