//! Segments before and between scans (ITU-T T.81, B.2): tables, frame and scan headers.

use std::rc::Rc;

use super::huffman::{Class, Huffman};
use super::standard;

/// The order in which coefficients are coded, as places in a block of rows (T.81, figure 5).
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Steps of quantisation, in coded order.
pub(super) type Quantisation = [u16; 64];

/// Codes of a table as they stand in the file.
#[derive(Debug, Clone)]
struct Codes {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

/// What the segments so far have defined.
#[derive(Debug, Default)]
pub(super) struct Tables {
    quantisation: [Option<Rc<Quantisation>>; 4],
    dc: [Option<Codes>; 4],
    ac: [Option<Codes>; 4],
    /// MCUs between restart markers; none where it is zero.
    pub(super) restart_interval: u32,
}

impl Tables {
    /// Takes in a segment that defines something. Others, metadata among them, say nothing here.
    pub(super) fn read(&mut self, marker: u8, body: &[u8]) -> Result<(), &'static str> {
        match marker {
            0xC4 => self.read_codes(body).ok_or("a Huffman table is cut off"),
            0xDB => self.read_quantisation(body).ok_or("a quantisation table is cut off"),
            0xDD => {
                let &[high, low] = body else { return Err("the restart interval is cut off") };
                self.restart_interval = u16::from_be_bytes([high, low]).into();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn read_codes(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((&[kind, ref counts @ ..], rest)) = body.split_first_chunk::<17>() {
            let count = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(count)?;
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(kind & 15))? =
                Some(Codes { counts: *counts, symbols: symbols.to_vec() });
            body = rest;
        }
        body.is_empty().then_some(())
    }

    fn read_quantisation(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = body.split_first() {
            let mut steps = [0; 64];
            body = if kind >> 4 == 0 {
                let (bytes, rest) = rest.split_first_chunk::<64>()?;
                steps = bytes.map(u16::from);
                rest
            } else {
                let (bytes, rest) = rest.split_first_chunk::<128>()?;
                for (step, pair) in steps.iter_mut().zip(bytes.chunks_exact(2)) {
                    *step = u16::from_be_bytes(*pair.first_chunk()?);
                }
                rest
            };
            *self.quantisation.get_mut(usize::from(kind & 15))? = Some(Rc::new(steps));
        }
        Some(())
    }

    /// A quantisation table as it is now.
    pub(super) fn quantisation(&self, index: u8) -> Option<Rc<Quantisation>> {
        self.quantisation.get(usize::from(index))?.clone()
    }

    /// A Huffman table as it is now. Files of moving pictures leave the usual ones out (T.81, K.3).
    pub(super) fn huffman(&self, class: Class, index: u8) -> Result<Huffman, &'static str> {
        let tables = if class == Class::Dc { &self.dc } else { &self.ac };
        let defined = tables.get(usize::from(index)).and_then(Option::as_ref);
        let (counts, symbols) = defined
            .map(|codes| (codes.counts, codes.symbols.as_slice()))
            .or_else(|| standard::table(class, index))
            .ok_or("a Huffman table is missing")?;
        Huffman::new(class, counts, symbols).ok_or("a Huffman table contradicts itself")
    }
}

/// One component as the frame header has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ComponentHeader {
    pub(super) id: u8,
    pub(super) across: u8,
    pub(super) down: u8,
    pub(super) quantisation: u8,
}

/// The frame header (T.81, B.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) is_progressive: bool,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<ComponentHeader>,
}

