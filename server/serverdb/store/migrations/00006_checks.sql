-- +goose Up
-- What checks measured: a row for each, found by machine, and by what its siblings
-- share. The samples behind the figures are apart: they are large, and read for one
-- check at a time.
CREATE TABLE checks (
    job     TEXT PRIMARY KEY,
    machine TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    alike   TEXT NOT NULL,
    at      TIMESTAMP NOT NULL,
    record  TEXT NOT NULL,
    samples TEXT NOT NULL
);
CREATE INDEX checks_machine ON checks (machine, at);
CREATE INDEX checks_alike ON checks (alike, at);

-- +goose Down
DROP TABLE checks;
