//! JPEG (ISO 10918-1) out of rows: each strip is transformed, quantised and kept as tokens, and at the end written with
//! the shortest Huffman codes; progressive where that is worth while. Neither planes nor frames are held.
//!
//! There are no metadata, no restarts, no scans that refine others.

mod bits;
mod component;
mod fdct;
mod huffman;
mod limits;
mod markers;
mod pieces;
mod progressive;
mod quantise;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod round_trips;
mod sampling;
mod scan;
mod tokens;
mod trellis;

use std::ops::ControlFlow;

use self::bits::BitWriter;
use self::component::Component;
use self::limits::Limits;
use self::progressive::Progressive;
use self::quantise::Quantiser;
use self::sampling::Sampling;
use self::scan::Baseline;
use self::tokens::Tokens;
use super::{EncodeError, Encoding};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::Picture;
use crate::picture::rows::{Colours, Layout, RowSink};
use crate::picture::ycc::{Converter, Range};

pub use self::limits::{held_bytes, held_bytes_of};

/// Files that would be larger as one scan are progressive: they are seen earlier, and are smaller.
const PROGRESSIVE_ABOVE_BYTES: u64 = 10_000;

pub(super) fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    let mut rows = JpegRows::of(encoding);
    rows.begin(&Layout::whole(picture.channels().into(), picture.size()));
    let _ = picture.rows().try_for_each(|row| rows.row(0, row));
    rows.finish()
}

/// Makes a file out of rows, holding sixteen of them and the coded symbols.
#[derive(Debug)]
pub struct JpegRows {
    quality: u8,
    /// Larger files are progressive.
    progressive_above_bytes: u64,
    state: Result<State, EncodeError>,
}

impl JpegRows {
    /// A file of this quality, 1–100.
    pub fn new(quality: u8) -> Self {
        Self {
            quality,
            progressive_above_bytes: PROGRESSIVE_ABOVE_BYTES,
            state: Err(refusal("no rows came")),
        }
    }

    /// A file of an encoding, whose format is not looked at.
    pub fn of(encoding: Encoding) -> Self {
        let progressive_above_bytes = if encoding.progressive { PROGRESSIVE_ABOVE_BYTES } else { u64::MAX };
        Self { progressive_above_bytes, ..Self::new(encoding.quality) }
    }

    /// The file, where all rows came.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        self.state?.finish(self.progressive_above_bytes)
    }
}

