//! JPEG files of known coefficients, for what no encoder at hand writes: any factors, components one after the
//! other, restarts, bands and bits in scans of their own. What they decode to follows from ITU-T T.81, A.3.3, in
//! double precision.

#![expect(clippy::cast_precision_loss, reason = "there are eight frequencies")]

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::bytes::Dice;
use super::exif::segment;

/// Places in a block by coded order (T.81, figure 5).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Coefficients in coded order, before they are multiplied by their steps.
type Block = [i32; 64];

/// A picture of random coefficients.
#[derive(Debug)]
pub struct JpegFile {
    pub width: usize,
    pub height: usize,
    /// Blocks of each component in an MCU.
    pub factors: Vec<(usize, usize)>,
    steps: [u8; 64],
    /// Of every component, with the padding to MCUs, row after row.
    blocks: Vec<Vec<Block>>,
}

/// How coefficients are spread over scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// All in one scan.
    Interleaved,
    /// A scan for each component.
    OneByOne,
    /// Means, two bands, and the last bit of everything once more for each.
    Progressive,
}

/// A scan: its components, its first and last coefficient, the bit known before and the lowest told.
#[derive(Debug, Clone)]
struct Scan(Vec<usize>, usize, usize, u8, u8);

impl JpegFile {
    /// A picture whose means wander and whose other coefficients are few, small ones mostly.
    pub fn random(dice: &mut Dice, width: usize, height: usize, factors: &[(usize, usize)]) -> Self {
        // A component alone has one block to an MCU, whatever it says (T.81, A.2.2).
        let factors = if factors.len() == 1 { vec![(1, 1)] } else { factors.to_vec() };
        let steps = std::array::from_fn(|at| u8::try_from(3 + at / 4).unwrap());
        let mut file = Self { width, height, factors, steps, blocks: Vec::new() };
        for index in 0..file.factors.len() {
            let (across, down) = file.padded_blocks(index);
            file.blocks.push((0..across * down).map(|_| random_block(dice)).collect());
        }
        file
    }

    fn most(&self) -> (usize, usize) {
        let most = |factor: fn(&(usize, usize)) -> usize| self.factors.iter().map(factor).max().unwrap();
        (most(|factors| factors.0), most(|factors| factors.1))
    }

