//! Every option of Cloudflare's URLs and of its Workers-only `draw`, and every one of ours.
//!
//! Values just inside a range are accepted, values just outside refused.

/// One option.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) short: Option<&'static str>,
    /// What it cannot stand without.
    pub(super) beside: &'static str,
    /// Part of the range that a refusal names.
    pub(super) says: &'static str,
    pub(super) accepted: &'static [&'static str],
    /// Those of the accepted that are carried out.
    pub(super) built: &'static [&'static str],
    pub(super) refused: &'static [&'static str],
}

impl Case {
    /// The option with a value, and what it needs.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        if self.beside.is_empty() {
            format!("{name}={value}")
        } else {
            format!("{},{name}={value}", self.beside)
        }
    }
}

/// A row: names, range, accepted (built and not), refused.
const fn case(
    (name, short): (&'static str, Option<&'static str>),
    says: &'static str,
    accepted: &'static [&'static str],
    built: &'static [&'static str],
    refused: &'static [&'static str],
) -> Case {
    let beside = match name.as_bytes() {
        [b'm', b'a', b'r', b'k', b'.', ..] => "mark=a.png",
        [b'm', b'a', b'r', b'k', b'2', b'.', ..] => "mark2=a.png",
        [b't', b'e', b'x', b't', b'.', ..] => "text=a",
        [b't', b'r', b'i', b'm', b'.', b'b', ..] => "trim=border",
        [b'b', b'o', b'r', b'd', b'e', b'r', b'.', b'c', ..] => "border.width=1",
        _ => "",
    };
    Case { name, short, beside, says, accepted, built, refused }
}

const fn plain(name: &'static str) -> (&'static str, Option<&'static str>) {
    (name, None)
}

const fn named(name: &'static str, short: &'static str) -> (&'static str, Option<&'static str>) {
    (name, Some(short))
}

const FITS: &[&str] =
    &["scale-down", "contain", "cover", "crop", "aspect-crop", "pad", "squeeze", "scale-up"];
const NO_FITS: &[&str] = &["none", "fill", "inside", "outside", "Cover", "scale_down", "scaledown", "1"];
const SIDES: &[&str] = &["1", "12000", "0800"];
const AUTO_SIDES: &[&str] = &["1", "12000", "0800", "auto"];
const NO_SIDES: &[&str] =
    &["0", "12001", "-1", "1.5", "1e3", "%2B1", "100px", "50%25", "99999999999999999999", "NaN", "١"];
