//! Decoding piece by piece into planes, as they come.

use std::ops::{ControlFlow, Range};

use lenslet::picture::decode::{DecodeError, Decoder, Reduction, Wanted};
use lenslet::picture::probe::{Coding, Header};
use lenslet::picture::rows::{Layout, Plane, RowSink};

use super::bytes::Dice;

/// What came out of a decoder.
#[derive(Debug, Default, PartialEq)]
pub struct Gathered {
    pub layout: Option<Layout>,
    /// Samples of every plane; of rows that nobody wanted, the last may be missing.
    pub planes: Vec<Vec<u8>>,
}

impl RowSink for Gathered {
    fn begin(&mut self, layout: &Layout) {
        assert_eq!(self.layout, None, "begun twice");
        self.planes = vec![Vec::new(); layout.planes.len()];
        self.layout = Some(layout.clone());
    }

    fn row(&mut self, plane: usize, row: &[u8]) -> ControlFlow<()> {
        let layout = self.layout.as_ref().unwrap();
        assert_eq!(row.len(), layout.planes[plane].size.width as usize * layout.colours.samples());
        self.planes[plane].extend_from_slice(row);
        ControlFlow::Continue(())
    }
}

impl Gathered {
    /// Whether all rows of all planes came, and no more.
    pub fn is_whole(&self) -> bool {
        self.layout.as_ref().is_some_and(|layout| {
            let length = |size: lenslet::geometry::Size| size.width as usize * size.height as usize;
            let mut planes = layout.planes.iter().zip(&self.planes);
            planes.all(|(plane, samples)| length(plane.size) * layout.colours.samples() == samples.len())
        })
    }

    /// Whether the wanted samples are all there and those of a decoder that was told to hand on everything.
    pub fn has_part_of(&self, whole: &Self, wanted: &Wanted) -> bool {
        let layout = whole.layout.as_ref().unwrap();
        let mut planes = layout.planes.iter().zip(self.planes.iter().zip(&whole.planes));
        self.layout.as_ref() == Some(layout)
            && planes.all(|(plane, (ours, theirs))| {
                let samples = layout.colours.samples();
                let given = part(plane, samples, ours, wanted);
                given.is_some() && given == part(plane, samples, theirs, wanted)
            })
    }
}

/// The samples of a plane that wanted pixels are made of, row by row; nothing where rows are missing.
fn part<'a>(plane: &Plane, samples: usize, all: &'a [u8], wanted: &Wanted) -> Option<Vec<&'a [u8]>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "they are small and not negative"
    )]
    let range = |pixels: &Range<u32>, density: f64, most: u32| {
        let end = (f64::from(pixels.end) * density).ceil() as usize;
        (f64::from(pixels.start) * density) as usize..end.min(most as usize)
    };
    let columns = range(&wanted.columns, plane.density.0, plane.size.width);
    let mut rows = range(&wanted.rows, plane.density.1, plane.size.height);
    let stride = plane.size.width as usize * samples;
    rows.try_fold(Vec::new(), |mut part, row| {
        let row = all.get(row * stride..(row + 1) * stride)?;
        part.push(row.get(columns.start * samples..columns.end * samples)?);
        Some(part)
    })
}

/// How a file is given to a decoder.
#[derive(Debug, Clone)]
pub enum Pieces {
    Whole,
    /// All of one length.
    Of(usize),
    /// From one byte to this many.
    Random(Dice, usize),
}

impl Pieces {
    /// The lengths of the pieces, one after the other, for ever.
    fn lengths(self) -> Box<dyn FnMut() -> usize> {
        match self {
            Self::Whole => Box::new(|| usize::MAX),
            Self::Of(length) => Box::new(move || length),
            Self::Random(mut dice, most) => Box::new(move || 1 + dice.below(most)),
        }
    }
}

/// All of the picture.
pub fn everything(header: &Header) -> Wanted {
    Wanted { columns: 0..header.size.width, rows: 0..header.size.height, drawn: None }
}

/// Some rectangle of the picture.
pub fn some_part(header: &Header, dice: &mut Dice) -> Wanted {
    let mut range = |length: u32| {
        let start = dice.below(length as usize);
        let end = start + 1 + dice.below(length as usize - start);
        u32::try_from(start).unwrap()..u32::try_from(end).unwrap()
    };
    Wanted { columns: range(header.size.width), rows: range(header.size.height), drawn: None }
}

/// Some reduction that the format of the file knows.
pub fn some_reduction(header: &Header, dice: &mut Dice) -> Reduction {
    let mut side = || 1 << dice.below(4);
    match header.coding {
        Coding::Jpeg(_) => Reduction { luma: side(), chroma: side() },
        Coding::WebpLossy => by(side()),
        _ => Reduction::NONE,
    }
}

/// Decodes a file whose header can be read.
pub fn decode(
    file: &[u8],
    header: &Header,
    reduction: Reduction,
    wanted: Wanted,
    pieces: Pieces,
) -> Result<Gathered, DecodeError> {
    let mut decoder = Decoder::new(header, file.len() as u64, reduction, wanted);
    let mut gathered = Gathered::default();
    let (mut rest, mut length) = (file, pieces.lengths());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(length().min(rest.len()));
        if decoder.push(piece, &mut gathered)?.is_break() {
            return Ok(gathered);
        }
        rest = behind;
    }
    decoder.finish(&mut gathered)?;
    Ok(gathered)
}

/// Decodes all of a file at once.
pub fn whole(file: &[u8], reduction: Reduction) -> Result<Gathered, String> {
    let header = Header::read(file).map_err(|error| error.to_string())?;
    let gathered = decode(file, &header, reduction, everything(&header), Pieces::Whole);
    let gathered = gathered.map_err(|error| error.to_string())?;
    assert!(gathered.is_whole(), "a decoder that succeeds hands on all rows");
    Ok(gathered)
}

/// Decodes whatever this is, unless it is larger than `largest_area`: at once, in pieces and in part, at a reduction
/// that its format knows, all as the dice say. Whether it can be decoded must not depend on the pieces, nor may the
/// samples on pieces or part. Answers whether it could.
pub fn survives(file: &[u8], largest_area: u64, dice: &mut Dice) -> bool {
    let Ok(header) = Header::read(file) else { return false };
    if header.size.area() > largest_area {
        return false;
    }
    let reduction = some_reduction(&header, dice);
    let most = [1, 16, 1_000, 100_000][dice.below(4)];
    let pieces = Pieces::Random(dice.clone(), most);
    let at_once = decode(file, &header, reduction, everything(&header), Pieces::Whole);
    let in_pieces = decode(file, &header, reduction, everything(&header), pieces.clone());
    let wanted = some_part(&header, dice);
    let in_part = decode(file, &header, reduction, wanted.clone(), pieces);
    match (at_once, in_pieces) {
        (Ok(at_once), Ok(in_pieces)) => {
            assert!(at_once.is_whole(), "a decoder that succeeds hands on all rows");
            assert!(at_once == in_pieces, "pieces change samples");
            let in_part = in_part.expect("a part can be decoded where the whole can");
            assert!(in_part.has_part_of(&at_once, &wanted), "{wanted:?} is not as in the whole");
            true
        }
        (Err(_), Err(_)) => false,
        (at_once, in_pieces) => {
            panic!("at once: {:?}, in pieces: {:?}", at_once.map(drop), in_pieces.map(drop))
        }
    }
}

/// The same reduction of all components.
pub fn by(by: u8) -> Reduction {
    Reduction { luma: by, chroma: by }
}
