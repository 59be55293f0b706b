//! IPTC-IIM 4.2, record 2, within Photoshop's image resources: what editors wrote before XMP, and still do.

use serde_json::Value;

use super::text::clean_bytes;
use super::{Facts, MOST_TAGS};

/// Photoshop's name for the resource that is IPTC.
const IPTC: u16 = 0x0404;

/// What image resources say.
pub(super) fn read(resources: &[u8]) -> Facts {
    find(resources).map(facts).unwrap_or_default()
}

/// Resources are `8BIM`, a number, a name, a length and data; name and data of an odd length have a byte behind them.
fn find(mut rest: &[u8]) -> Option<&[u8]> {
    while let Some(after) = rest.strip_prefix(b"8BIM") {
        let number = u16::from_be_bytes(*after.first_chunk()?);
        let name = usize::from(*after.get(2)?) + 1;
        let after = after.get(2 + name.next_multiple_of(2)..)?;
        let length = usize::try_from(u32::from_be_bytes(*after.first_chunk()?)).ok()?;
        let data = after.get(4..)?;
        if number == IPTC {
            return data.get(..length);
        }
        rest = data.get(length.checked_next_multiple_of(2)?..)?;
    }
    None
}

fn facts(mut rest: &[u8]) -> Facts {
    let mut facts = Facts::default();
    // A tag marker, record, data set, length; extended lengths are for what is no text.
    while let Some((&[0x1C, record, set, high @ ..0x80, low], after)) = rest.split_first_chunk() {
        let Some((data, next)) = after.split_at_checked(usize::from(u16::from_be_bytes([high, low]))) else {
            break;
        };
        rest = next;
        if record == 2 {
            note(&mut facts, set, data);
        }
    }
    facts
}

fn note(facts: &mut Facts, set: u8, data: &[u8]) {
    let Some(text) = clean_bytes(data) else { return };
    let mut public = |name: &str, text: String| drop(facts.public.insert(name.to_owned(), Value::from(text)));
    match set {
        5 => facts.title = Some(text),
        120 => facts.caption = Some(text),
        25 if facts.tags.len() < MOST_TAGS => facts.tags.push(text),
        80 => public("artist", text),
        110 => public("credit", text),
        116 => public("copyright", text),
        // Where it was taken.
        90 => drop(facts.private.insert("city".to_owned(), Value::from(text))),
        101 => drop(facts.private.insert("country".to_owned(), Value::from(text))),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(number: u8, text: &[u8]) -> Vec<u8> {
        [&[0x1C, 2, number, 0, u8::try_from(text.len()).unwrap()], text].concat()
    }

    fn resource(number: u16, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap();
        let mut bytes = [b"8BIM", &number.to_be_bytes()[..], b"\x01n", &length.to_be_bytes(), data].concat();
        bytes.extend(vec![0; data.len() % 2]);
        bytes
    }

    #[test]
    fn fields_are_found_behind_other_resources() {
        let sets =
            [set(5, b"Harbour"), set(25, b"Sea"), set(25, b"Boats"), set(90, b"Brest"), set(116, b"\xA9 me")];
        let bytes = [resource(0x03ED, b"odd"), resource(IPTC, &sets.concat())].concat();
        let facts = read(&bytes);
        assert_eq!(facts.title.as_deref(), Some("Harbour"));
        assert_eq!(facts.tags, ["Sea", "Boats"]);
        assert_eq!((&facts.public["copyright"], &facts.private["city"]), (&"© me".into(), &"Brest".into()));
        for end in 0..bytes.len() {
            let _ = read(&bytes[..end]);
        }
    }
}
