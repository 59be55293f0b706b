//! What a file says beside its pixels, as other people's readers find it: `kamadak-exif` in every format, XMP by the
//! decoders of `image-webp`, `png`, `jpeg-decoder` and `gif`, its XML by `quick-xml`. The items of an AVIF are found here.

use std::io::Cursor;

use exif::{In, Reader as ExifReader};
use lenslet::format::Format;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// A line for every field of EXIF, in its order, and then for every property of XMP.
pub fn told(file: &[u8]) -> Vec<String> {
    let mut lines = exif(file);
    lines.extend(packet(file).iter().flat_map(|packet| properties(packet)));
    lines
}

fn exif(file: &[u8]) -> Vec<String> {
    let Ok(found) = ExifReader::new().read_from_container(&mut Cursor::new(file)) else { return Vec::new() };
    let line = |field: &exif::Field| {
        let place = if field.ifd_num == In::PRIMARY { "EXIF" } else { "EXIF of a thumbnail" };
        format!("{place} {} = {}", field.tag, field.display_value())
    };
    found.fields().map(line).collect()
}

/// The packet of XMP, if there is one.
fn packet(file: &[u8]) -> Option<Vec<u8>> {
    match Format::sniff(file)? {
        Format::Jpeg => {
            let mut decoder = jpeg_decoder::Decoder::new(file);
            decoder.decode().unwrap();
            decoder.xmp_data().map(<[u8]>::to_vec)
        }
        Format::Png => {
            let reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
            let texts = reader.info().utf8_text.iter();
            let found = texts.filter(|text| text.keyword == "XML:com.adobe.xmp");
            found.map(|text| text.get_text().unwrap().into_bytes()).next()
        }
        Format::Webp => image_webp::WebPDecoder::new(Cursor::new(file)).unwrap().xmp_metadata().unwrap(),
        Format::Gif => {
            let mut decoder = gif::DecodeOptions::new().read_info(file).unwrap();
            while decoder.read_next_frame().unwrap().is_some() {}
            decoder.xmp_metadata().map(<[u8]>::to_vec)
        }
        Format::Svg => None,
        Format::Avif => {
            avif_items(file).into_iter().find(|(kind, _)| kind == b"mime").map(|(_, data)| data.to_vec())
        }
    }
}

/// The items of an AVIF, kind and data of each (ISO 14496-12, 8.11): entries of version 2, offsets and lengths of four bytes.
pub fn avif_items(avif: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let number = |at: usize| u16::from_be_bytes(avif[at..at + 2].try_into().unwrap());
    let long = |at: usize| u32::from_be_bytes(avif[at..at + 4].try_into().unwrap()) as usize;
    let find = |name: &[u8; 4]| avif.windows(4).position(|window| window == name).unwrap() + 4;
    let mut at = find(b"iloc");
    // Version and flags, sizes, count; then number, reference, count of extents, and one extent.
    assert_eq!(avif[at + 4..at + 6], [0x44, 0]);
    let places: Vec<(u16, &[u8])> = (0..usize::from(number(at + 6)))
        .map(|index| {
            let one = at + 8 + 14 * index;
            (number(one), &avif[long(one + 6)..][..long(one + 10)])
        })
        .collect();
    at = find(b"iinf");
    let mut items = Vec::new();
    let mut entry = at + 6;
    for _ in 0..number(at + 4) {
        let id = number(entry + 12);
        let data = places.iter().find(|(number, _)| *number == id).unwrap().1;
        items.push((avif[entry + 16..entry + 20].try_into().unwrap(), data));
        entry += long(entry);
    }
    items
}

/// A line for every attribute and text of a packet: the names that lead to it, and what it says.
fn properties(packet: &[u8]) -> Vec<String> {
    let mut reader = Reader::from_str(std::str::from_utf8(packet).unwrap());
    let (mut open, mut lines) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(name(start.name().as_ref()));
                lines.extend(attributes(&open, &start));
            }
            Event::Empty(start) => {
                open.push(name(start.name().as_ref()));
                lines.extend(attributes(&open, &start));
                open.pop();
            }
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                let text = text.decode().unwrap();
                lines.extend(
                    (!text.trim().is_empty()).then(|| format!("XMP {} = {}", path(&open), text.trim())),
                );
            }
            Event::Eof => return lines,
            // What packets begin and end with.
            Event::PI(_) => {}
            other => lines.push(format!("XMP {} {other:?}", path(&open))),
        }
    }
}

fn attributes(open: &[String], start: &BytesStart<'_>) -> Vec<String> {
    let line = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
        format!("XMP {}@{} = {value}", path(open), name(attribute.key.as_ref()))
    };
    start.attributes().map(|attribute| line(attribute.unwrap())).collect()
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Without what every packet begins with.
fn path(open: &[String]) -> String {
    open.iter().filter(|name| !matches!(name.as_str(), "x:xmpmeta" | "rdf:RDF" | "rdf:Description")).fold(
        String::new(),
        |path, name| if path.is_empty() { name.clone() } else { format!("{path}/{name}") },
    )
}