const LENGTHS: &[&str] = &["0", "1", "12000", "0.0001", "0.9999", ".5", "0.0"];
const NO_LENGTHS: &[&str] = &["12001", "-1", "1.5", "1.0", "-0.5", "50%25", "1px", "1e2", "."];
const ANGLES: &[&str] = &["0", "90", "360", "12.5", "0.0001", "359.9999"];
const NO_ANGLES: &[&str] = &["-1", "360.1", "450", "12deg", "1e2", "a"];
const BLENDS: &[&str] = &[
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
const NO_BLENDS: &[&str] = &["Over", "normal", "source-over", "softlight"];
const FONTS: &[&str] = &["sans", "a;b-2;c_3;sans"];
const NO_FONTS: &[&str] = &["Sans", "a;", "a%2Cb", "a;b;c;d;e", "a.ttf", "a%2Fb"];
const FORMATS: &[&str] = &[
    "auto",
    "avif",
    "webp",
    "jpeg",
    "baseline-jpeg",
    "png",
    "gif",
    "json",
    "blurhash",
    "thumbhash",
    "lqip",
    "svg",
];
const POINTS: &[&str] = &[
    "left",
    "right",
    "top",
    "bottom",
    "center",
    "top-left",
    "top-right",
    "bottom-left",
    "bottom-right",
    "0x0",
    "1x1",
    "0.5x0.33",
    "auto",
    "face",
];
const BUILT_POINTS: &[&str] = &[
    "left",
    "right",
    "top",
    "bottom",
    "center",
    "top-left",
    "top-right",
    "bottom-left",
    "bottom-right",
    "0x0",
    "1x1",
    "0.5x0.33",
];
const BUILT_GRAVITIES: &[&str] = &[
    "left",
    "right",
    "top",
    "bottom",
    "center",
    "top-left",
    "top-right",
    "bottom-left",
    "bottom-right",
    "0x0",
    "1x1",
    "0.5x0.33",
    "auto",
];
const NO_POINTS: &[&str] = &[
    "centre",
    "Left",
    "left-top",
    "0.5",
    "1.1x0",
    "0x1.0001",
    "-0.1x0",
    "0.5X0.5",
    "0.5x",
    "x",
    "entropy",
    "0.5x0.5x0.5",
    "smart",
];
const QUALITIES: &[&str] = &["1", "100", "085", "high", "medium-high", "medium-low", "low"];
const NO_QUALITIES: &[&str] = &["0", "101", "-1", "85.5", "mid", "max", "High", "medium"];
const COLOURS: &[&str] = &[
    "%23F80",
    "%23ff8800",
    "%23ff880080",
    "red",
    "RebeccaPurple",
    "transparent",
    "rgb%28240%2C40%2C145%29",
    "rgb%28240%2040%20145%20%2F%2050%25%29",
    "hsl%28120%2C50%25%2C50%25%29",
];
const NO_COLOURS: &[&str] = &["octarine", "%23ff", "%23gggggg", "rgb%28240%2C40%29", "rgb%28", "%23", "%20"];
const FACTORS: &[&str] = &["0.5", "2", "10", "0.0001", "1", "1.0"];
const NO_FACTORS: &[&str] = &["-1", "10.0001", "11", "1e1", "x", "1.", "%2B1"];
const FILTERS: &[&str] = &[
    "grayscale",
    "sepia",
    "invert",
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
const NAMES: &[&str] = &["a", "hero-2_x", "sepia"];
const NO_NAMES: &[&str] = &[
    "Hero",
    "a b",
    "a.b",
    "%C3%A9",
    "a%2Fb",
    "%00",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];
const NONE: &[&str] = &[];
const MASKS: &[&str] = &["circle", "ellipse", "triangle", "square", "pentagon", "hexagon", "star", "heart"];
const RADII: &[&str] = &["0", "12", "0.5", "max", "1;2;3;4", "0;0.1;0.25;20", "7;7;7;7"];
const NO_RADII: &[&str] = &["-1", "1;2", "1;2;3", "1;2;3;4;5", "1.5", "Max", "max;max;max;max", "50%25"];
const GAMMAS: &[&str] = &["0", "0.5", "1", "2.2", "10"];
const BACKGROUNDS: &[&str] = &["%23F80", "RebeccaPurple", "transparent", "rgb%28240%2C40%2C145%29", "blur"];
const TONES: &[&str] = &["black;white", "%23123;%23fed", "rgb%281%2C2%2C3%29;red"];
const NO_TONES: &[&str] =
    &["black", "black;white;red", ";red", "red;", "%23ff000080;red", "red;transparent", "a;b"];

pub(super) const OPTIONS: &[Case] = &[
    // Cloudflare's URLs.
    case(named("width", "w"), "1 to 12000", AUTO_SIDES, AUTO_SIDES, NO_SIDES),
    case(
        plain("wbreakpoints"),
        "rising widths",
        &["320;768;960;1200", "1", "12000"],
        &["320;768;960;1200", "1", "12000"],
        &["0", "12001", "768;320", "320;320", "320;", ";", "a"],
    ),
    case(plain("wmobile"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("wdesktop"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(named("height", "h"), "1 to 12000", SIDES, SIDES, &["0", "12001", "auto", "-1", "1.5"]),
    case(plain("fit"), "scale-down, contain, cover, crop", FITS, FITS, NO_FITS),
    case(named("gravity", "g"), "XxY", POINTS, BUILT_GRAVITIES, NO_POINTS),
    case(
        named("zoom", "face-zoom"),
        "0 to 1",
        &["0", "0.5", "1", "1.0"],
        &["0"],
        &["-0.1", "1.0001", "2", "x"],
    ),
    case(
        plain("dpr"),
        "1 to 3",
        &["1", "1.5", "2", "3"],
        &["1", "1.5", "2", "3"],
        &["0", "0.9999", "3.0001", "4", "2x", "-1"],
    ),
    case(named("quality", "q"), "1 to 100", QUALITIES, QUALITIES, NO_QUALITIES),
    case(named("slow-connection-quality", "scq"), "1 to 100", QUALITIES, QUALITIES, NO_QUALITIES),
    case(
        named("format", "f"),
        "auto, avif, webp, jpeg",
        FORMATS,
        FORMATS,
        &["jpg", "JPEG", "png-force", "svgz", "jxl", "heic", "image%2Fwebp"],
    ),
    case(plain("anim"), "true or false", &["true", "false"], &["true", "false"], &["1", "0", "yes", "True"]),
    case(plain("compression"), "fast", &["fast"], &["fast"], &["slow", "none", "Fast", "1"]),
    case(
        plain("metadata"),
        "copyright, keep or none",
        &["none", "copyright", "keep"],
        &["none", "copyright", "keep"],
        &["all", "strip", "None"],
    ),
    case(plain("background"), "CSS colour", BACKGROUNDS, BACKGROUNDS, NO_COLOURS),
    case(
        plain("blur"),
        "0 to 250",
        &["0", "0.3", "250"],
        &["0", "0.3", "250"],
        &["-1", "250.0001", "251", "x"],
    ),
    case(
        plain("sharpen"),
        "0 to 10",
        &["0", "1.5", "10"],
        &["0", "1.5", "10"],
        &["-1", "10.0001", "11", "x"],
    ),
    case(plain("brightness"), "0 to 10", FACTORS, FACTORS, NO_FACTORS),
    case(plain("contrast"), "0 to 10", FACTORS, FACTORS, NO_FACTORS),
    case(plain("gamma"), "0 to 10", GAMMAS, GAMMAS, NO_FACTORS),
    case(plain("saturation"), "0 to 10", GAMMAS, GAMMAS, NO_FACTORS),
    case(plain("rotate"), "0 to 360", ANGLES, ANGLES, NO_ANGLES),
    case(
        plain("flip"),
        "h, v or hv",
        &["h", "v", "hv"],
        &["h", "v", "hv"],
        &["vh", "H", "x", "both", "true"],
    ),
    case(
        plain("trim"),
        "top;right;bottom;left",
        &["20;30;20;0", "0;0;0;0", "0.1;0.2;0.3;0.4", "20%3B30%3B20%3B0", "border"],
        &["20;30;20;0", "0;0;0;0", "0.1;0.2;0.3;0.4", "20%3B30%3B20%3B0", "border"],
        &["1;2;3", "1;2;3;4;5", "1;2;3;-4", "1;2;3;1.5", "Border", "auto", "1 2"],
    ),
    case(plain("trim.border.color"), "CSS colour", COLOURS, COLOURS, NO_COLOURS),
    case(plain("trim.border.tolerance"), "0 to 255", &["0", "255"], &["0", "255"], &["-1", "256", "1.5"]),
    case(plain("trim.border.keep"), "0 to 12000", &["0", "12000"], &["0", "12000"], &["-1", "12001", "0.5"]),
    case(plain("trim.top"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("trim.right"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("trim.bottom"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("trim.left"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("trim.width"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("trim.height"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(
        plain("upscale"),
        "interpolate or generate",
        &["interpolate", "generate"],
        &["interpolate"],
        &["ai", "true"],
    ),
    case(plain("segment"), "foreground", &["foreground"], NONE, &["background", "true"]),
    case(plain("onerror"), "redirect", &["redirect"], &["redirect"], &["fallback", "Redirect", "404"]),
    // Cloudflare's, in Workers only: `border` and `draw`.
    case(plain("border.color"), "CSS colour", COLOURS, COLOURS, NO_COLOURS),
    case(plain("border.width"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("border.top"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("border.right"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("border.bottom"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("border.left"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(
        plain("mark"),
        "at most 512 bytes",
        &["a", "a%2Fb.png", "%C3%A9%20x.png"],
        &["a", "a%2Fb.png", "%C3%A9%20x.png"],
        &["a%00b", "%0A", "a%0Ab"],
    ),
    case(plain("mark.width"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("mark.height"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("mark.fit"), "scale-down, contain, cover, crop", FITS, FITS, NO_FITS),
    case(plain("mark.gravity"), "XxY", POINTS, BUILT_POINTS, NO_POINTS),
    case(plain("mark.top"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("mark.right"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("mark.bottom"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("mark.left"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(
        plain("mark.opacity"),
        "0 to 1",
        &["0", "0.6", "1"],
        &["0", "0.6", "1"],
        &["-0.1", "1.0001", "60%25", "2"],
    ),
    case(
        plain("mark.repeat"),
        "true, x, y or chessboard",
        &["true", "x", "y", "chessboard"],
        &["true", "x", "y", "chessboard"],
        &["false", "xy", "X", "1"],
    ),
    case(plain("mark.gap"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("mark.rotate"), "0 to 360", ANGLES, ANGLES, NO_ANGLES),
    // Ours alone.
    case(plain("preset"), "a-z, 0-9", NAMES, NAMES, NO_NAMES),
    case(
        plain("crop"),
        "left;top;width;height",
        &["0;0;10;10", "0.1;0.1;0.5;0.5"],
        &["0;0;10;10", "0.1;0.1;0.5;0.5"],
        &["1;2;3", "1;2;3;4;5", "1;2;3;1.5", "a", "1;2;-3;4"],
    ),
    case(plain("hue"), "0 to 360", ANGLES, ANGLES, NO_ANGLES),
    case(
        plain("filter"),
        "grayscale, sepia, invert, bluechrome",
        FILTERS,
        FILTERS,
        &["greyscale", "Sepia", "octarine", "%00"],
    ),
    case(plain("duotone"), "two opaque CSS colours", TONES, TONES, NO_TONES),
    case(plain("pixelate"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("radius"), "four of them joined by ;, or max", RADII, RADII, NO_RADII),
    case(plain("mask"), "circle, ellipse, triangle", MASKS, MASKS, &["Circle", "round", "star5", "none"]),
    case(
        plain("lossless"),
        "true or near",
        &["true", "near"],
        &["true", "near"],
        &["false", "auto", "1", "True", "60"],
    ),
    case(
        plain("max-bytes"),
        "1 to 33554432",
        &["1", "33554432"],
        &["1", "33554432"],
        &["0", "33554433", "1.5", "10k", "-1"],
    ),
    case(plain("mark.blend"), "over, multiply, screen", BLENDS, BLENDS, NO_BLENDS),
    case(plain("mark.least"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("mark.min-width"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("mark2.opacity"), "0 to 1", &["0", "1"], &["0", "1"], &["1.1"]),
    case(
        plain("text"),
        "at most 512 bytes",
        &["a", "%C2%A9%202026%2C%20us", "a%0Ab"],
        &["a", "%C2%A9%202026%2C%20us", "a%0Ab"],
        &["a%00b", "a%0Db"],
    ),
    case(plain("text.size"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.font"), "names of fonts", FONTS, FONTS, NO_FONTS),
    case(plain("text.color"), "CSS colour", COLOURS, COLOURS, NO_COLOURS),
    case(
        plain("text.align"),
        "left, center or right",
        &["left", "center", "right"],
        &["left", "center", "right"],
        &["start", "Left", "justify"],
    ),
    case(plain("text.outline"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.outline-color"), "CSS colour", COLOURS, COLOURS, NO_COLOURS),
    case(plain("text.shadow"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.shadow-blur"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.shadow-color"), "CSS colour", COLOURS, COLOURS, NO_COLOURS),
    case(plain("text.width"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.gravity"), "XxY", POINTS, BUILT_POINTS, NO_POINTS),
    case(plain("text.opacity"), "0 to 1", &["0", "1"], &["0", "1"], &["1.1"]),
    case(plain("text.repeat"), "true, x, y or chessboard", &["true"], &["true"], &["false"]),
    case(plain("text.gap"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.rotate"), "0 to 360", ANGLES, ANGLES, NO_ANGLES),
    case(plain("text.blend"), "over, multiply, screen", BLENDS, BLENDS, NO_BLENDS),
    case(plain("text.min-width"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("text.least"), "1 to 12000", SIDES, SIDES, NO_SIDES),
    case(plain("text.top"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.right"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.bottom"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
    case(plain("text.left"), "fraction below 1", LENGTHS, LENGTHS, NO_LENGTHS),
];

/// What is understood beside others, and which option is named.
pub(super) const UNBUILT: &[(&str, &str)] = &[
    ("width=800,gravity=face", "gravity"),
    ("width=800,gravity=left,zoom=0.5", "zoom"),
    ("mark=a,mark.gravity=face", "mark.gravity"),
    ("mark=a,text2=b,text2.gravity=auto", "text2.gravity"),
];
