//! What is dangerous taken out of a drawing, and how large it says it is.

use std::io::Write;

use svg_hush::{Filter, data_url_filter};
use xml::reader::{EventReader, XmlEvent};

use super::{Drawing, SvgError};
use crate::geometry::Size;

/// What browsers make of a drawing that does not say how large it is.
const UNSAID: Size = Size { width: 300, height: 150 };
const LONGEST_SIDE: u32 = 65_535;
const SPACE: &str = "http://www.w3.org/2000/svg";

/// The drawing of a file of at most so many bytes, without scripts, handlers, and what is loaded from elsewhere.
pub fn sanitise(file: &[u8], most_bytes: usize) -> Result<Drawing, SvgError> {
    if file.len() > most_bytes {
        return Err(SvgError::TooLong { most_bytes });
    }
    let text = std::str::from_utf8(file).map_err(|_| broken(&"it is not UTF-8"))?;
    // Entities are how a small drawing becomes a large one, and are declared nowhere else.
    let has_dtd = text.as_bytes().windows(9).any(|letters| letters.eq_ignore_ascii_case(b"<!DOCTYPE"));
    if has_dtd {
        return Err(broken(&"it has a document type declaration"));
    }
    let mut filter = Filter::new();
    filter.set_data_url_filter(data_url_filter::allow_standard_images);
    // What has to be written otherwise makes it a little longer.
    let mut clean = Bounded { text: Vec::new(), most_bytes: most_bytes.saturating_mul(2) };
    filter.filter(text.as_bytes(), &mut clean).map_err(|error| broken(&error))?;
    let size = size(&clean.text).ok_or_else(|| broken(&"it is not an svg element"))?;
    Ok(Drawing { text: clean.text, size })
}

fn broken(reason: &impl ToString) -> SvgError {
    SvgError::Broken(reason.to_string())
}

/// Takes so many bytes and no more.
struct Bounded {
    text: Vec<u8>,
    most_bytes: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.text.len() + bytes.len() > self.most_bytes {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Of the element that is all of the document.
fn size(file: &[u8]) -> Option<Size> {
    let root = EventReader::new(file).into_iter().find_map(|event| match event {
        Ok(XmlEvent::StartElement { name, attributes, .. }) => Some(Some((name, attributes))),
        Ok(_) => None,
        Err(_) => Some(None),
    });
    let (name, attributes) = root.flatten()?;
    if name.local_name != "svg" || name.namespace.as_deref() != Some(SPACE) {
        return None;
    }
    let said = |wanted: &str| {
        let own = attributes.iter().find(|one| one.name.prefix.is_none() && one.name.local_name == wanted);
        own.map(|one| one.value.as_str())
    };
    let view = said("viewBox").and_then(view_box);
    let sides = [said("width"), said("height")].map(|side| side.and_then(pixels));
    let (width, height) = match (sides, view) {
        ([Some(width), Some(height)], _) => (width, height),
        // The other side follows from the drawing's shape.
        ([Some(width), None], Some((w, h))) => (width, width * h / w),
        ([None, Some(height)], Some((w, h))) => (height * w / h, height),
        ([None, None], Some(view)) => view,
        ([width, height], None) => {
            (width.unwrap_or(UNSAID.width.into()), height.unwrap_or(UNSAID.height.into()))
        }
    };
    Some(Size::new(whole(width), whole(height)))
}

/// Width and height of `0 0 300 200`.
fn view_box(text: &str) -> Option<(f64, f64)> {
    let mut numbers = text.split([' ', ',']).filter(|part| !part.is_empty()).skip(2);
    let mut side = || numbers.next()?.parse::<f64>().ok().filter(|side| side.is_finite() && *side > 0.0);
    Some((side()?, side()?))
}

/// A length in pixels: CSS has 96 of them to an inch. Shares of something else are not known here.
fn pixels(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let scale = match unit {
        "" | "px" => 1.0,
        "pt" => 96.0 / 72.0,
        "pc" => 16.0,
        "in" => 96.0,
        "cm" => 96.0 / 2.54,
        "mm" => 96.0 / 25.4,
        _ => return None,
    };
    let side = number.trim().parse::<f64>().ok()? * scale;
    (side.is_finite() && side > 0.0).then_some(side)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn whole(side: f64) -> u32 {
    (side.round() as u32).clamp(1, LONGEST_SIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1 << 20;

    fn svg(attributes: &str, inside: &str) -> Vec<u8> {
        format!("<svg xmlns='http://www.w3.org/2000/svg' {attributes}>{inside}</svg>").into_bytes()
    }

    #[test]
    fn scripts_handlers_and_foreign_addresses_go() {
        let inside = "<script>alert(1)</script><rect onclick='x()' width='5' height='5'/><style>@import 'http://x/';</style>\
            <image href='https://elsewhere.test/a.png'/><foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>";
        let drawing = sanitise(&svg("width='40' height='30' onload='x()'", inside), MOST).unwrap();
        let text = String::from_utf8(drawing.text.clone()).unwrap();
        for gone in ["script", "onclick", "onload", "elsewhere", "@import", "foreignObject"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        assert!(text.contains("<rect"), "{text}");
        assert_eq!(drawing.size, Size::new(40, 30));
        assert_eq!(sanitise(&drawing.text, MOST).unwrap(), drawing, "what is clean stays as it is");
    }

    #[test]
    fn sizes_come_from_sides_or_the_view() {
        for (attributes, expected) in [
            ("viewBox='0 0 64 32'", (64, 32)),
            ("width='128' viewBox='0 0 64 32'", (128, 64)),
            ("width='100%' height='10mm'", (300, 38)),
            ("width='1in' height='99999999'", (96, 65_535)),
            ("width='-4'", (300, 150)),
        ] {
            let size = sanitise(&svg(attributes, "<g/>"), MOST).unwrap().size;
            assert_eq!((size.width, size.height), expected, "{attributes}");
        }
    }

    #[test]
    fn documents_with_entities_and_others_are_refused() {
        let bomb =
            b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>".to_vec();
        let html = b"<html><svg xmlns='http://www.w3.org/2000/svg'/></html>".to_vec();
        for file in [bomb, html, b"<svg/>".to_vec(), svg("", "<g>"), b"\xFF\xFE<\0s\0v\0g\0".to_vec()] {
            let refusal = sanitise(&file, MOST).unwrap_err();
            assert!(matches!(refusal, SvgError::Broken(_)), "{}", String::from_utf8_lossy(&file));
        }
        let long = svg("", &"<g/>".repeat(100));
        assert_eq!(sanitise(&long, 200), Err(SvgError::TooLong { most_bytes: 200 }));
    }

    #[test]
    fn what_must_be_written_otherwise_does_not_make_it_ten_times_as_long() {
        let quotes = svg("", &format!("<text>{}</text>", ">".repeat(10_000)));
        assert!(matches!(sanitise(&quotes, quotes.len()), Err(SvgError::Broken(_)) | Ok(_)));
        let drawing = sanitise(&quotes, MOST).unwrap();
        assert!(drawing.text.len() < 2 * MOST);
    }

    #[test]
    fn deep_documents_neither_overflow_nor_hang() {
        let deep = svg("", &format!("{}{}", "<g>".repeat(100_000), "</g>".repeat(100_000)));
        let _ = sanitise(&deep, MOST);
    }
}
