//! The chunks of a file as it arrives (PNG specification, 5.2 and 5.3).
//!
//! What is checked: the signature, and the CRC of every chunk that bears on a pixel. Other chunks are passed over
//! without a copy and without a checksum. CRCs are a twentieth of the time that a photograph takes on wasm.

use crc32fast::Hasher;

/// A chunk's kind: four letters.
pub(super) type Kind = [u8; 4];

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Something met on the way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A chunk begins.
    Begin {
        /// What it is.
        kind: Kind,
        /// Bytes of its body.
        length: u32,
    },
    /// Some of its body; never empty.
    Data(&'a [u8]),
    /// It has ended.
    End {
        /// Its checksum is right, or was not looked at.
        is_sound: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Signature,
    Head,
    Body,
    Check,
}

/// Where in the file we are.
pub(super) struct Chunks {
    state: State,
    kind: Kind,
    /// Bytes of the body still to come.
    left: u32,
    crc: Hasher,
    /// A number or a name that is not complete.
    partial: [u8; 8],
    gathered: usize,
}

impl Chunks {
    pub(super) fn new() -> Self {
        Self {
            state: State::Signature,
            kind: [0; 4],
            left: 0,
            crc: Hasher::new(),
            partial: [0; 8],
            gathered: 0,
        }
    }

    /// The kind of the chunk that began last.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The next event, taken from the front of `bytes`; nothing when they are used up.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Event<'a>>, &'static str> {
        if self.state == State::Signature {
            let Some(signature) = self.gather(bytes) else { return Ok(None) };
            if signature != SIGNATURE {
                return Err("it has no PNG signature");
            }
            self.state = State::Head;
        }
        Ok(match self.state {
            State::Head => self.gather(bytes).map(|head| self.begin(head)),
            State::Body => self.data(bytes),
            State::Signature | State::Check => self.gather(bytes).map(|crc| self.end(crc)),
        })
    }

    fn begin(&mut self, [l0, l1, l2, l3, kind @ ..]: [u8; 8]) -> Event<'static> {
        self.kind = kind;
        self.left = u32::from_be_bytes([l0, l1, l2, l3]);
        self.crc.reset();
        self.crc.update(&kind);
        self.state = if self.left == 0 { State::Check } else { State::Body };
        Event::Begin { kind, length: self.left }
    }

    fn data<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Event<'a>> {
        let length = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let (data, rest) = bytes.split_at_checked(length).filter(|(data, _)| !data.is_empty())?;
        *bytes = rest;
        if is_checked(self.kind) {
            self.crc.update(data);
        }
        self.left = self.left.saturating_sub(u32::try_from(length).unwrap_or(u32::MAX));
        if self.left == 0 {
            self.state = State::Check;
        }
        Some(Event::Data(data))
    }

    fn end(&mut self, crc: [u8; 4]) -> Event<'static> {
        self.state = State::Head;
        let is_right = self.crc.clone().finalize() == u32::from_be_bytes(crc);
        Event::End { is_sound: is_right || !is_checked(self.kind) }
    }

    /// `N` bytes, once they have all come; at most eight.
    fn gather<const N: usize>(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let room = self.partial.get_mut(self.gathered..N)?;
        let length = room.len().min(bytes.len());
        let (taken, rest) = bytes.split_at_checked(length)?;
        room.get_mut(..length)?.copy_from_slice(taken);
        *bytes = rest;
        self.gathered += length;
        let whole = *self.partial.first_chunk()?;
        (self.gathered == N).then(|| {
            self.gathered = 0;
            whole
        })
    }
}

/// Whether a picture cannot be understood without chunks of this kind (5.4: the first letter is a capital).
pub(super) fn is_critical(kind: Kind) -> bool {
    kind[0] & 0x20 == 0
}

/// Transparency changes pixels, critical or not.
fn is_checked(kind: Kind) -> bool {
    is_critical(kind) || kind == *b"tRNS"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `IEND` as every file has it.
    const END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

    fn events(file: &[u8], step: usize) -> Vec<String> {
        let mut chunks = Chunks::new();
        let mut events = Vec::new();
        for mut bytes in file.chunks(step) {
            while let Some(event) = chunks.next(&mut bytes).unwrap() {
                events.push(format!("{event:?}"));
            }
        }
        events
    }

    #[test]
    fn a_chunk_is_the_same_in_any_pieces() {
        let file = [&SIGNATURE, END].concat();
        let whole = events(&file, file.len());
        assert_eq!(whole.len(), 2);
        assert_eq!(whole[1], "End { is_sound: true }");
        for step in 1..file.len() {
            assert_eq!(events(&file, step), whole, "{step}");
        }
    }

    #[test]
    fn checksums_count_where_pixels_depend_on_them() {
        for (kind, is_sound) in [(b"PLTE", false), (b"tRNS", false), (b"tEXt", true)] {
            let chunk = [&[0, 0, 0, 1], &kind[..], &[7], &[1, 2, 3, 4]].concat();
            let last = events(&[&SIGNATURE, &chunk[..]].concat(), 64).pop().unwrap();
            assert_eq!(last, format!("End {{ is_sound: {is_sound} }}"));
        }
    }

    #[test]
    fn other_files_are_refused() {
        assert!(Chunks::new().next(&mut &b"GIF89a.."[..]).is_err());
    }
}
