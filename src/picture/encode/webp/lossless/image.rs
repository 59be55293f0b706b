//! Pixels as they are coded (RFC 9649, sections 3.5 to 3.7): literals, copies, and colours of a cache, by five codes.

use super::bits::BitWriter;
use super::copies::{self, Copy};
use super::prefix::Code;

const LITERALS: usize = 256;
/// Symbols of lengths, behind those of green.
const LENGTHS: usize = 24;
const DISTANCES: usize = 40;

/// Bits of the caches that are tried.
const CACHES: [u32; 4] = [0, 5, 8, 10];

/// An image with what was found of it.
pub(super) struct Image<'p> {
    pixels: &'p [u32],
    copies: Vec<Copy>,
    cache_bits: u32,
    codes: Codes,
    /// All that it takes.
    bits: u64,
}

enum Event {
    Literal(u32),
    Cached(usize),
    Copy(Copy),
}

impl<'p> Image<'p> {
    /// Looks at rows of so many pixels, each of which takes about so many bits by itself.
    pub(super) fn new(pixels: &'p [u32], width: usize, literal_bits: usize, caches: Caches) -> Self {
        let copies = copies::find(pixels, width, literal_bits);
        let of = |cache_bits: u32| {
            let mut counts = Counts::new(cache_bits);
            visit(pixels, &copies, cache_bits, |event| counts.take(&event));
            let codes = Codes::best(&counts);
            let bits = codes.bits(&counts) + 16;
            (bits, cache_bits, codes)
        };
        let tried = CACHES.iter().take(if caches == Caches::Tried { CACHES.len() } else { 1 });
        let best = tried.map(|cache_bits| of(*cache_bits)).min_by_key(|(bits, ..)| *bits);
        let (bits, cache_bits, codes) = best.unwrap_or_else(|| of(0));
        Self { pixels, copies, cache_bits, codes, bits }
    }

    /// Writes it; what is the picture itself says that all of it has the same codes.
    pub(super) fn write(&self, is_whole: bool, writer: &mut BitWriter) {
        writer.reserve(self.bits);
        writer.put(u32::from(self.cache_bits > 0), 1);
        if self.cache_bits > 0 {
            writer.put(self.cache_bits, 4);
        }
        if is_whole {
            writer.put(0, 1);
        }
        let Codes([green, red, blue, alpha, distance]) = &self.codes;
        for code in &self.codes.0 {
            code.write(writer);
        }
        visit(self.pixels, &self.copies, self.cache_bits, |event| match event {
            Event::Literal(pixel) => {
                let [b, g, r, a] = pixel.to_le_bytes();
                green.put(g.into(), writer);
                red.put(r.into(), writer);
                blue.put(b.into(), writer);
                alpha.put(a.into(), writer);
            }
            Event::Cached(place) => green.put(LITERALS + LENGTHS + place, writer),
            Event::Copy(copy) => {
                let (symbol, extra, bits) = prefixed(copy.length);
                green.put(LITERALS + symbol, writer);
                writer.put(extra, bits);
                let (symbol, extra, bits) = prefixed(copy.distance_code);
                distance.put(symbol, writer);
                writer.put(extra, bits);
            }
        });
    }
}

/// Whether caches of colours are of use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caches {
    None,
    Tried,
}

