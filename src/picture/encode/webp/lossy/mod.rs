//! VP8 key frames (RFC 6386), encoded in two passes: one that chooses modes and levels, one that writes them with the
//! probabilities that came out best.

#![expect(clippy::inline_always, reason = "kernels that only pay where what they are given is known")]

mod activity;
mod bools;
mod costs;
mod eight;
mod header;
mod kept;
mod plan;
mod planes;
mod probabilities;
mod quantiser;
mod residue;
mod search;
mod segment;
mod tokens;
mod tree;
mod trellis;
mod write;

use self::costs::Costs;
use self::kept::Kept;
use self::plan::FramePlan;
use self::planes::Planes;
use self::probabilities::{Counts, Probabilities};
use self::residue::Residue;
use self::search::{Neighbour, Search};
use crate::picture::Picture;
use crate::picture::vp8::desk::{Above, Desk};
use crate::picture::vp8::modes::{Luma, Mode};
use crate::picture::vp8::predict::Within;

/// Longer sides cannot be told.
pub(super) const LONGEST_SIDE: u32 = 16_383;

/// What was chosen for a macroblock, without its levels.
#[derive(Debug, Clone, Copy)]
struct Chosen {
    segment: u8,
    is_empty: bool,
    luma: Luma,
    chroma: Mode,
}

/// The frame of a picture, whose alpha is left out, in three parts: its start, its modes, its tokens; or why there is
/// none.
pub(super) fn frame(picture: &Picture, quality: u8) -> Result<[Vec<u8>; 3], &'static str> {
    let size = picture.size();
    if size.longest() > LONGEST_SIDE || size.width == 0 || size.height == 0 {
        return Err("sides are 1 to 16,383 pixels long");
    }
    let planes = Planes::of(picture);
    let plan = FramePlan::new(&planes, quality);
    let searched = search(&planes, &plan, |_, _| {});
    drop(planes);
    let [modes, tokens] = write::write(searched, &plan);
    let start = header::start(size, &modes).ok_or("the modes take too many bytes")?;
    Ok([start, modes, tokens])
}

/// What the first pass leaves.
#[derive(Debug)]
struct Searched {
    chosen: Vec<Chosen>,
    kept: Kept,
    counts: Counts,
}

/// What is above a macroblock.
#[derive(Debug, Clone, Copy)]
struct Column {
    samples: Above,
    neighbour: Neighbour,
}

/// Chooses for one macroblock after the other; `see` sees each as decoders will, before edges are smoothed.
fn search(planes: &Planes, plan: &FramePlan, mut see: impl FnMut(&Desk, (usize, usize))) -> Searched {
    let mut searched = Searched {
        chosen: Vec::with_capacity(plan.across * plan.down),
        kept: Kept::default(),
        counts: Counts::new(),
    };
    let outside = Column { samples: Above::OUTSIDE, neighbour: Neighbour::OUTSIDE };
    let mut columns = vec![outside; plan.across];
    let costs = Costs::new(&Probabilities::standard());
    let mut search = Search { desk: Desk::new(), costs, residue: Residue::new() };
    for y in 0..plan.down {
        search.desk.begin_row(y == 0);
        let mut left = Neighbour::OUTSIDE;
        for x in 0..plan.across {
            if x > 0 {
                search.desk.step_right();
            }
            let right = above_right(&columns, x);
            let Some(column) = columns.get_mut(x) else { continue };
            search.desk.set_above(&column.samples, right);
            let segment = plan.map.get(y * plan.across + x).copied().unwrap_or_default();
            let (before_above, before_left) = (column.neighbour.beside, left.beside);
            let of = plan.segments.get(usize::from(segment)).unwrap_or(&plan.segments[0]);
            let within = Within { above: y > 0, left: x > 0 };
            let (luma, chroma) =
                search.block(&planes.block(x, y), of, within, &mut column.neighbour, &mut left);
            see(&search.desk, (x, y));
            column.samples = search.desk.bottom();
            let is_empty = search.residue.is_empty();
            searched.chosen.push(Chosen { segment, is_empty, luma, chroma });
            if !is_empty {
                let has_subblocks = matches!(luma, Luma::Subblocks(_));
                tokens::count(
                    &mut searched.counts,
                    &search.residue,
                    has_subblocks,
                    before_above,
                    before_left,
                );
                searched.kept.push(&search.residue);
            }
        }
        search.costs.update(&Probabilities::foretold(&searched.counts));
    }
    searched
}

