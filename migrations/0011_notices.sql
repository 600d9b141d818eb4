-- What the owner of an account, or the operator, should be told of it: one of a cause and subject a day.

ALTER TABLE account ADD COLUMN low_kopecks bigint; -- a balance that falls below is told; null: as everybody's

CREATE TABLE notice (
    account_id text NOT NULL,
    cause      text NOT NULL,
    subject    text NOT NULL, -- which guard, which phone; empty: the account as such
    day        date NOT NULL, -- Moscow's
    at         timestamptz NOT NULL,
    call_id    text NOT NULL DEFAULT '', -- in which it came about
    serial     bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (account_id, cause, subject, day)
);
CREATE INDEX notice_in_order ON notice (serial);

SELECT fence('notice');
