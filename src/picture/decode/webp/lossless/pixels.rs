//! Entropy-coded pixels (RFC 9649, sections 3.5 to 3.7), decoded row by row into a window that is as long as
//! references reach back.

use super::bits::Bits;
use super::prefix::{self, Builder, Code};
use super::{Broken, Reason};
use crate::geometry::Size;

/// References reach back no further: the largest distance code has 18 extra bits and means 2^20 − 120.
pub(super) const WINDOW: usize = 1 << 20;

/// Lengths and distances with their first bits in the symbol (section 3.5.2.2).
const LITERALS: u32 = 256;
const LENGTHS: u32 = 24;
const DISTANCES: usize = 40;

/// Of the distances up to 120: pixels to the left and rows up (section 3.5.2.2).
#[rustfmt::skip]
pub(in crate::picture) const NEAR: [(i8, i8); 120] = [
    (0, 1), (1, 0), (1, 1), (-1, 1), (0, 2), (2, 0), (1, 2), (-1, 2),
    (2, 1), (-2, 1), (2, 2), (-2, 2), (0, 3), (3, 0), (1, 3), (-1, 3),
    (3, 1), (-3, 1), (2, 3), (-2, 3), (3, 2), (-3, 2), (0, 4), (4, 0),
    (1, 4), (-1, 4), (4, 1), (-4, 1), (3, 3), (-3, 3), (2, 4), (-2, 4),
    (4, 2), (-4, 2), (0, 5), (3, 4), (-3, 4), (4, 3), (-4, 3), (5, 0),
    (1, 5), (-1, 5), (5, 1), (-5, 1), (2, 5), (-2, 5), (5, 2), (-5, 2),
    (4, 4), (-4, 4), (3, 5), (-3, 5), (5, 3), (-5, 3), (0, 6), (6, 0),
    (1, 6), (-1, 6), (6, 1), (-6, 1), (2, 6), (-2, 6), (6, 2), (-6, 2),
    (4, 5), (-4, 5), (5, 4), (-5, 4), (3, 6), (-3, 6), (6, 3), (-6, 3),
    (0, 7), (7, 0), (1, 7), (-1, 7), (5, 5), (-5, 5), (7, 1), (-7, 1),
    (4, 6), (-4, 6), (6, 4), (-6, 4), (2, 7), (-2, 7), (7, 2), (-7, 2),
    (3, 7), (-3, 7), (7, 3), (-7, 3), (5, 6), (-5, 6), (6, 5), (-6, 5),
    (8, 0), (4, 7), (-4, 7), (7, 4), (-7, 4), (8, 1), (8, 2), (6, 6),
    (-6, 6), (8, 3), (5, 7), (-5, 7), (7, 5), (-7, 5), (8, 4), (6, 7),
    (-6, 7), (7, 6), (-7, 6), (8, 5), (7, 7), (-7, 7), (8, 6), (8, 7),
];

/// What prefix codes may hold at most, in a picture of so many pixels: three bytes for four pixels, within bounds.
/// Encoders make as many groups of codes as pay for themselves; those of usual pictures took up to half a byte per
/// pixel in small ones and a fifth in larger. 128 KiB are twenty groups as full as can be.
pub(super) fn largest_tables(pixels: u64) -> u64 {
    (pixels * 3 / 4).clamp(1 << 17, 1 << 22)
}

/// The five codes that some part of a picture is coded with.
#[derive(Debug)]
struct Group {
    tables: Box<[u16]>,
    green: Code,
    red: Code,
    blue: Code,
    alpha: Code,
    distance: Code,
    /// All but the green of all pixels, where the codes leave no choice.
    rest: Option<u32>,
    /// The colour of all pixels, where that of green does neither.
    only: Option<u32>,
}

/// Which group each block of a picture uses.
#[derive(Debug)]
struct Meta {
    bits: u32,
    across: usize,
    groups: Vec<u16>,
}

