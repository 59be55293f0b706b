//! Tables from a device's samples to the connection space: `lut8Type`, `lut16Type` and `lutAToBType` (ICC.1:2022, 10.10 to
//! 10.12), evaluated where they lie.

use super::icc::{Curve, Icc, Pcs, fixed_at, kind_at, u16_at, u32_at};
use super::mesh::interpolate;
use super::srgb::{self, D50, Matrix};

/// A table of some inputs and three outputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lut {
    inputs: usize,
    /// Of each input.
    first: Vec<Curve>,
    grid: Option<Grid>,
    /// Of each output: curves, a matrix and what it adds, and curves again.
    middle: Vec<Curve>,
    matrix: Option<(Matrix, [f32; 3])>,
    last: Vec<Curve>,
    outputs: Outputs,
    /// What the darkest black is, as a share of white, that becomes none.
    black: f32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Grid {
    at: usize,
    sides: [usize; 4],
    is_wide: bool,
}

/// What numbers of 0–1 mean that come out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outputs {
    Xyz,
    Lab,
    /// Lab of `lut16Type`, whose highest number is a little beyond 100.
    LabOf16,
}

/// How dark the perceptual black of version 4 is (ICC.1:2022, 6.3.3).
const PERCEPTUAL_BLACK: f32 = 0.003_473_1;

impl Lut {
    /// The table for perceptual rendering, or else the colorimetric one; of as many inputs as the profile's samples have.
    pub(super) fn read(icc: Icc<'_>, inputs: usize) -> Option<Self> {
        let perceptual = icc.tag(*b"A2B0");
        let at = perceptual.or_else(|| icc.tag(*b"A2B1"))?;
        let lut = match &kind_at(icc.bytes, at)? {
            b"mft1" => Self::plain(icc, at, false)?,
            b"mft2" => Self::plain(icc, at, true)?,
            b"mAB " => Self::staged(icc, at)?,
            _ => return None,
        };
        let black = if icc.version >= 4 && perceptual.is_some() { PERCEPTUAL_BLACK } else { 0.0 };
        (lut.inputs == inputs).then_some(Self { black, ..lut })
    }

    /// `lut8Type` and `lut16Type`. Their matrix is for samples of XYZ only.
    fn plain(icc: Icc<'_>, at: usize, is_wide: bool) -> Option<Self> {
        let (inputs, side) = channels(icc.bytes, at)?;
        let (counts, start) = if is_wide {
            ([usize::from(u16_at(icc.bytes, at + 48)?), usize::from(u16_at(icc.bytes, at + 50)?)], at + 52)
        } else {
            ([256, 256], at + 48)
        };
        if counts.iter().any(|count| !(2..=4_096).contains(count)) {
            return None;
        }
        let mut next = start;
        let first = tables(inputs, counts[0], is_wide, &mut next);
        let grid = Grid { at: next, sides: [usize::from(side); 4], is_wide };
        next = grid.end(inputs)?;
        let last = tables(3, counts[1], is_wide, &mut next);
        icc.bytes.get(..next)?;
        let outputs = match icc.pcs {
            Pcs::Xyz => Outputs::Xyz,
            Pcs::Lab if is_wide => Outputs::LabOf16,
            Pcs::Lab => Outputs::Lab,
        };
        Some(Self {
            inputs,
            first,
            grid: Some(grid),
            middle: Vec::new(),
            matrix: None,
            last,
            outputs,
            black: 0.0,
        })
    }

    /// `lutAToBType`: every part but the last curves may be missing.
    fn staged(icc: Icc<'_>, at: usize) -> Option<Self> {
        let bytes = icc.bytes;
        let (inputs, _) = channels(bytes, at)?;
        let part =
            |place| u32_at(bytes, at + place).map(|offset| (offset > 0).then_some(at.saturating_add(offset)));
        let (last, matrix, middle, grid, first) = (part(12)?, part(16)?, part(20)?, part(24)?, part(28)?);
        let curves = |at: Option<usize>, number| at.map_or(Some(Vec::new()), |at| curves(bytes, at, number));
        let grid = match grid {
            Some(at) => Some(Grid::read(bytes, at, inputs)?),
            None if inputs == 3 => None,
            None => return None,
        };
        let matrix = match matrix {
            Some(at) => Some(read_matrix(bytes, at)?),
            None => None,
        };
        let outputs = match icc.pcs {
            Pcs::Xyz => Outputs::Xyz,
            Pcs::Lab => Outputs::Lab,
        };
        let (first, middle, last) = (curves(first, inputs)?, curves(middle, 3)?, curves(last, 3)?);
        Some(Self { inputs, first, grid, middle, matrix, last, outputs, black: 0.0 })
    }

