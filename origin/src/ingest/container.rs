//! The containers of picture files: where metadata stands in them, and whether they are there to their end.
//!
//! Decoders stop at the last pixel. A file that is cut off behind it is broken all the same, and not what was sent.

use lenslet::format::Format;

/// Longer pieces of metadata are not looked at.
const LONGEST_BLOCK: usize = 1 << 20;

/// What a file carries beside its pixels.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Blocks {
    /// A TIFF structure.
    pub(super) exif: Option<Vec<u8>>,
    /// Photoshop's image resources, in which IPTC stands.
    pub(super) photoshop: Vec<u8>,
    /// XML.
    pub(super) xmp: Option<Vec<u8>>,
}

/// Walks a file to its end and gathers its metadata on the way; nothing where the end is not there.
pub(super) fn walk(format: Format, file: &[u8]) -> Option<Blocks> {
    let mut blocks = Blocks::default();
    match format {
        Format::Jpeg => jpeg(file, &mut blocks)?,
        Format::Png => png(file, &mut blocks)?,
        Format::Webp => webp(file, &mut blocks)?,
        Format::Gif => gif(file)?,
        Format::Avif | Format::Svg => return None,
    }
    Some(blocks)
}

impl Blocks {
    fn add_exif(&mut self, body: &[u8]) {
        // Some writers put JPEG's prefix before it in other files, too.
        let body = body.strip_prefix(b"Exif\0\0").unwrap_or(body);
        if self.exif.is_none() && body.len() <= LONGEST_BLOCK {
            self.exif = Some(body.to_vec());
        }
    }

    fn add_xmp(&mut self, body: &[u8]) {
        if self.xmp.is_none() && body.len() <= LONGEST_BLOCK {
            self.xmp = Some(body.to_vec());
        }
    }

    fn add_photoshop(&mut self, body: &[u8]) {
        if self.photoshop.len() + body.len() <= LONGEST_BLOCK {
            self.photoshop.extend_from_slice(body);
        }
    }
}

/// Markers up to the end of the picture (ITU-T T.81, B.1.1); what follows belongs to others.
fn jpeg(file: &[u8], blocks: &mut Blocks) -> Option<()> {
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
    let mut rest = file.get(2..)?;
    loop {
        let at = rest.windows(2).position(|pair| matches!(pair, [0xFF, 1..=0xFE]))?;
        let marker = *rest.get(at + 1)?;
        rest = rest.get(at + 2..)?;
        match marker {
            0xD9 => return Some(()),
            // Restarts stand among the entropy-coded data, which is passed over up to the next marker.
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let body = rest.get(2..length.max(2))?;
        if marker == 0xE1 && body.starts_with(b"Exif\0\0") {
            blocks.add_exif(body);
        } else if let Some(xmp) = body.strip_prefix(XMP).filter(|_| marker == 0xE1) {
            blocks.add_xmp(xmp);
        } else if let Some(resources) = body.strip_prefix(PHOTOSHOP).filter(|_| marker == 0xED) {
            blocks.add_photoshop(resources);
        }
        rest = rest.get(length.max(2)..)?;
    }
}

/// Chunks up to `IEND` (PNG specification, 5.3).
fn png(file: &[u8], blocks: &mut Blocks) -> Option<()> {
    const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0";
    let mut rest = file.get(8..)?;
    loop {
        let (&[l0, l1, l2, l3, k0, k1, k2, k3], after) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).ok()?;
        let body = after.get(..length)?;
        // Its checksum must be there.
        rest = after.get(length.checked_add(4)?..)?;
        match &[k0, k1, k2, k3] {
            b"IEND" => return Some(()),
            b"eXIf" => blocks.add_exif(body),
            b"iTXt" => {
                // Language and translated keyword follow, each to a zero.
                let text = body.strip_prefix(XMP).and_then(|body| body.splitn(3, |byte| *byte == 0).nth(2));
                if let Some(text) = text {
                    blocks.add_xmp(text);
                }
            }
            _ => {}
        }
    }
}

/// Chunks up to the length that the file says it has (RFC 9649, 2.4).
fn webp(file: &[u8], blocks: &mut Blocks) -> Option<()> {
    let length = u32::from_le_bytes(*file.get(4..)?.first_chunk()?);
    let mut rest = file.get(12..usize::try_from(length).ok()?.checked_add(8)?)?;
    while let Some((&[k0, k1, k2, k3, l0, l1, l2, l3], after)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
        let body = after.get(..length)?;
        match &[k0, k1, k2, k3] {
            b"EXIF" => blocks.add_exif(body),
            b"XMP " => blocks.add_xmp(body),
            _ => {}
        }
        rest = after.get(length.checked_add(length % 2)?..).unwrap_or_default();
    }
    Some(())
}

/// Blocks of all frames up to the trailer (GIF 89a, 27).
fn gif(file: &[u8]) -> Option<()> {
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3_usize << ((flags & 7) + 1) };
    let mut rest = file.get(13 + palette(*file.get(10)?)..)?;
    loop {
        let (&kind, after) = rest.split_first()?;
        let data = match kind {
            0x3B => return Some(()),
            0x21 => after.get(1..)?,
            // Nine bytes of a frame, its palette, and the width of its codes.
            0x2C => after.get(10 + palette(*after.get(8)?)..)?,
            _ => return None,
        };
        rest = behind_sub_blocks(data)?;
    }
}

fn behind_sub_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, after) = rest.split_first()?;
        rest = after.get(usize::from(length)..)?;
        if length == 0 {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_their_end_are_told() {
        let jpeg = b"\xFF\xD8\xFF\xE1\0\x0AExif\0\0II\xFF\xDA\0\x04ab\x01\xFF\0\xFF\xD0\x02\xFF\xD9";
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x02eXIfMM0123\0\0\0\0IEND0123";
        let webp = b"RIFF\x0E\0\0\0WEBPEXIF\x02\0\0\0II";
        let gif = b"GIF89a\x01\0\x01\0\0\0\0\x21\xFE\x01a\0\x2C\0\0\0\0\x01\0\x01\0\0\x02\x01\x00\0\x3B";
        let files: [(Format, &[u8]); 4] =
            [(Format::Jpeg, jpeg), (Format::Png, png), (Format::Webp, webp), (Format::Gif, gif)];
        for (format, file) in files {
            let blocks = walk(format, file).unwrap_or_else(|| panic!("{format:?}"));
            assert_eq!(blocks.exif.is_some(), format != Format::Gif, "{format:?}");
            for end in 0..file.len() {
                assert_eq!(walk(format, &file[..end]), None, "{format:?} cut at {end}");
            }
        }
    }
}
