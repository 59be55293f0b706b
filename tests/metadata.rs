//! What leaves beside the pixels: every output format, every mode, out of sources that say too much.
#![cfg(not(target_arch = "wasm32"))]

#[cfg(test)]
mod support;

#[cfg(test)]
mod metadata {
    use std::io::Cursor;

    use exif::{Context, Exif, In, Reader, Tag, Value};
    use lenslet::format::Format;
    use lenslet::negotiate::{Accept, Target};
    use lenslet::picture::probe::Header;
    use lenslet::plan::Plan;
    use lenslet::recipe::Recipe;
    use lenslet::render::{SourceFile, render};

    use crate::support::bytes::Dice;
    use crate::support::golden::check_text;
    use crate::support::metadata::{XMP, holds, laden, laden_film, laden_with, tiff};
    use crate::support::pictures::{file, film, sketch, sketch_with_alpha};
    use crate::support::told::{avif_items, told};

    const READ: [Format; 4] = [Format::Jpeg, Format::Png, Format::Webp, Format::Gif];
    const WRITTEN: [&str; 5] = ["jpeg", "png", "webp", "gif", "avif"];

    fn made(source: &[u8], options: &str, is_private_allowed: bool) -> Vec<u8> {
        let recipe = Recipe::parse(options).unwrap();
        let source = SourceFile::read(source.to_vec()).unwrap();
        let target = Target::choose(&recipe, Accept::default());
        let mut plan = Plan::new(&recipe, &source.header, source.file_bytes(), &[], target).unwrap();
        if is_private_allowed {
            plan = plan.with_private_metadata();
        }
        render(&source, &[], &plan).unwrap()
    }

    /// EXIF as somebody else reads it.
    fn exif_of(file: &[u8]) -> Option<Exif> {
        Reader::new().read_from_container(&mut Cursor::new(file)).ok()
    }

    fn text(exif: &Exif, tag: Tag) -> Option<String> {
        match &exif.get_field(tag, In::PRIMARY)?.value {
            Value::Ascii(texts) => Some(texts.iter().map(|text| String::from_utf8_lossy(text)).collect()),
            other => panic!("{tag}: {other:?}"),
        }
    }

    fn number(exif: &Exif, tag: Tag) -> Option<u32> {
        exif.get_field(tag, In::PRIMARY)?.value.get_uint(0)
    }

    fn source(format: Format) -> Vec<u8> {
        laden(&file(&sketch(48, 32), format, 90))
    }

    /// Every output format, still and moving, and in every mode what other readers find in it.
    #[test]
    fn what_leaves_is_what_the_golden_says() {
        const STILL: [&str; 8] =
            ["jpeg", "baseline-jpeg", "webp", "webp,quality=100", "avif", "png", "png,quality=60", "gif"];
        let (still, moving) = (source(Format::Jpeg), laden_film(&film(3)));
        let kinds = STILL
            .map(|format| (format!("format={format}"), &still))
            .into_iter()
            .chain(["webp", "webp,quality=100", "gif"].map(|format| (format!("format={format}"), &moving)));
        let mut lines = Vec::new();
        for (format, source) in kinds {
            let modes = ["none", "copyright", "keep"].map(|mode| (mode, false));
            for (mode, is_private_allowed) in modes.into_iter().chain([("keep", true)]) {
                let file = made(source, &format!("width=24,{format},metadata={mode}"), is_private_allowed);
                let frames = Header::read(&file).ok().and_then(|header| header.animation);
                assert_eq!(frames.map(|said| said.frames), (source == &moving).then_some(3), "{format}");
                let kind = if frames.is_some() { " of several frames" } else { "" };
                let allowed = if is_private_allowed { ", private_metadata" } else { "" };
                lines.push(format!("{format}{kind}, metadata={mode}{allowed}"));
                lines.extend(told(&file).iter().map(|line| format!("  {line}")));
            }
        }
        check_text("metadata", &(lines.join("\n") + "\n"));
    }

