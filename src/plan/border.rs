//! `trim=border`: how a picture is looked at to find its border, before there is a plan for what is left.
//!
//! Large pictures are looked at in a reduced form: what is found then holds the picture, and up to a thousandth of its
//! border.

use super::cost;
use super::error::PlanError;
use super::reading::{self, Reading};
use crate::geometry::{Rect, Size};
use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::picture::decode::Reduction;
use crate::picture::ops::border::BorderFinder;
use crate::picture::ops::resize::{Axis, Shape};
use crate::picture::probe::{Coding, Header};
use crate::picture::svg::Drawn;
use crate::recipe::{Recipe, Trim, Whole};

/// Sides are reduced to no less than this.
const ENOUGH_PIXELS: u32 = 1_000;

/// What is looked at, and for what.
#[derive(Debug, Clone, PartialEq)]
pub struct BorderSearch {
    /// How the file becomes the rows that are looked at: one after another, neither turned nor scaled otherwise.
    pub reading: Reading,
    /// The part of the stored picture that they show.
    part: Rect,
    by: u8,
}

impl BorderSearch {
    /// What there is to look at, if there is: within the budget, as the file will be in memory whole.
    pub fn new(recipe: &Recipe, header: &Header, file_bytes: u64) -> Result<Option<Self>, PlanError> {
        if recipe.trim.mode.is_none() {
            return Ok(None);
        }
        cost::check_pixels(header.size)?;
        if file_bytes > LARGEST_GATHERED_BYTES {
            return Err(PlanError::FileTooLarge { file_bytes, most_bytes: LARGEST_GATHERED_BYTES });
        }
        let upright = header.upright();
        let cropped = reading::crop(recipe, upright).ok_or(PlanError::NothingLeft { size: upright })?;
        let part = header.turn.rect_before(cropped, upright);
        if matches!(header.coding, Coding::Drawing(_)) {
            let reading = Reading::of_drawing(Drawn { part, scaled: part.size, window: part.size.rect() });
            return Self { reading, part, by: 1 }.afforded(header, file_bytes);
        }
        let reduction = reduction(header, part);
        let step = f64::from(reduction.luma);
        let axis = |start: u32, length: u32| Axis {
            start: start.into(),
            step,
            count: length.div_ceil(reduction.luma.into()),
            low: start.into(),
            high: f64::from(start + length),
        };
        let across = axis(part.x, part.size.width);
        let down = axis(part.y, part.size.height);
        let reading =
            Reading { reduction, across, down, shape: Shape::Pixels, is_linear: false, drawn: None };
        Self { reading, part, by: reduction.luma }.afforded(header, file_bytes)
    }

    /// This, if it may cost so much.
    fn afforded(self, header: &Header, file_bytes: u64) -> Result<Option<Self>, PlanError> {
        cost::check_drawn(&self.reading, header)?;
        cost::afford(self.peak_bytes(header, file_bytes), |needed_mib, most_mib| {
            PlanError::SourceTooLarge { size: header.size, needed_mib, most_mib }
        })?;
        Ok(Some(self))
    }

    /// Bytes of linear memory that looking may hold at most, with the file.
    pub fn peak_bytes(&self, header: &Header, file_bytes: u64) -> u64 {
        file_bytes + cost::reading_bytes(&self.reading, header, file_bytes)
    }

    /// What looks.
    pub fn finder(&self, trim: &Trim) -> BorderFinder {
        let tolerance = trim.border_tolerance.and_then(|Whole(most)| u8::try_from(most).ok());
        BorderFinder::new(trim.border_color.map(|colour| colour.0), tolerance.unwrap_or(Trim::TOLERANCE))
    }

    /// The recipe where all but `found` turned out to be border. A picture of nothing but border stays whole.
    #[must_use]
    pub fn settle(&self, recipe: &Recipe, header: &Header, found: Option<Rect>) -> Recipe {
        let keep = recipe.trim.border_keep.map_or(0, |Whole(pixels)| pixels);
        let kept = found.map_or(self.part, |found| self.kept(found, keep));
        recipe.cut_to(header.turn.inverse().rect_before(kept, header.size))
    }

    /// What was found, in pixels of the file, with so much of the border.
    fn kept(&self, found: Rect, keep: u32) -> Rect {
        let by = u32::from(self.by);
        let along = |start: u32, found: u32, count: u32, length: u32| {
            let first = (found * by).saturating_sub(keep);
            let end = ((found + count) * by).saturating_add(keep).min(length);
            (start + first, end.saturating_sub(first))
        };
        let Rect { x, y, size: Size { width, height } } = self.part;
        let (x, width) = along(x, found.x, found.size.width, width);
        let (y, height) = along(y, found.y, found.size.height, height);
        Rect { x, y, size: Size::new(width, height) }
    }
}

/// How far a picture is reduced for being looked at. A crop need not begin where a reduced sample does.
fn reduction(header: &Header, part: Rect) -> Reduction {
    let least = part.size.width.min(part.size.height);
    let by = [8, 4, 2].into_iter().find(|by| least / u32::from(*by) >= ENOUGH_PIXELS).unwrap_or(1);
    match &header.coding {
        Coding::Jpeg(_) | Coding::WebpLossy if part.size != header.size => Reduction::NONE,
        Coding::Jpeg(coding) => {
            // Chroma that is coarser already is reduced less.
            let (x, y) = coding.chroma_density();
            let coarser = if x.min(y) < 1.0 { 2 } else { 1 };
            Reduction { luma: by, chroma: (by / coarser).max(1) }
        }
        Coding::WebpLossy if !header.alpha => Reduction { luma: by, chroma: by },
        _ => Reduction::NONE,
    }
}
