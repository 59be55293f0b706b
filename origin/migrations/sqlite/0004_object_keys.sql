-- In the order of bytes, which is that of the bucket's listing.
CREATE INDEX images_by_object_key ON images (object_key);
CREATE INDEX uploads_by_multipart_id ON uploads (multipart_id);
