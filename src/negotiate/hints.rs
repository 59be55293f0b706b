//! What a client tells of its screen and its connection: client hints, their older names, and the User-Agent where it
//! tells neither.
//!
//! Read strictly: what cannot be read, or what no client would mean, is passed over as if it had not been sent.

use http::HeaderName;

use crate::recipe::{Decimal, Value, Whole, Within};

/// How wide the picture is on its page, how wide the page is, and the pixels of the screen to one of theirs; each newer
/// name before its older one.
static CH_WIDTH: HeaderName = HeaderName::from_static("sec-ch-width");
static OLD_WIDTH: HeaderName = HeaderName::from_static("width");
static CH_VIEWPORT_WIDTH: HeaderName = HeaderName::from_static("sec-ch-viewport-width");
static OLD_VIEWPORT_WIDTH: HeaderName = HeaderName::from_static("viewport-width");
static CH_DPR: HeaderName = HeaderName::from_static("sec-ch-dpr");
static OLD_DPR: HeaderName = HeaderName::from_static("dpr");

/// Whether it is a phone.
static CH_MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");
static USER_AGENT: HeaderName = http::header::USER_AGENT;

/// How slow the connection is.
static SAVE_DATA: HeaderName = HeaderName::from_static("save-data");
static ECT: HeaderName = HeaderName::from_static("ect");
static RTT: HeaderName = HeaderName::from_static("rtt");
static DOWNLINK: HeaderName = HeaderName::from_static("downlink");

/// Hints that tell the same thing.
struct Kind {
    headers: &'static [&'static HeaderName],
    /// Their names, as `Vary` has them.
    names: &'static str,
    /// Those that clients send only where `Accept-CH` asks for them.
    on_demand: Option<&'static str>,
}

static WIDTH: Kind = Kind {
    headers: &[&CH_WIDTH, &OLD_WIDTH, &CH_VIEWPORT_WIDTH, &OLD_VIEWPORT_WIDTH, &CH_DPR, &OLD_DPR],
    names: "Sec-CH-Width, Width, Sec-CH-Viewport-Width, Viewport-Width, Sec-CH-DPR, DPR",
    on_demand: Some("Sec-CH-Width, Sec-CH-Viewport-Width, Sec-CH-DPR"),
};
static DEVICE: Kind =
    Kind { headers: &[&CH_MOBILE, &USER_AGENT], names: "Sec-CH-UA-Mobile, User-Agent", on_demand: None };
static CONNECTION: Kind = Kind {
    headers: &[&SAVE_DATA, &ECT, &RTT, &DOWNLINK],
    names: "Save-Data, ECT, RTT, Downlink",
    on_demand: Some("ECT, RTT, Downlink"),
};

/// Wider than any screen.
type Pixels = Whole<1, 65_535>;

/// A ratio that some screen has, with its page zoomed out or in.
type Ratio = Within<1_000, 100_000>;

/// A ratio beyond this is as good as this one: nobody sees the difference, and everybody would pay for it.
const LARGEST_RATIO: Decimal = Decimal::from_units(30_000);

/// Connections are slow above this round-trip time, and below this many Mbit/s. Cloudflare's figures.
const SLOW_RTT_MS: u32 = 150;
const SLOW_DOWNLINK: Decimal = Decimal::from_units(50_000);

/// What a client tells, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// How wide the picture is on the page, in device pixels.
    width: Option<u32>,
    /// How wide the page is, in CSS pixels.
    viewport_width: Option<u32>,
    /// Device pixels to a CSS pixel.
    dpr: Option<Decimal>,
    /// Whether it is a phone.
    pub(super) is_mobile: bool,
    /// Whether its connection is slow, or it wants to save data.
    pub(super) is_slow: bool,
}

