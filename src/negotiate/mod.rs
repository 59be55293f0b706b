//! What the client accepts and hints at, and which output that makes of the one asked for.

mod hints;
mod settle;

pub use hints::{Dependence, Hints};
pub use settle::settle;

use crate::format::Format;
use crate::picture::describe;
use crate::picture::encode::{Encoding, Level, Loss};
use crate::picture::probe::Header;
use crate::recipe::{Lossless, Output, Quality, QualityName, Recipe};

/// The formats of a request's `Accept` header that matter here, each with its quality in thousandths.
///
/// Only formats that are named count: `*/*` and `image/*` say nothing about AVIF and WebP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accept {
    avif: u16,
    webp: u16,
    older: u16,
}

impl Accept {
    /// Reads an `Accept` header (RFC 9110, section 12.5.1). What cannot be read is passed over.
    pub fn parse(header: &str) -> Self {
        let mut accept = Self::default();
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, read_quality);
            let known = match media_type.to_ascii_lowercase().as_str() {
                "image/avif" => &mut accept.avif,
                "image/webp" => &mut accept.webp,
                "image/jpeg" | "image/png" => &mut accept.older,
                _ => continue,
            };
            *known = quality.max(*known);
        }
        accept
    }

    fn prefers_avif(self) -> bool {
        cfg!(feature = "avif") && self.avif > 0 && self.avif >= self.webp.max(self.older)
    }

    fn prefers_webp(self) -> bool {
        self.webp > 0 && self.webp >= self.older
    }
}

/// A quality between 0 and 1 in thousandths; 0 where it cannot be read.
fn read_quality(text: &str) -> u16 {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = places.bytes().chain(std::iter::repeat(b'0')).take(3);
    let fraction = digits.try_fold(0_u16, |sum, b| Some(sum * 10 + u16::from(b.checked_sub(b'0')?.min(9))));
    match (whole, fraction) {
        ("1", _) => 1000,
        ("0", Some(fraction)) => fraction,
        _ => 0,
    }
}

/// What is to be made, as far as recipe and client decide it; the source decides the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The source's own format.
    Own,
    /// JPEG, or PNG where the source may be translucent.
    Still,
    /// WebP where that can be afforded, or else as `Still`.
    WebpOrStill,
    /// AVIF where that can be afforded, or else as `Still`.
    AvifOrStill,
    /// AVIF where that can be afforded, or else as `WebpOrStill`.
    AvifOrWebp,
    /// This format.
    Fixed(Format),
    /// JPEG in one scan.
    BaselineJpeg,
    /// The drawing that the source is.
    Drawing,
    /// No picture but what is to be said of it.
    Told(Telling),
}

/// What is said of a picture in the place of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Telling {
    /// What is known of it, as JSON.
    Json,
    /// A `BlurHash`.
    Blurhash,
    /// A `ThumbHash`, in base64.
    Thumbhash,
    /// A tiny picture, as a data URL.
    Lqip,
}

impl Telling {
    /// The longest side of the frame that is looked at for it.
    pub fn side(self) -> u32 {
        match self {
            Self::Json | Self::Blurhash | Self::Thumbhash => describe::SIDE,
            Self::Lqip => describe::TINY_SIDE,
        }
    }

    /// Whether something can be said of a picture that nobody looks at.
    pub fn does_without_looking(self) -> bool {
        self == Self::Json
    }

    /// Its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Blurhash | Self::Thumbhash | Self::Lqip => "text/plain",
        }
    }
}

impl Target {
    /// Joins the recipe's format with what the client accepts.
    ///
    /// `compression=fast` is what is encoded soonest, whatever more the client takes. AVIF asked for by name is what cannot always be afforded; what comes instead must do for the client.
    /// What shall lose nothing is no AVIF, unless that was named.
    pub fn choose(recipe: &Recipe, accept: Accept) -> Self {
        let may_lose = recipe.lossless.is_none();
        let avif = recipe.format == Some(Output::Avif) || (may_lose && accept.prefers_avif());
        match recipe.format {
            Some(Output::Auto | Output::Avif | Output::Webp) if recipe.compression.is_some() => Self::Still,
            None => Self::Own,
            Some(Output::Auto | Output::Avif) => match (avif, accept.prefers_webp()) {
                (true, true) => Self::AvifOrWebp,
                (true, false) => Self::AvifOrStill,
                (false, true) => Self::WebpOrStill,
                (false, false) => Self::Still,
            },
            Some(Output::Webp) => Self::Fixed(Format::Webp),
            Some(Output::Jpeg) => Self::Fixed(Format::Jpeg),
            Some(Output::BaselineJpeg) => Self::BaselineJpeg,
            Some(Output::Png) => Self::Fixed(Format::Png),
            Some(Output::Gif) => Self::Fixed(Format::Gif),
            Some(Output::Svg) => Self::Drawing,
            Some(Output::Json) => Self::Told(Telling::Json),
            Some(Output::Blurhash) => Self::Told(Telling::Blurhash),
            Some(Output::Thumbhash) => Self::Told(Telling::Thumbhash),
            Some(Output::Lqip) => Self::Told(Telling::Lqip),
        }
    }

