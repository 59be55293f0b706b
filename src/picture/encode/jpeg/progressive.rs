//! The scans of a progressive file (ISO 10918-1, annex G), by spectral selection: all first coefficients, then bands
//! of each component's others, the visible ones first. Every scan has tables of its own.
//!
//! Coefficients are not refined bit by bit: that takes longer to read, and few bytes less.

use super::bits::{AcCodes, BitWriter, Bytes, DcCodes, Pending};
use super::huffman::Table;
use super::markers::{self, ComponentHeader};
use super::pieces::{Pieces, Reader};
use super::scan::write_difference;
use super::tokens::{END, FULL, SIXTEEN_ZEROS, Tokens};
use crate::geometry::Size;

/// The last coefficient of luma's first band.
const LOW: u8 = 5;

/// The last coefficient.
const LAST: u8 = 63;

/// Blocks without coefficients that one symbol can stand for.
const LONGEST_RUN: u32 = 0x7FFF;

/// Coefficients of one component, from one to another in zigzag order, with what is written for them.
struct Scan {
    component: usize,
    band: (u8, u8),
    table: Table,
    codes: AcCodes,
    bits: u64,
}

/// All that is written, in its order.
pub(super) struct Progressive {
    first: Vec<(Table, DcCodes)>,
    first_bits: u64,
    scans: Vec<Scan>,
}

impl Progressive {
    /// The scans of these components, of planes of these sizes.
    pub(super) fn new(components: &[Tokens], sizes: &[Size], headers: &[ComponentHeader]) -> Self {
        let mut differences = Vec::<[u32; 256]>::new();
        for (tokens, header) in components.iter().zip(headers) {
            match differences.get_mut(usize::from(header.tables)) {
                Some(sum) => sum.iter_mut().zip(&tokens.frequencies.dc).for_each(|(sum, more)| *sum += more),
                None => differences.push(tokens.frequencies.dc),
            }
        }
        let (mut first, mut first_bits) = (Vec::new(), 0);
        for frequencies in &differences {
            let table = Table::best(frequencies);
            let codes = DcCodes::new(&table);
            first_bits += codes.bits(frequencies);
            first.push((table, codes));
        }
        let low = components.first().map(|_| (0, (1, LOW)));
        let chroma = (1..components.len()).map(|component| (component, (1, LAST)));
        let high = components.first().map(|_| (0, (LOW + 1, LAST)));
        let scans = low.into_iter().chain(chroma).chain(high).filter_map(|(component, band)| {
            let seen = Seen::of(*sizes.get(component)?, headers.get(component)?);
            Some(Scan::new(component, band, components.get(component)?, seen))
        });
        Self { first, first_bits, scans: scans.collect() }
    }

    /// Bytes of all scans, but for the zero bytes behind those that are all ones.
    pub(super) fn bytes(&self) -> u64 {
        (self.first_bits + self.scans.iter().map(|scan| scan.bits).sum::<u64>()) / 8
    }

    /// Bytes of the scans before the last, while whose are written all tokens may be held.
    pub(super) fn bytes_before_the_last(&self) -> u64 {
        self.bytes() - self.scans.last().map_or(0, |scan| scan.bits / 8)
    }

    /// Writes all scans with their tables.
    pub(super) fn write(
        &self,
        mut components: Vec<Tokens>,
        sizes: &[Size],
        headers: &[ComponentHeader],
        units: (u32, u32),
        file: &mut BitWriter,
    ) {
        self.write_first(&mut components, headers, units, file);
        for (scan, index) in self.scans.iter().zip(1..) {
            let at = scan.component;
            let (Some(size), Some(header), Some(tokens)) =
                (sizes.get(at), headers.get(at), components.get_mut(at))
            else {
                continue;
            };
            let mut segments = Vec::new();
            markers::ac_huffman(header.tables, &scan.table, &mut segments);
            let number = u8::try_from(at + 1).unwrap_or(u8::MAX);
            markers::scan([(header, number)].into_iter(), scan.band, &mut segments);
            file.append(&segments);
            let is_last = !self.scans.iter().skip(index).any(|later| later.component == at);
            scan.write(tokens, is_last, Seen::of(*size, header), file);
        }
    }

