-- +goose Up
-- What several processes on one database rest on. Ids come from one row, which
-- whoever writes locks first, so that they have the order of the commits. A
-- machine, job or lease is written over by whoever read its last version, and
-- by nobody else.

CREATE TABLE counters (
    id      BIGINT PRIMARY KEY, -- 1: there is one row
    history BIGINT NOT NULL,
    journal BIGINT NOT NULL,
    audit   BIGINT NOT NULL
);
INSERT INTO counters (id, history, journal, audit) VALUES (1,
    COALESCE((SELECT MAX(id) FROM history), 0), COALESCE((SELECT MAX(id) FROM journal), 0), COALESCE((SELECT MAX(id) FROM audit), 0));

ALTER TABLE leases ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- The version was the last number of the record: ..."version":7}.
ALTER TABLE jobs ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
UPDATE jobs SET version = CAST(replace(rtrim(record, '}'), rtrim(rtrim(record, '}'), '0123456789'), '') AS BIGINT);

-- +goose Down
ALTER TABLE jobs DROP COLUMN version;
ALTER TABLE leases DROP COLUMN version;
DROP TABLE counters;