/// Walks an image as decoders will.
fn visit(pixels: &[u32], copies: &[Copy], cache_bits: u32, mut see: impl FnMut(Event)) {
    let mut cache = vec![0_u32; if cache_bits > 0 { 1 << cache_bits } else { 0 }];
    let shift = 32 - cache_bits.clamp(1, 11);
    let slot = |pixel: u32| (pixel.wrapping_mul(0x1E35_A7BD) >> shift) as usize;
    let mut rest = pixels;
    let mut at = 0;
    for copy in copies.iter().map(Some).chain([None]) {
        let before = copy.map_or(rest.len(), |copy| copy.at as usize - at);
        let (literals, others) = rest.split_at_checked(before).unwrap_or((rest, &[]));
        for &pixel in literals {
            match cache.get_mut(slot(pixel)) {
                Some(known) if *known == pixel => see(Event::Cached(slot(pixel))),
                Some(known) => {
                    *known = pixel;
                    see(Event::Literal(pixel));
                }
                None => see(Event::Literal(pixel)),
            }
        }
        let Some(copy) = copy else { return };
        let (again, others) = others.split_at_checked(copy.length as usize).unwrap_or((others, &[]));
        see(Event::Copy(*copy));
        if !cache.is_empty() {
            for &pixel in again {
                if let Some(known) = cache.get_mut(slot(pixel)) {
                    *known = pixel;
                }
            }
        }
        at = copy.at as usize + copy.length as usize;
        rest = others;
    }
}

/// A number from 1 on as a symbol, with bits that follow it (section 3.5.2.2).
fn prefixed(number: u32) -> (usize, u32, u32) {
    let number = number.saturating_sub(1);
    if number < 4 {
        return (number as usize, 0, 0);
    }
    let highest = number.ilog2();
    let second = number >> (highest - 1) & 1;
    (2 * highest as usize + second as usize, number & ((1 << (highest - 1)) - 1), highest - 1)
}

/// How often each symbol occurs: of green, lengths and the cache, red, blue, alpha, distances.
struct Counts {
    symbols: [Vec<u32>; 5],
    extra_bits: u64,
}

impl Counts {
    fn new(cache_bits: u32) -> Self {
        let cached = if cache_bits > 0 { 1 << cache_bits } else { 0 };
        let sizes = [LITERALS + LENGTHS + cached, LITERALS, LITERALS, LITERALS, DISTANCES];
        Self { symbols: sizes.map(|size| vec![0; size]), extra_bits: 0 }
    }

    fn take(&mut self, event: &Event) {
        let [green, red, blue, alpha, distance] = &mut self.symbols;
        let count = |counts: &mut Vec<u32>, symbol: usize| {
            counts.get_mut(symbol).into_iter().for_each(|count| *count += 1);
        };
        match event {
            Event::Literal(pixel) => {
                let [b, g, r, a] = pixel.to_le_bytes();
                for (counts, sample) in [(green, g), (red, r), (blue, b), (alpha, a)] {
                    count(counts, sample.into());
                }
            }
            Event::Cached(place) => count(green, LITERALS + LENGTHS + place),
            Event::Copy(copy) => {
                let (symbol, _, bits) = prefixed(copy.length);
                count(green, LITERALS + symbol);
                let (far, _, far_bits) = prefixed(copy.distance_code);
                count(distance, far);
                self.extra_bits += u64::from(bits + far_bits);
            }
        }
    }
}

struct Codes([Code; 5]);

impl Codes {
    fn best(counts: &Counts) -> Self {
        Self(counts.symbols.each_ref().map(|counts| Code::best(counts)))
    }

    /// Bits of the codes and of what is written by them.
    fn bits(&self, counts: &Counts) -> u64 {
        let mut told = BitWriter::default();
        self.0.iter().for_each(|code| code.write(&mut told));
        let symbols: u64 = self.0.iter().zip(&counts.symbols).map(|(code, counts)| code.bits(counts)).sum();
        told.len() + symbols + counts.extra_bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_symbol_and_bits() {
        for number in (1..5_000).chain([1 << 20, (1 << 20) - 1]) {
            let (symbol, extra, bits) = prefixed(number);
            // As decoders do it.
            let symbol = u32::try_from(symbol).unwrap();
            let back = if symbol < 4 { symbol + 1 } else { ((2 + (symbol & 1)) << bits) + extra + 1 };
            assert_eq!((back, bits), (number, if symbol < 4 { 0 } else { (symbol - 2) >> 1 }));
        }
        assert_eq!(prefixed(4_096).0, LENGTHS - 1);
        assert_eq!(prefixed(1 << 20).0, DISTANCES - 1);
    }
}
