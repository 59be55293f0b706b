//! SVG: a document that may run scripts and load from anywhere, until `svg-hush` has been through it.
//!
//! What is stored is what that leaves. It is never rendered here, so it has no colours and no variants.

use lenslet::geometry::Size;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, XmlVersion};
use svg_hush::{Filter, data_url_filter};

use super::verify::{Problem, Refusal};

/// As HTTP names it.
pub(super) const MEDIA_TYPE: &str = "image/svg+xml";

/// Longer documents are not taken: they are drawings, and each is read whole.
const LONGEST: usize = 8 << 20;
/// What browsers make of a drawing that does not say how large it is.
const UNSAID: Size = Size { width: 300, height: 150 };
const LONGEST_SIDE: u32 = 65_535;
const SPACE: Namespace<'static> = Namespace(b"http://www.w3.org/2000/svg");

/// Whether a file looks like a drawing, sound or not.
pub(super) fn sniff(file: &[u8]) -> bool {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file).trim_ascii_start();
    let start = file.get(..file.len().min(4_096)).unwrap_or_default();
    start.starts_with(b"<") && start.windows(4).any(|letters| letters == b"<svg")
}

/// The drawing without what is dangerous, and its size.
pub(super) fn sanitise(file: &[u8]) -> Result<(Vec<u8>, Size), Refusal> {
    if file.len() > LONGEST {
        return Err(Refusal::new(Problem::TooLarge, format!("drawings have at most {LONGEST} bytes")));
    }
    let text = std::str::from_utf8(file).map_err(|_| broken("it is not UTF-8"))?;
    // Entities are how a small drawing becomes a large one, and are declared nowhere else.
    let has_dtd = text.as_bytes().windows(9).any(|letters| letters.eq_ignore_ascii_case(b"<!DOCTYPE"));
    if has_dtd {
        return Err(broken("it has a document type declaration"));
    }
    let mut filter = Filter::new();
    filter.set_data_url_filter(data_url_filter::allow_standard_images);
    let mut clean = Vec::new();
    filter.filter(text.as_bytes(), &mut clean).map_err(|error| broken(&error.to_string()))?;
    let size = size(&clean).ok_or_else(|| broken("it is not an svg element"))?;
    Ok((clean, size))
}

fn broken(reason: &str) -> Refusal {
    Refusal::new(Problem::Broken, format!("the SVG is not taken: {reason}"))
}

/// Of the element that is all of the document.
fn size(file: &[u8]) -> Option<Size> {
    let mut reader = NsReader::from_reader(file);
    let mut buffer = Vec::new();
    loop {
        match reader.read_resolved_event_into(&mut buffer).ok()? {
            (ResolveResult::Bound(SPACE), Event::Start(root) | Event::Empty(root)) => {
                return (root.local_name().as_ref() == b"svg").then(|| size_of(&root));
            }
            (_, Event::Start(_) | Event::Empty(_) | Event::Eof) => return None,
            _ => buffer.clear(),
        }
    }
}

fn size_of(root: &BytesStart<'_>) -> Size {
    let said = |name: &str| {
        let attribute = root.try_get_attribute(name).ok().flatten()?;
        attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
    };
    let view = said("viewBox").and_then(|text| view_box(&text));
    let sides = [said("width"), said("height")].map(|side| side.and_then(|text| pixels(&text)));
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
    Size::new(whole(width), whole(height))
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
    number
        .trim()
        .parse::<f64>()
        .ok()
        .map(|number| number * scale)
        .filter(|side| side.is_finite() && *side > 0.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn whole(side: f64) -> u32 {
    (side.round() as u32).clamp(1, LONGEST_SIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(attributes: &str, inside: &str) -> Vec<u8> {
        format!("<svg xmlns='http://www.w3.org/2000/svg' {attributes}>{inside}</svg>").into_bytes()
    }

    #[test]
    fn scripts_handlers_and_foreign_addresses_go() {
        let inside = "<script>alert(1)</script><rect onclick='x()' width='5' height='5'/><style>@import 'http://x/';</style>\
            <image href='https://elsewhere.test/a.png'/><foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>";
        let (clean, size) = sanitise(&svg("width='40' height='30' onload='x()'", inside)).unwrap();
        let text = String::from_utf8(clean.clone()).unwrap();
        for gone in ["script", "onclick", "onload", "elsewhere", "@import", "foreignObject"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        assert!(text.contains("<rect"), "{text}");
        assert_eq!(size, Size::new(40, 30));
        assert_eq!(sanitise(&clean).unwrap(), (clean, size), "what is clean stays as it is");
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
            let (_, size) = sanitise(&svg(attributes, "<g/>")).unwrap();
            assert_eq!((size.width, size.height), expected, "{attributes}");
        }
    }

    #[test]
    fn documents_with_entities_and_others_are_refused() {
        let bomb =
            b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>".to_vec();
        let html = b"<html><svg xmlns='http://www.w3.org/2000/svg'/></html>".to_vec();
        for file in [bomb, html, b"<svg/>".to_vec(), svg("", "<g>"), b"\xFF\xFE<\0s\0v\0g\0".to_vec()] {
            let refusal = sanitise(&file).unwrap_err();
            assert_eq!(refusal.problem, Problem::Broken, "{}", String::from_utf8_lossy(&file));
        }
    }
}