impl Hints {
    /// Reads the headers of a request.
    pub fn read<'a>(header: impl Fn(&HeaderName) -> Option<&'a str>) -> Self {
        let pixels = |name| Some(Pixels::parse(header(name)?)?.0);
        let ratio = |name| Some(Ratio::parse(header(name)?)?.0);
        Self {
            width: pixels(&CH_WIDTH).or_else(|| pixels(&OLD_WIDTH)),
            viewport_width: pixels(&CH_VIEWPORT_WIDTH).or_else(|| pixels(&OLD_VIEWPORT_WIDTH)),
            dpr: ratio(&CH_DPR).or_else(|| ratio(&OLD_DPR)),
            is_mobile: is_mobile(&header),
            is_slow: is_slow(&header),
        }
    }

    /// How wide the picture should be, in device pixels.
    pub(super) fn device_width(&self) -> Option<u32> {
        let ratio = self.dpr.unwrap_or(Decimal::ONE).min(LARGEST_RATIO);
        self.width.or_else(|| Some(ratio.of(self.viewport_width?)))
    }

    /// The same in CSS pixels.
    pub(super) fn css_width(&self) -> Option<u32> {
        let width = self.width.map(|width| self.dpr.unwrap_or(Decimal::ONE).divide(width));
        width.or(self.viewport_width)
    }
}

/// Whether it is a phone; what says nothing of itself is none.
fn is_mobile<'a>(header: impl Fn(&HeaderName) -> Option<&'a str>) -> bool {
    match header(&CH_MOBILE) {
        Some("?1") => true,
        Some("?0") => false,
        _ => header(&USER_AGENT).is_some_and(|agent| agent.contains("Mobi")),
    }
}

