//! What a token says: the registered claims (RFC 7519, section 4.1), and Lenslet's own under `lenslet`.

use std::fmt::Formatter;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::limits::Limits;
use super::policy::is_below;
use super::present;

/// The claims of a token whose signature is valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// `iss`: who gave it out.
    pub issuer: Option<String>,
    /// `sub`: to whom.
    pub subject: Option<String>,
    /// `aud`: for whom it is.
    pub audience: Vec<String>,
    /// `exp`: when it stops being valid, in seconds since 1970.
    pub expires: Option<u64>,
    /// `nbf`: when it begins to be.
    pub not_before: Option<u64>,
    /// `jti`: its own name.
    pub id: Option<String>,
    /// `scope`: what its bearer may do at the origin (RFC 8693, section 4.2); the edge does not look at it.
    pub scopes: Vec<String>,
    /// `lenslet.paths`: beginnings of the keys it is good for; all keys where it does not say.
    pub paths: Option<Vec<String>>,
    /// `lenslet.tenant`: whose pictures it is good for.
    pub tenant: Option<String>,
    /// `lenslet.mark`: a preset that is forced upon every picture.
    pub mark: Option<String>,
    /// `lenslet.rate`: the class of its rate limit.
    pub rate: Option<String>,
    /// `lenslet.presets`, `max_width`, `max_height` and `formats`.
    pub limits: Limits,
}

/// A `null` is refused: where an expiry or a limit was meant, it must not become none.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Written {
    #[serde(deserialize_with = "present")]
    iss: Option<String>,
    #[serde(deserialize_with = "present")]
    sub: Option<String>,
    #[serde(deserialize_with = "present")]
    aud: Option<Audience>,
    #[serde(deserialize_with = "present")]
    exp: Option<Date>,
    #[serde(deserialize_with = "present")]
    nbf: Option<Date>,
    #[serde(deserialize_with = "present")]
    jti: Option<String>,
    /// Of whatever shape: at the edge another's meaning of it must not make a token worse.
    scope: Option<Value>,
    #[serde(deserialize_with = "object")]
    lenslet: Option<WrittenLimits>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Seconds since 1970, which may have a fraction.
#[derive(Deserialize)]
#[serde(untagged)]
enum Date {
    Whole(u64),
    Fraction(f64),
}

/// A limit that we do not know must not be passed over, so nothing unknown may stand here.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct WrittenLimits {
    #[serde(deserialize_with = "present")]
    paths: Option<Vec<String>>,
    #[serde(deserialize_with = "present")]
    tenant: Option<String>,
    #[serde(deserialize_with = "present")]
    presets: Option<Vec<String>>,
    #[serde(deserialize_with = "present")]
    max_width: Option<u32>,
    #[serde(deserialize_with = "present")]
    max_height: Option<u32>,
    #[serde(deserialize_with = "present")]
    formats: Option<Vec<String>>,
    #[serde(deserialize_with = "present")]
    mark: Option<String>,
    #[serde(deserialize_with = "present")]
    rate: Option<String>,
}

/// Limits by their names: what is derived would take an array of them in their order, too.
fn object<'de, D: Deserializer<'de>>(member: D) -> Result<Option<WrittenLimits>, D::Error> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = WrittenLimits;

        fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
            WrittenLimits::deserialize(MapAccessDeserializer::new(members))
        }
    }
    member.deserialize_map(Members).map(Some)
}

impl Claims {
    /// Whether a key, or the URL of another host's picture, is among those that the token is good for.
    pub fn covers(&self, name: &str) -> bool {
        let paths = self.paths.as_ref();
        paths.is_none_or(|paths| paths.iter().any(|path| is_below(name, path.trim_matches('/'))))
    }

    /// Whether it limits what pictures may look like: then the source itself is not one of them.
    pub fn is_for_transforms(&self) -> bool {
        self.mark.is_some() || self.limits != Limits::default()
    }

    /// Reads claims as JSON; nothing where they are not what they should be.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        // Not a struct's other form, an array of its fields.
        if json.first() != Some(&b'{') {
            return None;
        }
        let written: Written = serde_json::from_slice(json).ok()?;
        let WrittenLimits { paths, tenant, presets, max_width, max_height, formats, mark, rate } =
            written.lenslet.unwrap_or_default();
        if tenant.as_deref() == Some("") || max_width == Some(0) || max_height == Some(0) {
            return None;
        }
        let expires = written.exp.as_ref().map(|date| seconds(date, f64::floor));
        let not_before = written.nbf.as_ref().map(|date| seconds(date, f64::ceil));
        if expires == Some(None) || not_before == Some(None) {
            return None;
        }
        let (expires, not_before) = (expires.flatten(), not_before.flatten());
        let audience = match written.aud {
            None => Vec::new(),
            Some(Audience::One(one)) => vec![one],
            Some(Audience::Many(many)) => many,
        };
        Some(Self {
            issuer: written.iss,
            subject: written.sub,
            audience,
            expires,
            not_before,
            id: written.jti,
            scopes: written.scope.as_ref().and_then(Value::as_str).map_or_else(Vec::new, words),
            paths,
            tenant,
            mark,
            rate,
            limits: Limits { presets, formats, max_width, max_height, ..Limits::default() },
        })
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// Whole seconds; nothing where a date is none.
fn seconds(date: &Date, whole: fn(f64) -> f64) -> Option<u64> {
    /// Beyond it not every second is a double.
    const LATEST: f64 = 9_007_199_254_740_992.0;
    match *date {
        Date::Whole(seconds) => Some(seconds),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "its range was looked at"
        )]
        Date::Fraction(seconds) => (0.0..LATEST).contains(&seconds).then(|| whole(seconds) as u64),
    }
}
