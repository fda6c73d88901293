-- +goose Up
-- A page of the machines that have a role, or a status, at a site is read from
-- the index in its order, and no other row of them: without the columns of the
-- order every page sorts all.
DROP INDEX facets_role;
DROP INDEX facets_status;
CREATE INDEX facets_role ON facets (role, site, name_key, machine);
CREATE INDEX facets_status ON facets (status, site, name_key, machine);

-- +goose Down
DROP INDEX facets_role;
DROP INDEX facets_status;
CREATE INDEX facets_role ON facets (role, site);
CREATE INDEX facets_status ON facets (status, site);
