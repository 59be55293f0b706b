//! Baseline JPEG, 4:2:0, by the `mozjpeg-rs` crate: out of a frame with Huffman tables made for the picture, or out
//! of rows, in half the memory, with those of the standard.

use std::io::{self, Write};
use std::ops::ControlFlow;

use mozjpeg_rs::{Encoder, Subsampling};

use super::EncodeError;
use crate::format::Format;
use crate::geometry::{Size, Turn};
use crate::picture::ops::turn::turn_samples;
use crate::picture::rows::RowSink;
use crate::picture::{Channels, Picture};

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    if picture.channels() != Channels::Rgb {
        return Err(EncodeError::new(Format::Jpeg, &"it holds no alpha"));
    }
    encoder(quality)
        .optimize_huffman(true)
        .encode_rgb(picture.samples(), picture.size().width, picture.size().height)
        .map_err(|error| EncodeError::new(Format::Jpeg, &error))
}

fn encoder(quality: u8) -> Encoder {
    Encoder::fastest().quality(quality).subsampling(Subsampling::S420)
}

/// The largest file that is made out of rows: photographs stay well below it.
pub fn longest_by_rows(size: Size, quality: u8) -> u64 {
    let percent = if quality > 90 { 250 } else { 120 };
    size.area() * percent / 100 + 4_096
}

/// Gathers rows as luma and halved chroma, which is what is coded in the end.
#[derive(Debug)]
pub struct JpegRows {
    quality: u8,
    size: Size,
    has_alpha: bool,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
    /// Sums of red, green and blue, and how many there are of each, for every chroma sample of the current line.
    squares: Vec<[u32; 4]>,
    rows: u32,
}

impl JpegRows {
    /// A file of this quality.
    pub fn new(quality: u8) -> Self {
        Self {
            quality,
            size: Size::new(1, 1),
            has_alpha: false,
            luma: Vec::new(),
            blue: Vec::new(),
            red: Vec::new(),
            squares: Vec::new(),
            rows: 0,
        }
    }

    /// Whether halved chroma can be turned like this: squares of two by two pixels stay whole where the mirrored
    /// sides of the turned picture, which has this size, are even.
    pub fn can_turn(turn: Turn, turned: Size) -> bool {
        let is_even = |side: u32| side.is_multiple_of(2);
        (!turn.mirror_x || is_even(turned.width)) && (!turn.mirror_y || is_even(turned.height))
    }

    /// The file of the rows, turned; nothing where too few rows came.
    pub fn finish(mut self, turn: Turn) -> Option<Result<Vec<u8>, EncodeError>> {
        if self.has_alpha {
            return Some(Err(EncodeError::new(Format::Jpeg, &"it holds no alpha")));
        }
        if self.rows != self.size.height {
            return None;
        }
        if turn != Turn::NONE {
            self.turn(turn);
        }
        Some(self.encode())
    }

    fn turn(&mut self, turn: Turn) {
        let half = Size::new(self.size.width.div_ceil(2), self.size.height.div_ceil(2));
        for (plane, size) in [(&mut self.luma, self.size), (&mut self.blue, half), (&mut self.red, half)] {
            *plane = turn_samples(plane, size, 1, turn);
        }
        self.size = turn.size(self.size);
    }

    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let Size { width, height } = self.size;
        let mut file = Bounded::new(longest_by_rows(self.size, self.quality));
        encoder(self.quality)
            .optimize_huffman(false)
            .encode_ycbcr_planar_to_writer(&self.luma, &self.blue, &self.red, width, height, &mut file)
            .map_err(|error| EncodeError::new(Format::Jpeg, &error))?;
        file.finish()
    }

    fn add_luma(&mut self, row: &[u8]) {
        self.luma.extend(row.chunks_exact(3).map(|pixel| match *pixel {
            [r, g, b] => luma([r, g, b].map(i32::from)),
            _ => 0,
        }));
    }

    fn add_to_squares(&mut self, row: &[u8]) {
        for (square, pair) in self.squares.iter_mut().zip(row.chunks(6)) {
            for pixel in pair.chunks_exact(3) {
                for (sum, &sample) in square.iter_mut().zip(pixel) {
                    *sum += u32::from(sample);
                }
                square[3] += 1;
            }
        }
    }

    fn finish_squares(&mut self) {
        for square in &mut self.squares {
            let [r, g, b, count] = *square;
            let mean = [r, g, b].map(|sum| i32::try_from((sum + count / 2) / count.max(1)).unwrap_or(0));
            self.blue.push(blue_difference(mean));
            self.red.push(red_difference(mean));
            *square = [0; 4];
        }
    }
}

