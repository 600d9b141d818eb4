-- How far the witness has been compared: from here on the next start reads it.

CREATE TABLE witness_mark (
    shard          integer PRIMARY KEY, -- of the accounts, as in owner
    compared_until timestamptz NOT NULL -- nothing that began before is still to be compared
);

SELECT fence('witness_mark');