/// Whether any of the headers says so.
fn is_slow<'a>(header: impl Fn(&HeaderName) -> Option<&'a str>) -> bool {
    let is = |name, words: &[&str]| {
        header(name).is_some_and(|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    let rtt = header(&RTT).and_then(Whole::<0, 60_000>::parse);
    let downlink = header(&DOWNLINK).and_then(Decimal::parse);
    is(&SAVE_DATA, &["on"])
        || is(&ECT, &["slow-2g", "2g", "3g"])
        || rtt.is_some_and(|rtt| rtt.0 > SLOW_RTT_MS)
        || downlink.is_some_and(|downlink| downlink < SLOW_DOWNLINK)
}

/// Which hints might have made another answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dependence {
    /// Those that tell how wide a picture should be.
    pub width: bool,
    /// Those that tell a phone from other clients.
    pub device: bool,
    /// Those that tell how slow the connection is.
    pub connection: bool,
}

impl Dependence {
    /// What either depends on.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            width: self.width || other.width,
            device: self.device || other.device,
            connection: self.connection || other.connection,
        }
    }

    /// The headers.
    pub fn headers(self) -> impl Iterator<Item = &'static HeaderName> {
        self.kinds().into_iter().flatten().flat_map(|kind| kind.headers.iter().copied())
    }

    /// Their names, for `Vary`: always in the same order.
    pub fn names(self) -> [Option<&'static str>; 3] {
        self.kinds().map(|kind| Some(kind?.names))
    }

    /// The names of those that have to be asked for, for `Accept-CH`.
    pub fn on_demand(self) -> [Option<&'static str>; 3] {
        self.kinds().map(|kind| kind?.on_demand)
    }

    fn kinds(self) -> [Option<&'static Kind>; 3] {
        [self.width.then_some(&WIDTH), self.device.then_some(&DEVICE), self.connection.then_some(&CONNECTION)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sent = &'static [(&'static str, &'static str)];

    fn read(headers: &[(&str, &'static str)]) -> Hints {
        Hints::read(|asked| headers.iter().find(|(name, _)| asked == name).map(|(_, value)| *value))
    }

    #[test]
    fn the_width_of_the_picture_counts_before_that_of_the_page() {
        let cases: [(Sent, Option<u32>, Option<u32>); 12] = [
            (&[], None, None),
            (&[("Sec-CH-DPR", "2")], None, None),
            (&[("Sec-CH-Width", "800")], Some(800), Some(800)),
            (&[("Width", "800"), ("DPR", "2")], Some(800), Some(400)),
            (&[("Sec-CH-Width", "800"), ("Width", "100")], Some(800), Some(800)),
            (&[("Sec-CH-Width", "wide"), ("Width", "100")], Some(100), Some(100)),
            (&[("Sec-CH-Width", "1082"), ("Sec-CH-DPR", "2.625")], Some(1_082), Some(412)),
            (&[("Sec-CH-Viewport-Width", "390"), ("Sec-CH-DPR", "3")], Some(1_170), Some(390)),
            (&[("Viewport-Width", "390"), ("DPR", "9")], Some(1_170), Some(390)),
            (&[("Viewport-Width", "390"), ("DPR", "0.5")], Some(195), Some(390)),
            (&[("Viewport-Width", "390"), ("DPR", "0")], Some(390), Some(390)),
            (&[("Sec-CH-Width", "500"), ("Viewport-Width", "390")], Some(500), Some(500)),
        ];
        for (headers, device, css) in cases {
            let hints = read(headers);
            assert_eq!((hints.device_width(), hints.css_width()), (device, css), "{headers:?}");
        }
    }

    #[test]
    fn what_no_client_would_mean_is_passed_over() {
        for value in
            ["", "0", "-1", "+1", "65536", "99999999999999999999", "1.5", "1e3", "NaN", "320, 640", "?1"]
        {
            let hints = read(&[("Sec-CH-Width", value), ("Viewport-Width", value)]);
            assert_eq!((hints.device_width(), hints.css_width()), (None, None), "{value}");
        }
        for value in ["", "0", "0.09", "10.1", "-2", "2x", "1,2"] {
            assert_eq!(read(&[("Sec-CH-DPR", value)]).dpr, None, "{value}");
        }
    }

    #[test]
    fn phones_say_so_or_look_like_it() {
        const PHONE: &str =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148";
        const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0.0.0 Safari/537.36";
        let cases: [(Sent, bool); 7] = [
            (&[], false),
            (&[("Sec-CH-UA-Mobile", "?1"), ("User-Agent", DESKTOP)], true),
            (&[("Sec-CH-UA-Mobile", "?0"), ("User-Agent", PHONE)], false),
            (&[("Sec-CH-UA-Mobile", "1"), ("User-Agent", PHONE)], true),
            (&[("User-Agent", PHONE)], true),
            (&[("User-Agent", DESKTOP)], false),
            (&[("User-Agent", "curl/8.5.0")], false),
        ];
        for (headers, expected) in cases {
            assert_eq!(read(headers).is_mobile, expected, "{headers:?}");
        }
    }

    #[test]
    fn each_sign_of_a_slow_connection_is_enough() {
        let slow = [
            ("Save-Data", "on"),
            ("Save-Data", "On"),
            ("ECT", "slow-2g"),
            ("ECT", "2g"),
            ("ECT", "3g"),
            ("RTT", "151"),
            ("Downlink", "4.99"),
            ("Downlink", "0.4"),
        ];
        for sign in slow {
            assert!(read(&[sign, ("ECT", "4g"), ("RTT", "50"), ("Downlink", "10")]).is_slow, "{sign:?}");
        }
        let fast = [
            ("Save-Data", "off"),
            ("Save-Data", "?1"),
            ("ECT", "4g"),
            ("ECT", "5"),
            ("RTT", "150"),
            ("RTT", "0"),
            ("RTT", "1e9"),
            ("RTT", "200, 300"),
            ("Downlink", "5"),
            ("Downlink", "+Infinity"),
            ("Downlink", "-1"),
        ];
        for sign in fast {
            assert!(!read(&[sign]).is_slow, "{sign:?}");
        }
    }

    #[test]
    fn every_header_that_is_read_is_listed_and_named() {
        let asked = std::cell::RefCell::new(Vec::new());
        let _ = Hints::read(|name| {
            asked.borrow_mut().push(name.clone());
            None
        });
        let all = Dependence { width: true, device: true, connection: true };
        let sorted = |mut names: Vec<HeaderName>| {
            names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
            names
        };
        let named = |lists: [Option<&'static str>; 3]| {
            let names = lists.into_iter().flatten().flat_map(|list| list.split(", "));
            names.map(|name| HeaderName::from_bytes(name.as_bytes()).unwrap()).collect::<Vec<_>>()
        };
        let listed: Vec<_> = all.headers().cloned().collect();
        assert_eq!(named(all.names()), listed);
        assert!(named(all.on_demand()).iter().all(|name| listed.contains(name)));
        assert_eq!(sorted(asked.into_inner()), sorted(listed));
    }
}