    fn mcus(&self) -> (usize, usize) {
        let (across, down) = self.most();
        (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down))
    }

    fn padded_blocks(&self, component: usize) -> (usize, usize) {
        let ((across, down), (h, v)) = (self.mcus(), self.factors[component]);
        (across * h, down * v)
    }

    /// Samples of a component that belong to the picture.
    pub fn size(&self, component: usize) -> (usize, usize) {
        let ((across, down), (h, v)) = (self.most(), self.factors[component]);
        ((self.width * h).div_ceil(across), (self.height * v).div_ceil(down))
    }

    /// The exact samples of a component at a reduction, neither rounded nor held within a byte: their means over
    /// squares of `by`, padding and all.
    pub fn exact(&self, component: usize, by: usize) -> Vec<f64> {
        let stride = self.padded_blocks(component).0;
        let blocks: Vec<[f64; 64]> = self.blocks[component].iter().map(|block| self.samples(block)).collect();
        let sample = |x: usize, y: usize| blocks[y / 8 * stride + x / 8][y % 8 * 8 + x % 8];
        let (width, height) = self.size(component);
        let mean = |x: usize, y: usize| {
            let square = (0..by * by).map(|at| sample(x * by + at % by, y * by + at / by));
            square.sum::<f64>() / (by * by) as f64
        };
        let places = (0..height.div_ceil(by)).flat_map(|y| (0..width.div_ceil(by)).map(move |x| (x, y)));
        places.map(|(x, y)| mean(x, y)).collect()
    }

    fn samples(&self, block: &Block) -> [f64; 64] {
        let cosine = |at: usize, u: usize| {
            let scale = if u == 0 { FRAC_1_SQRT_2 } else { 1.0 };
            scale / 2.0 * ((2 * at + 1) as f64 * u as f64 * PI / 16.0).cos()
        };
        let mut samples = [128.0; 64];
        for ((&value, step), place) in
            block.iter().zip(self.steps).zip(ZIGZAG).filter(|((value, _), _)| **value != 0)
        {
            let value = f64::from(value * i32::from(step));
            for (at, sample) in samples.iter_mut().enumerate() {
                *sample += value * cosine(at % 8, place % 8) * cosine(at / 8, place / 8);
            }
        }
        samples
    }

    /// The file, with `restart_interval` MCUs between restart markers; none where that is zero.
    pub fn bytes(&self, order: Order, restart_interval: u16) -> Vec<u8> {
        let all: Vec<usize> = (0..self.factors.len()).collect();
        let scans = match order {
            Order::Interleaved => vec![Scan(all, 0, 63, 0, 0)],
            Order::OneByOne => all.iter().map(|&one| Scan(vec![one], 0, 63, 0, 0)).collect(),
            Order::Progressive => {
                let band = |first, last, known, lowest| {
                    all.iter()
                        .map(move |&one| Scan(vec![one], first, last, known, lowest))
                        .collect::<Vec<_>>()
                };
                let means = |known, lowest| vec![Scan(all.clone(), 0, 0, known, lowest)];
                [means(0, 1), band(1, 5, 0, 0), band(6, 63, 0, 1), means(1, 0), band(6, 63, 1, 0)].concat()
            }
        };
        let mut file = self.head(order == Order::Progressive, restart_interval);
        for scan in &scans {
            self.write_scan(scan, order == Order::Progressive, restart_interval.into(), &mut file);
        }
        file.extend([0xFF, 0xD9]);
        file
    }

    fn head(&self, is_progressive: bool, restart_interval: u16) -> Vec<u8> {
        let side = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
        let byte = |value: usize| u8::try_from(value).unwrap();
        let mut frame =
            [&[8][..], &side(self.height), &side(self.width), &[byte(self.factors.len())]].concat();
        for (index, &(h, v)) in self.factors.iter().enumerate() {
            frame.extend([byte(index + 1), byte(h << 4 | v), 0]);
        }
        let parts = [
            vec![0xFF, 0xD8],
            segment(0xDB, &[&[0][..], &self.steps].concat()),
            segment(if is_progressive { 0xC2 } else { 0xC0 }, &frame),
            segment(0xC4, &[&[0][..], &Codes::DC.counts, &Codes::DC.symbols()].concat()),
            segment(0xC4, &[&[0x10][..], &Codes::AC.counts, &Codes::AC.symbols()].concat()),
            segment(0xDD, &restart_interval.to_be_bytes()),
        ];
        parts.concat()
    }

    fn write_scan(&self, scan: &Scan, is_progressive: bool, restart_interval: usize, out: &mut Vec<u8>) {
        let Scan(components, first, last, known, lowest) = scan;
        let byte = |value: usize| u8::try_from(value).unwrap();
        let mut header = vec![byte(components.len())];
        header.extend(components.iter().flat_map(|&index| [byte(index + 1), 0]));
        header.extend([byte(*first), byte(*last), known << 4 | lowest]);
        out.extend(segment(0xDA, &header));
        let mut bits = Bits { out, held: 0, count: 0 };
        let mut means = vec![0; self.factors.len()];
        for (index, mcu) in self.mcus_of(components).iter().enumerate() {
            if restart_interval > 0 && index > 0 && index % restart_interval == 0 {
                bits.flush();
                bits.out.extend([0xFF, 0xD0 + byte((index / restart_interval - 1) % 8)]);
                means.fill(0);
            }
            for &(component, block) in mcu {
                let block = &self.blocks[component][block];
                if *first == 0 && *known == 0 {
                    let mean = block[0] >> lowest;
                    bits.push_value(&Codes::DC, 0, mean - means[component]);
                    means[component] = mean;
                } else if *first == 0 {
                    bits.push(block[0] >> lowest & 1, 1);
                }
                if *known > 0 && *last > 0 {
                    bits.push_last_bits(&block[*first..=*last]);
                } else if *last > 0 {
                    let from = if is_progressive { *first } else { 1 };
                    bits.push_band(&block[from..=*last], *lowest);
                }
            }
        }
        bits.flush();
    }

    /// The blocks of every MCU of a scan, as component and index.
    fn mcus_of(&self, components: &[usize]) -> Vec<Vec<(usize, usize)>> {
        if let [one] = *components {
            let stride = self.padded_blocks(one).0;
            let (width, height) = self.size(one);
            let places =
                (0..height.div_ceil(8)).flat_map(|y| (0..width.div_ceil(8)).map(move |x| y * stride + x));
            return places.map(|index| vec![(one, index)]).collect();
        }
        let (across, down) = self.mcus();
        let places = (0..down).flat_map(|y| (0..across).map(move |x| (x, y)));
        let blocks = |x: usize, y: usize| {
            let of = |&one: &usize| {
                let ((h, v), stride) = (self.factors[one], self.padded_blocks(one).0);
                (0..h * v).map(move |at| (one, (y * v + at / h) * stride + x * h + at % h))
            };
            components.iter().flat_map(of).collect()
        };
        places.map(|(x, y)| blocks(x, y)).collect()
    }
}

