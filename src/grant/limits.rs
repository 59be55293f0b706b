//! What a policy or a token lets be asked for: options, presets, formats, and sides.

use crate::geometry::Fit;
use crate::recipe::{LONGEST_SIDE, Recipe, Whole, Width};

/// Limits on recipes. Where nothing is said, nothing is limited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Presets, one of which must be named.
    pub presets: Option<Vec<String>>,
    /// Options that may be written, by their long names; `mark` and `text` stand for all of theirs.
    pub options: Option<Vec<String>>,
    /// Values that `format` may have; `own` stands for a URL without it.
    pub formats: Option<Vec<String>>,
    /// The widest output, in device pixels.
    pub max_width: Option<u32>,
    /// The highest output, in device pixels.
    pub max_height: Option<u32>,
    /// The widths there are, rising: any other becomes the next wider one.
    pub widths: Option<Vec<u32>>,
    /// The heights there are, rising.
    pub heights: Option<Vec<u32>>,
}

/// What is asked for and not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCovered {
    /// A preset must be named.
    #[error("a preset must be asked for: {allowed}")]
    NoPreset {
        /// Those that may be.
        allowed: String,
    },
    /// This preset is not among those that may be.
    #[error("preset '{name}' may not be asked for here")]
    Preset {
        /// Its name.
        name: String,
    },
    /// This option is not among those that may be written.
    #[error("option '{name}' may not be used here")]
    Option {
        /// Its long name.
        name: String,
    },
    /// This format is not among those that may be.
    #[error("the format may not be '{name}' here; it may be {allowed}")]
    Format {
        /// What was asked for; `own` where nothing was.
        name: String,
        /// Those that may be.
        allowed: String,
    },
    /// A side is too long.
    #[error("option '{name}' may be at most {most} here, multiplied by dpr")]
    Side {
        /// `width` or `height`.
        name: &'static str,
        /// The longest, in device pixels.
        most: u32,
    },
    /// `fit=scale-up` never shrinks, so nothing bounds what it makes of a large source.
    #[error("fit=scale-up may not be used where sides are limited")]
    ScaleUp,
    /// The source is not among those that may be.
    #[error("this picture may not be asked for with this grant")]
    Source,
    /// The source itself, with a grant that limits transforms.
    #[error("this grant is for transforms and not for the source itself")]
    Original,
    /// Another tenant's.
    #[error("this picture may not be asked for with this grant")]
    Tenant,
}

impl NotCovered {
    /// The option this is about, where it is about one.
    pub fn option(&self) -> Option<&str> {
        match self {
            Self::NoPreset { .. } | Self::Preset { .. } => Some("preset"),
            Self::Option { name } => Some(name),
            Self::Format { .. } => Some("format"),
            Self::Side { name, .. } => Some(name),
            Self::ScaleUp => Some("fit"),
            Self::Source | Self::Original | Self::Tenant => None,
        }
    }
}

impl Limits {
    /// Refuses presets and options that may not be written. The recipe is as it was typed.
    pub fn check_typed(&self, recipe: &Recipe) -> Result<(), NotCovered> {
        if let Some(allowed) = &self.presets {
            match &recipe.preset {
                None => return Err(NotCovered::NoPreset { allowed: allowed.join(", ") }),
                Some(name) if allowed.contains(&name.0) => {}
                Some(name) => return Err(NotCovered::Preset { name: name.0.clone() }),
            }
        }
        let Some(allowed) = &self.options else { return Ok(()) };
        let forbidden = recipe.option_names().into_iter().find(|name| !is_listed(allowed, name));
        forbidden.map_or(Ok(()), |name| Err(NotCovered::Option { name }))
    }

    /// A token that lists presets lists options with that: no others, but those that its other limits speak of.
    #[must_use]
    pub fn closed(&self) -> Self {
        let mut options = vec!["preset"];
        options.extend(self.formats.as_ref().map(|_| "format"));
        options.extend(self.max_width.map(|_| "width"));
        options.extend(self.max_height.map(|_| "height"));
        options.extend(self.max_width.or(self.max_height).map(|_| "dpr"));
        let options = options.into_iter().map(str::to_owned).collect();
        Self { options: self.presets.as_ref().map(|_| options), ..self.clone() }
    }

    /// Refuses a format that may not be asked for. The recipe is the one that is carried out.
    pub fn check_format(&self, recipe: &Recipe) -> Result<(), NotCovered> {
        let Some(allowed) = &self.formats else { return Ok(()) };
        let name = recipe.format_name().unwrap_or_else(|| "own".to_owned());
        if allowed.contains(&name) {
            Ok(())
        } else {
            Err(NotCovered::Format { name, allowed: allowed.join(", ") })
        }
    }

