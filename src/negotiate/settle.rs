//! A recipe that leaves something to the client, and what its hints make of it.
//!
//! Whatever the hints say, the outcome is one of a few: a breakpoint or one of two fixed widths, one of two qualities.
//! So clients with different hints and the same outcome share a variant.

use http::HeaderName;

use super::hints::{Dependence, Hints};
use crate::recipe::{Recipe, Width};

/// Cloudflare's defaults for `width=auto`.
const BREAKPOINTS: [u32; 4] = [320, 768, 960, 1_200];
const MOBILE: u32 = 768;
const DESKTOP: u32 = 1_200;

/// Makes a recipe say all by itself, no wider than `widest`, and tells which hints might have made another one of it.
/// The headers are read only where they matter.
pub fn settle<'a>(
    mut recipe: Recipe,
    widest: u32,
    header: impl Fn(&HeaderName) -> Option<&'a str>,
) -> (Recipe, Dependence) {
    let mut depends = Dependence::default();
    let is_settled = Dependence::possible(&recipe) == Dependence::default();
    let hints = if is_settled { Hints::default() } else { Hints::read(header) };
    if recipe.width == Some(Width::Auto) {
        let choice = Choice::of(&recipe, widest);
        (depends.width, depends.device) = (choice.is_open(), choice.mobile != choice.desktop);
        // A `dpr` in the URL takes the place of the client's: it multiplies CSS pixels, here as everywhere.
        let wanted = if recipe.dpr.is_some() { hints.css_width() } else { hints.device_width() };
        recipe.width = Some(Width::Pixels(choice.width(wanted, hints.is_mobile)));
    }
    if let Some(slow) = recipe.slow_connection_quality.take() {
        depends.connection = recipe.quality != Some(slow);
        recipe.quality = if hints.is_slow { Some(slow) } else { recipe.quality };
    }
    (recipe.wbreakpoints, recipe.wmobile, recipe.wdesktop) = (None, None, None);
    (recipe, depends)
}

impl Dependence {
    /// What a recipe may depend on at most.
    pub fn possible(recipe: &Recipe) -> Self {
        let is_auto = recipe.width == Some(Width::Auto);
        Self { width: is_auto, device: is_auto, connection: recipe.slow_connection_quality.is_some() }
    }
}

/// The widths that `width=auto` may become.
struct Choice {
    breakpoints: Vec<u32>,
    mobile: u32,
    desktop: u32,
}

impl Choice {
    fn of(recipe: &Recipe, widest: u32) -> Self {
        let breakpoints = recipe.wbreakpoints.as_ref().map_or(&BREAKPOINTS[..], |given| &given.0);
        Self {
            breakpoints: breakpoints.iter().map(|width| widest.min(*width)).collect(),
            mobile: recipe.wmobile.map_or(MOBILE, |side| side.0).min(widest),
            desktop: recipe.wdesktop.map_or(DESKTOP, |side| side.0).min(widest),
        }
    }

    /// The next breakpoint for clients that say how wide, the last for those that want more.
    fn width(&self, wanted: Option<u32>, is_mobile: bool) -> u32 {
        let fixed = if is_mobile { self.mobile } else { self.desktop };
        let Some(wanted) = wanted else { return fixed };
        let next = self.breakpoints.iter().find(|width| **width >= wanted);
        next.or(self.breakpoints.last()).copied().unwrap_or(fixed)
    }