    /// Whatever clients may be given of a recipe.
    pub fn all(recipe: &Recipe) -> Vec<Self> {
        match recipe.format {
            _ if !Self::depends_on_client(recipe) => vec![Self::choose(recipe, Accept::default())],
            // Whoever takes AVIF takes WebP, but for those who say otherwise.
            Some(Output::Auto) if cfg!(feature = "avif") && recipe.lossless.is_none() => {
                vec![Self::AvifOrWebp, Self::WebpOrStill, Self::Still]
            }
            Some(Output::Auto) => vec![Self::WebpOrStill, Self::Still],
            _ => vec![Self::AvifOrWebp, Self::AvifOrStill],
        }
    }

    /// Whether another client might have got another format.
    pub fn depends_on_client(recipe: &Recipe) -> bool {
        recipe.compression.is_none() && matches!(recipe.format, Some(Output::Auto | Output::Avif))
    }

    /// What to answer while the best of these, which is slow, is still to be made; nothing where none of these is, or
    /// where the recipe names it: that is waited for.
    #[must_use]
    pub fn meanwhile(self, recipe: &Recipe) -> Option<Self> {
        match self {
            _ if recipe.format == Some(Output::Avif) => None,
            Self::AvifOrWebp => Some(Self::WebpOrStill),
            Self::AvifOrStill => Some(Self::Still),
            Self::Own
            | Self::Still
            | Self::WebpOrStill
            | Self::Fixed(_)
            | Self::BaselineJpeg
            | Self::Drawing
            | Self::Told(_) => None,
        }
    }

    /// A word for the cache key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Still => "still",
            Self::WebpOrStill => "webp-or-still",
            Self::AvifOrStill => "avif-or-still",
            Self::AvifOrWebp => "avif-or-webp",
            Self::Fixed(format) => format.name(),
            Self::BaselineJpeg => "baseline-jpeg",
            Self::Drawing => "svg",
            Self::Told(Telling::Json) => "json",
            Self::Told(Telling::Blurhash) => "blurhash",
            Self::Told(Telling::Thumbhash) => "thumbhash",
            Self::Told(Telling::Lqip) => "lqip",
        }
    }

    /// The encoding of a picture that moves and goes on moving, where the recipe leaves it that and there is a format that
    /// can.
    pub fn moving(self, recipe: &Recipe, header: &Header) -> Option<Encoding> {
        let format = match self {
            _ if !cfg!(feature = "animation") => return None,
            _ if header.animation.is_none() || !recipe.moves() => return None,
            Self::Own => header.format,
            Self::Fixed(format @ (Format::Webp | Format::Gif)) => format,
            Self::WebpOrStill | Self::AvifOrWebp => Format::Webp,
            Self::Still | Self::AvifOrStill => Format::Gif,
            Self::Fixed(_) | Self::BaselineJpeg | Self::Drawing | Self::Told(_) => return None,
        };
        let number = recipe.quality.map_or(Quality::DEFAULT, Quality::number);
        let loss = recipe.lossless.map_or(Loss::ByQuality, loss);
        Some(Encoding { loss, ..Encoding::new(format, number) })
    }

    /// The encodings that will do for a picture with this header, the best first; none where the answer is no picture.
    pub fn encodings(self, header: &Header, recipe: &Recipe) -> Vec<Encoding> {
        let Recipe { quality, lossless, .. } = *recipe;
        let still = if header.alpha || lossless.is_some() { Format::Png } else { Format::Jpeg };
        let formats: &[Format] = match self {
            Self::Own => &[header.format],
            Self::Still => &[still],
            Self::WebpOrStill => &[Format::Webp, still],
            Self::AvifOrStill => &[Format::Avif, still],
            Self::AvifOrWebp => &[Format::Avif, Format::Webp, still],
            Self::Fixed(format) => &[format],
            Self::BaselineJpeg => &[Format::Jpeg],
            Self::Drawing | Self::Told(_) => &[],
        };
        let number = quality.map_or(Quality::DEFAULT, Quality::number);
        let encoding = |&format: &Format| Encoding {
            loss: if format == Format::Webp { lossless.map_or(Loss::Shorter, loss) } else { Loss::ByQuality },
            level: quality.and_then(level),
            few_colours: quality.is_some() && lossless.is_none(),
            progressive: self != Self::BaselineJpeg,
            ..Encoding::new(format, number)
        };
        formats.iter().map(encoding).collect()
    }
}

fn loss(lossless: Lossless) -> Loss {
    match lossless {
        Lossless::True => Loss::None,
        Lossless::Near => Loss::Near,
    }
}