    /// The largest sides of two at once, on the steps of this one; tokens have none.
    #[must_use]
    pub fn sides_with(&self, other: &Self) -> Self {
        let least = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        Self {
            max_width: least(self.max_width, other.max_width),
            max_height: least(self.max_height, other.max_height),
            ..self.clone()
        }
    }

    /// The recipe with its sides on the steps and within the largest ones; a width of `auto` was settled before.
    ///
    /// A side that is missing becomes the largest, in a way that changes no picture which fits.
    pub fn bound(&self, recipe: Recipe) -> Result<Recipe, NotCovered> {
        let too_long = |asked: Option<u32>, most: Option<u32>| {
            most.filter(|most| asked.is_some_and(|asked| asked > *most))
        };
        // A border lies around what was asked for.
        let (across, down) = around(&recipe);
        let whole = |side: Option<u32>, around: u32| Some(side.unwrap_or(1).saturating_add(around));
        if let Some(most) = too_long(whole(recipe.box_width(), across), self.max_width) {
            return Err(NotCovered::Side { name: "width", most });
        }
        if let Some(most) = too_long(whole(recipe.box_height(), down), self.max_height) {
            return Err(NotCovered::Side { name: "height", most });
        }
        let recipe = self.snap(recipe);
        if self.max_width.is_none() && self.max_height.is_none() {
            return Ok(recipe);
        }
        self.fill(recipe)
    }

    /// Widths and heights on their steps. A height without steps of its own keeps the shape.
    fn snap(&self, mut recipe: Recipe) -> Recipe {
        let (widest, highest) = self.largest(&recipe);
        if let (Some(steps), Some(Width::Pixels(asked))) = (&self.widths, recipe.width) {
            let width = step(steps, asked, widest);
            recipe.width = Some(Width::Pixels(width));
            if let (Some(Whole(height)), None) = (recipe.height, &self.heights) {
                recipe.height = Some(Whole(in_proportion(height, width, asked).min(highest)));
            }
        }
        if let (Some(steps), Some(Whole(asked))) = (&self.heights, recipe.height) {
            recipe.height = Some(Whole(step(steps, asked, highest)));
        }
        recipe
    }

    /// Both sides given, so that none is longer than it may be.
    fn fill(&self, mut recipe: Recipe) -> Result<Recipe, NotCovered> {
        if recipe.fit() == Fit::ScaleUp {
            return Err(NotCovered::ScaleUp);
        }
        let (has_width, has_height) = (recipe.width.is_some(), recipe.height.is_some());
        if has_width && has_height {
            return Ok(recipe);
        }
        let (widest, highest) = self.largest(&recipe);
        recipe.width = recipe.width.or(Some(Width::Pixels(widest)));
        recipe.height = recipe.height.or(Some(Whole(highest)));
        // With one side or none every fit scales the whole picture: they differ in whether they enlarge.
        let enlarges = matches!(recipe.fit(), Fit::Contain | Fit::Cover | Fit::Pad | Fit::Squeeze);
        let is_scaled = has_width || has_height;
        recipe.fit = Some(if enlarges && is_scaled { Fit::Contain } else { Fit::ScaleDown });
        Ok(recipe)
    }

    /// The widest that a recipe may ask for, before `dpr` multiplies it.
    pub fn widest(&self, recipe: &Recipe) -> u32 {
        self.largest(recipe).0
    }

    /// The largest sides before `dpr` multiplies them.
    fn largest(&self, recipe: &Recipe) -> (u32, u32) {
        let largest = |most: Option<u32>, around: u32| {
            let most = most.map_or(LONGEST_SIDE, |most| most.saturating_sub(around));
            recipe.dpr().divide(most).clamp(1, LONGEST_SIDE)
        };
        let (across, down) = around(recipe);
        (largest(self.max_width, across), largest(self.max_height, down))
    }
}

/// What a border adds to the width and to the height.
fn around(recipe: &Recipe) -> (u32, u32) {
    let [top, right, bottom, left] = recipe.border_sides();
    (left.saturating_add(right), top.saturating_add(bottom))
}

/// The next step up; the last one that is allowed where there is none.
fn step(steps: &[u32], asked: u32, most: u32) -> u32 {
    let allowed = || steps.iter().copied().filter(|step| *step <= most);
    allowed().find(|step| *step >= asked).or_else(|| allowed().next_back()).unwrap_or(most)
}

