//! What has been coded above and to the left, which probabilities depend on (AV1, section 8.3.2).

use super::mode::Mode;

/// Of four by four samples of luma.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) mode: Mode,
    /// The logarithm of the side of its block.
    pub(super) log2: u8,
    pub(super) is_skipped: bool,
    pub(super) chroma_is_smooth: bool,
}

impl Cell {
    /// Where nothing is.
    const OUTSIDE: Self = Self { mode: Mode::Dc, log2: 7, is_skipped: false, chroma_is_smooth: false };
}

/// Four by four samples on a side of a superblock.
const SIDE: usize = 16;

/// One side: of the blocks, and of levels of three planes.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) cells: Vec<Cell>,
    /// The sum of levels, and above it the first one's sign: 1 below zero, 2 above.
    pub(super) levels: [Vec<u8>; 3],
}

impl Line {
    fn new(count: usize) -> Self {
        Self {
            cells: vec![Cell::OUTSIDE; count],
            levels: [count, count / 2, count / 2].map(|count| vec![0; count]),
        }
    }

    /// Notes the levels of a transform.
    pub(super) fn note(&mut self, plane: usize, at: usize, count: usize, levels: u8) {
        self.levels[plane][at..at + count].fill(levels);
    }

    fn keep(&self, at: usize, count: usize) -> KeptLine {
        let mut kept = KeptLine { cells: [Cell::OUTSIDE; SIDE], levels: [[0; SIDE]; 3] };
        kept.cells[..count].copy_from_slice(&self.cells[at..at + count]);
        for (plane, (to, from)) in kept.levels.iter_mut().zip(&self.levels).enumerate() {
            let (at, count) = if plane == 0 { (at, count) } else { (at / 2, count.div_ceil(2)) };
            to[..count].copy_from_slice(&from[at..at + count]);
        }
        kept
    }

    fn restore(&mut self, kept: &KeptLine, at: usize, count: usize) {
        self.cells[at..at + count].copy_from_slice(&kept.cells[..count]);
        for (plane, (to, from)) in self.levels.iter_mut().zip(&kept.levels).enumerate() {
            let (at, count) = if plane == 0 { (at, count) } else { (at / 2, count.div_ceil(2)) };
            to[at..at + count].copy_from_slice(&from[..count]);
        }
    }
}

#[derive(Debug, Clone)]
struct KeptLine {
    cells: [Cell; SIDE],
    levels: [[u8; SIDE]; 3],
}

/// Both sides of a square, to be put back.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    above: KeptLine,
    left: KeptLine,
}

/// Both sides: above of the whole width, to the left of a superblock.
#[derive(Debug, Clone)]
pub(super) struct Contexts {
    pub(super) above: Line,
    pub(super) left: Line,
}

impl Contexts {
    /// Before anything is coded; so many cells across.
    pub(super) fn new(across: usize) -> Self {
        Self { above: Line::new(across), left: Line::new(SIDE) }
    }

    pub(super) fn begin_row(&mut self) {
        self.left = Line::new(SIDE);
    }

    pub(super) fn above_cell(&self, (x, _): (usize, usize)) -> Cell {
        self.above.cells[x]
    }

    pub(super) fn left_cell(&self, (_, y): (usize, usize)) -> Cell {
        self.left.cells[y % SIDE]
    }

    /// Notes a block of so many cells a side; where it has no chroma, that of its neighbours stays.
    pub(super) fn note(&mut self, (x, y): (usize, usize), count: usize, cell: Cell, has_chroma: bool) {
        let y = y % SIDE;
        let above = self.above.cells[x..x + count].iter_mut();
        for noted in above.chain(&mut self.left.cells[y..y + count]) {
            let chroma_is_smooth = if has_chroma { cell.chroma_is_smooth } else { noted.chroma_is_smooth };
            *noted = Cell { chroma_is_smooth, ..cell };
        }
    }

    /// Of blocks of a logarithm (section 8.3.2, partition).
    pub(super) fn partition(&self, at: (usize, usize), log2: usize) -> usize {
        let is_smaller = |cell: Cell| usize::from(usize::from(cell.log2) < log2);
        2 * is_smaller(self.left_cell(at)) + is_smaller(self.above_cell(at))
    }

    pub(super) fn skip(&self, at: (usize, usize)) -> usize {
        usize::from(self.above_cell(at).is_skipped) + usize::from(self.left_cell(at).is_skipped)
    }

    pub(super) fn modes(&self, at: (usize, usize)) -> [usize; 2] {
        [self.above_cell(at), self.left_cell(at)].map(|cell| cell.mode.context())
    }

    /// Of a transform at a place of its own plane: of no levels, and of the first sign.
    pub(super) fn levels(&self, plane: usize, (x, y): (usize, usize), count: usize) -> [usize; 2] {
        let y = y % (if plane == 0 { SIDE } else { SIDE / 2 });
        let sides = [&self.above.levels[plane][x..x + count], &self.left.levels[plane][y..y + count]];
        let signs = sides.into_iter().flatten().map(|levels| match levels >> 6 {
            0 => 0,
            1 => -1,
            _ => 1,
        });
        let sign_context = match signs.sum::<i32>() {
            0 => 0,
            ..0 => 1,
            _ => 2,
        };
        // Blocks have one transform.
        let zero_context = match plane {
            0 => 0,
            _ => 7 + sides.into_iter().filter(|side| side.iter().any(|&levels| levels > 0)).count(),
        };
        [zero_context, sign_context]
    }

    /// Notes the levels of a transform in its own plane.
    pub(super) fn note_levels(&mut self, plane: usize, (x, y): (usize, usize), count: usize, levels: &[i16]) {
        let sum: u32 = levels.iter().map(|level| u32::from(level.unsigned_abs())).sum();
        let sign = match levels.first().copied().unwrap_or_default().signum() {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        let noted = sum.min(63) as u8 | sign << 6;
        self.above.note(plane, x, count, noted);
        self.left.note(plane, y % (if plane == 0 { SIDE } else { SIDE / 2 }), count, noted);
    }

    pub(super) fn keep(&self, (x, y): (usize, usize), count: usize) -> Kept {
        Kept { above: self.above.keep(x, count), left: self.left.keep(y % SIDE, count) }
    }

    pub(super) fn restore(&mut self, kept: &Kept, (x, y): (usize, usize), count: usize) {
        self.above.restore(&kept.above, x, count);
        self.left.restore(&kept.left, y % SIDE, count);
    }
}