    #[test]
    fn nothing_private_leaves_unasked() {
        for read in READ {
            let source = source(read);
            assert!(holds(&source, "SECRET"));
            for format in WRITTEN {
                for mode in ["", ",metadata=copyright", ",metadata=none", ",metadata=keep"] {
                    for more in ["", ",rotate=90", ",width=40,fit=pad"] {
                        let file = made(&source, &format!("height=24,format={format}{mode}{more}"), false);
                        let what = format!("{read:?} as {format}{mode}{more}");
                        assert!(!holds(&file, "SECRET") && !holds(&file, "GPS"), "{what}");
                        let Some(exif) = exif_of(&file) else { continue };
                        let is_private = |tag: Tag| {
                            tag.context() == Context::Gps
                                || [Tag::MakerNote, Tag::BodySerialNumber, Tag::LensSerialNumber]
                                    .contains(&tag)
                        };
                        let private: Vec<_> = exif.fields().filter(|field| is_private(field.tag)).collect();
                        assert!(private.is_empty(), "{what}: {private:?}");
                        assert!(
                            exif.fields().all(|field| field.ifd_num == In::PRIMARY),
                            "{what}: a thumbnail"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn credit_survives_by_default_in_every_format() {
        for read in [Format::Jpeg, Format::Png, Format::Webp] {
            let source = source(read);
            for format in WRITTEN {
                let what = format!("{read:?} as {format}");
                let file = made(&source, &format!("width=24,format={format}"), false);
                assert_eq!(
                    file,
                    made(&source, &format!("width=24,format={format},metadata=copyright"), false)
                );
                assert!(holds(&file, "An agency") && !holds(&file, "A title"), "{what}");
                if format == "gif" {
                    assert!(holds(&file, "<rdf:li>A. Author</rdf:li>"), "{what}");
                    assert!(holds(&file, "(c) A. Author"), "{what}");
                    continue;
                }
                let exif = exif_of(&file).unwrap_or_else(|| panic!("{what}: no EXIF"));
                assert_eq!(text(&exif, Tag::Copyright).unwrap(), "(c) A. Author", "{what}");
                assert_eq!(text(&exif, Tag::Artist).unwrap(), "A. Author", "{what}");
                assert_eq!(exif.fields().len(), 2, "{what}");
            }
        }
    }

    #[test]
    fn none_is_the_file_of_a_source_that_says_nothing() {
        for read in READ {
            // Neither is turned.
            let (plain, tiff) = (file(&sketch(48, 32), read, 90), turned(1));
            let laden = laden_with(&plain, &tiff, XMP.as_bytes());
            for format in WRITTEN {
                let options = format!("width=24,format={format}");
                let bare = made(&plain, &options, false);
                assert_eq!(
                    made(&laden, &format!("{options},metadata=none"), false),
                    bare,
                    "{read:?} {format}"
                );
                assert_eq!(
                    made(&plain, &format!("{options},metadata=keep"), true),
                    bare,
                    "{read:?} {format}"
                );
            }
        }
    }

    /// All that a camera says, with another orientation.
    fn turned(orientation: u8) -> Vec<u8> {
        let mut tiff = tiff();
        let at = tiff.windows(8).position(|entry| entry == b"\x12\x01\x03\0\x01\0\0\0").unwrap() + 8;
        tiff[at] = orientation;
        tiff
    }

    #[test]
    fn keep_keeps_what_is_still_true() {
        for read in [Format::Jpeg, Format::Png, Format::Webp] {
            for format in WRITTEN {
                let what = format!("{read:?} as {format}");
                let file = made(&source(read), &format!("width=24,format={format},metadata=keep"), false);
                assert!(holds(&file, "A title") && holds(&file, "An agency"), "{what}");
                let Some(exif) = exif_of(&file) else {
                    assert_eq!(format, "gif");
                    continue;
                };
                assert_eq!(text(&exif, Tag::Make).unwrap(), "Maker", "{what}");
                assert_eq!(text(&exif, Tag::LensModel).unwrap(), "A lens", "{what}");
                assert_eq!(text(&exif, Tag::DateTimeOriginal).unwrap(), "2026:11:21 03:00:00", "{what}");
                assert_eq!(text(&exif, Tag::Copyright).unwrap(), "(c) A. Author", "{what}");
                // They are true of the new file.
                assert_eq!(number(&exif, Tag::Orientation), Some(1), "{what}");
                assert_eq!(number(&exif, Tag::ColorSpace), Some(1), "{what}");
                assert_eq!(number(&exif, Tag::PixelXDimension), None, "{what}");
                assert_eq!(number(&exif, Tag::ImageWidth), None, "{what}");
                assert!(!holds(&file, "Orientation"), "{what}");
            }
        }
    }

    #[test]
    fn private_metadata_leaves_where_it_was_asked_for_and_may() {
        for read in [Format::Jpeg, Format::Png, Format::Webp] {
            for format in ["jpeg", "png", "webp", "avif"] {
                let what = format!("{read:?} as {format}");
                let options = |mode: &str| format!("width=24,format={format}{mode}");
                let file = made(&source(read), &options(",metadata=keep"), true);
                let exif = exif_of(&file).unwrap();
                assert_eq!(text(&exif, Tag::BodySerialNumber).unwrap(), "SECRET body serial", "{what}");
                let latitude = exif.get_field(Tag::GPSLatitude, In::PRIMARY).unwrap();
                assert_eq!(latitude.display_value().to_string(), "52 deg 31 min 12 sec", "{what}");
                assert!(exif.get_field(Tag::MakerNote, In::PRIMARY).is_some(), "{what}");
                assert!(holds(&file, "SECRET town"), "{what}");
                for never in ["SECRET thumbnail", "SECRET comment", "SECRET history", "SECRET iptc"] {
                    assert!(!holds(&file, never), "{what}: {never}");
                }
                assert_eq!(number(&exif, Tag::Orientation), Some(1), "{what}");
                // The policy allows, it does not ask.
                for mode in ["", ",metadata=none"] {
                    assert!(!holds(&made(&source(read), &options(mode), true), "SECRET"), "{what}{mode}");
                }
            }
        }
    }

    #[test]
    fn files_are_still_what_they_were() {
        let sources =
            [file(&sketch(48, 32), Format::Png, 90), file(&sketch_with_alpha(48, 32), Format::Png, 90)];
        for (plain, format) in sources.iter().flat_map(|plain| WRITTEN.map(|format| (plain, format))) {
            let laden = laden_with(plain, &turned(1), XMP.as_bytes());
            for quality in [60, 100] {
                let options = format!("width=24,format={format},quality={quality},metadata=keep");
                let (file, bare) = (made(&laden, &options, false), made(plain, &options, false));
                assert!(file.len() > bare.len() + 500 && file.len() < bare.len() + 3_000, "{options}");
                if format == "avif" {
                    let found = frame_of(&file);
                    assert_eq!(found, frame_of(&bare), "{options}");
                    continue;
                }
                let decoded = |file: &[u8]| image::load_from_memory(file).unwrap();
                assert_eq!(decoded(&file), decoded(&bare), "{options}");
            }
        }
    }

    /// The bytes of the first item of an AVIF.
    fn frame_of(avif: &[u8]) -> &[u8] {
        avif_items(avif)[0].1
    }

    #[test]
    fn notices_are_found_wherever_they_stand() {
        use crate::support::{exif::with_segment, metadata::photoshop, png_file};
        let jpeg = file(&sketch(48, 32), Format::Jpeg, 90);
        let iptc = with_segment(&jpeg, 0xED, &[&b"Photoshop 3.0\0"[..], &photoshop()].concat());
        let png = file(&sketch(48, 32), Format::Png, 90);
        let chunks = [
            png_file::chunk(*b"tEXt", b"Copyright\0(c) A. Author"),
            png_file::chunk(*b"iTXt", b"Author\0\0\0\0\0A. Author"),
        ];
        for source in [iptc, png_file::with_chunks(&png, &chunks.concat())] {
            let exif = exif_of(&made(&source, "width=24,format=webp", false)).unwrap();
            assert_eq!(text(&exif, Tag::Copyright).unwrap(), "(c) A. Author");
            assert_eq!(text(&exif, Tag::Artist).unwrap(), "A. Author");
        }
    }

    #[test]
    fn what_is_broken_is_as_good_as_absent() {
        let plain = file(&sketch(24, 16), Format::Jpeg, 90);
        let mut dice = Dice::new(0x1CE_E71F);
        let (mut tiffs, mut packets) = (0, 0);
        for _ in 0..400 {
            let (mut tiff, mut xmp) = (tiff(), XMP.as_bytes().to_vec());
            for _ in 0..=dice.below(6) {
                let is_early = dice.below(2) == 0;
                let at = dice.below(if is_early { 140 } else { tiff.len() });
                tiff[at] = dice.byte();
                let at = dice.below(xmp.len());
                xmp[at] = dice.byte();
            }
            let source = laden_with(&plain, &tiff, &xmp);
            for is_private_allowed in [false, true] {
                let file = made(&source, "width=8,format=jpeg,metadata=keep", is_private_allowed);
                tiffs += usize::from(exif_of(&file).is_some());
                packets += usize::from(holds(&file, "A title"));
                assert!(image::load_from_memory(&file).is_ok());
            }
            let file = made(&source, "width=8,format=jpeg", false);
            assert!(!holds(&file, "Maker"));
        }
        assert!(tiffs > 400 && packets > 30, "{tiffs} of EXIF, {packets} of XMP");
    }

    #[test]
    fn hostile_blocks_are_bounded() {
        let plain = file(&sketch(24, 16), Format::Png, 90);
        // Directories on themselves and on each other, as many fields as there can be, all of the same 60 KB.
        let field = |tag: u16| [&tag.to_le_bytes()[..], b"\x07\0\0\xE0\0\0\0\x10\0\0"].concat();
        let fields: Vec<u8> = (1..=5_000).flat_map(field).collect();
        let crowd = [&b"II*\0\x08\0\0\0\xFF\xFF"[..], &fields].concat();
        let circle = b"II*\0\x08\0\0\0\x02\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x25\x88\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0";
        let long = format!("<a xmlns:b='{}'>{}</a>", "u".repeat(60_000), "<b:c/>".repeat(1_000));
        let deep = "<a>".repeat(20_000);
        for (tiff, xmp) in [(&crowd[..], long.as_str()), (&circle[..], &deep)] {
            let source = laden_with(&plain, tiff, xmp.as_bytes());
            for format in WRITTEN {
                let file = made(&source, &format!("width=8,format={format},metadata=keep"), true);
                assert!(file.len() < 130_000, "{format}: {}", file.len());
            }
        }
    }
}
