//! What is done where there is more to be known than a header says: a frame is made that is just large enough to be looked
//! at.
//!
//! It shows what the output would, background, border and effects included, at that size; only what is drawn over it and
//! what its grain is like (`sharpen`) is left out.

use super::Plan;
use super::look::{self, Layout};
use super::reading::Reading;
use crate::geometry::{Rect, Size, Turn};
use crate::picture::metadata::Keep;
use crate::picture::probe::Header;
use crate::recipe::{Decimal, Recipe, Within};

/// Bytes held while something is said of a frame of this size.
pub(super) const TELLING_BYTES: u64 = 1 << 20;

impl Plan {
    /// What there is to look at of an output of this size, which `layout` makes of the part `kept` of the upright source, no
    /// longer than `most`.
    pub(super) fn glance(
        recipe: &Recipe,
        header: &Header,
        (kept, turn): (Rect, Turn),
        (layout, size): (&Layout, Size),
        most: u32,
    ) -> Self {
        let longest = size.longest();
        let (small, layout) = if longest > most {
            (smaller(recipe, most, longest), layout.shrunk(most, longest))
        } else {
            (smaller(recipe, 1, 1), layout.shrunk(1, 1))
        };
        let (steps, _) = look::steps(&small, header, turn, &layout, true);
        Self {
            reading: Reading::new(header, kept, turn, &layout.read, false, false),
            steps,
            size,
            encoding: None,
            is_seen: true,
            most_bytes: None,
            keep: Keep::of(recipe.metadata, false),
            animation: None,
        }
    }
}

/// The recipe with all its lengths in the output `side` / `longest` times as long.
fn smaller(recipe: &Recipe, side: u32, longest: u32) -> Recipe {
    let units = u64::from(recipe.dpr().units()) * u64::from(side) / u64::from(longest);
    let dpr = Decimal::from_units(u32::try_from(units).unwrap_or(u32::MAX).max(1));
    Recipe { dpr: Some(Within(dpr)), sharpen: None, ..recipe.clone() }
}
