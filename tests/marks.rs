//! Texts, blends and tiles as contact sheets under `tests/golden`, marks that nobody gets rid of, and fonts that lie.
//! The same claims are made natively and on wasm.

#[cfg(test)]
mod support;

#[cfg(test)]
#[expect(dead_code, reason = "the tests of recipes use the rest")]
#[path = "recipes/table.rs"]
mod table;

#[cfg(test)]
mod marks {
    use lenslet::geometry::Size;
    use lenslet::negotiate::{Accept, Target};
    use lenslet::picture::encode::EncodeError;
    use lenslet::picture::text::{Font, Style, TextError, draw};
    use lenslet::picture::{Channels, Picture};
    use lenslet::plan::Plan;
    use lenslet::recipe::{Presets, Recipe};
    use lenslet::render::{RenderError, SourceFile, render, settle};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use crate::golden_file;
    use crate::support::bytes::Dice;
    use crate::support::golden::check;
    use crate::support::lens::{pixels, rgba, transform, transform_with_fonts};
    use crate::support::pictures::{mark, png, sketch, sketch_with_alpha};
    use crate::support::sheet::sheet;
    use crate::table::OPTIONS;

    const ARABIC: &[u8] = include_bytes!("fonts/arabic.ttf");
    const DEVANAGARI: &[u8] = include_bytes!("fonts/devanagari.ttf");
    const HEBREW: &[u8] = include_bytes!("fonts/hebrew.ttf");

    /// Sines and square roots may round differently as wasm.
    const ROUNDING: u8 = 1;

    fn encoded(text: &str) -> String {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    /// A text over a plain dark ground.
    fn written(text: &str, options: &str, fonts: &[&[u8]]) -> Picture {
        let ground = png(&Picture::filled(Size::new(150, 56), Channels::Rgb, [30, 60, 90, 255]));
        let size = if options.contains("text.size") { "" } else { ",text.size=20" };
        let options = format!("text={}{size}{options},format=png", encoded(text));
        pixels(&transform_with_fonts(&options, &ground, &[], fonts).unwrap())
    }

    #[test]
    fn texts_are_written_as_they_are_read() {
        let own = |text: &str, options: &str| written(text, options, &[]);
        let with =
            |text: &str, name: &str, font: &[u8]| written(text, &format!(",text.font={name}"), &[font]);
        let rows = [
            // Pairs that are drawn together, other alphabets, marks that combine, letters that no font has.
            vec![
                own("AVATAR To Ye", ""),
                own("Καλημέρα", ""),
                own("Доброе утро", ""),
                own("e\u{301}n\u{303}a\u{30a} \u{1e69}\u{302}", ""),
                own("a 漢 b", ""),
            ],
            // From the right, joined and reordered.
            vec![
                with("שלום עולם", "hebrew", HEBREW),
                with("abc שלום (עולם) 12", "hebrew", HEBREW),
                with("السلام عليكم", "arabic", ARABIC),
                with("مُحَمَّد لله", "arabic", ARABIC),
                with("नमस्ते हिन्दी क्षत्रिय", "devanagari", DEVANAGARI),
            ],
            // Vowels before and an r above what they are spoken after; brackets and digits; places to break that are not seen.
            vec![
                with("मर्दन कीर्ति", "devanagari", DEVANAGARI),
                with("(मर्दन) ab १", "devanagari", DEVANAGARI),
                with("حرم (123) كبير", "arabic", ARABIC),
                with("כבר abc. שלום!", "hebrew", HEBREW),
                own("soft\u{ad}hyphen zero\u{200b}width", ",text.width=60,text.size=12"),
            ],
            // Lines: broken at spaces and where they must, by hand, and where they lie.
            vec![
                own("Breaks where it may", ",text.width=0.6"),
                own("Unbreakablylong", ",text.width=90"),
                own("one\ntwo three", ",text.align=right"),
                own("one\ntwo three", ",text.align=center,text.gravity=top-left"),
                with("שלום\nשלום עולם", "hebrew", HEBREW),
            ],
            // How it looks.
            vec![
                own("Outline", ",text.outline=2,text.outline-color=black,text.color=%23ffcc00"),
                own("Wide", ",text.outline=0.3,text.outline-color=%23ff000080"),
                own("Shadow", ",text.shadow=2,text.shadow-blur=4"),
                own("Glow", ",text.shadow-blur=6,text.shadow-color=%2300ffff,text.outline=1"),
                own("Faint", ",text.opacity=0.4,text.color=rgb%28255%20128%200%20%2F%2080%25%29"),
            ],
            // Where it lies.
            vec![
                own("quarter", ",text.rotate=90,text.size=12,text.gravity=right"),
                own("tilted", ",text.rotate=20"),
                own("tile", ",text.size=10,text.repeat=chessboard,text.gap=4,text.rotate=330"),
                own("right", ",text.right=4,text.bottom=0"),
                own("so large that it is cut off", ",text.size=60"),
            ],
        ];
        check("texts", &sheet(&rows), golden_file!("texts"), ROUNDING);
    }

    #[test]
    fn every_blend_mode_does_what_it_says() {
        let modes = [
            "over",
            "multiply",
            "screen",
            "overlay",
            "darken",
            "lighten",
            "soft-light",
            "in",
            "out",
            "atop",
            "xor",
            "lighter",
        ];
        let over = png(&sketch_with_alpha(32, 24));
        let row = |source: &Picture| -> Vec<Picture> {
            let drawn = |mode: &&str| {
                let options = format!("mark=m,mark.blend={mode},format=png");
                pixels(&transform(&options, &png(source), &[&over]).unwrap())
            };
            modes.iter().map(drawn).collect()
        };
        let rows = [row(&sketch(48, 32)), row(&sketch_with_alpha(48, 32))];
        check("blends", &sheet(&rows), golden_file!("blends"), ROUNDING);
    }

    #[test]
    fn where_the_output_has_no_alpha_what_was_cut_out_is_the_background() {
        let (source, over) = (png(&sketch(48, 32)), png(&mark()));
        for (background, expected) in [("", [255; 3]), (",background=%23204060", [32, 64, 96])] {
            let options =
                format!("mark=m,mark.blend=in,mark.gravity=left,format=jpeg,quality=100{background}");
            let picture = pixels(&transform(&options, &source, &[&over]).unwrap());
            assert_eq!(picture.channels(), Channels::Rgb);
            let corner = picture.samples().last_chunk::<3>().unwrap();
            let is_near = corner.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 8);
            assert!(is_near, "{corner:?} for '{background}'");
        }
    }

