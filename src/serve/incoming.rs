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
            make_room(&mut start, file_bytes);
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
        if rendering.begin(start)?.is_break() {
            return Ok(());
        }
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

/// Once it is clear that much of a file is needed, there is room for all of it: growing by doubling, the beginning would
/// lie in memory three times. The headers of most JPEGs and PNGs end long before that.
fn make_room(start: &mut Vec<u8>, file_bytes: u64) {
    const LONG_HEADER_BYTES: usize = 1 << 20;
    let is_short = start.len() < LONG_HEADER_BYTES;
    if is_short && matches!(Format::sniff(start), Some(Format::Jpeg | Format::Png) | None) {
        return;
    }
    let all = held_bytes(file_bytes) + u64::from(PIECE_BYTES);
    start.reserve_exact(usize::try_from(all).unwrap_or(0).saturating_sub(start.len()));
}

/// Bytes of a file that may be held at once.
pub(super) fn held_bytes(file_bytes: u64) -> u64 {
    file_bytes.min(LARGEST_GATHERED_BYTES)
}

/// All bytes of a file, which are few enough.
pub(super) async fn gather<B: Blob>(mut blob: B, file_bytes: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(usize::try_from(held_bytes(file_bytes)).unwrap_or(0));
    while let Some(piece) = blob.next().await? {
        bytes.extend(piece);
    }
    Ok(bytes)
}

/// A mark, all of it.
pub(super) async fn gather_file<B: Blob>(blob: B, file_bytes: u64) -> Result<SourceFile, Problem> {
    Ok(SourceFile::read(gather(blob, file_bytes).await?)?)
}
