//! Huffman tables with lookahead: most coefficients, code and value, come out of one look.

use super::bits::{Bits, extend};

/// What a table's symbols mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Sizes of differences.
    Dc,
    /// Runs and sizes, where one code ends a block (T.81, F.1.2.2).
    Ac,
    /// Runs and sizes, where several codes end bands of blocks (T.81, G.1.2.2).
    ProgressiveAc,
}

/// Bits of a look.
const LOOK: u32 = 10;

/// Bits of a look that only skips.
const SKIP: u32 = 12;

/// What ends a block: it leads past its last coefficient.
pub(super) const END_OF_BLOCK: usize = 64;

/// What one look at the next bits tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look(i32);

impl Look {
    fn new(value: i32, advance: usize, length: u32) -> Self {
        Self(value << 16 | i32::try_from(advance << 8).unwrap_or(0) | i32::try_from(length).unwrap_or(0))
    }

    /// Bits of code and value; none where the look was too short.
    #[inline]
    pub(super) fn length(self) -> u32 {
        (self.0 & 0xFF).cast_unsigned()
    }

    /// Positions from the last coefficient to this one.
    #[inline]
    pub(super) fn advance(self) -> usize {
        (self.0 >> 8 & 0xFF).cast_unsigned() as usize
    }

    /// The value; none for a run of zeros or the end of a block.
    #[inline]
    pub(super) fn value(self) -> i32 {
        self.0 >> 16
    }
}

/// Several symbols to be passed over at once.
#[derive(Debug, Clone, Copy, Default)]
struct Stride {
    length: u8,
    advance: u8,
    ends_block: bool,
}

/// A table ready for decoding.
#[derive(Debug)]
pub(super) struct Huffman {
    looks: Box<[Look; 1 << LOOK]>,
    /// Length of the code and symbol, by the next bits; zero for longer codes.
    short: Box<[(u8, u8); 1 << LOOK]>,
    /// For every length, the first sixteen bits that no code of it begins with.
    limits: [u32; 17],
    /// For every length, what leads from a code to its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
    strides: Option<Box<[Stride; 1 << SKIP]>>,
}

impl Huffman {
    /// A table of `counts` codes of each length; nothing where they do not fit or a symbol means nothing.
    pub(super) fn new(class: Class, counts: [u8; 16], symbols: &[u8]) -> Option<Self> {
        let largest_size = 15;
        if class == Class::Dc && symbols.iter().any(|&symbol| symbol > largest_size) {
            return None;
        }
        let mut table = Self {
            looks: Box::new([Look::default(); 1 << LOOK]),
            short: Box::new([(0, 0); 1 << LOOK]),
            limits: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
            strides: None,
        };
        let (mut code, mut first) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(counts) {
            let (index, count) = (length as usize, usize::from(count));
            *table.offsets.get_mut(index)? = i32::try_from(first).ok()? - i32::try_from(code).ok()?;
            for symbol in symbols.get(first..first + count)? {
                table.enter_short(code, length, *symbol);
                code += 1;
            }
            if code > 1 << length {
                return None;
            }
            *table.limits.get_mut(index)? = code << (16 - length);
            code <<= 1;
            first += count;
        }
        for bits in 0..1 << LOOK {
            if let Some(look) = table.looks.get_mut(bits as usize) {
                let (length, symbol) = table.short.get(bits as usize).copied()?;
                *look = whole(class, bits, length.into(), symbol);
            }
        }
        Some(table)
    }

    fn enter_short(&mut self, code: u32, length: u32, symbol: u8) {
        let Some(free) = LOOK.checked_sub(length) else { return };
        let (first, end) = ((code << free) as usize, ((code + 1) << free) as usize);
        if let (Some(entries), Ok(length)) = (self.short.get_mut(first..end), u8::try_from(length)) {
            entries.fill((length, symbol));
        }
    }

    /// The same, able to skip.
    pub(super) fn with_strides(mut self) -> Self {
        let mut strides = Box::new([Stride::default(); 1 << SKIP]);
        for (bits, stride) in (0_u32..).zip(strides.iter_mut()) {
            *stride = self.stride(bits);
        }
        self.strides = Some(strides);
        self
    }

