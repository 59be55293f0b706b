//! Strings of files: bounded, and of characters that can be shown.

/// Longer ones end there.
const LONGEST: usize = 512;

/// A string that may be kept; nothing where nothing is left of it.
pub(super) fn clean(text: &str) -> Option<String> {
    // Controls, and what turns the direction of everything around it.
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    let spaced = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
    let mut kept = String::new();
    for c in spaced.filter(is_shown) {
        if kept.len() + c.len_utf8() > LONGEST {
            break;
        }
        kept.push(c);
    }
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Bytes that are UTF-8, or else Latin-1.
pub(super) fn clean_bytes(bytes: &[u8]) -> Option<String> {
    let is_cut = bytes.len() > 4 * LONGEST;
    let bytes = bytes.get(..bytes.len().min(4 * LONGEST)).unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        // Cut within a letter.
        Err(error) if is_cut && error.error_len().is_none() => {
            clean(&String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default()))
        }
        Err(_) => clean(&bytes.iter().copied().map(char::from).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_can_be_shown() {
        assert_eq!(clean(" a\0b\u{202E}\nc\u{7f} ").as_deref(), Some("ab c"));
        assert_eq!(clean("\0 \t"), None);
        assert_eq!(clean(&"ä".repeat(400)).map(|text| text.len()), Some(512));
        assert_eq!(clean_bytes(b"caf\xE9").as_deref(), Some("café"));
        assert_eq!(clean_bytes("café".as_bytes()).as_deref(), Some("café"));
    }
}