/// A picture, or the blocks of a transform, on its way out of the stream.
#[derive(Debug)]
pub(super) struct Pixels {
    groups: Vec<Group>,
    meta: Option<Meta>,
    decoded: Decoded,
    /// The row that comes next.
    y: usize,
}

/// The pixels that references may reach.
#[derive(Debug)]
struct Decoded {
    width: usize,
    pixels: usize,
    window: Vec<u32>,
    /// Colours that were seen lately (section 3.5.2.3); none where there is no cache.
    cache: Vec<u32>,
    /// How many high bits of a colour's product are not its place in the cache.
    cache_shift: u32,
    /// How many there are so far; a reference may have gone beyond the row that was asked for.
    count: usize,
}

impl Pixels {
    /// Reads what stands before the pixels. Only a whole picture `has_meta` codes.
    pub(super) fn open(bits: &mut Bits, size: Size, has_meta: bool) -> Result<Self, Reason> {
        let cache_bits = if bits.flag() { Some(bits.number(4)) } else { None };
        if cache_bits.is_some_and(|bits| !(1..=11).contains(&bits)) {
            return Err("a colour cache of an unknown size");
        }
        let meta = if has_meta && bits.flag() { Some(Meta::read(bits, size)?) } else { None };
        let count =
            meta.as_ref().and_then(|meta| meta.groups.iter().max()).map_or(1, |&last| usize::from(last) + 1);
        let greens = (LITERALS + LENGTHS + cache_bits.map_or(0, |bits| 1 << bits)) as usize;
        let groups = groups(bits, count, greens, largest_tables(size.area()))?;
        let pixels = size.width as usize * size.height as usize;
        let decoded = Decoded {
            width: size.width as usize,
            pixels,
            window: vec![0; pixels.min(WINDOW)],
            cache: cache_bits.map_or_else(Vec::new, |bits| vec![0; 1 << bits]),
            cache_shift: cache_bits.map_or(31, |bits| 32 - bits),
            count: 0,
        };
        Ok(Self { groups, meta, decoded, y: 0 })
    }

    /// Decodes the next row. After the last there is nothing.
    pub(super) fn next_row(&mut self, bits: &mut Bits, out: &mut [u32]) -> Result<(), Reason> {
        let start = self.y * self.decoded.width;
        let end = start + self.decoded.width;
        if end > self.decoded.pixels {
            return Err("there are no more rows");
        }
        while self.decoded.count < end {
            self.decode_block(bits, start)?;
        }
        if bits.is_overdrawn() {
            return Err("the VP8L data ends too early");
        }
        self.y += 1;
        self.decoded.copy_out(start, out);
        Ok(())
    }

    /// Decodes with one group: to the end of its block in this row, or as far beyond as a reference goes.
    #[inline]
    fn decode_block(&mut self, bits: &mut Bits, row: usize) -> Result<(), Reason> {
        let Self { groups, meta, decoded, y } = self;
        let (index, block) =
            meta.as_ref().map_or((0, decoded.width), |meta| meta.at(decoded.count - row, *y, decoded.width));
        let group = groups.get(usize::from(index)).broken("no such group")?;
        let end = row + block;
        if let Some(colour) = group.only {
            decoded.fill(colour, end);
            return Ok(());
        }
        // Reader and writer of its own stay in registers.
        let (mut own, mut writer) = (*bits, decoded.writer());
        while writer.count < end {
            own.ensure();
            let symbol = prefix::symbol(&group.tables, group.green, &mut own);
            if symbol < LITERALS {
                writer.literal(group.literal(&mut own, symbol));
            } else if symbol < LITERALS + LENGTHS {
                let (length, distance) = group.reference(&mut own, symbol - LITERALS);
                writer.copy(length, distance)?;
            } else {
                writer.cached(symbol - LITERALS - LENGTHS)?;
            }
        }
        (*bits, decoded.count) = (own, writer.count);
        Ok(())
    }
}