fn in_proportion(length: u32, factor: u32, divisor: u32) -> u32 {
    let divisor = u64::from(divisor.max(1));
    let scaled = (u64::from(length) * u64::from(factor) + divisor / 2) / divisor;
    u32::try_from(scaled).unwrap_or(LONGEST_SIDE).clamp(1, LONGEST_SIDE)
}

/// Whether an option, or the mark or text that it belongs to, is on a list.
fn is_listed(allowed: &[String], name: &str) -> bool {
    let layer = name.split('.').next().unwrap_or(name).trim_end_matches(|c: char| c.is_ascii_digit());
    allowed.iter().any(|one| one == name || (one == layer && matches!(layer, "mark" | "text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(limits: &Limits, options: &str) -> Result<String, NotCovered> {
        limits.bound(Recipe::parse(options).unwrap()).map(|recipe| recipe.print())
    }

    #[test]
    fn sides_snap_to_the_next_step() {
        let limits = Limits { widths: Some(vec![320, 640, 1280]), ..Limits::default() };
        for (asked, snapped) in [
            ("width=1", "width=320"),
            ("width=320", "width=320"),
            ("width=321,height=200", "width=640,height=399"),
            ("width=5000", "width=1280"),
            ("height=99", "height=99"),
            ("format=webp", "format=webp"),
        ] {
            assert_eq!(bound(&limits, asked).unwrap(), snapped, "{asked}");
        }
        let both = Limits { heights: Some(vec![100, 200]), ..limits.clone() };
        assert_eq!(bound(&both, "width=321,height=150").unwrap(), "width=640,height=200");
        let most = Limits { max_width: Some(800), ..limits };
        assert_eq!(bound(&most, "width=700").unwrap(), "width=640,height=12000,fit=scale-down");
    }

    #[test]
    fn nothing_is_larger_than_the_largest() {
        let limits = Limits { max_width: Some(800), max_height: Some(600), ..Limits::default() };
        for (asked, bounded) in [
            ("width=800,height=600,fit=cover", "width=800,height=600,fit=cover"),
            ("width=700", "width=700,height=600,fit=scale-down"),
            ("height=500,fit=cover", "width=800,height=500,fit=contain"),
            ("format=webp", "width=800,height=600,fit=scale-down,format=webp"),
            ("fit=cover", "width=800,height=600,fit=scale-down"),
            ("width=100,dpr=2", "width=100,height=300,fit=scale-down,dpr=2"),
        ] {
            assert_eq!(bound(&limits, asked).unwrap(), bounded, "{asked}");
        }
        for (asked, option) in
            [("width=801", "width"), ("width=401,dpr=2", "width"), ("height=601", "height")]
        {
            assert_eq!(bound(&limits, asked).unwrap_err().option(), Some(option), "{asked}");
        }
        assert_eq!(bound(&limits, "width=10,height=10,fit=scale-up"), Err(NotCovered::ScaleUp));
        let bordered = bound(&limits, "width=700,border.width=50").unwrap();
        assert_eq!(bordered, "width=700,height=500,fit=scale-down,border.width=50");
        for options in
            ["width=701,height=9,border.width=50", "border.left=800", "width=10,border.top=300,dpr=2"]
        {
            assert!(matches!(bound(&limits, options), Err(NotCovered::Side { .. })), "{options}");
        }
    }

    #[test]
    fn options_and_presets_are_those_that_are_listed() {
        let list = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        let limits = Limits { options: list(&["width", "mark"]), ..Limits::default() };
        let check = |limits: &Limits, options| limits.check_typed(&Recipe::parse(options).unwrap());
        assert_eq!(check(&limits, "w=5,mark2=a,mark2.opacity=0.5"), Ok(()));
        assert_eq!(check(&limits, "w=5,h=5").unwrap_err().option(), Some("height"));
        let token =
            Limits { presets: list(&["thumb"]), formats: list(&["webp"]), ..Limits::default() }.closed();
        assert_eq!(check(&token, "preset=thumb,format=webp"), Ok(()));
        assert!(matches!(check(&token, "width=5"), Err(NotCovered::NoPreset { .. })));
        assert!(matches!(check(&token, "preset=hero"), Err(NotCovered::Preset { .. })));
        assert!(matches!(check(&token, "preset=thumb,width=5"), Err(NotCovered::Option { .. })));
        let format = |options| token.check_format(&Recipe::parse(options).unwrap());
        assert!(format("format=webp").is_ok() && format("format=png").is_err() && format("width=1").is_err());
    }
}