    #[test]
    fn tiles_have_gaps_and_tilts() {
        let drawn = |options: &str| {
            let options = format!("mark=m,{options},format=png");
            pixels(&transform(&options, &png(&sketch(48, 32)), &[&png(&mark())]).unwrap())
        };
        let rows = [
            vec![
                drawn("mark.repeat=true,mark.gap=3"),
                drawn("mark.repeat=x,mark.gap=0.1"),
                drawn("mark.repeat=chessboard"),
                drawn("mark.repeat=chessboard,mark.gap=2,mark.left=0,mark.top=0"),
            ],
            vec![
                drawn("mark.rotate=45"),
                drawn("mark.rotate=100,mark.gravity=right"),
                drawn("mark.rotate=15,mark.repeat=true,mark.gap=1,mark.opacity=0.5"),
                drawn("mark.rotate=345,mark.repeat=chessboard"),
            ],
            vec![
                drawn("mark.width=4,mark.least=12"),
                drawn("mark.width=4,mark.least=4000"),
                drawn("width=16,mark.width=0.1,mark.least=12"),
                drawn("mark.width=20,mark.height=8,mark.fit=pad,mark.repeat=true"),
            ],
        ];
        check("tiles", &sheet(&rows), golden_file!("tiles"), ROUNDING);
    }

    /// A colour that the source has nothing like.
    const STAMP: [u8; 3] = [255, 0, 255];

    /// How much of the picture a forced mark of at least 6×6 pixels covers after all.
    /// And how much room there is for it: the shorter side of the picture, which is that of its own frame where it is padded.
    /// Nothing where there is no picture.
    fn stamped(options: &str) -> Option<(u32, u32)> {
        let presets = [(
            "own",
            "mark=own,mark.width=0.2,mark.right=3,mark.bottom=3,mark.least=6,format=png,metadata=none",
        )];
        let typed = Recipe::parse(options).unwrap();
        let recipe = Presets::parse(presets).unwrap().force("own", typed).unwrap();
        let source = SourceFile::read(png(&sketch_with_alpha(48, 32))).unwrap();
        let [r, g, b] = STAMP;
        let stamp =
            |colour| SourceFile::read(png(&Picture::filled(Size::new(8, 8), Channels::Rgb, colour))).unwrap();
        let mut marks: Vec<SourceFile> = recipe.marks().map(|_| stamp([0, 255, 0, 255])).collect();
        *marks.last_mut().unwrap() = stamp([r, g, b, 255]);
        let planned: Vec<_> =
            recipe.marks().zip(&marks).map(|((_, layer), file)| file.as_mark(layer)).collect();
        let recipe = settle(recipe.clone(), &source, None).ok()?;
        let target = Target::choose(&recipe, Accept::default());
        let plan = Plan::new(&recipe, &source.header, source.file_bytes(), &planned, target).ok()?;
        let file = match render(&source, &marks, &plan) {
            // So short is no file.
            Err(RenderError::Encode(EncodeError::NoneFits { .. })) => return None,
            file => file.unwrap(),
        };
        let picture = pixels(&file);
        let is_stamp = |pixel: &[u8; 4]| pixel[3] == 255 && pixel[..3] == STAMP;
        let Size { width, height } = picture.size();
        let room = width.min(height).min(plan.reading.across.count).min(plan.reading.down.count);
        Some((room, u32::try_from(rgba(&picture).filter(is_stamp).count()).unwrap()))
    }

