//! A file on its way in: its header first, then everything else.

use super::ports::{PIECE_BYTES, World};
use super::problem::Problem;
use super::reading::{Body, File};
use super::versions::Current;
use crate::format::Format;
use crate::picture::budget::{LARGEST_DRAWING_BYTES, LARGEST_GATHERED_BYTES};
use crate::picture::probe::{Header, ProbeError};
use crate::picture::svg;
use crate::render::{Rendering, SourceFile};

/// Finds out how long a file is. Where its source does not say, it is read to its end.
pub(super) async fn size<W: World>(file: File<'_, W>) -> Result<(Current, Body<'_, W>), Problem> {
    let File { mut current, is_sized, mut body } = file;
    if is_sized {
        return Ok((current, body));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await? {
        bytes.extend(piece);
        if bytes.len() as u64 > LARGEST_GATHERED_BYTES {
            return Err(Problem::FileTooLarge { size_bytes: bytes.len() as u64 });
        }
    }
    current.version.size_bytes = bytes.len() as u64;
    Ok((current, Body::Here(Some(bytes))))
}

/// What turned out to come.
pub(super) enum Opened<'a, W: World> {
    /// A picture.
    Picture(Incoming<'a, W>),
    /// A drawing, all of it.
    Drawing(Vec<u8>),
}

/// A source whose header was read.
pub(super) struct Incoming<'a, W: World> {
    /// What its header says.
    pub(super) header: Header,
    /// Bytes that were read to learn it.
    start: Vec<u8>,
    /// The rest.
    rest: Body<'a, W>,
}

impl<'a, W: World> Incoming<'a, W> {
    /// Reads as far as the header goes. The formats that keep something behind their pixels are read whole, unless the
    /// plan is going to refuse them for their length.
    pub(super) async fn open(mut rest: Body<'a, W>, file_bytes: u64) -> Result<Opened<'a, W>, Problem> {
        let mut start = Vec::new();
        let mut next_try = 1;
        loop {
            let piece = rest.next().await?;
            let has_ended = piece.is_none();
            start.extend(piece.unwrap_or_default());
            make_room(&mut start, file_bytes);
            let is_long = start.len() as u64 > LARGEST_GATHERED_BYTES;
            if start.len() < next_try && !has_ended && !is_long {
                continue;
            }
            // Every try walks all of it, so that there must not be many.
            next_try = start.len() * 2;
            match Header::walk(&start) {
                Ok(header) if has_ended || says_all(&header, file_bytes) => {
                    let header = Header::read(&start)?;
                    return Ok(Opened::Picture(Self { header, start, rest }));
                }
                Err(ProbeError::NotAPicture) if svg::sniff(&start) => {
                    return Ok(Opened::Drawing(gather_drawing(start, rest).await?));
                }
                Err(error) if has_ended || !matches!(error, ProbeError::Broken(_)) => {
                    return Err(error.into());
                }
                _ if is_long => return Err(Problem::FileTooLarge { size_bytes: file_bytes }),
                _ => {}
            }
        }
    }

    /// For so long nobody read on.
    pub(super) fn excuse(&mut self, milliseconds: f64) {
        self.rest.excuse(milliseconds);
    }

    /// All of it, which is no longer than may be held.
    pub(super) async fn gather(self, file_bytes: u64) -> Result<SourceFile, Problem> {
        let Self { header, start: mut bytes, mut rest } = self;
        let all = usize::try_from(held_bytes(file_bytes)).unwrap_or(0);
        bytes.reserve_exact(all.saturating_sub(bytes.len()));
        while let Some(piece) = rest.next().await? {
            bytes.extend(piece);
        }
        Ok(SourceFile { bytes, header })
    }

    /// A file that is here already.
    pub(super) fn here(file: SourceFile) -> Self {
        Self { header: file.header, start: file.bytes, rest: Body::Here(None) }
    }

    /// Gives a rendering what it wants of the file.
    pub(super) async fn feed(self, rendering: &mut Rendering<'_>) -> Result<(), Problem> {
        let Self { start, mut rest, .. } = self;
        if rendering.begin(start)?.is_break() {
            return Ok(());
        }
        while let Some(piece) = rest.next().await? {
            if rendering.push(&piece)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// All of a drawing, or as much of it as shows that it is too long.
async fn gather_drawing<W: World>(mut bytes: Vec<u8>, mut rest: Body<'_, W>) -> Result<Vec<u8>, Problem> {
    while bytes.len() <= LARGEST_DRAWING_BYTES
        && let Some(piece) = rest.next().await?
    {
        bytes.extend(piece);
    }
    Ok(bytes)
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
pub(super) async fn gather<W: World>(mut file: Body<'_, W>, file_bytes: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(usize::try_from(held_bytes(file_bytes)).unwrap_or(0));
    while let Some(piece) = file.next().await? {
        bytes.extend(piece);
    }
    Ok(bytes)
}
