-- From which networks the phones of a seat may come; none: from everywhere.

ALTER TABLE seat ADD COLUMN allowed text[] NOT NULL DEFAULT '{}';
