//! Who made a picture and who may use it, wherever the file says so: EXIF, XMP, IPTC, PNG's texts.

use super::exif::{self, ARTIST, COPYRIGHT};
use super::xmp::{DC, PHOTOSHOP, Property};
use super::{Asides, MOST_BYTES};

/// Longer texts are cut: nobody's name is that long.
const LONGEST_TEXT: usize = 2_000;

/// What is known of it. The texts of EXIF are bytes, of no encoding that anybody keeps to.
#[derive(Debug, Default)]
pub(super) struct Credit {
    pub(super) copyright: Option<Vec<u8>>,
    pub(super) artist: Option<Vec<u8>>,
    /// The same and more, as XMP has it.
    pub(super) properties: Vec<Property>,
    /// Whether the properties say more than the two texts.
    pub(super) is_more: bool,
}

impl Credit {
    /// Gathers it from what stands in a file and from the XMP that was read of it. The first to say something is believed:
    /// EXIF, then XMP, then IPTC, then PNG's texts.
    pub(super) fn of(asides: &Asides, xmp: &[Property]) -> Self {
        let mut properties: Vec<Property> =
            xmp.iter().filter(|property| property.is_credit()).cloned().collect();
        let of_xmp = |name| xmp.iter().find(|property| property.is(DC, name)).and_then(Property::plain);
        let iptc = Iptc::read(&asides.iptc);
        let noted = |key| asides.note(key).map(str::to_owned);
        let in_exif = |tag| exif::text(&asides.exif, tag).map(cut);
        let by_line = (!iptc.by_line.is_empty()).then(|| iptc.by_line.join("; "));
        let copyright = of_xmp("rights").or(iptc.copyright).or_else(|| noted("Copyright"));
        let artist = of_xmp("creator").or(by_line).or_else(|| noted("Author"));
        let copyright = in_exif(COPYRIGHT).or(copyright.map(|text| cut(text.into_bytes())));
        let artist = in_exif(ARTIST).or(artist.map(|text| cut(text.into_bytes())));
        let has = |properties: &[Property], space, name| properties.iter().any(|one| one.is(space, name));
        if let Some(text) = &copyright
            && !has(&properties, DC, "rights")
        {
            properties.push(Property::by_default(DC, "rights", &text_of(text)));
        }
        if let Some(text) = &artist
            && !has(&properties, DC, "creator")
        {
            let names = if iptc.by_line.is_empty() { vec![text_of(text)] } else { iptc.by_line };
            properties.push(Property::names(DC, "creator", &names));
        }
        if let Some(text) = iptc.credit
            && !has(&properties, PHOTOSHOP, "Credit")
        {
            properties.push(Property::text(PHOTOSHOP, "Credit", &text));
        }
        let says = |property: &Property, text: &Option<Vec<u8>>| {
            property.plain().map(|text| cut(text.into_bytes())) == *text
        };
        let is_more = properties.iter().any(|property| {
            let is_same = (property.is(DC, "rights") && says(property, &copyright))
                || (property.is(DC, "creator") && says(property, &artist));
            !is_same
        });
        Self { copyright, artist, properties, is_more }
    }
}

/// Cuts what is too long, between two characters where it is UTF-8.
fn cut(mut text: Vec<u8>) -> Vec<u8> {
    let is_within = |byte: Option<&u8>| byte.is_some_and(|byte| byte & 0xC0 == 0x80);
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|&end| !is_within(text.get(end))).unwrap_or(0);
        text.truncate(end);
    }
    text
}

/// UTF-8, or else Latin-1 as most of what is not; the two parts of a copyright notice, photographer's and editor's, in one
/// line, and no control characters.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let text =
        str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|&b| char::from(b)).collect(), str::to_owned);
    text.replace('\0', " ").chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

/// What is wanted of IPTC-IIM (version 4.2, chapter 6) as Photoshop keeps it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Iptc {
    by_line: Vec<String>,
    credit: Option<String>,
    copyright: Option<String>,
}

impl Iptc {
    /// Reads Photoshop's resources: of each its signature, number, name and data, the latter two padded to whole pairs.
    fn read(mut resources: &[u8]) -> Self {
        const IPTC: [u8; 2] = [0x04, 0x04];
        let mut iptc = Self::default();
        while let Some(([b'8', b'B', b'I', b'M', n0, n1, name], rest)) = resources.split_first_chunk() {
            let name_bytes = (usize::from(*name) + 1).next_multiple_of(2) - 1;
            let Some((length, rest)) = rest.get(name_bytes..).and_then(<[u8]>::split_first_chunk) else {
                break;
            };
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let Some((data, rest)) = rest.split_at_checked(length) else { break };
            if [*n0, *n1] == IPTC {
                iptc.take(data);
            }
            resources = rest.get(length % 2..).unwrap_or_default();
        }
        iptc
    }

