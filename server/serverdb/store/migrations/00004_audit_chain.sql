-- +goose Up
-- Who, in parts, so that the audit can be asked; and the chain: the hash of each
-- row covers the hash of the row before it.
ALTER TABLE audit ADD COLUMN token   TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN note    TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN hash    TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_target ON audit (target, id);
CREATE INDEX audit_at ON audit (at);

-- +goose Down
DROP INDEX audit_who; DROP INDEX audit_target; DROP INDEX audit_at;
ALTER TABLE audit DROP COLUMN token; ALTER TABLE audit DROP COLUMN address;
ALTER TABLE audit DROP COLUMN note; ALTER TABLE audit DROP COLUMN hash;
