//! Uploads become pictures of the catalog, or are refused for a reason.

#[cfg(test)]
mod support;

#[cfg(test)]
mod ingest {

    use std::sync::atomic::Ordering;

    use crate::support::{self, Service};
    use base64::Engine as _;
    use bytes::Bytes;
    use futures_util::TryStreamExt as _;
    use lenslet::format::Format;
    use lenslet::geometry::Size;
    use lenslet::picture::Channels;
    use lenslet::picture::Picture;
    use lenslet::picture::encode::{Encoding, encode};
    use lenslet::picture::probe::Header;
    use lenslet_origin::catalog::images::{self, Image};
    use lenslet_origin::catalog::jobs::{self, JobKind, NewJob};
    use lenslet_origin::catalog::new_id;
    use lenslet_origin::catalog::uploads::{self, Method, State, Upload};
    use lenslet_origin::values;
    use lenslet_origin::work::work_off;
    use serde_json::{Value, json};
    use sha2::{Digest as _, Sha256};

    const PRESETS: &[(&str, &str)] = &[
        (
            "PRESETS",
            r#"{"thumb":"width=16,height=16,fit=cover","small":"width=30,format=jpeg","marked":"width=40,mark=pictures/acme/mark.png,mark.width=8"}"#,
        ),
        ("VARIANTS", r#"["thumb","small","marked"]"#),
    ];

    /// A picture with something to see: squares of two colours, of which `seed` decides.
    fn picture(width: u32, height: u32, seed: u32) -> Picture {
        let mut samples = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (column, row) = (x * 8 / width, y * 8 / height);
                let is_dark = (column * 5 + row * 3 + seed).wrapping_mul(2_654_435_761) >> 30 & 1 == 0;
                samples.extend(if is_dark { [20, 40, 160] } else { [240, 230, 60] });
            }
        }
        Picture::new(Size::new(width, height), Channels::Rgb, samples).unwrap()
    }

    fn file(format: Format, width: u32, height: u32, seed: u32) -> Vec<u8> {
        encode(&picture(width, height, seed), Encoding::new(format, 85)).unwrap()
    }

    /// As the catalog counts.
    fn length(bytes: &[u8]) -> i64 {
        i64::try_from(bytes.len()).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        format!("{:x}", Sha256::digest(bytes))
    }

    /// An upload as it is once its bytes are there.
    fn upload(name: &str, bytes: &[u8], media_type: &str) -> Upload {
        let id = new_id();
        Upload {
            staging_key: format!("uploads/{id}"),
            id,
            tenant: "acme".to_owned(),
            name: name.to_owned(),
            size_bytes: length(bytes),
            media_type: media_type.to_owned(),
            sha256: Some(hex(bytes)),
            title: None,
            caption: None,
            tags: Vec::new(),
            method: Method::Put,
            state: State::Received,
            etag: None,
            multipart_id: None,
            part_bytes: None,
            idempotency_key: None,
            request_sha256: None,
            problem: None,
            detail: None,
            image_id: None,
            image_version: None,
            created_by: "token:tester".to_owned(),
            created_ms: support::START_MS,
            updated_ms: support::START_MS,
            expires_ms: support::START_MS + 3_600_000,
        }
    }

    /// The same, found where it will stay.
    fn found(name: &str, bytes: &[u8]) -> Upload {
        let staging_key = format!("pictures/acme/{name}");
        Upload {
            staging_key,
            sha256: None,
            method: Method::Bucket,
            ..upload(name, bytes, "application/octet-stream")
        }
    }

    /// Puts object and row there, with the job.
    async fn send(service: &Service, upload: &Upload, bytes: &[u8]) {
        let state = &service.state;
        state
            .objects
            .put(&upload.staging_key, Bytes::copy_from_slice(bytes), &upload.media_type)
            .await
            .unwrap();
        let mut tx = state.db.begin().await.unwrap();
        assert!(uploads::add(&mut tx, upload).await.unwrap());
        uploads::enqueue(&mut tx, upload, service.now_ms.load(Ordering::SeqCst)).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Sends it and has it worked off; what became of it.
    async fn take_in(service: &Service, upload: &Upload, bytes: &[u8]) -> Upload {
        send(service, upload, bytes).await;
        work_off(&service.state).await.unwrap();
        uploads::find(&service.state.db, &upload.id).await.unwrap().unwrap()
    }

    async fn image(service: &Service, upload: &Upload) -> Image {
        let upload = uploads::find(&service.state.db, &upload.id).await.unwrap().unwrap();
        assert_eq!((upload.state, upload.detail), (State::Ready, None));
        images::find(&service.state.db, "acme", &upload.image_id.unwrap()).await.unwrap().unwrap()
    }

    async fn keys(service: &Service, folder: &str) -> Vec<String> {
        let mut all: Vec<_> =
            service.state.objects.list(folder).map_ok(|object| object.key).try_collect().await.unwrap();
        all.sort();
        all
    }

    /// Kind and data of every event, the oldest first.
    async fn events(service: &Service) -> Vec<(String, Value)> {
        let rows = service.state.db.all("SELECT kind, data FROM events ORDER BY id", &[]).await.unwrap();
        let read = |text: String| serde_json::from_str(&text).unwrap();
        rows.iter().map(|row| (row.get("kind").unwrap(), read(row.get("data").unwrap()))).collect()
    }

    async fn count(service: &Service, sql: &str) -> i64 {
        service.state.db.first(sql, &[]).await.unwrap().unwrap().get("n").unwrap()
    }

    /// An EXIF block in the place where JPEGs have it.
    fn with_exif(jpeg: &[u8], tiff: &[u8]) -> Vec<u8> {
        let length = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
        [&jpeg[..2], b"\xFF\xE1", &length, b"Exif\0\0", tiff, &jpeg[2..]].concat()
    }

    /// A field of a directory: its tag, its type, how many, and its bytes.
    type Entry = (u16, u16, u32, Vec<u8>);

    /// A TIFF directory that begins at `at`, what is longer than four bytes behind it.
    fn directory(at: usize, entries: &[Entry]) -> Vec<u8> {
        let mut head = u16::try_from(entries.len()).unwrap().to_be_bytes().to_vec();
        let mut tail = Vec::new();
        let behind = at + 2 + entries.len() * 12 + 4;
        for (tag, kind, many, bytes) in entries {
            head.extend(tag.to_be_bytes());
            head.extend(kind.to_be_bytes());
            head.extend(many.to_be_bytes());
            if bytes.len() <= 4 {
                head.extend(bytes.iter().copied().chain([0; 4]).take(4));
            } else {
                head.extend(u32::try_from(behind + tail.len()).unwrap().to_be_bytes());
                tail.extend(bytes);
            }
        }
        head.extend([0; 4]);
        [head, tail].concat()
    }

    fn ascii(tag: u16, text: &str) -> Entry {
        (tag, 2, u32::try_from(text.len() + 1).unwrap(), [text.as_bytes(), b"\0"].concat())
    }

    fn rationals(tag: u16, parts: &[(u32, u32)]) -> Entry {
        let bytes =
            parts.iter().flat_map(|(up, down)| [up.to_be_bytes(), down.to_be_bytes()].concat()).collect();
        (tag, 5, u32::try_from(parts.len()).unwrap(), bytes)
    }

    /// What a camera writes: itself, when, where and whose.
    fn camera_tiff() -> Vec<u8> {
        let long = |tag, at: usize| (tag, 4, 1, u32::try_from(at).unwrap().to_be_bytes().to_vec());
        let exif = vec![
            rationals(0x829A, &[(1, 250)]),
            (0x8827, 3, 1, vec![1, 144]),
            ascii(0x9003, "2024:05:06 14:00:00"),
            ascii(0x9011, "+02:00"),
            rationals(0x920A, &[(35, 1)]),
            ascii(0xA430, "Ann Owner"),
            ascii(0xA431, "SN-0042"),
            ascii(0xA434, "EF 35mm f/2"),
        ];
        let gps = vec![
            ascii(1, "N"),
            rationals(2, &[(48, 1), (23, 1), (30, 1)]),
            ascii(3, "W"),
            rationals(4, &[(4, 1), (29, 1), (0, 1)]),
        ];
        let first = |exif_at, gps_at| {
            let entries = [
                ascii(0x010F, "Canon"),
                ascii(0x0110, "Canon EOS R5"),
                (0x0112, 3, 1, vec![0, 6]),
                ascii(0x8298, "© nobody"),
                long(0x8769, exif_at),
                long(0x8825, gps_at),
            ];
            directory(8, &entries)
        };
        let exif_at = 8 + first(0, 0).len();
        let exif = directory(exif_at, &exif);
        let gps_at = exif_at + exif.len();
        [b"MM\0*\0\0\0\x08", &first(exif_at, gps_at)[..], &exif, &directory(gps_at, &gps)].concat()
    }

    #[tokio::test]
    async fn a_picture_is_published_with_all_that_is_known_of_it() {
        let service = Service::with(PRESETS).await;
        let mark = file(Format::Png, 8, 8, 1);
        take_in(&service, &upload("mark.png", &mark, "image/png"), &mark).await;
        let bytes = file(Format::Jpeg, 120, 80, 3);
        let sent = Upload {
            title: Some("Squares".to_owned()),
            tags: vec!["blue".to_owned()],
            ..upload("a/b.jpg", &bytes, "image/jpeg")
        };
        let done = take_in(&service, &sent, &bytes).await;
        let image = image(&service, &done).await;
        assert_eq!((image.name.as_str(), image.version, image.format.as_str()), ("a/b.jpg", 1, "jpeg"));
        assert_eq!((image.width, image.height, image.size_bytes), (120, 80, length(&bytes)));
        assert_eq!(
            (&image.sha256, image.title.as_deref(), &image.tags),
            (&hex(&bytes), Some("Squares"), &vec!["blue".to_owned()])
        );
        let shares: f64 = image.colours.palette.iter().map(|shade| shade.share).sum();
        assert!((2..=6).contains(&image.colours.palette.len()) && shares > 0.98, "{:?}", image.colours);
        assert_eq!(image.colours.dominant, image.colours.palette[0].colour);
        assert!(image.phash.is_some() && image.thumbhash.is_some());

        let stored = service.state.objects.head("pictures/acme/a/b.jpg").await.unwrap().unwrap();
        assert_eq!((stored.size_bytes, &stored.etag), (bytes.len() as u64, &image.etag));
        let seen: Vec<_> = image
            .variants
            .iter()
            .map(|it| (it.preset.as_str(), it.media_type.as_str(), it.width, it.height))
            .collect();
        assert_eq!(
            seen,
            [
                ("thumb", "image/webp", 16, 16),
                ("small", "image/jpeg", 30, 20),
                ("marked", "image/webp", 40, 27)
            ]
        );
        for variant in &image.variants {
            let bytes = service.state.objects.get(&variant.object_key, 1 << 20).await.unwrap().unwrap();
            let header = Header::read(&bytes).unwrap();
            assert_eq!(
                (i64::from(header.size.width), i64::from(header.size.height)),
                (variant.width, variant.height)
            );
            assert_eq!(
                (length(&bytes), header.format.mime()),
                (variant.size_bytes, variant.media_type.as_str())
            );
        }
        assert_eq!(keys(&service, "uploads").await, Vec::<String>::new());
        let (kind, data) = events(&service).await.pop().unwrap();
        assert_eq!(kind, "image.created");
        assert_eq!(
            data,
            json!({ "id": image.id, "name": "a/b.jpg", "version": 1, "media_type": "image/jpeg", "width": 120,
            "height": 80, "sha256": image.sha256, "key": "pictures/acme/a/b.jpg" })
        );
        let used = "SELECT used_bytes AS n FROM tenants WHERE name = 'acme'";
        assert_eq!(count(&service, used).await, length(&bytes) + length(&mark));
    }

    #[tokio::test]
    async fn what_is_no_such_picture_is_refused_and_removed() {
        let service = Service::with(&[("MAX_UPLOAD_BYTES", "60000")]).await;
        let png = file(Format::Png, 40, 30, 5);
        let jpeg = file(Format::Jpeg, 40, 30, 5);
        let webp = file(Format::Webp, 40, 30, 5);
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let mut flipped = png.clone();
        let middle = png.len() / 2;
        flipped[middle] ^= 0x55;
        let refused: [(&str, &str, Vec<u8>, &str); 9] = [
            ("text", "image/png", b"hello".to_vec(), "not-a-picture"),
            ("empty", "image/png", Vec::new(), "not-a-picture"),
            ("other", "image/png", jpeg.clone(), "media-type"),
            ("avif", "image/avif", b"\0\0\0\x1cftypavif0000".to_vec(), "media-type"),
            ("flipped", "image/png", flipped, "broken"),
            ("bomb", "image/png", bomb, "too-large"),
            ("long", "image/png", [png.clone(), vec![0; 60_000]].concat(), "too-large"),
            (
                "script",
                "image/svg+xml",
                b"<!DOCTYPE svg><svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
                "broken",
            ),
            ("webp", "image/webp", webp[..webp.len() - 1].to_vec(), "broken"),
        ];
        for (name, media_type, bytes, problem) in &refused {
            let done = take_in(&service, &upload(name, bytes, media_type), bytes).await;
            assert_eq!(
                (done.state, done.problem.as_deref()),
                (State::Rejected, Some(*problem)),
                "{name}: {:?}",
                done.detail
            );
            let (kind, data) = events(&service).await.pop().unwrap();
            assert_eq!(
                (kind.as_str(), &data["problem"], &data["id"]),
                ("upload.rejected", &json!(problem), &json!(done.id))
            );
        }
        let lie = Upload { sha256: Some(hex(b"other")), ..upload("lie", &png, "image/png") };
        assert_eq!(take_in(&service, &lie, &png).await.problem.as_deref(), Some("checksum"));
        let short = Upload { size_bytes: 3, ..upload("short", &png, "image/png") };
        assert_eq!(take_in(&service, &short, &png).await.problem.as_deref(), Some("checksum"));
        for folder in ["uploads", "pictures", "renditions"] {
            assert_eq!(keys(&service, folder).await, Vec::<String>::new());
        }
        assert_eq!(count(&service, "SELECT COUNT(*) AS n FROM images").await, 0);
        assert_eq!(
            count(&service, "SELECT COUNT(*) AS n FROM jobs WHERE state = 'dead' AND kind = 'ingest'").await,
            0
        );
    }

    #[tokio::test]
    async fn every_cut_of_every_format_is_refused() {
        let service = Service::start().await;
        for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Gif] {
            let whole = file(format, 64, 48, 7);
            for percent in 0..100 {
                let cut = &whole[..whole.len() * percent / 100];
                let done = take_in(&service, &upload(&format!("{percent}"), cut, format.mime()), cut).await;
                assert_eq!(done.state, State::Rejected, "{format:?} cut at {percent} %");
            }
            let done = take_in(&service, &upload(format.name(), &whole, format.mime()), &whole).await;
            assert_eq!(done.state, State::Ready, "{format:?}: {:?}", done.detail);
        }
    }

    #[tokio::test]
    async fn an_overwritten_picture_keeps_its_name_and_loses_its_old_variants() {
        let service = Service::with(PRESETS).await;
        let (first, second) = (file(Format::Png, 60, 40, 1), file(Format::Jpeg, 50, 50, 2));
        let old = take_in(&service, &upload("same", &first, "image/png"), &first).await;
        let old = image(&service, &old).await;
        service.pass_seconds(5);
        let new = take_in(&service, &upload("same", &second, "image/jpeg"), &second).await;
        let new = image(&service, &new).await;
        assert_eq!(
            (&new.id, new.version, new.created_ms, new.updated_ms),
            (&old.id, 2, old.created_ms, old.created_ms + 5_000)
        );
        assert_eq!((new.format.as_str(), new.width, &new.sha256), ("jpeg", 50, &hex(&second)));
        let stored = service.state.objects.get("pictures/acme/same", 1 << 20).await.unwrap().unwrap();
        assert_eq!(stored, second);
        let expected: Vec<String> = new.variants.iter().map(|variant| variant.object_key.clone()).collect();
        let mut sorted = expected.clone();
        sorted.sort();
        assert_eq!(keys(&service, "renditions").await, sorted);
        assert_eq!(events(&service).await.pop().unwrap().0, "image.replaced");
        let used = "SELECT used_bytes * 1000 + used_images AS n FROM tenants WHERE name = 'acme'";
        assert_eq!(count(&service, used).await, length(&second) * 1_000 + 1);
    }

    #[tokio::test]
    async fn a_job_that_died_anywhere_leads_to_the_same() {
        for (copied, rendered) in [(false, false), (true, false), (true, true)] {
            let service = Service::with(PRESETS).await;
            let bytes = file(Format::Png, 60, 40, 1);
            let sent = upload("dead", &bytes, "image/png");
            send(&service, &sent, &bytes).await;
            // Whoever had it got so far, and was never heard of again.
            let job = jobs::claim(&service.state.db, "gone", jobs::Crew::All, None, support::START_MS, 1_000)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(job.kind, JobKind::Ingest);
            let mut tx = service.state.db.begin().await.unwrap();
            let step = if rendered {
                "rendered"
            } else if copied {
                "stored"
            } else {
                "verified"
            };
            assert!(jobs::advance(&mut tx, &job, step, support::START_MS).await.unwrap());
            tx.commit().await.unwrap();
            if copied {
                assert!(service.state.objects.copy(&sent.staging_key, "pictures/acme/dead").await.unwrap());
            }
            if rendered {
                let key = format!("renditions/acme/{}/1/thumb.webp", sent.id);
                service
                    .state
                    .objects
                    .put(&key, Bytes::from_static(b"half of it"), "image/webp")
                    .await
                    .unwrap();
            }
            assert_eq!(work_off(&service.state).await.unwrap(), 0, "it is not due yet");
            service.pass_seconds(2);
            work_off(&service.state).await.unwrap();
            let image = image(&service, &sent).await;
            assert_eq!((image.version, image.variants.len()), (1, 2), "{step}");
            assert_eq!(keys(&service, "renditions").await.len(), 2);
            let thumb =
                service.state.objects.get(&image.variants[0].object_key, 1 << 20).await.unwrap().unwrap();
            assert_eq!(Header::read(&thumb).unwrap().size, Size::new(16, 16));
        }
    }

    #[tokio::test]
    async fn whatever_is_done_twice_is_done_once() {
        let service = Service::with(PRESETS).await;
        let bytes = file(Format::Png, 60, 40, 1);
        let sent = upload("twice", &bytes, "image/png");
        let broken = upload("bad", b"no", "image/png");
        for _ in 0..2 {
            for (upload, bytes) in [(&sent, &bytes[..]), (&broken, b"no")] {
                // As if whoever did it had died before it tidied up.
                service
                    .state
                    .objects
                    .put(&upload.staging_key, Bytes::copy_from_slice(bytes), "image/png")
                    .await
                    .unwrap();
                let mut tx = service.state.db.begin().await.unwrap();
                uploads::add(&mut tx, upload).await.unwrap();
                uploads::enqueue(&mut tx, upload, support::START_MS).await.unwrap();
                uploads::enqueue(&mut tx, upload, support::START_MS).await.unwrap();
                tx.commit().await.unwrap();
                work_off(&service.state).await.unwrap();
            }
        }
        assert_eq!(image(&service, &sent).await.version, 1);
        let kinds: Vec<String> = events(&service).await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["image.created", "upload.rejected"]);
        assert_eq!(keys(&service, "uploads").await, Vec::<String>::new());
        let used = "SELECT used_images AS n FROM tenants WHERE name = 'acme'";
        assert_eq!(count(&service, used).await, 1);
    }

    #[tokio::test]
    async fn jobs_for_index_and_edge_follow_in_the_same_transaction() {
        let service = Service::with(&[PRESETS[0], ("VARIANTS", r#"["thumb"]"#)]).await;
        let bytes = file(Format::Png, 60, 40, 1);
        let sent = upload("n", &bytes, "image/png");
        send(&service, &sent, &bytes).await;
        // A job that is older, of the same subjects, keeps those that follow in the table.
        let mut tx = service.state.db.begin().await.unwrap();
        for subject in [format!("index/{}", sent.id), "edge/pictures/acme/n".to_owned()] {
            let job = NewJob {
                tenant: "acme",
                kind: JobKind::Announce,
                subject: &subject,
                payload: json!({}),
                run_at_ms: i64::MAX,
            };
            jobs::add(&mut tx, &job).await.unwrap();
        }
        tx.commit().await.unwrap();
        work_off(&service.state).await.unwrap();
        let sql = "SELECT kind, payload FROM jobs WHERE run_at_ms < $1 ORDER BY id";
        let rows = service.state.db.all(sql, values![i64::MAX]).await.unwrap();
        let rows: Vec<(String, Value)> = rows
            .iter()
            .map(|row| {
                (
                    row.get("kind").unwrap(),
                    serde_json::from_str(&row.get::<String>("payload").unwrap()).unwrap(),
                )
            })
            .collect();
        let edge = json!({ "purge": { "source": ["pictures/acme/n"] }, "warm": { "source": "pictures/acme/n", "presets": ["thumb"] } });
        assert_eq!(rows, [("index".to_owned(), json!({ "image": sent.id })), ("edge".to_owned(), edge)]);
    }

    #[tokio::test]
    async fn what_was_found_in_the_bucket_stays_there() {
        let service = Service::start().await;
        let bytes = file(Format::Webp, 30, 20, 9);
        let done = take_in(&service, &found("here.webp", &bytes), &bytes).await;
        let image = image(&service, &done).await;
        assert_eq!((image.object_key.as_str(), &image.sha256), ("pictures/acme/here.webp", &hex(&bytes)));
        let refused = take_in(&service, &found("notes.txt", b"notes"), b"notes").await;
        assert_eq!(refused.problem.as_deref(), Some("not-a-picture"));
        assert_eq!(keys(&service, "pictures").await, ["pictures/acme/here.webp", "pictures/acme/notes.txt"]);
        // And what is gone again before anybody looked is no picture.
        let gone = found("gone.png", b"");
        send(&service, &gone, b"").await;
        service.state.objects.delete(&gone.staging_key).await.unwrap();
        work_off(&service.state).await.unwrap();
        let gone = uploads::find(&service.state.db, &gone.id).await.unwrap().unwrap();
        assert_eq!(gone.problem.as_deref(), Some("missing"));
    }

    #[tokio::test]
    async fn the_same_bytes_and_the_same_looks_are_duplicates() {
        let service = Service::start().await;
        let png = file(Format::Png, 64, 48, 4);
        let first = take_in(&service, &upload("one", &png, "image/png"), &png).await;
        let first = image(&service, &first).await;
        service.pass_seconds(1);
        let webp = file(Format::Webp, 64, 48, 4);
        let other = file(Format::Png, 64, 48, 11);
        for (name, bytes, media_type, twin) in [
            ("two", &png, "image/png", Some(first.id.clone())),
            ("three", &webp, "image/webp", Some(first.id.clone())),
            ("four", &other, "image/png", None),
        ] {
            let done = take_in(&service, &upload(name, bytes, media_type), bytes).await;
            assert_eq!(image(&service, &done).await.duplicate_of, twin, "{name}");
        }
        assert_eq!(first.duplicate_of, None);
    }

    #[tokio::test]
    async fn where_and_by_whom_it_was_taken_is_private() {
        let service = Service::start().await;
        let bytes = with_exif(&file(Format::Jpeg, 60, 40, 1), &camera_tiff());
        let done = take_in(&service, &upload("camera.jpg", &bytes, "image/jpeg"), &bytes).await;
        let image = image(&service, &done).await;
        assert_eq!((image.width, image.height), (40, 60), "upright");
        assert_eq!(image.taken_ms, Some(1_714_996_800_000));
        assert_eq!(
            (image.camera.as_deref(), image.lens.as_deref()),
            (Some("Canon EOS R5"), Some("EF 35mm f/2"))
        );
        assert_eq!(
            image.metadata,
            json!({ "copyright": "© nobody", "exposure_seconds": 0.004, "focal_length_mm": 35.0, "iso": 400.0 })
        );
        assert_eq!(
            image.private,
            json!({ "camera_serial_number": "SN-0042", "owner": "Ann Owner",
            "gps": { "latitude": 48.391_666_7, "longitude": -4.483_333_3 } })
        );
        let told = format!("{:?} {:?}", events(&service).await, Image { private: Value::Null, ..image });
        for secret in ["48.39", "SN-0042", "Ann Owner"] {
            assert!(!told.contains(secret), "{secret}");
        }
    }

    #[tokio::test]
    async fn hostile_metadata_says_nothing_and_does_no_harm() {
        let service = Service::start().await;
        let jpeg = file(Format::Jpeg, 60, 40, 1);
        let tiff = camera_tiff();
        for seed in 0..60_usize {
            let mut broken = tiff.clone();
            for step in 0..8 {
                let at = (seed * 131 + step * 37) % broken.len();
                broken[at] = broken[at].wrapping_add((seed * 7 + step * 29).to_le_bytes()[0]);
            }
            let bytes = with_exif(&jpeg, &broken);
            let done = take_in(&service, &upload("hostile.jpg", &bytes, "image/jpeg"), &bytes).await;
            assert_eq!(done.state, State::Ready, "{seed}: {:?}", done.detail);
        }
    }

    #[tokio::test]
    async fn drawings_are_stored_without_their_scripts() {
        let service = Service::with(PRESETS).await;
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30' onload='x()'><script>x()</script><rect/></svg>";
        let done = take_in(&service, &upload("a.svg", svg, "image/svg+xml"), svg).await;
        let drawn = image(&service, &done).await;
        let stored = service.state.objects.get("pictures/acme/a.svg", 1 << 20).await.unwrap().unwrap();
        let text = String::from_utf8(stored.to_vec()).unwrap();
        assert!(text.contains("<rect") && !text.contains("x()"), "{text}");
        assert_eq!(
            (drawn.format.as_str(), drawn.width, drawn.height, &drawn.sha256),
            ("svg", 40, 30, &hex(&stored))
        );
        assert_eq!((drawn.size_bytes, drawn.variants.len(), drawn.phash), (length(&stored), 0, None));
        let done = take_in(&service, &found("b.svg", svg), svg).await;
        let drawn = image(&service, &done).await;
        let stored = service.state.objects.get("pictures/acme/b.svg", 1 << 20).await.unwrap().unwrap();
        assert_eq!((stored.as_ref(), &drawn.sha256), (text.as_bytes(), &hex(&stored)));
    }

    #[tokio::test]
    async fn the_smallest_picture_is_one() {
        let service = Service::with(PRESETS).await;
        let bytes = file(Format::Png, 1, 1, 1);
        let done = take_in(&service, &upload("dot", &bytes, "image/png"), &bytes).await;
        let image = image(&service, &done).await;
        assert_eq!((image.phash, image.colours.palette.len()), (None, 1));
        let hash = base64::prelude::BASE64_STANDARD.decode(image.thumbhash.unwrap()).unwrap();
        assert!(!hash.is_empty());
    }

    #[tokio::test]
    async fn photographs_of_the_corpus_are_upright_and_look_alike() {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/exif-orientation");
        if !folder.is_dir() {
            return note("not run: there is no folder shared/corpus/exif-orientation beside the project");
        }
        let service = Service::start().await;
        let mut hashes = Vec::new();
        for number in 1..=8 {
            let name = format!("Landscape_{number}.jpg");
            let bytes = std::fs::read(folder.join(&name)).unwrap();
            let done = take_in(&service, &upload(&name, &bytes, "image/jpeg"), &bytes).await;
            let image = image(&service, &done).await;
            assert_eq!((image.width, image.height), (1_800, 1_200), "{name}");
            hashes.push(image.phash.unwrap());
        }
        let apart: Vec<u32> = hashes.iter().map(|hash| (hash ^ hashes[0]).count_ones()).collect();
        assert!(apart.iter().all(|bits| *bits <= 6), "one picture, however it is stored: {apart:?}");
    }

    /// Says something that the summary of all tests should say, too.
    fn note(text: &str) {
        use std::io::Write as _;

        println!("{text}");
        let Ok(path) = std::env::var("LENSLET_NOTES") else { return };
        if let Ok(mut notes) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
            let _ = writeln!(notes, "{text}");
        }
    }
}
