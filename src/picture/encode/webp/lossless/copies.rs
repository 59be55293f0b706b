//! What stands in a row of pixels once more (RFC 9649, section 3.5.2.2): found by hashes of two pixels, in chains.

use crate::picture::decode::NEAR_PIXELS;

/// References reach back no further, and are no longer.
const WINDOW: usize = (1 << 20) - 120;
const LONGEST: usize = 4_096;
/// So many places with the same hash are looked at.
const DEPTH: usize = 24;
/// What is as long as this is taken as it is.
const LONG: usize = 64;
/// Shorter ones are not taken, of pixels that take few bits and of others.
const LEAST: (usize, usize) = (4, 3);
const FEW_BITS: usize = 8;
/// About the bits of a reference's length and the symbol of its distance, of one nearby and of another.
const NEAR_BITS: usize = 9;
const FAR_BITS: usize = 13;

/// Pixels that are those of before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copy {
    /// The first of them.
    pub(super) at: u32,
    /// How many they are.
    pub(super) length: u32,
    /// What says how far back the others are.
    pub(super) distance_code: u32,
}

/// No more copies are taken than one for so many pixels: what is held of them is bounded by it.
const PIXELS_OF_COPY: usize = 8;

/// Bytes held while the copies of so many pixels are found.
pub(super) fn held_bytes(pixels: u64) -> u64 {
    let pixels = usize::try_from(pixels).unwrap_or(usize::MAX >> 1);
    let tables = (1 << hash_bits(pixels)) + held_places(pixels);
    (4 * tables + pixels / PIXELS_OF_COPY * size_of::<Copy>()) as u64
}

/// The copies in rows of so many pixels, each of which takes about so many bits otherwise.
pub(super) fn find(pixels: &[u32], width: usize, literal_bits: usize) -> Vec<Copy> {
    let mut finder = Finder::new(pixels, width, literal_bits);
    let mut copies = Vec::with_capacity(pixels.len() / PIXELS_OF_COPY);
    let mut at = 0;
    while at + 2 < pixels.len() && copies.len() < copies.capacity() {
        let mut found = finder.best(at);
        finder.enter(at);
        // What begins a pixel later may be worth more.
        while let Some(first) = found.filter(|found| found.length < LONG && at + 3 < pixels.len()) {
            let Some(next) = finder.best(at + 1).filter(|next| next.gain > first.gain + literal_bits) else {
                break;
            };
            at += 1;
            finder.enter(at);
            found = Some(next);
        }
        let Some(Found { length, distance, .. }) = found else {
            at += 1;
            continue;
        };
        copies.extend(copy(at, length, finder.code(distance)));
        (at + 1..at + length).for_each(|place| finder.enter(place));
        at += length;
    }
    copies
}

fn copy(at: usize, length: usize, distance_code: usize) -> Option<Copy> {
    let narrow = |number: usize| u32::try_from(number).ok();
    Some(Copy { at: narrow(at)?, length: narrow(length)?, distance_code: narrow(distance_code)? })
}

fn hash_bits(pixels: usize) -> u32 {
    (usize::BITS - pixels.leading_zeros()).clamp(8, 18)
}

fn held_places(pixels: usize) -> usize {
    pixels.clamp(1, 1 << 20).next_power_of_two()
}

#[derive(Debug, Clone, Copy)]
struct Found {
    length: usize,
    distance: usize,
    /// Bits that are saved, about.
    gain: usize,
}

struct Finder<'p> {
    pixels: &'p [u32],
    literal_bits: usize,
    least: usize,
    /// The last place of each hash, and of each place the one before it with its hash; all one larger, 0 for none.
    last: Vec<u32>,
    before: Vec<u32>,
    shift: u32,
    /// Distances that have short codes, in rising order.
    near: Vec<(usize, usize)>,
    /// The likeliest of them.
    usual: [usize; 4],
}

impl<'p> Finder<'p> {
    fn new(pixels: &'p [u32], width: usize, literal_bits: usize) -> Self {
        let bits = hash_bits(pixels.len());
        let mut near: Vec<(usize, usize)> = NEAR_PIXELS
            .iter()
            .zip(1..)
            .map(|(&(left, up), code)| {
                let rows = usize::from(up.unsigned_abs()) * width;
                (rows.checked_add_signed(left.into()).unwrap_or(1).max(1), code)
            })
            .collect();
        // The shortest code of each.
        near.sort_unstable();
        near.dedup_by_key(|(distance, _)| *distance);
        Self {
            pixels,
            literal_bits,
            least: if literal_bits <= FEW_BITS { LEAST.0 } else { LEAST.1 },
            last: vec![0; 1 << bits],
            before: vec![0; held_places(pixels.len())],
            shift: 64 - bits,
            near,
            usual: [1, width, width + 1, width.saturating_sub(1).max(1)],
        }
    }

    /// The code of a distance.
    fn code(&self, distance: usize) -> usize {
        let near = self.near.binary_search_by_key(&distance, |(near, _)| *near).ok();
        near.and_then(|place| self.near.get(place)).map_or(distance + NEAR_PIXELS.len(), |(_, code)| *code)
    }

    fn hash(&self, at: usize) -> Option<usize> {
        let [a, b] = *self.pixels.get(at..)?.first_chunk::<2>()?;
        let pair = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        usize::try_from(pair >> self.shift).ok()
    }

    fn enter(&mut self, at: usize) {
        let Some(last) = self.hash(at).and_then(|hash| self.last.get_mut(hash)) else { return };
        let place = at & (self.before.len() - 1);
        if let Some(before) = self.before.get_mut(place) {
            *before = *last;
            *last = u32::try_from(at + 1).unwrap_or_default();
        }
    }

    /// What pays most at a place, if anything does.
    fn best(&self, at: usize) -> Option<Found> {
        let mut best: Option<Found> = None;
        for distance in self.usual {
            self.consider(at, distance, NEAR_BITS, &mut best);
        }
        let mut next = self.hash(at).and_then(|hash| self.last.get(hash)).copied().unwrap_or_default();
        for _ in 0..DEPTH {
            if best.is_some_and(|best| best.length >= LONG) {
                break;
            }
            let Some(place) = (next as usize).checked_sub(1) else { break };
            let distance = at.saturating_sub(place);
            if distance == 0 || distance > WINDOW {
                break;
            }
            let bits = FAR_BITS + distance.ilog2() as usize;
            self.consider(at, distance, bits, &mut best);
            let before = self.before.get(place & (self.before.len() - 1)).copied().unwrap_or_default();
            if before >= next {
                break;
            }
            next = before;
        }
        best
    }

    fn consider(&self, at: usize, distance: usize, bits: usize, best: &mut Option<Found>) {
        let Some(from) = at.checked_sub(distance) else { return };
        let (Some(here), Some(there)) = (self.pixels.get(at..), self.pixels.get(from..)) else { return };
        let most = best.map_or(0, |best| best.length);
        // What is not longer does not pay more.
        if here.get(most) != there.get(most) {
            return;
        }
        let length = here.iter().zip(there).take(LONGEST).take_while(|(a, b)| a == b).count();
        let gain = (length * self.literal_bits).saturating_sub(bits);
        if length >= self.least && gain > best.map_or(0, |best| best.gain) {
            *best = Some(Found { length, distance, gain });
        }
    }
}