/// The samples above the macroblock to the right; in the last column the last one above is repeated.
fn above_right(columns: &[Column], x: usize) -> [u8; 4] {
    let next = columns.get(x + 1).and_then(|column| column.samples.luma.first_chunk::<4>());
    match (next, columns.get(x)) {
        (Some(&next), _) => next,
        (None, Some(own)) => [own.samples.luma[15]; 4],
        (None, None) => [0; 4],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;
    use crate::picture::Channels;
    use crate::picture::decode::unsmoothed_planes;
    use crate::picture::encode::jpeg::tests::Dice;
    use crate::picture::vp8::desk::{CHROMA, LINE, LUMA};

    /// Pixels by chance about a mean that jumps, within a reach.
    fn picture(size: Size, dice: &mut Dice, reach: u8) -> Picture {
        let (mut mean, mut samples) = ([128_u8; 3], Vec::new());
        for _ in 0..size.area() {
            if dice.byte() < 4 {
                mean = [dice.byte(), dice.byte(), dice.byte()];
            }
            samples.extend(mean.map(|mean| mean.saturating_add(dice.byte() % reach.max(1))));
        }
        Picture::new(size, Channels::Rgb, samples).unwrap()
    }

    /// A frame and the planes that the encoder made on the way.
    fn made(picture: &Picture, quality: u8) -> (Vec<u8>, [Vec<u8>; 3]) {
        let planes = Planes::of(picture);
        let plan = FramePlan::new(&planes, quality);
        let stride = plan.across * 16;
        let mut made = [0, 1, 1].map(|halved| vec![0; (stride * plan.down * 16) >> (2 * halved)]);
        let searched = search(&planes, &plan, |desk, (x, y)| {
            for row in 0..16 {
                let at = (y * 16 + row) * stride + x * 16;
                made[0][at..at + 16].copy_from_slice(&desk.row::<16>(LUMA + row * LINE));
            }
            for (plane, from) in made[1..].iter_mut().zip(CHROMA) {
                for row in 0..8 {
                    let at = (y * 8 + row) * stride / 2 + x * 8;
                    plane[at..at + 8].copy_from_slice(&desk.row::<8>(from + row * LINE));
                }
            }
        });
        let [modes, tokens] = write::write(searched, &plan);
        let start = header::start(picture.size(), &modes).unwrap();
        ([start, modes, tokens].concat(), cut(&made, picture.size()))
    }

    /// Without what pads planes to whole macroblocks.
    fn cut(planes: &[Vec<u8>; 3], size: Size) -> [Vec<u8>; 3] {
        let stride = (size.width as usize).next_multiple_of(16);
        let mut halved = [0, 1, 1].into_iter();
        planes.each_ref().map(|plane| {
            let by = 1 << halved.next().unwrap();
            let (width, height) = (size.width.div_ceil(by) as usize, size.height.div_ceil(by) as usize);
            plane.chunks(stride / by as usize).take(height).flat_map(|row| row[..width].to_vec()).collect()
        })
    }

    #[test]
    fn decoders_make_what_was_made_here() {
        let mut dice = Dice(0x5EED);
        let sides = [(1, 1), (2, 3), (16, 16), (17, 15), (33, 49), (64, 48), (200, 31)];
        for (round, (width, height)) in sides.into_iter().cycle().take(70).enumerate() {
            let reach = [1, 4, 24, 128, 255][round % 5];
            let quality = [1, 10, 35, 60, 75, 80, 90, 95, 97, 98, 99][round % 11];
            let picture = picture(Size::new(width, height), &mut dice, reach);
            let (frame, planes) = made(&picture, quality);
            assert!(
                unsmoothed_planes(&frame) == planes,
                "{width}x{height}, quality {quality}, reach {reach}"
            );
        }
    }

    #[test]
    fn sides_that_cannot_be_told_are_refused() {
        for (width, height) in [(16_384, 1), (1, 16_384)] {
            let picture = Picture::filled(Size::new(width, height), Channels::Rgb, [9; 4]);
            assert!(frame(&picture, 80).is_err());
        }
        let longest = Picture::filled(Size::new(16_383, 1), Channels::Rgb, [9; 4]);
        assert!(frame(&longest, 80).is_ok());
    }
}
