//! The one thing wanted of EXIF: the orientation. Everything else in it is left alone.

/// Tag 0x0112 of the TIFF 6.0 structure, 1–8; nothing where it is absent, odd or broken.
///
/// `tiff` starts at the byte-order mark. Only the first directory is looked at, once.
pub(super) fn orientation(tiff: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 0x0112;
    const SHORT: u16 = 3;
    const ENTRY_BYTES: usize = 12;

    let big_endian = match tiff.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let directory_bytes: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let directory =
        if big_endian { u32::from_be_bytes(directory_bytes) } else { u32::from_le_bytes(directory_bytes) };
    let directory = usize::try_from(directory).ok()?;
    let first = directory.checked_add(2)?;
    (0..usize::from(u16_at(directory)?))
        .map_while(|index| first.checked_add(index * ENTRY_BYTES))
        .find(|&entry| u16_at(entry) == Some(ORIENTATION))
        .filter(|&entry| u16_at(entry + 2) == Some(SHORT))
        .and_then(|entry| u16_at(entry + 8))
        .filter(|value| (1..=8).contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiff(order: [u8; 4], entry: &[u8; 12], directory: [u8; 4], count: [u8; 2]) -> Vec<u8> {
        [&order[..], &directory, &count, entry].concat()
    }

    #[test]
    fn reads_both_byte_orders() {
        let little = tiff(*b"II*\0", b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", [8, 0, 0, 0], [1, 0]);
        let big = tiff(*b"MM\0*", b"\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", [0, 0, 0, 8], [0, 1]);
        assert_eq!(orientation(&little), Some(6));
        assert_eq!(orientation(&big), Some(8));
    }

    #[test]
    fn broken_directories_have_no_orientation() {
        let nine = tiff(*b"II*\0", b"\x12\x01\x03\0\x01\0\0\0\x09\0\0\0", [8, 0, 0, 0], [1, 0]);
        let far = tiff(*b"II*\0", &[0; 12], [0xFF; 4], [0xFF, 0xFF]);
        for bytes in [&nine[..], &far, b"", b"II", b"II*\0\x08\0\0\0"] {
            assert_eq!(orientation(bytes), None);
        }
    }
}