impl FrameHeader {
    pub(super) fn read(marker: u8, body: &[u8]) -> Result<Self, &'static str> {
        let Some((&[precision, h1, h0, w1, w0, count], rest)) = body.split_first_chunk::<6>() else {
            return Err("the frame header is cut off");
        };
        if precision != 8 {
            return Err("samples of more than 8 bits are not read");
        }
        let components: Vec<ComponentHeader> = rest
            .chunks_exact(3)
            .take(count.into())
            .filter_map(|bytes| match *bytes {
                [id, factors, quantisation] => {
                    Some(ComponentHeader { id, across: factors >> 4, down: factors & 15, quantisation })
                }
                _ => None,
            })
            .collect();
        let in_range = |factor: u8| (1..=4).contains(&factor);
        if components.len() != usize::from(count) || !matches!(count, 1 | 3 | 4) {
            return Err("the frame header has another number of components than one, three or four");
        }
        if !components.iter().all(|component| in_range(component.across) && in_range(component.down)) {
            return Err("a sampling factor is out of range");
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if width == 0 || height == 0 {
            return Err("the frame has no size");
        }
        Ok(Self { is_progressive: marker == 0xC2, width: width.into(), height: height.into(), components })
    }
}

/// A component's part in a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScanComponent {
    /// Its index in the frame.
    pub(super) index: usize,
    pub(super) dc: u8,
    pub(super) ac: u8,
}

/// The scan header (T.81, B.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScanHeader {
    pub(super) components: Vec<ScanComponent>,
    /// First and last coefficient, in coded order.
    pub(super) first: u8,
    pub(super) last: u8,
    /// Bit from which on the coefficients are known before this scan, zero for none.
    pub(super) known: u8,
    /// Lowest bit that this scan tells.
    pub(super) lowest: u8,
}

impl ScanHeader {
    pub(super) fn read(body: &[u8], frame: &FrameHeader) -> Result<Self, &'static str> {
        let cut_off = "a scan header is cut off";
        let (&count, rest) = body.split_first().ok_or(cut_off)?;
        let (listed, rest) = rest.split_at_checked(usize::from(count) * 2).ok_or(cut_off)?;
        let &[first, last, approximation, ..] = rest else { return Err(cut_off) };
        let mut components: Vec<ScanComponent> = Vec::with_capacity(4);
        for pair in listed.chunks_exact(2) {
            let &[id, tables] = pair else { return Err(cut_off) };
            let is_it = |component: &ComponentHeader| component.id == id;
            let index = frame.components.iter().position(is_it).ok_or("a scan has an unknown component")?;
            if components.iter().any(|component| component.index >= index) {
                return Err("a scan's components are out of order");
            }
            components.push(ScanComponent { index, dc: tables >> 4, ac: tables & 15 });
        }
        if components.is_empty() {
            return Err("a scan has no components");
        }
        let (known, lowest) = (approximation >> 4, approximation & 15);
        if !frame.is_progressive {
            return Ok(Self { components, first: 0, last: 63, known: 0, lowest: 0 });
        }
        let is_band = if first == 0 { last == 0 } else { first <= last && last <= 63 && count == 1 };
        if !is_band || lowest > 13 || known > 13 || (known > 0 && known != lowest + 1) {
            return Err("a progressive scan asks for what there is not");
        }
        Ok(Self { components, first, last, known, lowest })
    }

    /// A bit for each coefficient, in coded order, of which nothing is left to be told.
    pub(super) fn told_in_full(&self) -> u64 {
        if self.lowest > 0 { 0 } else { u64::MAX << self.first & u64::MAX >> (63 - self.last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_is_a_permutation() {
        let mut seen = ZIGZAG;
        seen.sort_unstable();
        assert!((0..64).eq(seen));
    }

    #[test]
    fn cut_segments_are_refused() {
        let mut tables = Tables::default();
        assert!(tables.read(0xC4, &[0; 16]).is_err());
        assert!(tables.read(0xDB, &[0; 64]).is_err());
        assert!(tables.read(0xDD, &[0]).is_err());
        assert!(tables.read(0xDB, &[4; 65]).is_err());
        assert!(FrameHeader::read(0xC0, &[8, 0, 1, 0, 1, 1, 1]).is_err());
        assert!(FrameHeader::read(0xC0, &[12, 0, 1, 0, 1, 1, 1, 0x11, 0]).is_err());
        assert!(FrameHeader::read(0xC0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]).is_ok());
    }
}
