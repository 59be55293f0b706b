-- The index: what is searched, beside the catalog and in its transactions. All of it can be made anew from `images`.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- One row for each picture that may be found. `doc` grows with the time at which a picture first came in.
CREATE TABLE search_docs (
  doc BIGINT PRIMARY KEY,
  tenant TEXT NOT NULL,
  image TEXT NOT NULL UNIQUE,
  -- By its bytes, as SQLite compares.
  name TEXT COLLATE "C" NOT NULL,
  format TEXT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  -- Long ago where nobody knows, so that it sorts last.
  taken_ms BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  camera TEXT,
  tags TEXT NOT NULL,
  -- The palette in Oklab: l a b share, separated by spaces, for each colour.
  colours TEXT NOT NULL,
  phash BIGINT,
  -- Folded words, a line for each field: name, title, caption, tags, camera.
  words TEXT NOT NULL,
  -- What it can be filtered by, as terms.
  facts TEXT NOT NULL,
  -- Both, each term behind six letters that stand for its tenant.
  terms tsvector NOT NULL,
  pairs int4[] NOT NULL
);
CREATE INDEX search_docs_newest ON search_docs (tenant, doc);
CREATE INDEX search_docs_by_name ON search_docs (tenant, name, doc);
CREATE INDEX search_docs_by_taken ON search_docs (tenant, taken_ms, doc);
CREATE INDEX search_docs_by_size ON search_docs (tenant, size_bytes, doc);
CREATE INDEX search_docs_by_terms ON search_docs USING gin (terms);
-- Words that stand beside each other, as hashes: of a phrase of common words, the index over terms finds every picture that
-- has both, and each of them has to be read.
CREATE INDEX search_docs_by_pairs ON search_docs USING gin (pairs);

-- In how many pictures of a tenant a term is.
CREATE TABLE search_terms (
  tenant TEXT NOT NULL,
  term TEXT COLLATE "C" NOT NULL,
  docs BIGINT NOT NULL,
  PRIMARY KEY (tenant, term)
) WITH (fillfactor = 70);
-- Trigrams of those that somebody may mistype.
CREATE INDEX search_terms_near ON search_terms USING gin (term gin_trgm_ops)
  WHERE length(term) BETWEEN 3 AND 40 AND ascii(term) <> 57344;

-- Quarters of perceptual hashes: 65536 times which one, plus its bits.
CREATE TABLE search_hashes (
  tenant TEXT NOT NULL,
  quarter BIGINT NOT NULL,
  doc BIGINT NOT NULL,
  PRIMARY KEY (tenant, quarter, doc)
);
CREATE INDEX search_hashes_by_doc ON search_hashes (doc);
CREATE INDEX images_deleted ON images (tenant, deleted_ms, id) WHERE deleted_ms IS NOT NULL;