    /// Whether hints of widths make a difference.
    fn is_open(&self) -> bool {
        let all = || self.breakpoints.iter().chain([&self.mobile, &self.desktop]);
        all().any(|width| *width != self.mobile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::LONGEST_SIDE;

    fn settled(options: &str, widest: u32, headers: &[(&str, &'static str)]) -> (String, Dependence) {
        let find = |asked: &HeaderName| headers.iter().find(|(name, _)| asked == name);
        let header = |asked: &HeaderName| find(asked).map(|(_, value)| *value);
        let (recipe, depends) = settle(Recipe::parse(options).unwrap(), widest, header);
        (recipe.print(), depends)
    }

    #[test]
    fn auto_becomes_the_next_breakpoint() {
        let wide = |width| [("Sec-CH-Width", width), ("Sec-CH-DPR", "2")];
        for (options, width, expected) in [
            ("width=auto", "1", "width=320"),
            ("width=auto", "320", "width=320"),
            ("width=auto", "321", "width=768"),
            ("width=auto", "1200", "width=1200"),
            ("width=auto", "65535", "width=1200"),
            ("width=auto", "nonsense", "width=1200"),
            ("width=auto,wbreakpoints=100;200", "150", "width=200"),
            ("width=auto,wbreakpoints=100;200,wdesktop=50", "500", "width=200"),
            ("width=auto,wbreakpoints=100;200,wdesktop=50", "nonsense", "width=50"),
            // With a dpr of its own, the URL speaks of CSS pixels.
            ("width=auto,dpr=1", "640", "width=320,dpr=1"),
            ("width=auto,dpr=3", "641", "width=320,dpr=3"),
            ("width=auto,dpr=3", "642", "width=768,dpr=3"),
            ("width=auto,height=9,fit=cover", "300", "width=320,height=9,fit=cover"),
            // Without `auto` there is nothing to choose.
            ("width=500,wbreakpoints=100,wmobile=7,wdesktop=8", "1", "width=500"),
            ("height=5,wmobile=7", "1", "height=5"),
        ] {
            assert_eq!(settled(options, LONGEST_SIDE, &wide(width)).0, expected, "{options} at {width}");
        }
    }

    #[test]
    fn clients_that_do_not_say_get_what_their_kind_gets() {
        let (mobile, desktop) = ([("Sec-CH-UA-Mobile", "?1")], [("Sec-CH-UA-Mobile", "?0")]);
        for (options, on_mobile, on_desktop) in [
            ("width=auto", "width=768", "width=1200"),
            ("width=auto,wmobile=500,wdesktop=2000", "width=500", "width=2000"),
            ("width=auto,wbreakpoints=10", "width=768", "width=1200"),
        ] {
            assert_eq!(settled(options, LONGEST_SIDE, &mobile).0, on_mobile, "{options}");
            assert_eq!(settled(options, LONGEST_SIDE, &desktop).0, on_desktop, "{options}");
        }
    }

    #[test]
    fn nothing_is_wider_than_the_widest() {
        for (width, expected) in
            [("1", "width=320"), ("321", "width=700"), ("5000", "width=700"), ("", "width=700")]
        {
            assert_eq!(settled("width=auto", 700, &[("Sec-CH-Width", width)]).0, expected, "{width}");
        }
    }

    #[test]
    fn the_other_quality_is_for_slow_connections_only() {
        let (slow, fast) = ([("ECT", "3g")], [("ECT", "4g")]);
        for (options, when_slow, when_fast) in [
            ("q=80,scq=40", "quality=40", "quality=80"),
            ("w=9,scq=low", "width=9,quality=low", "width=9"),
            // It is what is said for them, even where it is more.
            ("q=10,scq=40", "quality=40", "quality=10"),
        ] {
            assert_eq!(settled(options, LONGEST_SIDE, &slow).0, when_slow, "{options}");
            assert_eq!(settled(options, LONGEST_SIDE, &fast).0, when_fast, "{options}");
        }
    }

    #[test]
    fn only_what_could_make_a_difference_is_depended_on() {
        for (options, widest, expected) in [
            ("width=800", LONGEST_SIDE, [false, false, false]),
            ("width=800,wmobile=5,wbreakpoints=3;4", LONGEST_SIDE, [false, false, false]),
            ("width=auto", LONGEST_SIDE, [true, true, false]),
            ("width=auto,scq=40", LONGEST_SIDE, [true, true, true]),
            ("width=auto,wmobile=900,wdesktop=900", LONGEST_SIDE, [true, false, false]),
            ("width=auto", 320, [false, false, false]),
            ("width=auto", 700, [true, false, false]),
            ("width=auto,wbreakpoints=5,wmobile=5,wdesktop=5", LONGEST_SIDE, [false, false, false]),
            ("scq=40", LONGEST_SIDE, [false, false, true]),
            ("scq=high,q=high", LONGEST_SIDE, [false, false, false]),
            ("scq=85,q=85", LONGEST_SIDE, [false, false, false]),
            // Of a PNG it is another one already where a quality is given at all.
            ("scq=85", LONGEST_SIDE, [false, false, true]),
        ] {
            let Dependence { width, device, connection } = settled(options, widest, &[]).1;
            assert_eq!([width, device, connection], expected, "{options}");
        }
    }
}
