-- The index: what is searched, beside the catalog and in its transactions. All of it can be made anew from `images`.

-- One row for each picture that may be found. `doc` grows with the time at which a picture first came in.
CREATE TABLE search_docs (
  doc INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  image TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
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
  facts TEXT NOT NULL
);
CREATE INDEX search_docs_newest ON search_docs (tenant, doc);
CREATE INDEX search_docs_by_name ON search_docs (tenant, name, doc);
CREATE INDEX search_docs_by_taken ON search_docs (tenant, taken_ms, doc);
CREATE INDEX search_docs_by_size ON search_docs (tenant, size_bytes, doc);

-- Every term begins with six letters that stand for its tenant, so prefixes of one to three letters have seven to nine.
CREATE VIRTUAL TABLE search_text USING fts5 (
  words, facts, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0', prefix='7 8 9');

-- In how many pictures of a tenant a term is.
CREATE TABLE search_terms (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  term TEXT NOT NULL,
  docs BIGINT NOT NULL,
  UNIQUE (tenant, term)
);
-- Trigrams of those that somebody may mistype. Spaces make the first and the last letters count, as pg_trgm has it.
CREATE VIRTUAL TABLE search_near USING fts5 (term, content='', contentless_delete=1, tokenize='trigram');
CREATE TRIGGER search_terms_added AFTER INSERT ON search_terms WHEN length(new.term) BETWEEN 3 AND 40 AND unicode(new.term) <> 57344
  BEGIN INSERT INTO search_near (rowid, term) VALUES (new.id, '  ' || new.term || ' '); END;
CREATE TRIGGER search_terms_removed AFTER DELETE ON search_terms
  BEGIN DELETE FROM search_near WHERE rowid = old.id; END;

-- Quarters of perceptual hashes: 65536 times which one, plus its bits.
CREATE TABLE search_hashes (
  tenant TEXT NOT NULL,
  quarter BIGINT NOT NULL,
  doc BIGINT NOT NULL,
  PRIMARY KEY (tenant, quarter, doc)
) WITHOUT ROWID;
CREATE INDEX search_hashes_by_doc ON search_hashes (doc);
CREATE INDEX images_deleted ON images (tenant, deleted_ms, id) WHERE deleted_ms IS NOT NULL;
