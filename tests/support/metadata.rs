//! Files that say a lot beside their pixels. What must not leave unasked is called SECRET in them.

use lenslet::format::Format;

use super::{exif, png_file};

/// A field of a TIFF directory: tag, type, values.
pub type Field<'a> = (u16, u16, &'a [u8]);

/// A directory that begins at `at`, with values behind it; the next one begins at `next`.
pub fn directory(fields: &[Field<'_>], at: usize, next: u32) -> Vec<u8> {
    let mut entries = u16::try_from(fields.len()).unwrap().to_le_bytes().to_vec();
    let mut values = Vec::new();
    for (tag, kind, value) in fields {
        let size = match kind {
            1 | 2 | 7 => 1,
            3 => 2,
            4 => 4,
            _ => 8,
        };
        entries.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        entries.extend(u32::try_from(value.len() / size).unwrap().to_le_bytes());
        if value.len() > 4 {
            let offset = at + 6 + fields.len() * 12 + values.len();
            entries.extend(u32::try_from(offset).unwrap().to_le_bytes());
            values.extend_from_slice(value);
            values.extend(vec![0; value.len() % 2]);
        } else {
            entries.extend(value.iter().copied().chain([0; 4]).take(4));
        }
    }
    entries.extend(next.to_le_bytes());
    [entries, values].concat()
}

/// What a camera writes, and more.
pub fn tiff() -> Vec<u8> {
    const EXIF_AT: u32 = 1_000;
    const GPS_AT: u32 = 2_000;
    const THUMBNAIL_AT: u32 = 3_000;
    let degrees: Vec<u8> = [52_u32, 1, 31, 1, 12, 1].iter().flat_map(|number| number.to_le_bytes()).collect();
    let main = directory(
        &[
            (0x0100, 4, &4_000_u32.to_le_bytes()),
            (0x010F, 2, b"Maker\0"),
            (0x0112, 3, &[6, 0]),
            (0x013B, 2, b"A. Author\0"),
            (0x013C, 2, b"SECRET host\0"),
            (0x02BC, 1, b"<SECRET xmp/>"),
            (0x8298, 2, b"(c) A. Author\0"),
            (0x8769, 4, &EXIF_AT.to_le_bytes()),
            (0x8825, 4, &GPS_AT.to_le_bytes()),
            (0xC62F, 2, b"SECRET camera serial\0"),
        ],
        8,
        THUMBNAIL_AT,
    );
    let own = directory(
        &[
            (0x829A, 5, &[1, 0, 0, 0, 125, 0, 0, 0]),
            (0x9003, 2, b"2026:11:21 03:00:00\0"),
            (0x927C, 7, b"SECRET maker note, serial 1234"),
            (0xA001, 3, &[0xFF, 0xFF]),
            (0xA002, 4, &4_000_u32.to_le_bytes()),
            (0xA420, 2, b"SECRET unique id\0"),
            (0xA430, 2, b"SECRET owner\0"),
            (0xA431, 2, b"SECRET body serial\0"),
            (0xA434, 2, b"A lens\0"),
            (0xA435, 2, b"SECRET lens serial\0"),
        ],
        EXIF_AT as usize,
        0,
    );
    let gps = directory(
        &[(1, 2, b"N\0"), (2, 5, &degrees), (0x1D, 2, b"2026:11:21\0"), (0x1B, 7, b"SECRET GPS")],
        GPS_AT as usize,
        0,
    );
    let thumbnail = directory(
        &[(0x0201, 4, &3_500_u32.to_le_bytes()), (0x0202, 4, &16_u32.to_le_bytes())],
        THUMBNAIL_AT as usize,
        0,
    );
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    for (at, part) in
        [(8, main), (1_000, own), (2_000, gps), (3_000, thumbnail), (3_500, b"SECRET thumbnail".to_vec())]
    {
        tiff.resize(at, 0);
        tiff.extend(part);
    }
    tiff
}

/// A packet with the same: places, numbers, histories, and who made it.
pub const XMP: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="SECRET" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:other="http://example.org/"
 exif:GPSLatitude="SECRET 52,31.2N" aux:SerialNumber="SECRET serial" tiff:Orientation="6" exif:FNumber="28/10"
 photoshop:City="SECRET town" other:thing="SECRET thing" photoshop:Credit="An agency">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A title</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>A. Author</rdf:li></rdf:Seq></dc:creator>
<exif:GPSLongitude>SECRET 13,24.1E</exif:GPSLongitude>
<xmpMM:History><rdf:Seq><rdf:li rdf:parseType="Resource"><other:who>SECRET history</other:who></rdf:li></rdf:Seq></xmpMM:History>
</rdf:Description></rdf:RDF></x:xmpmeta>"#;

/// Photoshop's resources with IPTC in them.
pub fn photoshop() -> Vec<u8> {
    let set =
        |number: u8, text: &[u8]| [&[0x1C, 2, number, 0, u8::try_from(text.len()).unwrap()], text].concat();
    let sets = [set(80, b"A. Author"), set(90, b"SECRET iptc town"), set(116, b"(c) A. Author")].concat();
    let mut resource =
        [&b"8BIM\x04\x04\0\0"[..], &u32::try_from(sets.len()).unwrap().to_be_bytes(), &sets].concat();
    resource.extend(vec![0; sets.len() % 2]);
    resource
}

/// The same file with all of it; GIF has a comment and XMP.
pub fn laden(file: &[u8]) -> Vec<u8> {
    laden_with(file, &tiff(), XMP.as_bytes())
}

/// The same file with these blocks.
pub fn laden_with(file: &[u8], tiff: &[u8], xmp: &[u8]) -> Vec<u8> {
    match Format::sniff(file).unwrap() {
        Format::Jpeg => {
            let bodies = [
                (0xFE, b"SECRET comment".to_vec()),
                (0xED, [&b"Photoshop 3.0\0"[..], &photoshop()].concat()),
                (0xE1, [&b"http://ns.adobe.com/xap/1.0/\0"[..], xmp].concat()),
                (0xE1, [&b"Exif\0\0"[..], tiff].concat()),
            ];
            bodies.iter().fold(file.to_vec(), |file, (marker, body)| exif::with_segment(&file, *marker, body))
        }
        Format::Png => {
            let xmp = [&b"XML:com.adobe.xmp\0\0\0\0\0"[..], xmp].concat();
            let chunks = [
                png_file::chunk(*b"eXIf", tiff),
                png_file::chunk(*b"tEXt", b"Comment\0SECRET comment"),
                png_file::chunk(*b"iTXt", &xmp),
            ];
            png_file::with_chunks(file, &chunks.concat())
        }
        Format::Webp => exif::webp(file, &[(*b"EXIF", tiff), (*b"XMP ", xmp)]),
        Format::Gif => {
            let ramp: Vec<u8> = (0..=255).rev().collect();
            let extensions =
                [&b"\x21\xFE\x0ESECRET comment\0\x21\xFF\x0BXMP DataXMP"[..], xmp, &[1], &ramp, &[0]]
                    .concat();
            [&file[..file.len() - 1], &extensions, b"\x3B"].concat()
        }
        Format::Avif | Format::Svg => panic!("it is not read"),
    }
}

/// The same animated WebP with EXIF and XMP in it.
pub fn laden_film(webp: &[u8]) -> Vec<u8> {
    let chunks = [exif::webp_chunk(*b"EXIF", &tiff()), exif::webp_chunk(*b"XMP ", XMP.as_bytes())];
    let mut file = [webp, &chunks.concat()].concat();
    // That both are there, and how long the file is now.
    file[20] |= 0x0C;
    let length = u32::try_from(file.len() - 8).unwrap();
    file[4..8].copy_from_slice(&length.to_le_bytes());
    file
}

/// Whether `bytes` hold `text` somewhere.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
