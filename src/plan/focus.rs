//! `gravity=auto`: what is looked at to find what a crop shall keep, before there is a plan for it.
//!
//! It is all of what is left of the picture, small, and turned as it will be. Where the source brings a point of its own, that
//! is kept instead, and nothing is looked at.

use super::cost;
use super::error::PlanError;
use super::look::Layout;
use super::{Draft, Plan, Settings};
use crate::geometry::{Focus, Rect, Size};
use crate::picture::budget::LARGEST_GATHERED_BYTES;
use crate::picture::describe::{SIDE, Salience};
use crate::picture::ops::tilt::Tilt;
use crate::picture::probe::Header;
use crate::recipe::{Gravity, Recipe};

/// What is cut out of which whole, and how that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct FocusSearch {
    /// The frame that is looked at.
    pub plan: Plan,
    /// What is left of the upright source.
    kept: Rect,
    /// How that is tilted.
    tilt: Option<Tilt>,
    /// All of it, turned and scaled as it will be, and the window that is kept of that.
    scaled: Size,
    window: Size,
}

impl FocusSearch {
    /// What is to be found, if something is: gravity is `auto`, and something is cut off. The border must be gone by now.
    pub fn new(recipe: &Recipe, header: &Header) -> Result<Option<Self>, PlanError> {
        if recipe.gravity != Some(Gravity::Auto) {
            return Ok(None);
        }
        let Draft { kept, turn, layout, .. } = Draft::new(recipe, header, true)?;
        if !layout.cuts() {
            return Ok(None);
        }
        let bare = Recipe { flip: recipe.flip, rotate: recipe.rotate, ..Recipe::default() };
        let whole = Layout::new(&bare, turn.size(kept.size));
        let size = whole.framing.canvas;
        let plan = Plan::glance(&bare, header, (kept, turn), (&whole, size), SIDE);
        let (scaled, window) = (layout.framing.scaled, layout.framing.window.size);
        Ok(Some(Self { plan, kept, tilt: layout.tilt, scaled, window }))
    }

    /// Whether looking is within the budget, with the file in memory whole.
    pub fn check(&self, header: &Header, file_bytes: u64) -> Result<(), PlanError> {
        if file_bytes > LARGEST_GATHERED_BYTES {
            return Err(PlanError::FileTooLarge { file_bytes, most_bytes: LARGEST_GATHERED_BYTES });
        }
        self.plan.check(header, file_bytes, &[], Settings::default())?;
        cost::afford(self.peak_bytes(header, file_bytes), |needed_mib, most_mib| PlanError::SourceTooLarge {
            size: header.size,
            needed_mib,
            most_mib,
        })
    }

    /// Bytes of linear memory that looking may hold at most, with the file.
    pub fn peak_bytes(&self, header: &Header, file_bytes: u64) -> u64 {
        file_bytes + self.plan.peak_bytes(header, file_bytes, &[])
    }

    /// The recipe where this is what draws the eye.
    #[must_use]
    pub fn settle(&self, recipe: &Recipe, salience: &Salience) -> Recipe {
        Self::at(recipe, salience.focus(self.scaled, self.window))
    }

    /// The recipe where a point of the upright source is to be as near to the middle as can be.
    #[must_use]
    pub fn settle_at(&self, recipe: &Recipe, header: &Header, point: Focus) -> Recipe {
        let [across, down] = self.place(recipe, header.upright(), point);
        let focus = Focus {
            x: centred(across, self.scaled.width, self.window.width),
            y: centred(down, self.scaled.height, self.window.height),
        };
        Self::at(recipe, focus)
    }

    fn at(recipe: &Recipe, focus: Focus) -> Recipe {
        Recipe { gravity: Some(Gravity::At(focus)), ..recipe.clone() }
    }

    /// Where a point of the upright source comes to lie, as shares of what it is cut out of.
    fn place(&self, recipe: &Recipe, upright: Size, point: Focus) -> [f64; 2] {
        let share = |share: u16, side: u32, first: u32, length: u32| {
            let at = f64::from(share) / f64::from(Focus::FULL) * f64::from(side);
            ((at - f64::from(first)) / f64::from(length)).clamp(0.0, 1.0)
        };
        let Rect { x, y, size } = self.kept;
        let mut place =
            [share(point.x, upright.width, x, size.width), share(point.y, upright.height, y, size.height)];
        let turn = recipe.turn();
        if turn.transpose {
            place.reverse();
        }
        for (share, is_mirrored) in place.iter_mut().zip([turn.mirror_x, turn.mirror_y]) {
            if is_mirrored {
                *share = 1.0 - *share;
            }
        }
        self.tilt.map_or(place, |tilt| tilt.place(place))
    }
}

/// The share of its room that a window is moved by to have its middle at a place, or as near as it comes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 10,000")]
fn centred(place: f64, whole: u32, window: u32) -> u16 {
    let room = f64::from(whole.saturating_sub(window));
    if room < 1.0 {
        return Focus::CENTRE.x;
    }
    let first = (place * f64::from(whole) - f64::from(window) / 2.0).clamp(0.0, room);
    (first / room * f64::from(Focus::FULL)).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_in_the_middle_or_as_near_as_it_comes() {
        for (place, expected) in
            [(0.0, 0), (0.1, 0), (0.25, 0), (0.5, 5_000), (0.6, 7_000), (0.75, 10_000), (1.0, 10_000)]
        {
            assert_eq!(centred(place, 1_000, 500), expected, "{place}");
        }
        assert_eq!(centred(0.9, 500, 500), Focus::CENTRE.x);
    }
}
