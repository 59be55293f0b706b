//! What is to be found in a picture before there is a plan for it, in this order: its border, and what a crop keeps.

use super::border::BorderSearch;
use super::error::PlanError;
use super::focus::FocusSearch;
use crate::geometry::Focus;
use crate::picture::probe::Header;
use crate::recipe::Recipe;

/// One thing to be found.
#[derive(Debug, Clone, PartialEq)]
pub enum Search {
    /// Where the border ends, for `trim=border`.
    Border(BorderSearch),
    /// What draws the eye, for `gravity=auto`.
    Focus(Box<FocusSearch>),
}

impl Search {
    /// The next thing that a recipe leaves to be found, within the budget. A point `focus` that the source brings along is
    /// written into the recipe, and nothing is looked for.
    pub fn next(
        recipe: &mut Recipe,
        header: &Header,
        file_bytes: u64,
        focus: Option<Focus>,
    ) -> Result<Option<Self>, PlanError> {
        if let Some(search) = BorderSearch::new(recipe, header, file_bytes)? {
            return Ok(Some(Self::Border(search)));
        }
        let Some(search) = FocusSearch::new(recipe, header)? else { return Ok(None) };
        if let Some(point) = focus {
            *recipe = search.settle_at(recipe, header, point);
            return Ok(None);
        }
        search.check(header, file_bytes)?;
        Ok(Some(Self::Focus(Box::new(search))))
    }

    /// Bytes of linear memory that looking may hold at most, with the file.
    pub fn peak_bytes(&self, header: &Header, file_bytes: u64) -> u64 {
        match self {
            Self::Border(search) => search.peak_bytes(header, file_bytes),
            Self::Focus(search) => search.peak_bytes(header, file_bytes),
        }
    }
}
