//! Indices into codes of growing length (the GIF 89a specification, appendix F).

/// Codes are no longer.
const MOST_BITS: u32 = 12;
const MOST_CODES: u32 = 1 << MOST_BITS;
/// Twice as many as there are codes, so that none is looked for long.
const SLOTS: usize = 2 << MOST_BITS;

/// Bytes that it holds.
pub(super) const HELD_BYTES: u64 = (SLOTS * size_of::<u32>()) as u64;

/// The indices of an image, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn<'a> {
    pub(super) indices: &'a [u8],
    /// The index that shows what is there already.
    pub(super) transparent: Option<u8>,
    /// Where that would look the same; nowhere, if it is shorter.
    pub(super) open: &'a [bool],
}

impl Drawn<'_> {
    /// Each index, and what may stand instead of it.
    fn each(&self) -> impl Iterator<Item = (u8, Option<u8>)> {
        let open = self.open.iter().copied().chain(std::iter::repeat(false));
        self.indices.iter().zip(open).map(|(&index, is_open)| (index, self.transparent.filter(|_| is_open)))
    }
}

/// Bytes of so many indices at most: each a code of its own, in pieces, and what stands around them.
pub(super) fn longest(indices: u64) -> u64 {
    indices * 152 / 100 + 2_048
}

/// Writes indices, none of which needs more bits than are said (2–8), as the data of an image.
pub(super) fn pack(drawn: &Drawn<'_>, index_bits: u32, file: &mut Vec<u8>) {
    let clear = 1 << index_bits;
    let mut codes = Codes { slots: vec![0; SLOTS], next: clear + 2 };
    file.push(index_bits.to_le_bytes()[0]);
    let mut bits = Bits { pieces: Pieces::begin(file), window: 0, filled: 0 };
    let mut length = index_bits + 1;
    bits.put(clear, length);
    let mut before: Option<u32> = None;
    for (index, instead) in drawn.each() {
        let Some(code) = before else {
            before = Some(instead.unwrap_or(index).into());
            continue;
        };
        // Whichever goes on with what was written before.
        let first = instead.unwrap_or(index);
        let found = codes.find(code, first);
        let other = || instead.and_then(|_| codes.find(code, index).ok());
        match found.or_else(|slot| other().ok_or(slot)) {
            Ok(longer) => {
                before = Some(longer);
                continue;
            }
            Err(slot) => {
                let index = first;
                bits.put(code, length);
                if codes.next < MOST_CODES {
                    // Who reads knows a code one step later.
                    if codes.next == 1 << length {
                        length += 1;
                    }
                    codes.put(slot, code, index);
                } else {
                    bits.put(clear, length);
                    codes = Codes { next: clear + 2, ..codes };
                    codes.slots.fill(0);
                    length = index_bits + 1;
                }
            }
        }
        before = Some(first.into());
    }
    if let Some(code) = before {
        bits.put(code, length);
        if codes.next == 1 << length && length < MOST_BITS {
            length += 1;
        }
    }
    bits.put(clear + 1, length);
    bits.finish();
}

/// Which code stands for another and an index behind it.
struct Codes {
    /// The code before in 12 bits, the index in 8, the code in 12; 0 where there is none, since no code that is made is 0.
    slots: Vec<u32>,
    next: u32,
}

impl Codes {
    /// The code, or the slot where it belongs.
    #[inline]
    fn find(&self, code: u32, index: u8) -> Result<u32, usize> {
        let key = code << 8 | u32::from(index);
        let mut slot = (key.wrapping_mul(0x9E37_79B1) >> (32 - SLOTS.trailing_zeros())) as usize;
        loop {
            match self.slots.get(slot) {
                Some(&entry) if entry != 0 && entry >> MOST_BITS == key => {
                    return Ok(entry & (MOST_CODES - 1));
                }
                Some(&entry) if entry != 0 => slot = (slot + 1) % SLOTS,
                _ => return Err(slot),
            }
        }
    }

    fn put(&mut self, slot: usize, code: u32, index: u8) {
        if let Some(entry) = self.slots.get_mut(slot) {
            *entry = (code << 8 | u32::from(index)) << MOST_BITS | self.next;
            self.next += 1;
        }
    }
}

/// Bits from the lowest up.
struct Bits<'a> {
    pieces: Pieces<'a>,
    window: u32,
    filled: u32,
}

impl Bits<'_> {
    #[inline]
    fn put(&mut self, code: u32, length: u32) {
        self.window |= code << self.filled;
        self.filled += length;
        while self.filled >= 8 {
            self.pieces.push(self.window.to_le_bytes()[0]);
            self.window >>= 8;
            self.filled -= 8;
        }
    }

    fn finish(mut self) {
        if self.filled > 0 {
            self.pieces.push(self.window.to_le_bytes()[0]);
        }
        self.pieces.finish();
    }
}

/// Data in pieces of up to 255 bytes, each with its length before it.
struct Pieces<'a> {
    file: &'a mut Vec<u8>,
    /// Where the length of the piece in the making stands.
    at: usize,
}

impl<'a> Pieces<'a> {
    fn begin(file: &'a mut Vec<u8>) -> Self {
        let mut pieces = Self { at: file.len(), file };
        pieces.restart();
        pieces
    }

    fn restart(&mut self) {
        self.at = self.file.len();
        self.file.push(0);
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        if self.file.len() - self.at > 255 {
            self.end();
            self.restart();
        }
        self.file.push(byte);
    }

    fn end(&mut self) {
        let length = self.file.len() - self.at - 1;
        if let Some(place) = self.file.get_mut(self.at) {
            *place = u8::try_from(length).unwrap_or(u8::MAX);
        }
    }

    fn finish(mut self) {
        self.end();
        if self.file.len() - self.at > 1 {
            self.file.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::encode;
    use crate::geometry::Size;
    use crate::picture::encode::jpeg::tests::Dice;
    use crate::picture::{Channels, Picture};

    /// The pixels of a GIF as another decoder sees them.
    fn theirs(file: &[u8]) -> Vec<u8> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        options.check_lzw_end_code(true);
        let mut decoder = options.read_info(file).unwrap();
        decoder.read_next_frame().unwrap().unwrap().buffer.to_vec()
    }

    #[test]
    fn any_run_of_indices_comes_back() {
        let mut dice = Dice(0x617);
        for colours in [1, 2, 3, 4, 5, 16, 17, 129, 256] {
            // Runs and noise, of more codes than there are.
            for (width, height, reach) in
                [(1, 1, 1), (255, 1, 1), (90, 70, 40), (200, 150, 1), (400, 300, 250)]
            {
                let mut samples = Vec::new();
                while samples.len() < width as usize * height as usize * 4 {
                    let level = u8::try_from(usize::from(dice.byte()) % colours).unwrap();
                    let run = 1 + usize::from(dice.byte()) % reach;
                    samples.extend([level, 255 - level, 7, 255].repeat(run));
                }
                samples.truncate(width as usize * height as usize * 4);
                let picture = Picture::new(Size::new(width, height), Channels::Rgba, samples).unwrap();
                let file = encode(&picture).unwrap();
                assert!(theirs(&file) == picture.samples(), "{colours} colours, {width}x{height}, {reach}");
            }
        }
    }
}