    #[test]
    fn no_option_gets_rid_of_a_forced_mark() {
        let mut tried = 0;
        let boxes =
            ["", "width=3", "width=40,height=200,fit=pad,gravity=top", "width=200,height=9,fit=cover"];
        for option in OPTIONS {
            for value in option.accepted {
                for shape in boxes {
                    let options = format!("{},{shape}", option.with(option.name, value));
                    let Ok(typed) = Recipe::parse(options.trim_end_matches(',')) else { continue };
                    if typed.unbuilt().is_some() || !typed.fonts().is_empty() || typed.preset.is_some() {
                        continue;
                    }
                    let Some((room, pixels)) = stamped(options.trim_end_matches(',')) else { continue };
                    // All of it, or as much as there is room for.
                    let least = 6.min(room);
                    assert!(
                        pixels >= least * least,
                        "{options}: {pixels} pixels are left, with room for {room}"
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 700, "only {tried} were tried");
    }

    #[test]
    fn a_forced_mark_lies_on_the_picture_and_not_beside_it() {
        let marked = |options: &str| {
            let presets = Presets::parse([("own", "text=M,text.gravity=bottom-right,format=png")]).unwrap();
            let recipe = presets.force("own", Recipe::parse(options).unwrap()).unwrap();
            let source = SourceFile::read(png(&sketch(48, 32))).unwrap();
            let target = Target::choose(&recipe, Accept::default());
            let plan = Plan::new(&recipe, &source.header, source.file_bytes(), &[], target).unwrap();
            pixels(&render(&source, &[], &plan).unwrap())
        };
        let plain = pixels(
            &transform("width=48,height=96,fit=pad,gravity=top,format=png", &png(&sketch(48, 32)), &[])
                .unwrap(),
        );
        let picture = marked("width=48,height=96,fit=pad,gravity=top");
        let rows = |picture: &Picture| picture.samples().to_vec();
        let (marked, plain) = (rows(&picture), rows(&plain));
        let below = picture.stride() * 32;
        assert_ne!(marked[..below], plain[..below]);
        assert_eq!(marked[below..], plain[below..]);
    }

    const STYLE: Style = Style {
        size: 24.0,
        wrap: 200,
        align: None,
        colour: [255; 4],
        outline: Some((2.0, [0, 0, 0, 255])),
        shadow: None,
        most: Size { width: 200, height: 100 },
        most_pixels: 20_000,
    };

    #[test]
    fn fonts_that_lie_are_refused_or_drawn_within_bounds() {
        let mut dice = Dice::new(0xF047);
        let texts = [(ARABIC, "السلام"), (DEVANAGARI, "क्षत्रिय कीर्ति"), (HEBREW, "שלום"), (&[][..], "ab")];
        for (font, text) in texts {
            for _ in 0..150 {
                let mut bytes = font.to_vec();
                for _ in 0..=dice.below(12) {
                    let Some(last) = bytes.len().checked_sub(1) else { break };
                    let at = dice.below(last + 1);
                    match dice.below(4) {
                        0 => bytes[at] ^= 1 << dice.below(8),
                        1 => bytes[at] = [0, 0x7F, 0x80, 0xFF][dice.below(4)],
                        2 => bytes[at] = dice.byte(),
                        _ => bytes.truncate(at + 1),
                    }
                }
                let drawn =
                    Font::read(&bytes).and_then(|font| draw(text, &STYLE, &[font, Font::embedded()?]));
                match drawn {
                    Ok(picture) => assert!(picture.size().area() <= 20_000, "{}", picture.size()),
                    Err(TextError::Font | TextError::TooComplex) => {}
                }
            }
        }
    }

    #[test]
    fn a_text_of_the_greatest_length_is_cut_off_and_not_refused() {
        let ground = png(&Picture::filled(Size::new(90, 60), Channels::Rgb, [0, 0, 0, 255]));
        let text = "M".repeat(512);
        for options in
            ["text.size=12000", "text.size=1", "text.size=30,text.outline=0.9,text.shadow=200,text.rotate=45"]
        {
            let options = format!("text={text},{options},format=png");
            let picture = pixels(&transform(&options, &ground, &[]).unwrap());
            assert_eq!(picture.size(), Size::new(90, 60), "{options}");
        }
    }
}
