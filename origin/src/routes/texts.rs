//! What people write of a picture: its title and its caption.

use crate::error::ApiError;

/// A title may have so many characters.
pub(super) const LONGEST_TITLE: usize = 500;
/// And a caption so many.
pub(super) const LONGEST_CAPTION: usize = 5_000;

/// A text of at most so many characters, none of which controls anything but lines and columns.
pub(super) fn checked(name: &str, text: String, longest: usize) -> Result<String, ApiError> {
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if text.chars().count() <= longest && !text.contains(is_control) {
        return Ok(text);
    }
    Err(ApiError::invalid(&format!("the {name} may have {longest} characters, and no control characters")))
}
