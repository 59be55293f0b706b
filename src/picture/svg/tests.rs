//! Documents of a few lines that would take everything there is, and those that are not drawn.

use super::{Drawing, SvgError, sanitise};
use crate::geometry::Size;
use crate::picture::decode::{Decoder, Reduction, Wanted};
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::Frame;
use crate::picture::svg::{DrawingCost, Drawn};

const MOST_BYTES: usize = 2 << 20;

fn drawing(attributes: &str, inside: &str) -> Drawing {
    let text = format!("<svg xmlns='http://www.w3.org/2000/svg' {attributes}>{inside}</svg>");
    sanitise(text.as_bytes(), MOST_BYTES).unwrap()
}

fn cost(inside: &str) -> Result<DrawingCost, SvgError> {
    let header = drawing("viewBox='0 0 100 100'", inside).header()?;
    let Coding::Drawing(cost) = header.coding else { panic!("a drawing") };
    Ok(cost)
}

#[track_caller]
fn is_too_much(what: &str, inside: &str) {
    match cost(inside) {
        Err(SvgError::TooMuch { what: counted, .. }) => {
            assert!(counted.contains(what), "{counted}, not {what}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// Ten times what is above, ten times over.
fn laughs(reference: impl Fn(usize, usize) -> String, first: &str) -> String {
    (1..9).fold(first.to_owned(), |text, level| {
        let ten = (0..10).map(|_| reference(level, level - 1)).collect::<Vec<_>>().concat();
        format!("{text}<g id='a{level}'>{ten}</g>")
    })
}

const SQUARE: &str = "<rect id='a0' width='9' height='9'/>";

#[test]
fn what_is_used_ten_times_over_is_counted() {
    is_too_much("elements", &laughs(|_, below| format!("<use href='#a{below}'/>"), SQUARE));
    let inherited = "<pattern id='p' width='9' height='9'>".to_owned() + &SQUARE.repeat(150) + "</pattern>";
    is_too_much("elements", &format!("{inherited}<g fill='url(#p)'>{}</g>", SQUARE.repeat(150)));
    let styled =
        format!("<style>.b{{fill:url(#p)}}</style>{inherited}<g class='b'>{}</g>", SQUARE.repeat(150));
    is_too_much("elements", &styled);
    // What is drawn for others inherits from where it is written.
    let within =
        format!("{inherited}<g fill='url(#p)'><pattern id='q' width='9' height='9'>{SQUARE}</pattern></g>");
    is_too_much("elements", &format!("{within}<g fill='url(#q)'>{}</g>", SQUARE.repeat(150)));
    for property in ["mask", "clip-path"] {
        let element = if property == "mask" { "mask" } else { "clipPath" };
        let shapes = SQUARE.repeat(150);
        let many = format!("<g {property}='url(#m)'>{SQUARE}</g>").repeat(150);
        is_too_much("elements", &format!("<{element} id='m'>{shapes}</{element}>{many}"));
    }
}

#[test]
fn markers_stand_at_every_corner() {
    let marker = format!("<marker id='m'>{}</marker>", SQUARE.repeat(100));
    let path = format!("<path marker-mid='url(#m)' d='M0 0{}'/>", "h1v1".repeat(500));
    is_too_much("elements", &(marker.clone() + &path));
    let styled =
        format!("<style>path{{marker:url(#m)}}</style>{marker}{}", path.replace("marker-mid='url(#m)' ", ""));
    is_too_much("elements", &styled);
}

#[test]
fn long_paths_are_drawn_so_often_and_no_more() {
    let path = format!("<path id='a0' d='M0 0{}'/>", "h1v1".repeat(3_000));
    is_too_much("segments", &(path.clone() + &"<use href='#a0'/>".repeat(100)));
    assert!(cost(&path).is_ok());
}

#[test]
fn what_lies_in_itself_too_deep_or_for_ever_is_refused() {
    let deep = format!("{}{SQUARE}{}", "<g>".repeat(100), "</g>".repeat(100));
    is_too_much("within each other", &deep);
    let chain =
        (1..100).map(|n| format!("<g id='a{n}'><use href='#a{}'/></g>", n - 1)).collect::<Vec<_>>().concat();
    is_too_much("within each other", &format!("{SQUARE}{chain}"));
    for ring in [
        "<g id='a'><use href='#a'/></g>",
        "<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>",
        "<pattern id='p' width='1' height='1'><rect width='1' height='1' fill='url(#p)'/></pattern>",
        "<linearGradient id='a' href='#b'/><linearGradient id='b' href='#a'/>",
    ] {
        assert!(matches!(cost(ring), Err(SvgError::Broken(_))), "{ring}");
    }
}

#[test]
fn style_sheets_and_what_is_inherited_are_looked_through_so_often() {
    let rules = (0..8_000).map(|n| format!(".a{n}{{fill:red}}")).collect::<Vec<_>>().concat();
    is_too_much("style sheets", &format!("<style>{rules}</style>{}", SQUARE.repeat(3_000)));
    is_too_much("steps of a selector", &format!("<style>g g g g rect{{fill:red}}</style>{SQUARE}"));
    let by_attribute = format!("<style>[d='1']{{fill:red}}</style>{SQUARE}");
    assert!(matches!(cost(&by_attribute), Err(SvgError::NotDrawn(_))));
    let dashes = "1 ".repeat(20_000);
    is_too_much("attributes", &format!("<g stroke-dasharray='{dashes}'>{}</g>", SQUARE.repeat(3_000)));
}

#[test]
fn lines_are_broken_into_so_many_dashes() {
    is_too_much("dashes", "<path stroke='red' stroke-dasharray='.001' d='M0 0h1000'/>");
    assert!(cost("<path stroke='red' stroke-dasharray='1' d='M0 0h1000'/>").is_ok());
}

#[test]
fn layers_lie_on_each_other_so_often() {
    let within = |open: &str, times: usize| format!("{}{SQUARE}{}", open.repeat(times), "</g>".repeat(times));
    is_too_much("groups, masks and clips", &within("<g opacity='.9'>", 20));
    let few = cost(&within("<g opacity='.9'>", 3)).unwrap();
    assert_eq!(few.pixel_bytes, 4 * 4, "the canvas and three layers");
}

#[test]
fn edges_that_all_pass_each_other_are_refused() {
    let zigzag = |count: usize| -> String {
        let lines = (0..count)
            .map(|n| format!("L{} 100L{} 0", (n * 7_919) % 100, n % 97))
            .collect::<Vec<_>>()
            .concat();
        format!("<path d='M0 0{lines}z'/>")
    };
    is_too_much("crossings", &zigzag(60_000));
    assert!(cost(&zigzag(1_000)).is_ok());
    let size = Size::new(100, 100);
    let many = cost(&zigzag(10_000)).unwrap();
    let rows = |side: u32| {
        let scaled = Size::new(side, side);
        many.work(size, &Drawn { part: size.rect(), scaled, window: scaled.rect() }).edge_rows
    };
    assert!(rows(1_000) > super::MOST_EDGE_ROWS && rows(100) < super::MOST_EDGE_ROWS);
}

#[test]
fn what_covers_everything_counts_at_the_size_it_is_drawn_at() {
    let whole = "<rect width='100' height='100'/>";
    let one = cost(whole).unwrap();
    let many = cost(&whole.repeat(1_000)).unwrap();
    let drawn = |side: u32| {
        let size = Size::new(side, side);
        Drawn { part: Size::new(100, 100).rect(), scaled: size, window: size.rect() }
    };
    let work = |cost: &DrawingCost, side| cost.work(Size::new(100, 100), &drawn(side)).painted_pixels;
    assert_eq!(work(&one, 1_000), 1_000_000);
    assert!(
        work(&many, 2_000) > super::LARGEST_PAINTED_PIXELS
            && work(&many, 500) < super::LARGEST_PAINTED_PIXELS
    );
    let translucent = cost("<rect width='100' height='100' fill-opacity='.5'/>").unwrap();
    assert_eq!(work(&translucent, 1_000), 3_000_000);
    // A tile larger than the drawing is held whole.
    let tile = "<pattern id='p' width='1000' height='1000' patternUnits='userSpaceOnUse'><rect width='9' height='9'/></pattern>";
    let tiled = cost(&format!("{tile}<rect fill='url(#p)' width='9' height='9'/>")).unwrap();
    assert!(tiled.held_bytes(Size::new(100, 100), &drawn(100)) >= 4 * 1_000 * 1_000);
}

#[test]
fn what_is_not_drawn_is_named() {
    for (inside, named) in [
        ("<text>Hello</text>", "text"),
        ("<g><text><tspan>Hello</tspan></text></g>", "text"),
        ("<image href='data:image/png;base64,iVBORw0KGgo='/>", "pictures"),
        ("<rect filter='url(#f)'/>", "filters"),
        ("<rect style='filter:blur(2px)'/>", "filters"),
        ("<style>rect{filter:url(#f)}</style><rect/>", "filters"),
        ("<rect mask='inherit'/>", "masks"),
        ("<rect fill='context-fill'/>", "context-fill"),
    ] {
        match cost(inside) {
            Err(SvgError::NotDrawn(what)) => assert!(what.contains(named), "{inside}: {what}"),
            other => panic!("{inside}: {other:?}"),
        }
    }
    for fine in [
        "<text> </text>",
        "<filter id='f'/><rect filter='none' width='1' height='1'/>",
        "<title>Hello</title>",
        "",
    ] {
        assert!(cost(fine).is_ok(), "{fine}");
    }
}

/// Red, green and so on of the pixel in the middle of each quarter.
fn quarters(header: &Header, text: &[u8], drawn: Drawn) -> [[u8; 4]; 4] {
    let mut frame = Frame::default();
    let Size { width, height } = drawn.window.size;
    let wanted = Wanted { columns: 0..width, rows: 0..height, drawn: Some(drawn) };
    let mut decoder = Decoder::new(header, text.len() as u64, Reduction::NONE, wanted);
    let _ = decoder.push(text, &mut frame).unwrap();
    decoder.finish(&mut frame).unwrap();
    let picture = frame.finish().unwrap();
    assert_eq!(picture.size(), drawn.window.size);
    let at = |x: u32, y: u32| {
        let first = ((y * height / 4) * width + x * width / 4) as usize * 4;
        picture.samples()[first..first + 4].try_into().unwrap()
    };
    [at(1, 1), at(3, 1), at(1, 3), at(3, 3)]
}

#[test]
fn a_part_is_drawn_at_its_size_and_the_aspect_is_kept() {
    let inside = "<rect width='50' height='50' fill='#f00'/><rect x='50' y='50' width='50' height='50' fill='#00f' opacity='.5'/>";
    let drawing = drawing("width='200' height='200' viewBox='0 0 100 100'", inside);
    let header = drawing.header().unwrap();
    assert_eq!((header.size, header.alpha), (Size::new(200, 200), true));
    let whole = Size::new(40, 40);
    let drawn = Drawn { part: header.size.rect(), scaled: whole, window: whole.rect() };
    let (red, blue, clear) = ([255, 0, 0, 255], [0, 0, 255, 128], [0; 4]);
    assert_eq!(quarters(&header, &drawing.text, drawn), [red, clear, clear, blue]);
    // The last quarter of it, ten times as large, and of that the middle.
    let part = crate::geometry::Rect { x: 100, y: 100, size: Size::new(100, 100) };
    let window = crate::geometry::Rect { x: 450, y: 450, size: Size::new(100, 100) };
    let drawn = Drawn { part, scaled: Size::new(1_000, 1_000), window };
    assert_eq!(quarters(&header, &drawing.text, drawn), [blue; 4]);
}
