//! A file on its way in: its header first, then everything else.

use super::ports::{Blob, PIECE_BYTES};
use super::problem::Problem;
use crate::format::Format;
use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::picture::probe::{Header, ProbeError};
use crate::render::{Rendering, SourceFile};

/// A source whose header was read.
#[derive(Debug)]
pub(super) struct Incoming<B> {
    /// What its header says.
    pub(super) header: Header,
    /// Bytes that were read to learn it.
    start: Vec<u8>,
    /// The rest.
    blob: B,
}

impl<B: Blob> Incoming<B> {
    /// Reads as far as the header goes. The formats that keep something behind their pixels are read whole, unless the
    /// plan is going to refuse them for their length.
    pub(super) async fn open(mut blob: B, file_bytes: u64) -> Result<Self, Problem> {
        let mut start = Vec::new();
        let mut next_try = 1;
        loop {
            let piece = blob.next().await?;
            let has_ended = piece.is_none();
            start.extend(piece.unwrap_or_default());
            let is_long = start.len() as u64 > LARGEST_GATHERED_BYTES;
            if start.len() < next_try && !has_ended && !is_long {
                continue;
            }
            // Every try walks all of it, so that there must not be many.
            next_try = start.len() * 2;
            match Header::read(&start) {
                Ok(header) if has_ended || says_all(&header, file_bytes) => {
                    return Ok(Self { header, start, blob });
                }
                Err(error) if has_ended || !matches!(error, ProbeError::Broken(_)) => {
                    return Err(error.into());
                }
                _ if is_long => return Err(Problem::FileTooLarge { size_bytes: file_bytes }),
                _ => {}
            }
        }
    }

    /// Gives a rendering what it wants of the file.
    pub(super) async fn feed(self, rendering: &mut Rendering<'_>) -> Result<(), Problem> {
        let Self { start, mut blob, .. } = self;
        for piece in start.chunks(PIECE_BYTES as usize) {
            if rendering.push(piece)?.is_break() {
                return Ok(());
            }
        }
        drop(start);
        while let Some(piece) = blob.next().await? {
            if rendering.push(&piece)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Whether the beginning of a file is all that its header could come from, or all that matters.
fn says_all(header: &Header, file_bytes: u64) -> bool {
    matches!(header.format, Format::Jpeg | Format::Png) || file_bytes > LARGEST_GATHERED_BYTES
}

/// All bytes of a file, which are few enough.
pub(super) async fn gather<B: Blob>(mut blob: B) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = blob.next().await? {
        bytes.extend(piece);
    }
    Ok(bytes)
}

/// A mark, all of it.
pub(super) async fn gather_file<B: Blob>(blob: B) -> Result<SourceFile, Problem> {
    Ok(SourceFile::read(gather(blob).await?)?)
}
