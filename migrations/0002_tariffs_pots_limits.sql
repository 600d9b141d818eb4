-- Tariffs as versions, money besides the balance, limits; what an account has of its own instead of its plan's.

ALTER TABLE account
    ADD COLUMN threshold_kopecks bigint,         -- null: as the plan has it
    ADD COLUMN credit_kopecks    bigint,
    ADD COLUMN stops             text,
    ADD COLUMN barred            text[] NOT NULL DEFAULT '{}';

-- A line moves the balance, or the pot it names: gift seconds of a month, money paid for a number beforehand.
ALTER TABLE entry
    ADD COLUMN pot       text NOT NULL DEFAULT '',
    ADD COLUMN refers_to text NOT NULL DEFAULT '',
    ADD COLUMN note      text NOT NULL DEFAULT '';
CREATE INDEX entry_of_pots ON entry ((right(pot, 7))) WHERE pot <> ''; -- a pot's name ends with its month

ALTER TABLE leg
    ADD COLUMN line        text NOT NULL DEFAULT '', -- the subscriber's number on which it came or goes
    ADD COLUMN draws       jsonb,                    -- what of the charge, and which gift seconds, came from where
    ADD COLUMN vat_kopecks bigint;
CREATE INDEX leg_of_line ON leg (account_id, line, answered_at) WHERE charge_kopecks > 0;
CREATE INDEX leg_by_answer ON leg (answered_at, leg_id) WHERE ended_at IS NOT NULL;

UPDATE leg SET rate = jsonb_build_object(
    'terms', jsonb_build_object(
        'tariff', rate -> 'tariff', 'first_s', rate -> 'unit_s', 'next_s', rate -> 'unit_s',
        'setup_fee', rate -> 'setup_fee', 'threshold_s', rate -> 'threshold_s'),
    'side', 'outgoing', 'destination', rate -> 'destination', 'prefix', rate -> 'prefix',
    'first_price', rate -> 'unit_price', 'next_price', rate -> 'unit_price')
WHERE rate ? 'unit_s';

-- What the connections of one number may cost in a month.
CREATE TABLE number_limit (
    account_id   text NOT NULL,
    number       text NOT NULL,
    most_kopecks bigint NOT NULL,
    kind         text NOT NULL,
    PRIMARY KEY (account_id, number)
);

-- Profiles that were loaded, whole, as the files they came in; the newest of a name is in force.
CREATE TABLE profile (
    name      text NOT NULL,
    load      bigint GENERATED ALWAYS AS IDENTITY,
    digest    text NOT NULL,
    files     bytea NOT NULL, -- a zip
    loaded_at timestamptz NOT NULL,
    PRIMARY KEY (name, load)
);
ALTER TABLE profile ALTER COLUMN files SET STORAGE EXTERNAL; -- packed already
