//! Filters that go by a name, beside what photon-rs makes: `tests/filters/make.mjs` wrote that down.

#[cfg(test)]
mod support;

#[cfg(test)]
mod filters {
    use lenslet::geometry::Size;
    use lenslet::picture::{Channels, Picture};
    use lenslet::recipe::Recipe;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::golden_file;
    use crate::support::golden::check;
    use crate::support::lens::{largest_difference, pixels, rgba, transform};
    use crate::support::pictures::{png, sketch, sketch_with_alpha};
    use crate::support::sheet::sheet;

    /// In the order in which they are written down.
    const NAMES: [&str; 29] = [
        "bluechrome",
        "cali",
        "diamante",
        "dramatic",
        "duotone_horizon",
        "duotone_lilac",
        "duotone_ochre",
        "duotone_violette",
        "firenze",
        "flagblue",
        "golden",
        "islands",
        "liquid",
        "lix",
        "lofi",
        "marine",
        "mauve",
        "neue",
        "obsidian",
        "oceanic",
        "pastel_pink",
        "perfume",
        "radio",
        "rosetint",
        "ryo",
        "seagreen",
        "serenity",
        "twenties",
        "vintage",
    ];

    /// Every grey and many colours, and below them what photon-rs makes of those.
    const MADE: &[u8] = include_bytes!("filters/photon.png");
    const SIDE: u32 = 32;

    fn cell(options: &str, source: &[u8]) -> Picture {
        pixels(&transform(&format!("{options},format=png"), source, &[]).unwrap())
    }

    fn tiles() -> Vec<Picture> {
        let made = pixels(MADE);
        let rows: Vec<&[u8]> = made.rows().collect();
        let tile =
            |rows: &[&[u8]]| Picture::new(Size::new(SIDE, SIDE), made.channels(), rows.concat()).unwrap();
        rows.chunks(SIDE as usize).map(tile).collect()
    }

    #[test]
    fn filters_are_those_of_photon() {
        let tiles = tiles();
        assert_eq!(tiles.len(), 1 + NAMES.len());
        let source = png(&tiles[0]);
        for (name, expected) in NAMES.iter().zip(&tiles[1..]) {
            let made = cell(&format!("filter={name}"), &source);
            let difference = largest_difference(&made, expected);
            assert!(difference <= 1, "{name}: differs by {difference}");
            assert!(largest_difference(&made, &tiles[0]) > 5, "{name} does nothing");
        }
    }

    #[test]
    fn filters_are_seen_side_by_side() {
        let source = png(&sketch_with_alpha(48, 32));
        let row =
            |names: &[&str]| names.iter().map(|name| cell(&format!("filter={name}"), &source)).collect();
        check("filters", &sheet(&NAMES.chunks(6).map(row).collect::<Vec<_>>()), golden_file!("filters"), 0);
    }

    #[test]
    fn filters_leave_alpha_alone() {
        let translucent = sketch_with_alpha(48, 32);
        let alphas = |picture: &Picture| rgba(picture).map(|[.., alpha]| alpha).collect::<Vec<_>>();
        for name in NAMES {
            let made = cell(&format!("filter={name}"), &png(&translucent));
            assert_eq!(made.channels(), Channels::Rgba, "{name}");
            assert_eq!(alphas(&made), alphas(&translucent), "{name}");
        }
    }

    #[test]
    fn filters_come_after_other_tones_and_before_duotone() {
        let source = png(&sketch(48, 32));
        let one_by_one =
            |steps: &[&str]| steps.iter().fold(source.clone(), |file, options| png(&cell(options, &file)));
        let options = ["contrast=2", "filter=golden", "duotone=navy;white"];
        let together = png(&cell(&[options[2], options[1], options[0]].join(","), &source));
        assert_eq!(pixels(&together), pixels(&one_by_one(&options)));
    }

    #[test]
    fn what_is_no_filter_is_told_which_there_are() {
        let refusal = Recipe::parse("filter=octarine").unwrap_err().to_string();
        for name in NAMES.iter().chain(&["grayscale", "sepia", "invert"]) {
            assert!(refusal.contains(name), "{name} is not in: {refusal}");
        }
    }
}
