-- The catalog. Written in what SQLite and PostgreSQL have in common: times are milliseconds since 1970 (UTC), lists and
-- objects are JSON as text, flags are 0 and 1. Everything belongs to a tenant.

-- What a tenant may have, and has. A limit that is NULL is the one of the configuration.
CREATE TABLE tenants (
  name TEXT PRIMARY KEY,
  max_bytes BIGINT,
  max_images BIGINT,
  used_bytes BIGINT NOT NULL DEFAULT 0,
  used_images BIGINT NOT NULL DEFAULT 0
);

-- What somebody said they would send, and what became of it.
-- state: pending → received → ready | rejected; pending → expired.
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  size_bytes BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  -- In hexadecimal; NULL where nobody said it (objects that arrived in the bucket).
  sha256 TEXT,
  title TEXT,
  caption TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  -- How it comes: put (presigned), multipart (presigned parts), direct (through us), bucket (found there).
  method TEXT NOT NULL,
  state TEXT NOT NULL,
  -- Where its bytes wait until they were looked at.
  staging_key TEXT NOT NULL,
  -- Of what was found in the bucket, so that what was refused is not looked at again.
  etag TEXT,
  multipart_id TEXT,
  part_bytes BIGINT,
  idempotency_key TEXT,
  -- Of the request that began it: the same key with another request is a mistake.
  request_sha256 TEXT,
  problem TEXT,
  detail TEXT,
  image_id TEXT,
  image_version BIGINT,
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  UNIQUE (tenant, idempotency_key)
);
CREATE INDEX uploads_by_state ON uploads (state, expires_ms);
CREATE INDEX uploads_by_name ON uploads (tenant, name);
CREATE INDEX uploads_by_tenant ON uploads (tenant, id);
CREATE INDEX uploads_by_staging_key ON uploads (staging_key);

CREATE TABLE images (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  -- Counts the files that had this name, from 1.
  version BIGINT NOT NULL,
  object_key TEXT NOT NULL,
  etag TEXT NOT NULL,
  size_bytes BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  -- As a format option names it: jpeg, png, webp, gif, svg.
  format TEXT NOT NULL,
  media_type TEXT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  title TEXT,
  caption TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  -- What of the file's metadata everybody who may read the catalog may know …
  taken_ms BIGINT,
  camera TEXT,
  lens TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  -- … and what is for those with `images:private` only: where it was taken, serial numbers, owners.
  private TEXT NOT NULL DEFAULT '{}',
  -- {"average": "#rrggbb", "dominant": "#rrggbb", "palette": [{"colour": "#rrggbb", "share": 0.4}, …]}
  colours TEXT NOT NULL DEFAULT '{}',
  -- base64
  thumbhash TEXT,
  -- 64 bits, signed because SQL has no others.
  phash BIGINT,
  duplicate_of TEXT,
  -- [{"preset", "object_key", "media_type", "width", "height", "size_bytes"}, …]
  variants TEXT NOT NULL DEFAULT '[]',
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  deleted_ms BIGINT
);
CREATE UNIQUE INDEX images_by_name ON images (tenant, name) WHERE deleted_ms IS NULL;
CREATE INDEX images_by_deletion ON images (deleted_ms) WHERE deleted_ms IS NOT NULL;
CREATE INDEX images_by_time ON images (tenant, created_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX images_by_hash ON images (tenant, sha256);
CREATE INDEX images_by_looks ON images (tenant, phash);

-- Work that must be done, whoever dies meanwhile. A row goes when its work is done.
-- state: queued → running → (gone) | queued again, later | dead.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  -- Of jobs with the same subject one runs at a time, in the order in which they came.
  subject TEXT NOT NULL,
  payload TEXT NOT NULL,
  -- The last step that was done, where a job has several.
  step TEXT,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  run_at_ms BIGINT NOT NULL,
  -- Whoever runs it must say so again before then.
  lease_until_ms BIGINT,
  worker TEXT,
  error TEXT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);
CREATE INDEX jobs_due ON jobs (state, run_at_ms);
CREATE INDEX jobs_by_subject ON jobs (subject, id);
CREATE INDEX jobs_by_tenant ON jobs (tenant, state, id);

-- What happened, for those who asked to be told. Written in the transaction in which it happened.
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX events_by_time ON events (tenant, id);
CREATE INDEX events_by_age ON events (created_ms);

CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  -- The secret before the last rotation signs, too, until then.
  old_secret TEXT,
  old_secret_until_ms BIGINT,
  -- JSON list of kinds; empty for all.
  kinds TEXT NOT NULL DEFAULT '[]',
  -- NULL while it is active.
  disabled TEXT,
  -- Attempts that failed in a row, since when, and until when it is left alone for it.
  failures BIGINT NOT NULL DEFAULT 0,
  failing_since_ms BIGINT,
  rests_until_ms BIGINT,
  -- Events that were given up in a row.
  given_up BIGINT NOT NULL DEFAULT 0,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);
CREATE INDEX webhooks_by_tenant ON webhooks (tenant, id);

-- Keys of machines. What is kept of a secret is its hash.
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT,
  revoked_ms BIGINT
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, id);

-- Who did what. Rows are only ever added; triggers refuse the rest.
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}',
  request_id TEXT,
  at_ms BIGINT NOT NULL
);
CREATE INDEX audit_by_tenant ON audit (tenant, id);
