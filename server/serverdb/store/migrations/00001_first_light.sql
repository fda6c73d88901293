-- +goose Up
-- The portable subset: TEXT ids, TEXT for JSON, BIGINT, BOOLEAN, TIMESTAMP in
-- UTC from Go. What is unique stands here, because a constraint is the only
-- thing that two appliances cannot disagree about.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE machines (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    status   TEXT NOT NULL,
    hostname TEXT UNIQUE,
    version  BIGINT NOT NULL,
    record   TEXT NOT NULL
);

-- One row an interface: a MAC and an address belong to one machine at most.
CREATE TABLE nics (
    mac     TEXT PRIMARY KEY,
    machine TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    address TEXT UNIQUE
);
CREATE INDEX nics_machine ON nics (machine);

-- What changes often and means nothing after a restart but a last-seen time.
CREATE TABLE observed (
    machine TEXT PRIMARY KEY REFERENCES machines (id) ON DELETE CASCADE,
    record  TEXT NOT NULL
);

-- Every change of status, for the machine's whole life and longer.
CREATE TABLE history (
    id          BIGINT PRIMARY KEY,
    machine     TEXT NOT NULL,
    name        TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    from_status TEXT NOT NULL,
    to_status   TEXT NOT NULL,
    who         TEXT NOT NULL,
    why         TEXT NOT NULL,
    sentence    TEXT NOT NULL,
    job         TEXT NOT NULL,
    guards      TEXT NOT NULL
);
CREATE INDEX history_machine ON history (machine, id);

CREATE TABLE journal (
    id       BIGINT PRIMARY KEY,
    at       TIMESTAMP NOT NULL,
    machine  TEXT NOT NULL,
    mac      TEXT NOT NULL,
    source   TEXT NOT NULL,
    text     TEXT NOT NULL,
    details  TEXT NOT NULL,
    bytes    BIGINT NOT NULL,
    duration BIGINT NOT NULL,
    who      TEXT NOT NULL,
    job      TEXT NOT NULL,
    count    BIGINT NOT NULL,
    last_at  TIMESTAMP NOT NULL
);
CREATE INDEX journal_machine ON journal (machine, id);
CREATE INDEX journal_at ON journal (at);

-- The last boot decision of each MAC, with its inputs.
CREATE TABLE decisions (
    mac      TEXT PRIMARY KEY,
    machine  TEXT NOT NULL,
    record   TEXT NOT NULL,
    first_at TIMESTAMP NOT NULL,
    last_at  TIMESTAMP NOT NULL,
    count    BIGINT NOT NULL
);

CREATE TABLE leases (
    address    TEXT PRIMARY KEY,
    mac        TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    hostname   TEXT NOT NULL,
    subnet     TEXT NOT NULL,
    state      TEXT NOT NULL,
    reserved   BOOLEAN NOT NULL,
    life       BIGINT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

-- open_machine is the machine's id while the job is open and NULL after: at
-- most one open job a machine.
CREATE TABLE jobs (
    id           TEXT PRIMARY KEY,
    machine      TEXT NOT NULL,
    open_machine TEXT UNIQUE,
    status       TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    record       TEXT NOT NULL
);
CREATE INDEX jobs_machine ON jobs (machine, created_at);
CREATE INDEX jobs_created ON jobs (created_at);

CREATE TABLE subnets (
    name   TEXT PRIMARY KEY,
    prefix TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL
);

CREATE TABLE rules (
    name     TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    record   TEXT NOT NULL
);

CREATE TABLE images (
    name   TEXT PRIMARY KEY,
    record TEXT NOT NULL
);

-- Secrets, sealed before they come here: owner is a machine's id or "site:<name>".
CREATE TABLE credentials (
    owner  TEXT PRIMARY KEY,
    sealed TEXT NOT NULL
);

CREATE TABLE people (
    kind    TEXT NOT NULL, -- user, session, token or code
    id      TEXT NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE audit (
    id     BIGINT PRIMARY KEY,
    at     TIMESTAMP NOT NULL,
    who    TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before TEXT NOT NULL,
    after  TEXT NOT NULL
);

-- +goose Down
DROP TABLE audit; DROP TABLE people; DROP TABLE credentials; DROP TABLE images; DROP TABLE rules; DROP TABLE subnets;
DROP TABLE jobs; DROP TABLE leases; DROP TABLE decisions; DROP TABLE journal; DROP TABLE history; DROP TABLE observed;
DROP TABLE nics; DROP TABLE machines; DROP TABLE meta;