    /// sRGB as it is stored, 0–1 and beyond, of samples of 0–1.
    pub(super) fn srgb(&self, bytes: &[u8], from_xyz: &Matrix, samples: [f32; 4]) -> [f32; 3] {
        let mut place = samples;
        for (curve, number) in self.first.iter().zip(&mut place) {
            *number = curve.at(bytes, *number);
        }
        let found = match self.grid {
            Some(grid) => {
                interpolate(place, grid.sides, self.inputs, &mut |node| grid.node(bytes, self.inputs, node))
            }
            None => [place[0], place[1], place[2]],
        };
        let mut found = curved(&self.middle, bytes, found);
        if let Some((matrix, added)) = &self.matrix {
            let [a, b, c] = srgb::multiply(matrix, found);
            found = [a + added[0], b + added[1], c + added[2]];
        }
        let xyz = self.outputs.xyz(curved(&self.last, bytes, found));
        let xyz = [
            self.without_black(xyz[0], D50[0]),
            self.without_black(xyz[1], D50[1]),
            self.without_black(xyz[2], D50[2]),
        ];
        srgb::multiply(from_xyz, xyz).map(srgb::encode)
    }

    /// White stays where it is, and black becomes none.
    fn without_black(&self, number: f32, white: f32) -> f32 {
        (number - white * self.black) / (1.0 - self.black)
    }
}

/// Inputs, of which there may be three or four, and nodes along each axis; the outputs must be three.
fn channels(bytes: &[u8], at: usize) -> Option<(usize, u8)> {
    let &[inputs @ (3 | 4), 3, side] = bytes.get(at + 8..at + 11)? else { return None };
    Some((inputs.into(), side))
}

impl Outputs {
    fn xyz(self, [a, b, c]: [f32; 3]) -> [f32; 3] {
        let lab = |[l, a, b]: [f32; 3]| srgb::xyz_of_lab([l * 100.0, a * 255.0 - 128.0, b * 255.0 - 128.0]);
        match self {
            Self::Xyz => [a, b, c].map(|number| number * (65_535.0 / 32_768.0)),
            Self::Lab => lab([a, b, c]),
            Self::LabOf16 => lab([a, b, c].map(|number| number * (65_535.0 / 65_280.0))),
        }
    }
}

fn curved(curves: &[Curve], bytes: &[u8], numbers: [f32; 3]) -> [f32; 3] {
    match curves {
        [a, b, c] => [a.at(bytes, numbers[0]), b.at(bytes, numbers[1]), c.at(bytes, numbers[2])],
        _ => numbers,
    }
}

/// Tables one behind the other from `next` on, which is behind the last of them then.
fn tables(number: usize, count: usize, is_wide: bool, next: &mut usize) -> Vec<Curve> {
    let (first, bytes) = (*next, count * if is_wide { 2 } else { 1 });
    *next += number * bytes;
    let table = |index| {
        let at = first + index * bytes;
        if is_wide { Curve::Table16 { at, count } } else { Curve::Table8 { at, count } }
    };
    (0..number).map(table).collect()
}

/// Curves one behind the other, each padded to four bytes.
fn curves(bytes: &[u8], mut at: usize, number: usize) -> Option<Vec<Curve>> {
    (0..number)
        .map(|_| {
            let (curve, length) = Curve::read(bytes, at)?;
            at = at.checked_add(length.next_multiple_of(4))?;
            Some(curve)
        })
        .collect()
}

/// Nine factors by rows, and three numbers to add.
fn read_matrix(bytes: &[u8], at: usize) -> Option<(Matrix, [f32; 3])> {
    let row = |at| Some([fixed_at(bytes, at)?, fixed_at(bytes, at + 4)?, fixed_at(bytes, at + 8)?]);
    Some(([row(at)?, row(at + 12)?, row(at + 24)?], row(at + 36)?))
}

impl Grid {
    /// The grid of `lutAToBType`.
    fn read(bytes: &[u8], at: usize, inputs: usize) -> Option<Self> {
        let mut sides = [2; 4];
        for (side, found) in sides.iter_mut().zip(bytes.get(at..)?).take(inputs) {
            *side = usize::from(*found);
        }
        let is_wide = match bytes.get(at.checked_add(16)?)? {
            1 => false,
            2 => true,
            _ => return None,
        };
        let grid = Self { at: at + 20, sides, is_wide };
        bytes.get(..grid.end(inputs)?)?;
        Some(grid)
    }

    fn width(self) -> usize {
        if self.is_wide { 2 } else { 1 }
    }

    /// Where it ends.
    fn end(self, inputs: usize) -> Option<usize> {
        let sides = self.sides.iter().take(inputs);
        let nodes = sides.clone().try_fold(1_usize, |nodes, side| nodes.checked_mul(*side))?;
        let end = nodes.checked_mul(3 * self.width())?.checked_add(self.at)?;
        sides.clone().all(|side| *side >= 2).then_some(end)
    }

    /// The numbers at a node; the last axis runs fastest.
    fn node(self, bytes: &[u8], inputs: usize, node: [usize; 4]) -> [f32; 3] {
        let axes = node.iter().zip(self.sides).take(inputs);
        let index = axes.fold(0, |index, (number, side)| index * side + number);
        let at = self.at + index * 3 * self.width();
        let number = |output: usize| {
            if self.is_wide {
                u16_at(bytes, at + 2 * output).map_or(0.0, |number| f32::from(number) / 65_535.0)
            } else {
                bytes.get(at + output).map_or(0.0, |&number| f32::from(number) / 255.0)
            }
        };
        [number(0), number(1), number(2)]
    }
}
