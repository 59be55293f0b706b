//! EXIF and XMP put into a finished file, whichever encoder made it.

mod avif;

use super::Kept;
use crate::format::Format;
use crate::picture::probe::Header;

/// The file with these blocks in it; nothing where it is not built as our encoders build them. GIF has no place for EXIF.
pub fn attach(format: Format, file: Vec<u8>, kept: &Kept) -> Option<Vec<u8>> {
    if kept.is_empty() {
        return Some(file);
    }
    match format {
        Format::Jpeg => jpeg(file, kept),
        Format::Png => png(file, kept),
        Format::Webp => webp(file, kept),
        Format::Gif => gif(file, kept),
        Format::Avif => avif::attach(&file, kept),
        Format::Svg => None,
    }
}

/// Puts `more` into a file.
fn insert(mut file: Vec<u8>, at: usize, more: Vec<u8>) -> Option<Vec<u8>> {
    if at > file.len() {
        return None;
    }
    file.splice(at..at, more);
    Some(file)
}

/// Segments of an application, behind that of JFIF (EXIF 3.0, 4.7; XMP part 3, 1.1.3).
fn jpeg(file: Vec<u8>, kept: &Kept) -> Option<Vec<u8>> {
    let at = match file.get(2..6)? {
        [0xFF, 0xE0, high, low] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => 2,
    };
    let mut segments = Vec::new();
    let names = [(&kept.exif, &b"Exif\0\0"[..]), (&kept.xmp, b"http://ns.adobe.com/xap/1.0/\0")];
    for (block, name) in names.iter().filter_map(|(block, name)| Some((block.as_ref()?, *name))) {
        let length = u16::try_from(2 + name.len() + block.len()).ok()?;
        segments.extend([0xFF, 0xE1]);
        segments.extend(length.to_be_bytes());
        segments.extend(name);
        segments.extend(block);
    }
    insert(file, at, segments)
}

/// Chunks right behind IHDR (PNG specification, 11.3.3.4 and 11.3.4.5).
fn png(file: Vec<u8>, kept: &Kept) -> Option<Vec<u8>> {
    const BEHIND_IHDR: usize = 33;
    let xmp = kept.xmp.as_ref().map(|xmp| [&b"XML:com.adobe.xmp\0\0\0\0\0"[..], xmp].concat());
    let mut chunks = Vec::new();
    let named = [(kept.exif.as_ref(), b"eXIf"), (xmp.as_ref(), b"iTXt")];
    for (body, name) in named.into_iter().filter_map(|(body, name)| Some((body?, name))) {
        let named = [name, &body[..]].concat();
        chunks.extend(u32::try_from(body.len()).ok()?.to_be_bytes());
        chunks.extend(&named);
        chunks.extend(crc32fast::hash(&named).to_be_bytes());
    }
    insert(file, BEHIND_IHDR, chunks)
}

/// Chunks behind the picture, of which the extended header tells (RFC 9649, 2.7).
fn webp(file: Vec<u8>, kept: &Kept) -> Option<Vec<u8>> {
    const HAS_EXIF: u8 = 0x08;
    const HAS_XMP: u8 = 0x04;
    const FLAGS_AT: usize = 20;
    let flags = kept.exif.as_ref().map_or(0, |_| HAS_EXIF) | kept.xmp.as_ref().map_or(0, |_| HAS_XMP);
    let mut file = extended(file)?;
    *file.get_mut(FLAGS_AT)? |= flags;
    // Films are long, and should not be held three times.
    file.reserve_exact(kept.file_bytes());
    for (block, name) in [(&kept.exif, b"EXIF"), (&kept.xmp, b"XMP ")] {
        if let Some(block) = block {
            riff(*name, block, &mut file)?;
        }
    }
    let length = u32::try_from(file.len().checked_sub(8)?).ok()?;
    file.get_mut(4..8)?.copy_from_slice(&length.to_le_bytes());
    Some(file)
}

/// The file with an extended header, if it has none.
fn extended(file: Vec<u8>) -> Option<Vec<u8>> {
    const ALPHA: u8 = 0x10;
    let chunks = file.get(12..)?;
    if chunks.starts_with(b"VP8X") {
        return Some(file);
    }
    let header = Header::walk(&file).ok()?;
    let alpha = if header.alpha { ALPHA } else { 0 };
    let side = |side: u32| (side - 1).to_le_bytes().into_iter().take(3);
    let sides = side(header.size.width).chain(side(header.size.height));
    let extended: Vec<u8> = [alpha, 0, 0, 0].into_iter().chain(sides).collect();
    let mut chunk = Vec::new();
    riff(*b"VP8X", &extended, &mut chunk)?;
    insert(file, 12, chunk)
}

/// A chunk: name, length, body, and a byte where the length is odd.
fn riff(name: [u8; 4], body: &[u8], file: &mut Vec<u8>) -> Option<()> {
    file.extend(name);
    file.extend(u32::try_from(body.len()).ok()?.to_le_bytes());
    file.extend(body);
    file.extend(vec![0; body.len() % 2]);
    Some(())
}

/// An extension before the trailer, with the packet as it is (XMP part 3, 1.1.2): those who walk its bytes as if they were
/// blocks come out behind it by a ramp of lengths.
fn gif(mut file: Vec<u8>, kept: &Kept) -> Option<Vec<u8>> {
    const TRAILER: u8 = 0x3B;
    let Some(xmp) = &kept.xmp else { return Some(file) };
    if file.pop()? != TRAILER {
        return None;
    }
    file.extend(b"\x21\xFF\x0BXMP DataXMP");
    file.extend(xmp);
    file.push(1);
    file.extend((0..=u8::MAX).rev());
    file.extend([0, TRAILER]);
    Some(file)
}