/// A quality that has a name is a promise of how it looks.
fn level(quality: Quality) -> Option<Level> {
    match quality {
        Quality::Number(_) => None,
        Quality::Named(QualityName::High) => Some(Level::High),
        Quality::Named(QualityName::MediumHigh) => Some(Level::MediumHigh),
        Quality::Named(QualityName::MediumLow) => Some(Level::MediumLow),
        Quality::Named(QualityName::Low) => Some(Level::Low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "avif")]
    fn auto_follows_what_is_named_and_preferred() {
        let auto = Recipe::parse("format=auto").unwrap();
        let (webp, both) = (Target::WebpOrStill, Target::AvifOrWebp);
        let cases = [
            ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", both),
            ("image/avif;q=0.9,image/webp;q=0.8,image/jpeg;q=0.7", both),
            ("image/webp;q=0.9, image/avif;q=0.9", both),
            ("image/avif;q=0.8, image/webp", webp),
            ("image/avif;q=0, image/webp", webp),
            ("image/avif, image/webp;q=0", Target::AvifOrStill),
            ("image/avif, image/webp;q=0.5, image/jpeg;q=0.6", Target::AvifOrStill),
            ("image/avif;q=0.5, image/jpeg", Target::Still),
            ("image/webp", webp),
            ("IMAGE/WEBP;q=0.5", webp),
            ("image/webp; q=0.5, image/jpeg", Target::Still),
            ("image/webp;q=0", Target::Still),
            ("image/webp;q=nonsense", Target::Still),
            ("*/*", Target::Still),
            ("image/*", Target::Still),
            ("", Target::Still),
            ("image/avif", Target::AvifOrStill),
        ];
        for (header, expected) in cases {
            assert_eq!(Target::choose(&auto, Accept::parse(header)), expected, "{header}");
        }
    }

    #[test]
    fn avif_by_name_falls_back_to_what_the_client_takes() {
        let avif = Recipe::parse("format=avif").unwrap();
        let cases = [
            ("*/*", Target::AvifOrStill),
            ("image/webp", Target::AvifOrWebp),
            ("image/avif;q=0, image/webp", Target::AvifOrWebp),
            ("image/webp;q=0.5, image/jpeg", Target::AvifOrStill),
        ];
        for (header, expected) in cases {
            assert_eq!(Target::choose(&avif, Accept::parse(header)), expected, "{header}");
        }
        assert!(Target::depends_on_client(&avif));
    }

    #[test]
    #[cfg(not(feature = "avif"))]
    fn nobody_gets_avif_of_a_build_that_leaves_it_out() {
        let auto = Recipe::parse("format=auto").unwrap();
        let all = Accept::parse("image/avif,image/webp");
        assert_eq!(Target::choose(&auto, all), Target::WebpOrStill);
        assert_eq!(Target::choose(&auto, Accept::parse("image/avif")), Target::Still);
        assert_eq!(Target::all(&auto), [Target::WebpOrStill, Target::Still]);
        assert_eq!(Recipe::parse("format=avif").unwrap().unbuilt().unwrap().option, "format");
    }

    #[test]
    fn what_loses_nothing_is_webp_or_png() {
        let recipe = Recipe::parse("format=auto,lossless=true,quality=60").unwrap();
        let all = Accept::parse("image/avif,image/webp");
        assert_eq!(Target::choose(&recipe, all), Target::WebpOrStill);
        assert_eq!(Target::all(&recipe), [Target::WebpOrStill, Target::Still]);
        let header = Header::read(b"\xFF\xD8\xFF\xC0\0\x0B\x08\0\x10\0\x20\x01\x01\x11\0").unwrap();
        let made = |target: Target| target.encodings(&header, &recipe);
        let encodings = made(Target::WebpOrStill);
        assert_eq!([encodings[0].format, encodings[1].format], [Format::Webp, Format::Png]);
        assert!(encodings[0].loss == Loss::None && !encodings[1].few_colours);
        let near = Recipe::parse("lossless=near").unwrap();
        assert_eq!(Target::Fixed(Format::Webp).encodings(&header, &near)[0].loss, Loss::Near);
    }

    #[test]
    fn fast_compression_is_neither_avif_nor_webp_for_anybody() {
        for (options, expected) in [
            ("format=auto", Target::Still),
            ("format=avif", Target::Still),
            ("format=webp", Target::Still),
            ("format=png", Target::Fixed(Format::Png)),
            ("width=1", Target::Own),
        ] {
            let recipe = Recipe::parse(&format!("{options},compression=fast")).unwrap();
            let all = Accept::parse("image/avif,image/webp");
            assert_eq!(Target::choose(&recipe, all), expected, "{options}");
            assert!(!Target::depends_on_client(&recipe), "{options}");
            assert_eq!(Target::all(&recipe), [expected], "{options}");
        }
    }

    #[test]
    fn meanwhile_comes_what_the_client_takes_and_never_avif() {
        let meanwhile = |target: Target, options| target.meanwhile(&Recipe::parse(options).unwrap());
        assert_eq!(meanwhile(Target::AvifOrWebp, "format=auto"), Some(Target::WebpOrStill));
        assert_eq!(meanwhile(Target::AvifOrStill, "format=auto"), Some(Target::Still));
        assert_eq!(meanwhile(Target::AvifOrWebp, "format=avif"), None);
        for quick in [Target::Own, Target::Still, Target::WebpOrStill, Target::Told(Telling::Json)] {
            assert_eq!(meanwhile(quick, "format=auto"), None);
        }
    }
}