    /// Data sets of the application record; those of extended length hold no names.
    fn take(&mut self, mut sets: &[u8]) {
        while let Some(([0x1C, record, number, high, low], rest)) = sets.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some((data, rest)) = rest.split_at_checked(length) else { break };
            let text = Some(text_of(data)).filter(|text| !text.is_empty() && data.len() <= LONGEST_TEXT);
            match (record, number) {
                (2, 80) if self.by_line.len() < 20 => self.by_line.extend(text),
                (2, 110) => self.credit = text.or(self.credit.take()),
                (2, 116) => self.copyright = text.or(self.copyright.take()),
                _ => {}
            }
            sets = rest;
        }
    }
}

/// A text of PNG, tEXt or iTXt without compression (PNG specification, 11.3.3): its keyword and what it says.
pub(super) fn png_text(kind: [u8; 4], body: &[u8]) -> Option<(&[u8], String)> {
    let (keyword, text) = split(body)?;
    let text = match &kind {
        b"tEXt" => text.iter().map(|&byte| char::from(byte)).collect(),
        _ => str::from_utf8(international(text)?).ok()?.to_owned(),
    };
    (text.len() <= MOST_BYTES).then_some((keyword, text))
}

/// What an iTXt chunk says, behind its keyword: no compression, then a language and the keyword in it.
fn international(body: &[u8]) -> Option<&[u8]> {
    let body = body.strip_prefix(&[0, 0])?;
    let (_, rest) = split(body)?;
    split(rest).map(|(_, text)| text)
}

/// What stands before and after a zero.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// The packet in an iTXt chunk whose keyword says that it is XMP.
pub(super) fn png_xmp(body: &[u8]) -> Option<&[u8]> {
    let (keyword, rest) = split(body)?;
    international(rest).filter(|_| keyword == b"XML:com.adobe.xmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(number: u8, text: &[u8]) -> Vec<u8> {
        [&[0x1C, 2, number, 0, u8::try_from(text.len()).unwrap()], text].concat()
    }

    fn resource(number: u8, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let mut resource = [&[b'8', b'B', b'I', b'M', 4, number, 0, 0], &length[..], data].concat();
        resource.extend(vec![0; data.len() % 2]);
        resource
    }

    #[test]
    fn iptc_is_found_among_other_resources() {
        let sets =
            [set(80, b"A"), set(80, b"B\xE9"), set(116, "© me".as_bytes()), set(110, b"agency")].concat();
        let resources = [resource(0x22, b"odd"), resource(4, &sets)].concat();
        let text = |text: &str| Some(text.to_owned());
        let expected =
            Iptc {
                by_line: vec!["A".into(), "Bé".into()], credit: text("agency"), copyright: text("© me")
            };
        assert_eq!(Iptc::read(&resources), expected);
        for end in 0..resources.len() {
            let _ = Iptc::read(&resources[..end]);
        }
    }

    #[test]
    fn the_first_to_say_something_is_believed() {
        let notes =
            vec![("Copyright".to_owned(), "note".to_owned()), ("Author".to_owned(), "noted".to_owned())];
        let asides = Asides { notes, iptc: resource(4, &set(116, b"iptc")), ..Asides::default() };
        let credit = Credit::of(&asides, &[]);
        assert_eq!(credit.copyright.as_deref(), Some(&b"iptc"[..]));
        assert_eq!(credit.artist.as_deref(), Some(&b"noted"[..]));
        assert!(!credit.is_more);
        let xmp = [Property::by_default(DC, "rights", "xmp"), Property::text(PHOTOSHOP, "Credit", "who")];
        let credit = Credit::of(&asides, &xmp);
        assert_eq!(credit.copyright.as_deref(), Some(&b"xmp"[..]));
        assert!(credit.is_more);
        let exif = exif::credit(Some(b"exif"), None).unwrap();
        let credit = Credit::of(&Asides { exif, ..asides }, &xmp[..1]);
        assert_eq!(credit.copyright.as_deref(), Some(&b"exif"[..]));
        // XMP says another thing.
        assert!(credit.is_more);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(1_500).into_bytes();
        assert!(str::from_utf8(&cut(long)).is_ok_and(|text| text.len() == LONGEST_TEXT));
        assert!(cut(vec![0x80; 3_000]).is_empty());
    }

    #[test]
    fn texts_of_png_are_read_in_both_forms() {
        assert_eq!(png_text(*b"tEXt", b"Author\0Ren\xE9"), Some((&b"Author"[..], "René".to_owned())));
        let body = "Copyright\0\0\0de\0Recht\0© me".as_bytes();
        assert_eq!(png_text(*b"iTXt", body), Some((&b"Copyright"[..], "© me".to_owned())));
        assert_eq!(png_text(*b"iTXt", b"Copyright\0\x01\0\0\0packed"), None);
        assert_eq!(png_xmp(b"XML:com.adobe.xmp\0\0\0\0\0<x/>"), Some(&b"<x/>"[..]));
        assert_eq!(png_xmp(b"Comment\0\0\0\0\0<x/>"), None);
    }
}
