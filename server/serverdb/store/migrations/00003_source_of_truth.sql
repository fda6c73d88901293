-- +goose Up
-- ServerDb as the source of truth: facts apart from the record, what selectors
-- ask for, the plan, places, issues, deliveries, and what makes writes safe to
-- repeat. facets, facet_values and terms are derived: they are filled from the
-- records, and again whenever what they hold changes (see rebuild.go).

-- What the agent saw, apart: it is large, and read for one machine at a time.
CREATE TABLE facts (
    machine TEXT PRIMARY KEY REFERENCES machines (id) ON DELETE CASCADE,
    record  TEXT NOT NULL
);

-- One row a machine: the fields of selectors that have one value, lower case,
-- NULL where absent. A column …_key orders names as people do.
CREATE TABLE facets (
    machine      TEXT PRIMARY KEY REFERENCES machines (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL,
    kind         TEXT,
    status       TEXT,
    reason       TEXT,
    locked       TEXT,
    frozen       TEXT,
    site         TEXT,
    room         TEXT,
    rack         TEXT,
    rack_key     TEXT,
    unit         BIGINT,
    delivery     TEXT,
    hostname     TEXT,
    hostname_key TEXT,
    role         TEXT,
    pool         TEXT,
    owner        TEXT,
    image        TEXT,
    rule         TEXT,
    note         TEXT,
    type         TEXT,
    vendor       TEXT,
    product      TEXT,
    serial       TEXT,
    uuid         TEXT,
    bmc          TEXT,
    power        TEXT,
    light        TEXT,
    cores        BIGINT,
    memory       BIGINT,
    disks        BIGINT,
    platform     TEXT,
    arch         TEXT,
    cpu          TEXT
);
CREATE INDEX facets_order ON facets (name_key, machine);
CREATE INDEX facets_name ON facets (name);
CREATE INDEX facets_status ON facets (status, site);
CREATE INDEX facets_role ON facets (role, site);
CREATE INDEX facets_rack ON facets (rack);
CREATE INDEX facets_pool ON facets (pool);
CREATE INDEX facets_owner ON facets (owner);
CREATE INDEX facets_delivery ON facets (delivery);
CREATE INDEX facets_hostname ON facets (hostname);
CREATE INDEX facets_serial ON facets (serial);

-- The fields that have several values. origin says what they are read from.
CREATE TABLE facet_values (
    machine TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    origin  TEXT NOT NULL,
    field   TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (machine, origin, field, value)
);
CREATE INDEX facet_values_value ON facet_values (field, value, machine);

-- The words by which a search finds a machine.
CREATE TABLE terms (
    machine TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    origin  TEXT NOT NULL,
    term    TEXT NOT NULL,
    PRIMARY KEY (machine, origin, term)
);
CREATE INDEX terms_term ON terms (term, machine);

-- One row a unit and face that a machine fills.
CREATE TABLE places (
    rack    TEXT NOT NULL,
    face    TEXT NOT NULL,
    unit    BIGINT NOT NULL,
    machine TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    PRIMARY KEY (rack, face, unit)
);
CREATE INDEX places_machine ON places (machine);

-- A port of a switch takes one cable.
ALTER TABLE nics ADD COLUMN switch TEXT;
ALTER TABLE nics ADD COLUMN port TEXT;
CREATE UNIQUE INDEX nics_port ON nics (switch, port);

-- Sites, rooms, racks, hardware types, teams, services, roles, pools, gates.
CREATE TABLE plan (
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    version BIGINT NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);

-- What asks for a person. subject is a machine's id, or another thing's name.
CREATE TABLE issues (
    subject TEXT NOT NULL,
    kind    TEXT NOT NULL,
    machine TEXT NOT NULL,
    since   TIMESTAMP NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (subject, kind)
);
CREATE INDEX issues_machine ON issues (machine);
CREATE INDEX issues_kind ON issues (kind);

-- Host names that were given back and are not given again before a time.
CREATE TABLE names (
    name    TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    until   TIMESTAMP NOT NULL
);

CREATE TABLE deliveries (
    name       TEXT PRIMARY KEY,
    created_at TIMESTAMP NOT NULL,
    version    BIGINT NOT NULL,
    record     TEXT NOT NULL
);

-- What a request with an idempotency key was answered with.
CREATE TABLE replies (
    who    TEXT NOT NULL,
    key    TEXT NOT NULL,
    at     TIMESTAMP NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (who, key)
);
CREATE INDEX replies_at ON replies (at);

-- What a machine waits for at a gate.
CREATE TABLE waits (
    machine TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    gate    TEXT NOT NULL,
    since   TIMESTAMP NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (machine, gate)
);

-- +goose Down
DROP TABLE waits; DROP TABLE replies; DROP TABLE deliveries; DROP TABLE names; DROP TABLE issues; DROP TABLE plan;
DROP INDEX nics_port; ALTER TABLE nics DROP COLUMN port; ALTER TABLE nics DROP COLUMN switch;
DROP TABLE places; DROP TABLE terms; DROP TABLE facet_values; DROP TABLE facets; DROP TABLE facts;