impl RowSink for JpegRows {
    fn begin(&mut self, layout: &Layout) {
        self.state = Sampling::of(layout)
            .map(|sampling| State::new(sampling, layout.colours, self.quality))
            .map_err(refusal);
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        let Ok(state) = &mut self.state else { return ControlFlow::Break(()) };
        if let Err(error) = state.row(plane, row) {
            // What was gathered is let go of here.
            self.state = Err(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn refusal(reason: &str) -> EncodeError {
    EncodeError::new(Format::Jpeg, &reason)
}

/// A file in the making.
#[derive(Debug)]
struct State {
    sampling: Sampling,
    /// Of luma, and of chroma.
    tables: [[u8; 64]; 2],
    quantisers: [Quantiser; 2],
    converter: Option<Converter>,
    components: Vec<Component>,
    limits: Limits,
}

impl State {
    fn new(sampling: Sampling, colours: Colours, quality: u8) -> Self {
        let tables = quantise::tables(quality);
        let is_rgb = colours == Colours::Rgb;
        Self {
            quantisers: tables.each_ref().map(Quantiser::new),
            tables,
            converter: is_rgb.then(|| Converter::new(sampling.size, Range::Full)),
            components: sampling
                .planes
                .iter()
                .map(|&(size, factors)| Component::new(size, factors))
                .collect(),
            limits: Limits::of(&sampling, quality),
            sampling,
        }
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> Result<(), EncodeError> {
        let has_grown = if let Some(converter) = &mut self.converter {
            convert(row, converter, &mut self.components, &self.quantisers)
        } else {
            let [of_luma, of_chroma] = &self.quantisers;
            let quantiser = if plane == 0 { of_luma } else { of_chroma };
            let component = self.components.get_mut(plane);
            component.is_some_and(|component| component.row(row, quantiser))
        };
        if has_grown {
            self.limits.check_tokens(self.token_bytes())?;
        }
        Ok(())
    }

    fn token_bytes(&self) -> u64 {
        self.components.iter().map(Component::token_bytes).sum()
    }

    fn finish(self, progressive_above_bytes: u64) -> Result<Vec<u8>, EncodeError> {
        if !self.components.iter().all(Component::is_whole) {
            return Err(refusal("fewer rows came than were promised"));
        }
        let (headers, units) = (self.sampling.headers(), self.sampling.units());
        let sizes: Vec<Size> = self.sampling.planes.iter().map(|plane| plane.0).collect();
        let components: Vec<Tokens> = self.components.into_iter().map(Component::into_tokens).collect();
        let baseline = Baseline::new(&components, &headers);
        let is_large = baseline.bytes > progressive_above_bytes;
        let progressive = is_large.then(|| Progressive::new(&components, &sizes, &headers));
        let progressive = progressive.filter(|scans| {
            // All tokens are there until the last scan.
            let tokens: u64 = components.iter().map(Tokens::held_bytes).sum();
            self.limits
                .has_room(tokens + with_stuffing(scans.bytes_before_the_last()), with_stuffing(scans.bytes()))
        });

        let mut start = markers::START_OF_IMAGE.to_vec();
        start.extend_from_slice(markers::JFIF);
        for (table, index) in self.tables.iter().zip(0..).take(headers.len()) {
            markers::quantiser(index, table, &mut start);
        }
        markers::frame(self.sampling.size, &headers, progressive.is_some(), &mut start);
        let mut file = BitWriter::default();
        file.append(&start);
        match progressive {
            Some(scans) => scans.write(components, &sizes, &headers, units, &mut file),
            None => baseline.write(components, &headers, units, &self.limits, &mut file)?,
        }
        file.append(&markers::END_OF_IMAGE);
        Ok(file.finish())
    }
}

/// About what a scan takes in the end: of even chances, one byte of 256 is all ones; and no more than a piece is begun.
fn with_stuffing(bytes: u64) -> u64 {
    bytes + bytes / 128 + 16 * 1_024
}

/// Takes a row of red, green and blue; answers whether a strip was coded.
fn convert(
    row: &[u8],
    converter: &mut Converter,
    components: &mut [Component],
    [of_luma, of_chroma]: &[Quantiser; 2],
) -> bool {
    let ([luma, chroma @ ..], Some(rows)) = (components, converter.row(row)) else {
        return false;
    };
    let mut has_grown = false;
    for row in rows.luma {
        has_grown |= luma.row(row, of_luma);
    }
    for (component, row) in chroma.iter_mut().zip(rows.differences) {
        has_grown |= component.row(row, of_chroma);
    }
    has_grown
}

#[cfg(test)]
pub(in crate::picture) mod tests {
    use super::*;

    /// Numbers by chance.
    pub(in crate::picture) struct Dice(pub(in crate::picture) u64);

    impl Dice {
        pub(in crate::picture) fn byte(&mut self) -> u8 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()[3]
        }
    }

    /// A file of grey in the making, of which all rows came that were wanted.
    pub(super) fn grey(
        size: Size,
        quality: u8,
        limits: Option<Limits>,
        mut sample: impl FnMut() -> u8,
    ) -> JpegRows {
        let mut rows = JpegRows::new(quality);
        RowSink::begin(&mut rows, &Layout::whole(Colours::Grey, size));
        if let (Some(limits), Ok(state)) = (limits, &mut rows.state) {
            state.limits = limits;
        }
        for _ in 0..size.height {
            let row: Vec<u8> = (0..size.width).map(|_| sample()).collect();
            let _ = RowSink::row(&mut rows, 0, &row);
        }
        rows
    }

    #[test]
    fn what_is_not_written_is_refused() {
        let refused = |colours, size| {
            let mut rows = JpegRows::new(80);
            RowSink::begin(&mut rows, &Layout::whole(colours, size));
            assert!(RowSink::row(&mut rows, 0, &[0; 32]).is_break());
            rows.finish().unwrap_err().to_string()
        };
        let small = Size::new(8, 8);
        for colours in [Colours::Rgba, Colours::Cmyk, Colours::Ycck, Colours::VideoYcc, Colours::FullYcc] {
            assert!(refused(colours, small).contains("only"), "{colours:?}");
        }
        assert!(refused(Colours::Grey, Size::new(65_536, 1)).contains("65,535"));
    }

    #[test]
    fn missing_rows_are_an_error() {
        assert!(JpegRows::new(80).finish().is_err());
        let mut rows = JpegRows::new(80);
        RowSink::begin(&mut rows, &Layout::whole(Colours::Grey, Size::new(8, 2)));
        assert!(RowSink::row(&mut rows, 0, &[0; 8]).is_continue());
        // Too short to be one, and of a plane that is not there.
        assert!(RowSink::row(&mut rows, 0, &[0; 7]).is_continue());
        assert!(RowSink::row(&mut rows, 1, &[0; 8]).is_continue());
        assert!(rows.finish().is_err());
    }
}
