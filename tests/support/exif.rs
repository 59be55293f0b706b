//! Files that say which way up they are.

use lenslet::format::Format;

use super::png_file;

/// A TIFF structure with nothing but the orientation in it.
pub fn tiff(orientation: u16) -> Vec<u8> {
    let [high, low] = orientation.to_be_bytes();
    [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".as_slice(), &[high, low, 0, 0, 0, 0, 0, 0]].concat()
}

/// The same file with an orientation in it.
pub fn oriented(file: &[u8], orientation: u16) -> Vec<u8> {
    let tiff = tiff(orientation);
    match Format::sniff(file) {
        Some(Format::Jpeg) => with_segment(file, 0xE1, &[b"Exif\0\0", &tiff[..]].concat()),
        Some(Format::Png) => png_file::with_chunks(file, &png_file::chunk(*b"eXIf", &tiff)),
        Some(Format::Webp) => webp(file, &[(*b"EXIF", &tiff)]),
        other => panic!("{other:?} has no place for an orientation"),
    }
}

/// A JPEG with one more segment at its beginning.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let (start, rest) = jpeg.split_at(2);
    [start, &segment(marker, body), rest].concat()
}

/// Marker, length, body.
pub fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap();
    [&[0xFF, marker][..], &length.to_be_bytes(), body].concat()
}

/// The chunks of the file in an extended one, EXIF, XMP or a profile beside them (RFC 9649, 2.7).
pub fn webp(file: &[u8], more: &[([u8; 4], &[u8])]) -> Vec<u8> {
    let header = lenslet::picture::probe::Header::read(file).unwrap();
    let flags = more.iter().map(|(name, _)| match name {
        b"ICCP" => 0x20,
        b"EXIF" => 0x08,
        _ => 0x04,
    });
    let flags = flags.sum::<u8>() | if header.alpha { 0x10 } else { 0 };
    // A profile comes before the picture, all else behind it.
    let chunks = |is_before: bool| -> Vec<u8> {
        let chosen = more.iter().filter(|(name, _)| (name == b"ICCP") == is_before);
        chosen.flat_map(|(name, body)| webp_chunk(*name, body)).collect()
    };
    let side = |length: u32| (length - 1).to_le_bytes();
    let canvas = [&side(header.size.width)[..3], &side(header.size.height)[..3]].concat();
    let extended = webp_chunk(*b"VP8X", &[&[flags, 0, 0, 0], &canvas[..]].concat());
    let parts = [b"WEBP", &extended[..], &chunks(true), webp_chunks(file), &chunks(false)];
    webp_chunk(*b"RIFF", &parts.concat())
}

/// The chunks of a still picture: what follows the header of the file, and that of an extended one.
pub fn webp_chunks(file: &[u8]) -> &[u8] {
    if &file[12..16] == b"VP8X" { &file[30..] } else { &file[12..] }
}

/// Kind, length, body, and a byte where the length is odd.
pub fn webp_chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    let mut chunk = [&kind, &length.to_le_bytes()[..], body].concat();
    chunk.extend(vec![0; body.len() % 2]);
    chunk
}