fn random_block(dice: &mut Dice) -> Block {
    let mut signed =
        |most: usize| i32::try_from(dice.below(2 * most + 1)).unwrap() - i32::try_from(most).unwrap();
    let mut block = [0; 64];
    block[0] = signed(200);
    // Some blocks have no others, some have all.
    let (count, most) = match signed(10) {
        ..-6 => (0, 0),
        -6..8 => (6, 12),
        8.. => (63, 3),
    };
    for _ in 0..count {
        let at = signed(63).unsigned_abs() as usize;
        if at > 0 {
            block[at] = signed(if at < 10 { 2 * most } else { most / 2 });
        }
    }
    block
}

/// A Huffman table: how many codes of each length, and which symbols come first; all bytes have one.
struct Codes {
    counts: [u8; 16],
    first: &'static [u8],
    end: u8,
}

impl Codes {
    const DC: Self = Self { counts: [0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0], first: &[], end: 11 };
    /// The usual ones are short; most are longer than any table that is looked into directly.
    const AC: Self = Self {
        counts: [0, 0, 4, 4, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 148],
        first: b"\x00\x01\x02\x11\x03\x21\x12\xF0",
        end: 255,
    };

    fn symbols(&self) -> Vec<u8> {
        let others = (0..=self.end).filter(|symbol| !self.first.contains(symbol));
        self.first.iter().copied().chain(others).collect()
    }

    /// A symbol's code and its length (T.81, C.2).
    fn code(&self, symbol: u8) -> (i32, u32) {
        let mut left = self.symbols().iter().position(|&one| one == symbol).unwrap();
        let mut code = 0;
        for (length, count) in (1..).zip(self.counts.map(usize::from)) {
            if left < count {
                return (code + i32::try_from(left).unwrap(), length);
            }
            left -= count;
            code = (code + i32::try_from(count).unwrap()) << 1;
        }
        unreachable!("every symbol has a code")
    }
}

struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    fn push(&mut self, bits: i32, length: u32) {
        self.held = self.held << length | u64::from(bits.cast_unsigned()) & ((1 << length) - 1);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count).to_le_bytes()[0];
            self.out.push(byte);
            if byte == 0xFF {
                self.out.push(0);
            }
        }
    }

    /// Ones up to the next byte (T.81, F.1.2.3).
    fn flush(&mut self) {
        self.push(0x7F, (8 - self.count) % 8);
    }

    fn push_symbol(&mut self, codes: &Codes, symbol: usize) {
        let (code, length) = codes.code(u8::try_from(symbol).unwrap());
        self.push(code, length);
    }

    /// A value after a run of zeros: size and bits (T.81, F.1.2.1).
    fn push_value(&mut self, codes: &Codes, run: usize, value: i32) {
        let size = 32 - value.unsigned_abs().leading_zeros();
        self.push_symbol(codes, run << 4 | size as usize);
        self.push(if value < 0 { value - 1 } else { value }, size);
    }

    /// A band but for its lowest bits (T.81, F.1.2.2 and G.1.2.2).
    fn push_band(&mut self, band: &[i32], lowest: u8) {
        let mut run = 0;
        for value in band.iter().map(|value| value / (1 << lowest)) {
            if value == 0 {
                run += 1;
                continue;
            }
            for _ in 0..run / 16 {
                self.push_symbol(&Codes::AC, 0xF0);
            }
            self.push_value(&Codes::AC, run % 16, value);
            run = 0;
        }
        if run > 0 {
            self.push_symbol(&Codes::AC, 0);
        }
    }

    /// The last bits of a band (T.81, G.1.2.3).
    fn push_last_bits(&mut self, band: &[i32]) {
        let last_new = band.iter().rposition(|value| value.abs() == 1);
        let (mut run, mut corrections) = (0, Vec::new());
        for (at, &value) in band.iter().enumerate() {
            if value == 0 {
                run += 1;
                continue;
            }
            while run > 15 && last_new.is_some_and(|last| at <= last) {
                self.push_symbol(&Codes::AC, 0xF0);
                corrections.drain(..).for_each(|bit| self.push(bit, 1));
                run -= 16;
            }
            if value.abs() > 1 {
                corrections.push(value.abs() & 1);
                continue;
            }
            self.push_symbol(&Codes::AC, run << 4 | 1);
            self.push(i32::from(value > 0), 1);
            corrections.drain(..).for_each(|bit| self.push(bit, 1));
            run = 0;
        }
        if run > 0 || !corrections.is_empty() {
            self.push_symbol(&Codes::AC, 0);
            corrections.drain(..).for_each(|bit| self.push(bit, 1));
        }
    }
}
