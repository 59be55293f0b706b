//! From the samples of a file to those that are handed on: 8 bits each, palettes looked up, colour keys as alpha.
//!
//! Of 16 bits the upper eight are kept; keys are compared before that.

use super::head::{Colour, Head, Shape};
use crate::picture::rows::Colours;

/// How rows are turned into what is handed on.
pub(super) struct Expander {
    step: Step,
    colours: Colours,
    row: Vec<u8>,
}

enum Step {
    /// The file has them so.
    Same,
    /// Every index of `depth` bits, or grey as such, stands for a colour.
    Lookup { depth: u8, table: Box<[[u8; 4]; 256]> },
    /// The upper byte of each sample.
    Upper,
    /// Grey and alpha, of `depth` bits.
    GreyAlpha { depth: u8 },
    /// Grey of 16 bits, one value of which is transparent.
    DeepGrey { key: Option<[u8; 2]> },
    /// Red, green and blue, one colour of which is transparent.
    Rgb { key: Option<[u8; 3]> },
    /// The same of 16 bits.
    DeepRgb { key: Option<[u8; 6]> },
}

impl Expander {
    /// What `head` calls for; `alpha` where rows must have it.
    pub(super) fn new(head: &Head, alpha: bool) -> Result<Self, &'static str> {
        let Shape { size, depth, colour, .. } = head.shape;
        let key = head.transparency.as_deref().unwrap_or_default();
        let step = match (colour, depth) {
            (Colour::Indexed, _) => Step::Lookup { depth, table: palette(head)? },
            (Colour::Grey, 8) if !alpha => Step::Same,
            (Colour::Grey, 16) if alpha => Step::DeepGrey { key: key.try_into().ok() },
            (Colour::Grey, 1 | 2 | 4 | 8) => Step::Lookup { depth, table: greys(depth, key) },
            (Colour::GreyAlpha, _) => Step::GreyAlpha { depth },
            (Colour::Rgb, 8) if alpha => Step::Rgb { key: lower_bytes(key) },
            (Colour::Rgb, 16) if alpha => Step::DeepRgb { key: key.try_into().ok() },
            (_, 16) => Step::Upper,
            _ => Step::Same,
        };
        let colours = match (colour, alpha) {
            (_, true) => Colours::Rgba,
            (Colour::Grey, false) => Colours::Grey,
            (_, false) => Colours::Rgb,
        };
        let samples = if matches!(step, Step::Same) { 0 } else { colours.samples() };
        let length = usize::try_from(size.width).unwrap_or(usize::MAX).checked_mul(samples);
        Ok(Self { step, colours, row: vec![0; length.ok_or("it is too wide")?] })
    }

    /// What the rows that come out are made of.
    pub(super) fn colours(&self) -> Colours {
        self.colours
    }

    /// A row of so many pixels as it is handed on.
    pub(super) fn expand<'a>(&'a mut self, row: &'a [u8], width: usize) -> &'a [u8] {
        let samples = self.colours.samples();
        let out = self.row.get_mut(..width * samples).unwrap_or_default();
        match &self.step {
            Step::Same => return row,
            Step::Lookup { depth, table } => match self.colours {
                Colours::Grey => look_up(row, *depth, out, |index| [entry(table, index)[0]]),
                Colours::Rgba => look_up(row, *depth, out, |index| entry(table, index)),
                _ => look_up(row, *depth, out, |index| {
                    let [r, g, b, _] = entry(table, index);
                    [r, g, b]
                }),
            },
            Step::Upper => {
                for (sample, [upper, _]) in out.iter_mut().zip(row.as_chunks().0) {
                    *sample = *upper;
                }
            }
            Step::GreyAlpha { depth: 16 } => each(row, out, |[grey, _, alpha, _]| [grey, grey, grey, alpha]),
            Step::GreyAlpha { .. } => each(row, out, |[grey, alpha]| [grey, grey, grey, alpha]),
            Step::DeepGrey { key } => each(row, out, |grey: [u8; 2]| {
                let [upper, _] = grey;
                [upper, upper, upper, opacity(Some(grey) != *key)]
            }),
            Step::Rgb { key } => each(row, out, |rgb: [u8; 3]| {
                let [r, g, b] = rgb;
                [r, g, b, opacity(Some(rgb) != *key)]
            }),
            Step::DeepRgb { key } => each(row, out, |rgb: [u8; 6]| {
                let [r, _, g, _, b, _] = rgb;
                [r, g, b, opacity(Some(rgb) != *key)]
            }),
        }
        out
    }
}

/// There is one for every index.
fn entry(table: &[[u8; 4]; 256], index: u8) -> [u8; 4] {
    table.get(usize::from(index)).copied().unwrap_or_default()
}

fn opacity(is_opaque: bool) -> u8 {
    if is_opaque { 255 } else { 0 }
}

/// One pixel after another.
fn each<const IN: usize, const OUT: usize>(
    row: &[u8],
    out: &mut [u8],
    pixel: impl Fn([u8; IN]) -> [u8; OUT],
) {
    for (from, to) in row.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
        *to = pixel(*from);
    }
}

/// One pixel after another from numbers of `depth` bits, the first in the highest (7.2).
fn look_up<const OUT: usize>(row: &[u8], depth: u8, out: &mut [u8], colour: impl Fn(u8) -> [u8; OUT]) {
    let pixels = out.as_chunks_mut::<OUT>().0;
    if depth == 8 {
        for (to, &index) in pixels.iter_mut().zip(row) {
            *to = colour(index);
        }
        return;
    }
    let (per_byte, unused) = (usize::from(8 / depth), 8 - depth);
    for (group, &byte) in pixels.chunks_mut(per_byte).zip(row) {
        let mut bits = byte;
        for to in group {
            *to = colour(bits >> unused);
            bits <<= depth;
        }
    }
}

/// All greys of `depth` bits over 0–255; the one that a key names is transparent.
fn greys(depth: u8, key: &[u8]) -> Box<[[u8; 4]; 256]> {
    let most = u8::MAX >> (8 - depth);
    let key = key.get(1);
    let mut table = Box::new([[0, 0, 0, 255]; 256]);
    for (value, colour) in (0..=most).zip(table.iter_mut()) {
        let grey = value * (255 / most);
        *colour = [grey, grey, grey, opacity(Some(&value) != key)];
    }
    table
}

/// A palette of 256 colours; those that the file does not give are black.
fn palette(head: &Head) -> Result<Box<[[u8; 4]; 256]>, &'static str> {
    let colours = head.palette.as_deref().ok_or("there is no palette")?.as_chunks::<3>().0;
    // More alphas than colours mean nothing (11.3.1.1); we pass over all of them, as other readers do.
    let alphas = head.transparency.as_deref().filter(|alphas| alphas.len() <= colours.len());
    let alphas = alphas.unwrap_or_default().iter().copied().chain(std::iter::repeat(255));
    let mut table = Box::new([[0, 0, 0, 255]; 256]);
    for ((entry, [r, g, b]), alpha) in table.iter_mut().zip(colours).zip(alphas) {
        *entry = [*r, *g, *b, alpha];
    }
    Ok(table)
}

/// The lower bytes of three samples of 16 bits.
fn lower_bytes(key: &[u8]) -> Option<[u8; 3]> {
    match *key {
        [_, r, _, g, _, b, ..] => Some([r, g, b]),
        _ => None,
    }
}