    /// The scan of the first coefficients, which are let go of.
    fn write_first(
        &self,
        components: &mut [Tokens],
        headers: &[ComponentHeader],
        (across, down): (u32, u32),
        file: &mut BitWriter,
    ) {
        let mut segments = Vec::new();
        for ((table, _), index) in self.first.iter().zip(0..) {
            markers::dc_huffman(index, table, &mut segments);
        }
        markers::scan(headers.iter().zip(1..), (0, 0), &mut segments);
        file.append(&segments);
        let taken = components.iter_mut().map(|tokens| std::mem::take(&mut tokens.differences).into_read());
        let mut readers: Vec<_> = taken.collect();
        for _ in 0..u64::from(across) * u64::from(down) {
            for (reader, header) in readers.iter_mut().zip(headers) {
                let Some((_, codes)) = self.first.get(usize::from(header.tables)) else { continue };
                for _ in 0..header.factors.0 * header.factors.1 {
                    reader.take(|tokens| write_difference(tokens, codes, file));
                }
            }
        }
    }
}

impl Scan {
    /// With the best table.
    fn new(component: usize, band: (u8, u8), tokens: &Tokens, seen: Seen) -> Self {
        let mut counts = Counts([0; 256]);
        let mut writer = Band::new(band);
        seen.visit(tokens.rows.iter().map(Pieces::read).collect(), |tokens| {
            writer.block(tokens, &mut counts)
        });
        writer.end_run(&mut counts);
        let table = Table::best(&counts.0);
        let codes = AcCodes::new(&table);
        let of_runs = |exponent: usize| u64::from(counts.0.get(exponent << 4).copied().unwrap_or(0));
        let run_bits: u64 = (0..15).zip(0..).map(|(exponent, bits)| of_runs(exponent) * bits).sum();
        let bits = codes.bits(&counts.0) + run_bits;
        Self { component, band, table, codes, bits }
    }

    /// Writes all blocks, and lets go of them where this is the last scan that they are in.
    fn write(&self, tokens: &mut Tokens, is_last: bool, seen: Seen, file: &mut BitWriter) {
        let mut writer = Band::new(self.band);
        file.with(|pending, bytes| {
            let mut sink = Coded { codes: &self.codes, pending, bytes };
            if is_last {
                let rows = std::mem::take(&mut tokens.rows);
                let readers = rows.into_iter().map(Pieces::into_read).collect();
                seen.visit(readers, |tokens| writer.block(tokens, &mut sink));
            } else {
                let readers = tokens.rows.iter().map(Pieces::read).collect();
                seen.visit(readers, |tokens| writer.block(tokens, &mut sink));
            }
            writer.end_run(&mut sink);
        });
    }
}

/// Blocks that are in the picture, of which scans of one component consist.
#[derive(Clone, Copy)]
struct Seen {
    across: u32,
    down: u32,
    /// With those that fill up the last unit.
    stored_across: u32,
}

impl Seen {
    fn of(size: Size, header: &ComponentHeader) -> Self {
        let across = size.width.div_ceil(8);
        let stored_across = across.next_multiple_of(header.factors.0.into());
        Self { across, down: size.height.div_ceil(8), stored_across }
    }

    /// Shows the tokens of all blocks by row, of which `read` says how many were the block's.
    fn visit<T, P>(self, mut rows: Vec<Reader<P, T>>, mut read: impl FnMut(&[u16]) -> usize)
    where
        T: AsRef<[u16]> + Default,
        P: Iterator<Item = T>,
    {
        let mut left = self.down;
        while left > 0 && !rows.is_empty() {
            for row in rows.iter_mut().take(left as usize) {
                (0..self.across).for_each(|_| row.take(&mut read));
                (self.across..self.stored_across).for_each(|_| row.take(pass_over));
                left -= 1;
            }
        }
    }
}