    /// All the symbols that lie within these bits, values and all.
    fn stride(&self, bits: u32) -> Stride {
        let (mut length, mut advance) = (0_u8, 0);
        loop {
            let look = (bits << length & ((1 << SKIP) - 1)) >> (SKIP - LOOK);
            let Some(&(code, symbol)) = self.short.get(look as usize) else { break };
            let size = symbol & 15;
            if code == 0 || u32::from(length + code + size) > SKIP {
                break;
            }
            length += code + size;
            if size == 0 && symbol >> 4 != 15 {
                return Stride { length, advance, ends_block: true };
            }
            advance += (symbol >> 4) + 1;
            if advance > 47 {
                break;
            }
        }
        Stride { length, advance, ends_block: false }
    }

    /// Looks ahead. Bits must be ready.
    #[inline]
    pub(super) fn look(&self, bits: &Bits<'_>) -> Look {
        self.looks.get(bits.peek(LOOK)).copied().unwrap_or_default()
    }

    /// The next symbol. Bits must be ready; those that are no code give zero, and all of them are passed over.
    #[inline]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> u8 {
        let (length, symbol) = self.short.get(bits.peek(LOOK)).copied().unwrap_or_default();
        if length > 0 {
            bits.skip(length.into());
            return symbol;
        }
        self.long_symbol(bits)
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> u8 {
        let next = u32::try_from(bits.peek(16)).unwrap_or(0);
        for (length, (&limit, &offset)) in (0_u32..).zip(self.limits.iter().zip(&self.offsets)) {
            if length > LOOK && next < limit {
                bits.skip(length);
                let code = (next >> (16 - length)).cast_signed();
                let index = usize::try_from(code + offset).unwrap_or(usize::MAX);
                return self.symbols.get(index).copied().unwrap_or(0);
            }
        }
        bits.skip(16);
        0
    }

    /// A difference of DC values.
    #[inline]
    pub(super) fn difference(&self, bits: &mut Bits<'_>) -> i32 {
        bits.prepare();
        let look = self.look(bits);
        if look.length() > 0 {
            bits.skip(look.length());
            return look.value();
        }
        let value;
        (*bits, _, value) = self.long_coefficient(*bits);
        value
    }

    /// The next coefficient of a sequential block: how far it is from the last one, and its value.
    #[inline]
    pub(super) fn coefficient(&self, bits: &mut Bits<'_>) -> (usize, i32) {
        bits.prepare();
        let look = self.look(bits);
        if look.length() > 0 {
            bits.skip(look.length());
            return (look.advance(), look.value());
        }
        let (symbol, value);
        (*bits, symbol, value) = self.long_coefficient(*bits);
        (advance(symbol), value)
    }

    #[cold]
    #[inline(never)]
    fn long_coefficient<'a>(&self, mut bits: Bits<'a>) -> (Bits<'a>, u8, i32) {
        let symbol = self.symbol(&mut bits);
        let value = bits.take_signed(u32::from(symbol & 15));
        (bits, symbol, value)
    }

    /// Passes over the coefficients of a sequential block that come after its first.
    #[inline]
    pub(super) fn skip_block(&self, bits: &mut Bits<'_>) {
        let mut at = 0;
        while at < 63 {
            bits.prepare();
            let stride = self.strides.as_ref().and_then(|all| all.get(bits.peek(SKIP))).copied();
            if let Some(Stride { length: length @ 1.., advance, ends_block }) = stride {
                // One that reaches the last coefficient may hold the beginning of the next block, too.
                if at + usize::from(advance) < 63 {
                    bits.skip(length.into());
                    if ends_block {
                        return;
                    }
                    at += usize::from(advance);
                    continue;
                }
            }
            at += self.coefficient(bits).0;
        }
    }
}

/// Positions that a symbol leads forward.
fn advance(symbol: u8) -> usize {
    match (symbol >> 4, symbol & 15) {
        (15, 0) => 16,
        (_, 0) => END_OF_BLOCK,
        (run, _) => usize::from(run) + 1,
    }
}

/// What a look at `bits` tells of the code that begins there, if its value lies within them, too.
fn whole(class: Class, bits: u32, length: u32, symbol: u8) -> Look {
    let size = u32::from(symbol & 15);
    let ends_bands = class == Class::ProgressiveAc && size == 0 && symbol >> 4 != 15;
    if length == 0 || length + size > LOOK || ends_bands {
        return Look::default();
    }
    let value = bits >> (LOOK - length - size) & ((1 << size) - 1);
    let value = extend(value.cast_signed(), size);
    Look::new(value, if class == Class::Dc { 0 } else { advance(symbol) }, length + size)
}
