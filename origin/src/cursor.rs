//! Cursors: where a list goes on. They are opaque to clients: base64url of the JSON of whatever the list needs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// How many rows a page has where nobody says.
const USUAL: u32 = 50;
/// And at most.
const MOST: u32 = 100;

/// No cursor of ours is longer.
const LONGEST: usize = 1024;

/// Writes one.
pub fn encode(position: &impl Serialize) -> Result<String, ApiError> {
    let json = serde_json::to_vec(position).map_err(|error| ApiError::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Reads one that a client sent back: 400 where it is none of ours.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, ApiError> {
    let refused = || ApiError::invalid("the cursor is none that this service gave out");
    if cursor.len() > LONGEST {
        return Err(refused());
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    serde_json::from_slice(&json).map_err(|_| refused())
}

/// Reads one that is the id of a row.
pub fn decode_id(cursor: &str) -> Result<String, ApiError> {
    let id: String = decode(cursor)?;
    let is_one = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_one { Ok(id) } else { Err(ApiError::invalid("the cursor is none that this service gave out")) }
}

/// How many rows are wanted.
pub fn limit(wanted: Option<u32>) -> Result<u32, ApiError> {
    let limit = wanted.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::invalid(&format!("limit is from 1 to {MOST}")))
    }
}

/// Of a list that was asked for with one row too many: the rows that were wanted, and the cursor after them where there
/// are more.
pub fn page<T>(
    mut rows: Vec<T>,
    limit: u32,
    id: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return Ok((rows, None));
    }
    rows.truncate(limit);
    let next = rows.last().map(|last| encode(&id(last))).transpose()?;
    Ok((rows, next))
}

#[cfg(test)]
mod tests {
    use super::{decode_id, encode, page};

    #[test]
    fn a_cursor_comes_back_and_others_are_refused() {
        assert_eq!(decode_id(&encode(&"018f-a").unwrap()).unwrap(), "018f-a");
        let quoted = encode(&"a'b").unwrap();
        for wrong in ["", "x", "!", "bnVsbA", &quoted, &encode(&7).unwrap(), &"A".repeat(2000)] {
            assert!(decode_id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let rows = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let (first, next) = page(rows(), 2, |row| row).unwrap();
        assert_eq!((first.len(), decode_id(&next.unwrap()).unwrap().as_str()), (2, "b"));
        assert!(page(rows(), 3, |row| row).unwrap().1.is_none());
    }
}