impl Decoded {
    /// The pixels from `start` on; the window may end in between.
    fn copy_out(&self, start: usize, out: &mut [u32]) {
        let (later, sooner) = self.window.split_at(start & (WINDOW - 1));
        let (first, second) = out.split_at_mut(sooner.len().min(out.len()));
        first.iter_mut().zip(sooner).for_each(|(to, &colour)| *to = colour);
        second.iter_mut().zip(later).for_each(|(to, &colour)| *to = colour);
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer {
            window: &mut self.window,
            cache: &mut self.cache,
            cache_shift: self.cache_shift,
            width: self.width,
            pixels: self.pixels,
            count: self.count,
        }
    }

    fn fill(&mut self, colour: u32, end: usize) {
        let mut writer = self.writer();
        while writer.count < end {
            writer.put(colour);
        }
        writer.remember(colour);
        self.count = writer.count;
    }
}

/// Adds pixels.
#[derive(Debug)]
struct Writer<'a> {
    window: &'a mut [u32],
    cache: &'a mut [u32],
    cache_shift: u32,
    width: usize,
    pixels: usize,
    count: usize,
}

impl Writer<'_> {
    #[inline(always)]
    fn put(&mut self, colour: u32) {
        if let Some(place) = self.window.get_mut(self.count & (WINDOW - 1)) {
            *place = colour;
        }
        self.count += 1;
    }

    #[inline(always)]
    fn remember(&mut self, colour: u32) {
        let at = colour.wrapping_mul(0x1E35_A7BD) >> self.cache_shift;
        if let Some(place) = self.cache.get_mut(at as usize) {
            *place = colour;
        }
    }

    #[inline(always)]
    fn literal(&mut self, colour: u32) {
        self.put(colour);
        self.remember(colour);
    }

    #[inline(always)]
    fn cached(&mut self, index: u32) -> Result<(), Reason> {
        let colour = self.cache.get(index as usize).copied();
        self.put(colour.broken("a colour beyond the cache")?);
        Ok(())
    }

    #[inline(always)]
    fn copy(&mut self, length: usize, code: usize) -> Result<(), Reason> {
        let distance = self.distance(code);
        if distance > self.count || length > self.pixels - self.count {
            return Err("a reference beyond the picture");
        }
        let (to, from) = (self.count & (WINDOW - 1), (self.count - distance) & (WINDOW - 1));
        if distance >= length && to.max(from) + length <= self.window.len() {
            self.window.copy_within(from..from + length, to);
            self.count += length;
        } else {
            // What is copied begins to repeat before it ends, or the window ends in between.
            for step in 0..length {
                let colour = self.window.get((from + step) & (WINDOW - 1)).copied();
                self.put(colour.unwrap_or_default());
            }
        }
        if !self.cache.is_empty() {
            for at in to..to + length {
                let colour = self.window.get(at & (WINDOW - 1)).copied();
                self.remember(colour.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Section 3.5.2.2: small codes mean places nearby.
    #[inline(always)]
    fn distance(&self, code: usize) -> usize {
        let Some(&(left, up)) = NEAR.get(code.wrapping_sub(1)) else {
            return code.saturating_sub(NEAR.len());
        };
        let distance = (usize::from(up.unsigned_abs()) * self.width).checked_add_signed(left.into());
        distance.unwrap_or(1).max(1)
    }
}

/// Reads the groups of codes, as long as they fit in `largest` bytes.
fn groups(bits: &mut Bits, count: usize, greens: usize, largest: u64) -> Result<Vec<Group>, Reason> {
    const TOO_MANY: Reason = "more prefix codes than a picture of this size needs";
    let mut held = count * size_of::<Group>();
    if held as u64 > largest {
        return Err(TOO_MANY);
    }
    let mut groups = Vec::with_capacity(count);
    for _ in 0..count {
        let group = Group::read(bits, greens)?;
        held += size_of_val(&*group.tables);
        if bits.is_overdrawn() || held as u64 > largest {
            return Err(TOO_MANY);
        }
        groups.push(group);
    }
    Ok(groups)
}

/// A number whose highest bits are in the symbol.
#[inline(always)]
fn prefixed(bits: &mut Bits, symbol: u32) -> usize {
    if symbol < 4 {
        return symbol as usize + 1;
    }
    let extra = (symbol - 2) >> 1;
    (((2 + (symbol & 1)) << extra) + bits.quick(extra) + 1) as usize
}

impl Group {
    fn read(bits: &mut Bits, greens: usize) -> Result<Self, Reason> {
        let mut builder = Builder::default();
        let mut next = |alphabet| builder.read(bits, alphabet);
        let (green, red, blue, alpha) = (next(greens)?, next(256)?, next(256)?, next(256)?);
        let distance = next(DISTANCES)?;
        let mut group =
            Self { tables: builder.finish(), green, red, blue, alpha, distance, rest: None, only: None };
        if [red, blue, alpha].into_iter().all(Code::is_single) {
            let mut nothing = Bits::new(&[]);
            let rest = group.literal(&mut nothing, 0);
            group.rest = Some(rest);
            let green_symbol = prefix::symbol(&group.tables, green, &mut nothing);
            let is_only = green.is_single() && green_symbol < LITERALS;
            group.only = is_only.then_some(rest | green_symbol << 8);
        }
        Ok(group)
    }

    /// The rest of a colour after its green.
    #[inline(always)]
    fn literal(&self, bits: &mut Bits, green: u32) -> u32 {
        if let Some(rest) = self.rest {
            return rest | green << 8;
        }
        let red = prefix::symbol(&self.tables, self.red, bits);
        let blue = prefix::symbol(&self.tables, self.blue, bits);
        bits.ensure();
        let alpha = prefix::symbol(&self.tables, self.alpha, bits);
        (alpha << 24) | (red << 16) | (green << 8) | blue
    }

    /// The length of a reference, and the code of its distance.
    #[inline(always)]
    fn reference(&self, bits: &mut Bits, symbol: u32) -> (usize, usize) {
        let length = prefixed(bits, symbol);
        bits.ensure();
        let symbol = prefix::symbol(&self.tables, self.distance, bits);
        (length, prefixed(bits, symbol))
    }
}

impl Meta {
    /// Section 3.7.2.2.
    fn read(bits: &mut Bits, size: Size) -> Result<Self, Reason> {
        let block_bits = bits.number(3) + 2;
        let mut groups = Vec::new();
        let across = blocks(bits, size, block_bits, |row| {
            #[expect(clippy::cast_possible_truncation, reason = "red and green make the number of a group")]
            groups.extend(row.iter().map(|colour| (colour >> 8) as u16));
        })?;
        Ok(Self { bits: block_bits, across, groups })
    }

    /// The group at a place, and where its block ends in the row.
    #[inline(always)]
    fn at(&self, x: usize, y: usize, width: usize) -> (u16, usize) {
        let at = (y >> self.bits) * self.across + (x >> self.bits);
        let end = ((x >> self.bits) + 1) << self.bits;
        (self.groups.get(at).copied().unwrap_or_default(), end.min(width))
    }
}

/// Reads the picture that has a pixel for each block of `1 << block_bits` pixels; how many there are across.
pub(super) fn blocks(
    bits: &mut Bits,
    size: Size,
    block_bits: u32,
    mut take: impl FnMut(&[u32]),
) -> Result<usize, Reason> {
    let count = |length: u32| length.div_ceil(1 << block_bits);
    let size = Size::new(count(size.width), count(size.height));
    let mut pixels = Pixels::open(bits, size, false)?;
    let mut row = vec![0; size.width as usize];
    for _ in 0..size.height {
        pixels.next_row(bits, &mut row)?;
        take(&row);
    }
    Ok(size.width as usize)
}
