//! The scan of a baseline file: tokens of all components, block by block, as Huffman codes and value bits.

use super::super::EncodeError;
use super::bits::{AcCodes, BitWriter, Bytes, DcCodes, Pending};
use super::huffman::Table;
use super::limits::Limits;
use super::markers::{self, ComponentHeader};
use super::pieces::{Pieces, Reader};
use super::tokens::{DIFFERENCE_BITS, END, FULL, Frequencies, Tokens};

/// The codes of the components that share them.
struct Codes {
    dc: DcCodes,
    ac: AcCodes,
}

/// Tables and codes of a baseline scan, and how long it is with them.
pub(super) struct Baseline {
    tables: Vec<[Table; 2]>,
    codes: Vec<Codes>,
    /// But for the zero bytes behind those that are all ones.
    pub(super) bytes: u64,
}

impl Baseline {
    /// The best there is for these components.
    pub(super) fn new(components: &[Tokens], headers: &[ComponentHeader]) -> Self {
        let mut frequencies = Vec::<Frequencies>::new();
        for (tokens, header) in components.iter().zip(headers) {
            match frequencies.get_mut(usize::from(header.tables)) {
                Some(sum) => sum.add(&tokens.frequencies),
                None => frequencies.push(tokens.frequencies.clone()),
            }
        }
        let (mut tables, mut codes, mut bits) = (Vec::new(), Vec::new(), 0);
        for frequencies in &frequencies {
            let [dc, ac] = [&frequencies.dc, &frequencies.written_ac()].map(Table::best);
            let of_these = Codes { dc: DcCodes::new(&dc), ac: AcCodes::new(&ac) };
            bits += of_these.dc.bits(&frequencies.dc) + of_these.ac.bits(&frequencies.written_ac());
            tables.push([dc, ac]);
            codes.push(of_these);
        }
        Self { tables, codes, bytes: bits / 8 }
    }

    /// Writes tables and all blocks, those of each unit by component.
    pub(super) fn write(
        &self,
        components: Vec<Tokens>,
        headers: &[ComponentHeader],
        (across, down): (u32, u32),
        limits: &Limits,
        file: &mut BitWriter,
    ) -> Result<(), EncodeError> {
        limits.check_file(self.bytes)?;
        let mut segments = Vec::new();
        for ([dc, ac], index) in self.tables.iter().zip(0..) {
            markers::dc_huffman(index, dc, &mut segments);
            markers::ac_huffman(index, ac, &mut segments);
        }
        markers::scan(headers.iter().zip(1..), (0, 63), &mut segments);
        file.append(&segments);

        let mut readers: Vec<_> = components
            .into_iter()
            .map(|tokens| {
                let rows: Vec<_> = tokens.rows.into_iter().map(Pieces::into_read).collect();
                (tokens.differences.into_read(), rows)
            })
            .collect();
        for _ in 0..down {
            for _ in 0..across {
                for ((differences, rows), header) in readers.iter_mut().zip(headers) {
                    let Some(codes) = self.codes.get(usize::from(header.tables)) else { continue };
                    for row in rows {
                        for _ in 0..header.factors.0 {
                            differences.take(|tokens| write_difference(tokens, &codes.dc, file));
                            row.take(|tokens| {
                                file.with(|pending, bytes| write_block(tokens, &codes.ac, pending, bytes))
                            });
                        }
                    }
                }
            }
            let held = readers.iter().map(|(differences, rows)| {
                differences.held_bytes() + rows.iter().map(Reader::held_bytes).sum::<u64>()
            });
            limits.check_tokens(held.sum::<u64>() + file.held_bytes())?;
            // How many bytes would be stuffed was not known.
            limits.check_file(file.held_bytes())?;
        }
        Ok(())
    }
}

/// Writes a difference; answers that one token was read.
#[inline]
#[expect(clippy::indexing_slicing, reason = "the index is masked to the length of the array")]
pub(super) fn write_difference(tokens: &[u16], codes: &DcCodes, file: &mut BitWriter) -> usize {
    let difference = u32::from(tokens.first().copied().unwrap_or(0));
    let code = codes.0[(difference >> DIFFERENCE_BITS) as usize % 16];
    file.put(code, difference % (1 << DIFFERENCE_BITS));
    1
}

/// Writes a block but for its first coefficient, and answers how many of the tokens were its.
#[inline]
#[expect(clippy::indexing_slicing, reason = "the index is a byte")]
fn write_block(tokens: &[u16], codes: &AcCodes, pending: &mut Pending, bytes: &mut Bytes) -> usize {
    let mut tokens = tokens.iter().zip(1..);
    while let Some((&token, count)) = tokens.next() {
        let (symbol, mut value) = (token >> 8, u32::from(token & 0xFF));
        if symbol & 15 > 8 {
            value = tokens.next().map_or(0, |(&value, _)| u32::from(value));
        }
        pending.put(codes.0[usize::from(symbol)], value, bytes);
        if symbol & !u16::from(FULL) == u16::from(END) {
            return count;
        }
    }
    0
}