/// How many tokens a block has that nobody sees: it is empty.
fn pass_over(tokens: &[u16]) -> usize {
    usize::from(!tokens.is_empty())
}

/// Where symbols go.
trait Sink {
    /// A symbol with its value bits.
    fn put(&mut self, symbol: u8, value: u32);

    /// The symbol of a run of blocks, of which the lower bits of its length stand behind.
    fn put_run(&mut self, exponent: u32, rest: u32);
}

/// How often each symbol occurs.
struct Counts([u32; 256]);

#[expect(clippy::indexing_slicing, reason = "the index is a byte")]
impl Sink for Counts {
    #[inline]
    fn put(&mut self, symbol: u8, _: u32) {
        self.0[usize::from(symbol)] += 1;
    }

    fn put_run(&mut self, exponent: u32, _: u32) {
        self.0[(exponent as usize) << 4 & 0xF0] += 1;
    }
}

/// The bits of a file.
struct Coded<'a> {
    codes: &'a AcCodes,
    pending: &'a mut Pending,
    bytes: &'a mut Bytes,
}

#[expect(clippy::indexing_slicing, reason = "the index is a byte")]
impl Sink for Coded<'_> {
    #[inline]
    fn put(&mut self, symbol: u8, value: u32) {
        self.pending.put(self.codes.0[usize::from(symbol)], value, self.bytes);
    }

    fn put_run(&mut self, exponent: u32, rest: u32) {
        self.pending.put(self.codes.0[(exponent as usize) << 4 & 0xF0], 0, self.bytes);
        self.pending.put_bits(exponent, rest, self.bytes);
    }
}

/// Brings tokens of whole blocks into a band: runs of zeros start there, and blocks that have ended are counted
/// (G.1.2.2).
struct Band {
    from: u32,
    to: u32,
    /// Blocks that have ended, since the last that goes on.
    ended: u32,
}

impl Band {
    fn new((from, to): (u8, u8)) -> Self {
        Self { from: from.into(), to: to.into(), ended: 0 }
    }

    /// Takes a block; answers how many of the tokens were its.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "fewer than sixteen zeros are left")]
    fn block(&mut self, tokens: &[u16], sink: &mut impl Sink) -> usize {
        let (mut at, mut last) = (0, self.from - 1);
        let mut tokens = tokens.iter().zip(1..);
        while let Some((&token, count)) = tokens.next() {
            let [symbol, value] = token.to_be_bytes();
            if symbol & !FULL == END {
                self.end(last, sink);
                return count;
            }
            at += u32::from(symbol >> 4) + 1;
            let (bits, mut value) = (symbol & 15, u32::from(value));
            if bits > 8 {
                value = tokens.next().map_or(0, |(&value, _)| u32::from(value));
            }
            if symbol == SIXTEEN_ZEROS || at < self.from || at > self.to {
                continue;
            }
            self.end_run(sink);
            let mut zeros = at - last - 1;
            while zeros > 15 {
                sink.put(SIXTEEN_ZEROS, 0);
                zeros -= 16;
            }
            sink.put((zeros as u8) << 4 | bits, value);
            last = at;
        }
        0
    }

    /// The block has no more than what was written up to `last`.
    #[inline]
    fn end(&mut self, last: u32, sink: &mut impl Sink) {
        if last < self.to {
            self.ended += 1;
            if self.ended == LONGEST_RUN {
                self.end_run(sink);
            }
        }
    }

    /// Writes how many blocks have ended.
    #[inline]
    fn end_run(&mut self, sink: &mut impl Sink) {
        if self.ended > 0 {
            let exponent = self.ended.ilog2();
            sink.put_run(exponent, self.ended - (1 << exponent));
            self.ended = 0;
        }
    }
}
