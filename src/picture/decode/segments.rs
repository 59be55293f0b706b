//! A JPEG without the metadata before its first scan.
//!
//! The decoder keeps a copy of every profile and every comment it meets, and a file may consist of them.

use std::io::{self, Read};

/// Reads a JPEG, passing over what does not bear on its pixels: comments, and application data but
/// that of JFIF and Adobe.
pub(super) struct WithoutMetadata<'a> {
    rest: &'a [u8],
    /// Bytes of `rest` that are handed on before the next marker is looked at.
    ready: usize,
    /// The first scan was reached: from here on everything is handed on as it is.
    in_scan: bool,
}

impl<'a> WithoutMetadata<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { rest: file, ready: 0, in_scan: false }
    }

    /// Finds out how much of what follows is wanted.
    fn look(&mut self) {
        loop {
            self.ready = match *self.rest {
                [0xFF, 0xD9 | 0xDA, ..] => {
                    self.in_scan = true;
                    0
                }
                [0xFF, marker, high, low, ..] if has_segment(marker) => {
                    let length = 2 + usize::from(u16::from_be_bytes([high, low]));
                    if is_metadata(marker) {
                        self.rest = self.rest.get(length..).unwrap_or_default();
                        continue;
                    }
                    length
                }
                // Markers without a segment, and the stray bytes that decoders put up with.
                _ => 1,
            };
            return;
        }
    }
}

/// Application data, comments, tables and frame headers.
fn has_segment(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF | 0xDB..=0xFE)
}

fn is_metadata(marker: u8) -> bool {
    matches!(marker, 0xE1..=0xED | 0xEF | 0xFE)
}

impl Read for WithoutMetadata<'_> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready == 0 && !self.in_scan {
            self.look();
        }
        if self.in_scan {
            return self.rest.read(buffer);
        }
        let count = buffer.len().min(self.ready);
        let read = self.rest.get(..count).unwrap_or(self.rest).read(buffer)?;
        self.rest = self.rest.get(read..).unwrap_or_default();
        self.ready -= read;
        Ok(read)
    }

    /// Entropy-coded data is read a byte at a time, and a slice knows how to do that fast.
    #[inline]
    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        if self.in_scan {
            return self.rest.read_exact(buffer);
        }
        let mut filled = 0;
        while let Some(open) = buffer.get_mut(filled..).filter(|open| !open.is_empty()) {
            match self.read(open)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_on_what_bears_on_the_pixels() {
        let file = b"\xFF\xD8\xFF\xE0\0\x03j\xFF\xE2\0\x04ic.\xFF\xFF\xDB\0\x03q\xFF\xFE\0\x02\xFF\xDA\0\x02\xFF\xE2\0\x04";
        let mut read = Vec::new();
        WithoutMetadata::new(file).read_to_end(&mut read).unwrap();
        assert_eq!(read, b"\xFF\xD8\xFF\xE0\0\x03j.\xFF\xFF\xDB\0\x03q\xFF\xDA\0\x02\xFF\xE2\0\x04");
    }

    #[test]
    fn every_cut_ends() {
        let file = b"\xFF\xD8\xFF\xE2\0\x04ic\xFF\xDB\0\x03q\xFF\xDA\0\x02";
        for end in 0..file.len() {
            assert!(WithoutMetadata::new(&file[..end]).read_to_end(&mut Vec::new()).is_ok());
        }
    }
}