impl RowSink for JpegRows {
    fn begin(&mut self, size: Size, channels: Channels) {
        self.size = size;
        self.has_alpha = channels == Channels::Rgba;
        let (width, height) = (size.width as usize, size.height as usize);
        let quarter = width.div_ceil(2) * height.div_ceil(2);
        self.luma.reserve_exact(width * height);
        self.blue.reserve_exact(quarter);
        self.red.reserve_exact(quarter);
        self.squares = vec![[0; 4]; width.div_ceil(2)];
    }

    fn row(&mut self, row: &[u8]) -> ControlFlow<()> {
        if self.has_alpha {
            return ControlFlow::Break(());
        }
        self.rows += 1;
        self.add_luma(row);
        self.add_to_squares(row);
        if self.rows.is_multiple_of(2) || self.rows == self.size.height {
            self.finish_squares();
        }
        ControlFlow::Continue(())
    }
}

// JFIF 1.02, page 3, in 65,536ths, rounded.
const HALF: i32 = 1 << 15;

fn luma([r, g, b]: [i32; 3]) -> u8 {
    to_byte((19_595 * r + 38_470 * g + 7_471 * b + HALF) >> 16)
}

fn blue_difference([r, g, b]: [i32; 3]) -> u8 {
    to_byte(((-11_059 * r - 21_709 * g + 32_768 * b + HALF) >> 16) + 128)
}

fn red_difference([r, g, b]: [i32; 3]) -> u8 {
    to_byte(((32_768 * r - 27_439 * g - 5_329 * b + HALF) >> 16) + 128)
}

fn to_byte(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(0)
}

/// Bytes that were paid for in advance. What does not fit is dropped and remembered.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl Bounded {
    fn new(most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { bytes: Vec::with_capacity(most), most, is_full: false }
    }

    fn finish(self) -> Result<Vec<u8>, EncodeError> {
        if self.is_full { Err(EncodeError::TooLong { most_bytes: self.most }) } else { Ok(self.bytes) }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.is_full = true;
        } else {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_rows(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
        let mut rows = JpegRows::new(quality);
        rows.begin(picture.size(), picture.channels());
        let _ = picture.rows().try_for_each(|row| rows.row(row));
        rows.finish(Turn::NONE).unwrap()
    }

    #[test]
    fn rows_and_frames_give_the_same_pixels() {
        // Odd sides, so that the last squares are halves and a quarter.
        let pixel = |i: u32| [i % 83 * 3, i / 83 * 5, 90].map(|sample| u8::try_from(sample).unwrap());
        let samples = (0..83 * 47).flat_map(pixel).collect();
        let picture = Picture::new(Size::new(83, 47), Channels::Rgb, samples).unwrap();
        let decoded = |file: Vec<u8>| jpeg_decoder::Decoder::new(&*file).decode().unwrap();
        let (a, b) = (decoded(by_rows(&picture, 90).unwrap()), decoded(encode(&picture, 90).unwrap()));
        assert_eq!(a.len(), b.len());
        let largest = a.iter().zip(&b).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(largest <= Some(6), "{largest:?}");
    }

    #[test]
    fn rows_are_turned_as_frames_are() {
        let pixel = |i: u32| [i % 48 * 5, i / 48 * 7, 90].map(|sample| u8::try_from(sample).unwrap());
        let samples = (0..48 * 32).flat_map(pixel).collect();
        let picture = Picture::new(Size::new(48, 32), Channels::Rgb, samples).unwrap();
        for turn in (1..=8).map(Turn::from_exif) {
            let turned = crate::picture::ops::turn::turn(picture.clone(), turn);
            let mut rows = JpegRows::new(90);
            rows.begin(picture.size(), picture.channels());
            let _ = picture.rows().try_for_each(|row| rows.row(row));
            assert!(JpegRows::can_turn(turn, turned.size()));
            assert_eq!(rows.finish(turn).unwrap(), by_rows(&turned, 90), "{turn:?}");
        }
        assert!(!JpegRows::can_turn(Turn::HALF, Size::new(47, 32)));
    }

    #[test]
    fn files_do_not_outgrow_what_was_paid_for() {
        let mut file = Bounded::new(10);
        file.write_all(&[0; 10]).unwrap();
        file.write_all(&[0]).unwrap();
        assert_eq!(file.finish(), Err(EncodeError::TooLong { most_bytes: 10 }));
    }
}
