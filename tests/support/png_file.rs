//! PNG files put together chunk by chunk, for what no encoder writes.

use super::bits;
use super::bytes::crc32;

pub const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Length, kind, body, checksum.
pub fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&length.to_be_bytes()[..], &kind, body, &crc32(&[&kind, body]).to_be_bytes()].concat()
}

/// IHDR.
pub fn header(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(*b"IHDR", &[&sides[..], &[depth, colour, 0, 0, interlace]].concat())
}

/// The same file with chunks put before its pixels.
pub fn with_chunks(png: &[u8], chunks: &[u8]) -> Vec<u8> {
    let (head, rest) = png.split_at(33);
    [head, chunks, rest].concat()
}

/// The same file with the right checksum behind every chunk: a changed one is otherwise not looked into.
pub fn mended(png: &[u8]) -> Vec<u8> {
    let mut mended = png.to_vec();
    let mut at = SIGNATURE.len();
    while let Some(length) = png.get(at..).and_then(<[u8]>::first_chunk) {
        let (kind, end) = (at + 4, at + 8 + u32::from_be_bytes(*length) as usize);
        let Some(body) = png.get(kind..end) else { break };
        let Some(checksum) = mended.get_mut(end..end + 4) else { break };
        checksum.copy_from_slice(&crc32(&[body]).to_be_bytes());
        at = end + 4;
    }
    mended
}

/// An Adam7 file of `width` × `height` pixels (PNG specification, 8.2), uncompressed.
pub fn interlaced(
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    pixel: impl Fn(u32, u32) -> Vec<u8>,
) -> Vec<u8> {
    const PASSES: [(u32, u32, usize, usize); 7] =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let mut raw = Vec::new();
    for (left, top, across, down) in PASSES {
        for y in (top..height).step_by(down) {
            let row: Vec<u8> = (left..width).step_by(across).flat_map(|x| pixel(x, y)).collect();
            if !row.is_empty() {
                raw.push(0);
                raw.extend(row);
            }
        }
    }
    let parts = [
        SIGNATURE,
        &header(width, height, depth, colour, 1),
        &chunk(*b"IDAT", &bits::stored(&raw)),
        &chunk(*b"IEND", &[]),
    ];
    parts.concat()
}
