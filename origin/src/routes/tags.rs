//! Words that clients find pictures by.

use utoipa::ToSchema;

use crate::error::ApiError;

const LONGEST: usize = 64;
const MOST: usize = 50;

/// A word to find a picture by; more than white space. It is kept in small letters, without white space at its ends.
#[derive(ToSchema)]
#[schema(
    min_length = 1,
    max_length = 64,
    pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]*$"
)]
#[expect(dead_code, reason = "describes what is read as a text")]
pub(super) struct Tag(String);

/// In small letters, sorted, each once.
pub(super) fn checked(tags: &[String]) -> Result<Vec<String>, ApiError> {
    let is_tag = |tag: &&str| {
        (1..=LONGEST).contains(&tag.chars().count()) && !tag.contains(|letter: char| letter.is_control())
    };
    if tags.len() > MOST || !tags.iter().all(|tag| is_tag(&tag.trim())) {
        let detail =
            format!("there may be {MOST} tags of 1 to {LONGEST} characters, without control characters");
        return Err(ApiError::invalid(&detail));
    }
    let mut all: Vec<String> = tags.iter().map(|tag| tag.trim().to_lowercase()).collect();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
