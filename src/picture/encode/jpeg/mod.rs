//! Baseline JPEG (ISO 10918-1) out of rows: each strip is transformed, quantised and kept as tokens, and at the end
//! written with the shortest Huffman codes. Neither planes nor frames are held.
//!
//! There are no metadata, no restarts, no progressive scans.

mod component;
mod fdct;
mod huffman;
mod limits;
mod markers;
mod quantise;
mod sampling;
mod scan;
mod tokens;

use std::ops::ControlFlow;

use self::component::Component;
use self::huffman::Table;
use self::limits::Limits;
use self::markers::ComponentHeader;
use self::quantise::Quantiser;
use self::sampling::Sampling;
use self::scan::{BitWriter, Codes, Reader};
use self::tokens::Frequencies;
use super::EncodeError;
use super::ycc::{Converter, Range};
use crate::format::Format;
use crate::picture::Picture;
use crate::picture::rows::{Colours, Layout, RowSink};

pub use self::limits::{held_bytes, held_bytes_of};

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let mut rows = JpegRows::new(quality);
    rows.begin(&Layout::whole(picture.channels().into(), picture.size()));
    let _ = picture.rows().try_for_each(|row| rows.row(0, row));
    rows.finish()
}

/// Makes a file out of rows, holding sixteen of them and the coded symbols.
#[derive(Debug)]
pub struct JpegRows {
    quality: u8,
    state: Result<State, EncodeError>,
}

impl JpegRows {
    /// A file of this quality, 1–100.
    pub fn new(quality: u8) -> Self {
        Self { quality, state: Err(refusal("no rows came")) }
    }

    /// The file, where all rows came.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        self.state?.finish()
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
    table: [u8; 64],
    quantiser: Quantiser,
    converter: Option<Converter>,
    components: Vec<Component>,
    limits: Limits,
}

impl State {
    fn new(sampling: Sampling, colours: Colours, quality: u8) -> Self {
        let table = quantise::table(quality);
        let is_rgb = colours == Colours::Rgb;
        Self {
            table,
            quantiser: Quantiser::new(&table),
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
            convert(row, converter, &mut self.components, &self.quantiser)
        } else {
            let component = self.components.get_mut(plane);
            component.is_some_and(|component| component.row(row, &self.quantiser))
        };
        if has_grown {
            self.limits.check_tokens(self.token_bytes())?;
        }
        Ok(())
    }

    fn token_bytes(&self) -> u64 {
        self.components.iter().map(Component::token_bytes).sum()
    }

    fn finish(self) -> Result<Vec<u8>, EncodeError> {
        if !self.components.iter().all(Component::is_whole) {
            return Err(refusal("fewer rows came than were promised"));
        }
        let headers = self.sampling.headers();
        let mut file = markers::START_OF_IMAGE.to_vec();
        file.extend_from_slice(markers::JFIF);
        markers::quantiser(&self.table, &mut file);
        markers::frame(self.sampling.size, &headers, &mut file);

        let (mut readers, mut frequencies) = (Vec::new(), Vec::<Frequencies>::new());
        for (component, header) in self.components.into_iter().zip(&headers) {
            let (pieces, counted) = component.into_tokens().finish();
            readers.push(Reader::new(pieces));
            match frequencies.get_mut(usize::from(header.huffman)) {
                Some(sum) => sum.add(&counted),
                None => frequencies.push(counted),
            }
        }
        let codes = make_codes(&frequencies, &mut file);
        let bits = codes.iter().zip(&frequencies).map(|(codes, frequencies)| codes.bits(frequencies));
        self.limits.check_file(bits.sum::<u64>() / 8)?;
        markers::scan(&headers, &mut file);
        write_scan(readers, &headers, &codes, self.sampling.units(), &self.limits)?.finish(&mut file);
        file.extend_from_slice(&markers::END_OF_IMAGE);
        Ok(file)
    }
}

/// Writes all blocks, those of each unit by component.
fn write_scan<P: Iterator<Item = Vec<u16>>>(
    mut readers: Vec<Reader<P>>,
    headers: &[ComponentHeader],
    codes: &[Codes],
    (across, down): (u32, u32),
    limits: &Limits,
) -> Result<BitWriter, EncodeError> {
    let mut bits = BitWriter::default();
    for _ in 0..down {
        for _ in 0..across {
            for (reader, header) in readers.iter_mut().zip(headers) {
                let Some(codes) = codes.get(usize::from(header.huffman)) else { continue };
                for _ in 0..header.factors.0 * header.factors.1 {
                    reader.write(codes, &mut bits);
                }
            }
        }
        let written = bits.held_bytes();
        limits.check_tokens(readers.iter().map(Reader::held_bytes).sum::<u64>() + written)?;
        // How many bytes would be stuffed was not known.
        limits.check_file(written)?;
    }
    Ok(bits)
}

/// Takes a row of red, green and blue; answers whether a strip was coded.
fn convert(
    row: &[u8],
    converter: &mut Converter,
    components: &mut [Component],
    quantiser: &Quantiser,
) -> bool {
    let ([luma, chroma @ ..], Some(rows)) = (components, converter.row(row)) else {
        return false;
    };
    let mut has_grown = false;
    for row in rows.luma {
        has_grown |= luma.row(row, quantiser);
    }
    for (component, row) in chroma.iter_mut().zip(rows.differences) {
        has_grown |= component.row(row, quantiser);
    }
    has_grown
}

/// The best tables, written as headers, and their codes.
fn make_codes(frequencies: &[Frequencies], file: &mut Vec<u8>) -> Vec<Codes> {
    let mut codes = Vec::new();
    for (frequencies, index) in frequencies.iter().zip(0..) {
        let [dc, ac] = [&frequencies.dc, &frequencies.written_ac()].map(Table::best);
        markers::huffman(index, &dc, &ac, file);
        codes.push(Codes::new(&dc, &ac));
    }
    codes
}

#[cfg(test)]
pub(in crate::picture) mod tests {
    use super::*;
    use crate::geometry::Size;

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
