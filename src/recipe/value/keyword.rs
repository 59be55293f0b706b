//! Words that an option chooses among.

use super::Value;
use crate::geometry::{Fit, Mask};

/// Declares enums whose variants are keywords of the URL.
macro_rules! keywords {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }
        keywords!(@value $name { $($variant = $word,)+ });
    )+};
    (@value $name:ident { $($variant:ident = $word:literal,)+ }) => {
        impl Value for $name {
            fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
            fn print(&self) -> String {
                match self { $(Self::$variant => $word.to_owned(),)+ }
            }
        }
    };
}

keywords! {
    /// A quality without a number.
    QualityName {
        /// As the default.
        High = "high",
        /// A little less.
        MediumHigh = "medium-high",
        /// Visibly less.
        MediumLow = "medium-low",
        /// Small above all.
        Low = "low",
    }
    /// The output asked for.
    Output {
        /// The best that the client accepts.
        Auto = "auto",
        /// AVIF.
        Avif = "avif",
        /// WebP; lossless at quality 100.
        Webp = "webp",
        /// JPEG.
        Jpeg = "jpeg",
        /// JPEG without progressive scans.
        BaselineJpeg = "baseline-jpeg",
        /// PNG.
        Png = "png",
        /// GIF.
        Gif = "gif",
        /// What is known about the picture, as JSON.
        Json = "json",
        /// A `BlurHash` string.
        Blurhash = "blurhash",
        /// A `ThumbHash`.
        Thumbhash = "thumbhash",
        /// A tiny picture as a data URL.
        Lqip = "lqip",
        /// SVG, of what is SVG.
        Svg = "svg",
    }
    /// Mirroring.
    Flip {
        /// Left and right change places.
        Horizontal = "h",
        /// Top and bottom change places.
        Vertical = "v",
        /// Both.
        Both = "hv",
    }
    /// How enlarging invents pixels.
    Upscale {
        /// By interpolation.
        Interpolate = "interpolate",
        /// By a generative model.
        Generate = "generate",
    }
    /// What is cut out of the picture.
    Segment {
        /// The subject.
        Foreground = "foreground",
    }
    /// A tone of its own.
    Filter {
        /// Without colours.
        Grayscale = "grayscale",
        /// Brown, as old prints are.
        Sepia = "sepia",
        /// A negative.
        Invert = "invert",
        /// Blue on black.
        Bluechrome = "bluechrome",
        /// Red, of much contrast.
        Cali = "cali",
        /// A little turquoise.
        Diamante = "diamante",
        /// Grey, of much contrast.
        Dramatic = "dramatic",
        /// From sand to purple.
        DuotoneHorizon = "duotone_horizon",
        /// From a dark brown to lilac.
        DuotoneLilac = "duotone_lilac",
        /// From blue to ochre.
        DuotoneOchre = "duotone_ochre",
        /// From turquoise to violet.
        DuotoneViolette = "duotone_violette",
        /// Red and bright, of much contrast.
        Firenze = "firenze",
        /// Royal blue.
        Flagblue = "flagblue",
        /// Golden, of some contrast.
        Golden = "golden",
        /// Aquamarine.
        Islands = "islands",
        /// Blue, and darker.
        Liquid = "liquid",
        /// A negative of red and green.
        Lix = "lix",
        /// Of some contrast and more colour.
        Lofi = "lofi",
        /// Blue with a little green.
        Marine = "marine",
        /// Purple on grey.
        Mauve = "mauve",
        /// A negative of blue.
        Neue = "neue",
        /// Grey, of some contrast.
        Obsidian = "obsidian",
        /// Aquamarine, and lighter.
        Oceanic = "oceanic",
        /// Pink, of some contrast.
        PastelPink = "pastel_pink",
        /// Violet.
        Perfume = "perfume",
        /// Green on grey.
        Radio = "radio",
        /// Rose on grey.
        Rosetint = "rosetint",
        /// A negative of red and blue.
        Ryo = "ryo",
        /// Dark green.
        Seagreen = "seagreen",
        /// A quiet blue.
        Serenity = "serenity",
        /// Grey with a little blue.
        Twenties = "twenties",
        /// Brown, as faded prints are.
        Vintage = "vintage",
    }
    /// What a file without loss may lose all the same.
    Lossless {
        /// Nothing.
        True = "true",
        /// The last bits of samples, where that is not seen.
        Near = "near",
    }
    /// Whether encoding trades size for time.
    Compression {
        /// As quickly as can be.
        Fast = "fast",
    }
    /// What metadata the output keeps.
    Metadata {
        /// Only the copyright notice.
        Copyright = "copyright",
        /// All of it.
        Keep = "keep",
        /// None of it.
        None = "none",
    }
    /// What happens when the transform fails.
    OnError {
        /// The client is sent to the source.
        Redirect = "redirect",
    }
    /// Automatic trimming.
    TrimMode {
        /// Cuts off a border of one colour.
        Border = "border",
    }
    /// Which way a mark is repeated.
    Repeat {
        /// In both directions.
        Both = "true",
        /// From left to right.
        X = "x",
        /// From top to bottom.
        Y = "y",
        /// In both directions, every other one.
        Chessboard = "chessboard",
    }
    /// How a mark's colours meet the picture's.
    Blend {
        /// Over it.
        Over = "over",
        /// Multiplied.
        Multiply = "multiply",
        /// Screened.
        Screen = "screen",
        /// Overlaid.
        Overlay = "overlay",
        /// The darker of the two.
        Darken = "darken",
        /// The lighter of the two.
        Lighten = "lighten",
        /// Darkened or lightened, softly.
        SoftLight = "soft-light",
        /// Only where the picture is, and nothing of the picture.
        In = "in",
        /// Only where the picture is not, and nothing of the picture.
        Out = "out",
        /// Over it, only where it is.
        Atop = "atop",
        /// Each where the other is not.
        Xor = "xor",
        /// The sum.
        Lighter = "lighter",
    }
    /// Where lines of a text lie within the widest of them.
    Align {
        /// At the left.
        Left = "left",
        /// In the middle.
        Center = "center",
        /// At the right.
        Right = "right",
    }
}

impl Filter {
    /// Whether it is one of those that a build may leave out: the first three are matrices like other tones.
    pub fn is_look(self) -> bool {
        !matches!(self, Self::Grayscale | Self::Sepia | Self::Invert)
    }
}

keywords!(@value Fit {
    ScaleDown = "scale-down",
    Contain = "contain",
    Cover = "cover",
    Crop = "crop",
    AspectCrop = "aspect-crop",
    Pad = "pad",
    Squeeze = "squeeze",
    ScaleUp = "scale-up",
});

keywords!(@value Mask {
    Circle = "circle",
    Ellipse = "ellipse",
    Triangle = "triangle",
    Square = "square",
    Pentagon = "pentagon",
    Hexagon = "hexagon",
    Star = "star",
    Heart = "heart",
});
