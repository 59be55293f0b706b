//! Everything in the file that is not the scan (ISO 10918-1, B.2; JFIF 1.02).

use super::huffman::Table;
use super::quantise::ZIGZAG;
use crate::geometry::Size;

pub(super) const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
pub(super) const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];

/// Version 1.2, square pixels, no thumbnail.
pub(super) const JFIF: &[u8] = b"\xFF\xE0\0\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0";

/// One component as the frame's header has it.
pub(super) struct ComponentHeader {
    /// Blocks of one unit of the scan, across and down.
    pub(super) factors: (u8, u8),
    /// Which quantiser and Huffman tables are its.
    pub(super) tables: u8,
}

fn segment(marker: u8, body: &[u8], file: &mut Vec<u8>) {
    // Nothing here is longer than 300 bytes.
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    file.extend_from_slice(&[0xFF, marker]);
    file.extend_from_slice(&length.to_be_bytes());
    file.extend_from_slice(body);
}

/// The quantiser table of this index, given row by row.
pub(super) fn quantiser(index: u8, table: &[u8; 64], file: &mut Vec<u8>) {
    let mut body = vec![index];
    body.extend(ZIGZAG.iter().filter_map(|&at| table.get(usize::from(at))));
    segment(0xDB, &body, file);
}

/// A frame of eight bits a sample.
pub(super) fn frame(size: Size, components: &[ComponentHeader], is_progressive: bool, file: &mut Vec<u8>) {
    let mut body = vec![8];
    for side in [size.height, size.width] {
        // Neither is longer than 16 bits say.
        body.extend(u16::try_from(side).unwrap_or(u16::MAX).to_be_bytes());
    }
    body.extend(u8::try_from(components.len()));
    for (component, id) in components.iter().zip(1..) {
        let (across, down) = component.factors;
        body.extend([id, across << 4 | down, component.tables]);
    }
    segment(if is_progressive { 0xC2 } else { 0xC0 }, &body, file);
}

/// The Huffman table of this index for differences.
pub(super) fn dc_huffman(index: u8, table: &Table, file: &mut Vec<u8>) {
    huffman(index, table, file);
}

/// The Huffman table of this index for the other coefficients.
pub(super) fn ac_huffman(index: u8, table: &Table, file: &mut Vec<u8>) {
    huffman(0x10 | index, table, file);
}

fn huffman(class_and_index: u8, table: &Table, file: &mut Vec<u8>) {
    let mut body = vec![class_and_index];
    body.extend(table.counts);
    body.extend(&table.symbols);
    segment(0xC4, &body, file);
}

/// The header of a scan of components, with their numbers, and of a band of coefficients.
pub(super) fn scan<'a>(
    components: impl Iterator<Item = (&'a ComponentHeader, u8)>,
    (from, to): (u8, u8),
    file: &mut Vec<u8>,
) {
    let mut body = vec![0];
    for (component, id) in components {
        body.extend([id, component.tables << 4 | component.tables]);
        body.iter_mut().take(1).for_each(|count| *count += 1);
    }
    body.extend([from, to, 0]);
    segment(0xDA, &body, file);
}
