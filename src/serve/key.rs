//! The name of a variant: which bytes an answer is made of. Equal names mean equal bytes.

use sha2::{Digest, Sha256};

use crate::negotiate::Target;
use crate::recipe::Recipe;
use crate::render;

/// The hash of everything that an answer's bytes follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VariantKey(String);

impl VariantKey {
    /// Names the variant made of these parts. `files` are the source and then the marks, each place with its version. Tenants
    /// never share variants, not even equal ones, and neither do times before and after a purge.
    pub(super) fn new(
        tenant: Option<&str>,
        recipe: &Recipe,
        target: Target,
        purged_ms: f64,
        files: &[(&str, &str)],
    ) -> Self {
        let recipe = Recipe { format: None, ..recipe.with_defaults() };
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            // The length keeps neighbours from running into each other.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(env!("CARGO_PKG_VERSION"));
        add(&render::REVISION.to_string());
        add(tenant.unwrap_or_default());
        add(&recipe.print());
        add(target.name());
        add(&purged_ms.to_string());
        for (place, etag) in files {
            add(place);
            add(etag);
        }
        Self(hex(&hash.finalize()))
    }

    /// The name of the same with private metadata, which a policy that came to forbid it must not find.
    pub(super) fn with_private_metadata(&self) -> Self {
        Self(hex(&Sha256::digest(format!("private metadata of {}", self.0))))
    }

    /// The name of the same under settings that are not the usual ones.
    pub(super) fn under(&self, settings: &str) -> Self {
        Self(hex(&Sha256::digest(format!("{} under {settings}", self.0))))
    }

    /// The key in the cache.
    pub(super) fn cache_key(&self) -> String {
        format!("{CACHE_ORIGIN}variant/{}", self.0)
    }

    /// The key in the bucket of the variants, behind its prefix.
    pub(super) fn store_key(&self) -> &str {
        &self.0
    }

    /// A strong entity tag: the name is as particular as the bytes.
    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", self.0.get(..32).unwrap_or(&self.0))
    }
}

/// The Cache API wants URLs; no request can come from this host.
const CACHE_ORIGIN: &str = "https://lenslet.invalid/";

/// Whether what is kept under a key can never go stale, since the key names all that it follows from.
pub fn is_variant(key: &str) -> bool {
    key.strip_prefix(CACHE_ORIGIN).is_some_and(|name| name.starts_with("variant/"))
}

/// Where the version of a picture is remembered, by the name of its places.
pub(super) fn version_cache_key(places: &str) -> String {
    format!("{CACHE_ORIGIN}version/{}", hex(&Sha256::digest(places)))
}

/// Where purges are remembered.
pub(super) const PURGES_CACHE_KEY: &str = "https://lenslet.invalid/purges";

/// Where the keys of an issuer are remembered.
pub(super) fn keys_cache_key(url: &str) -> String {
    format!("{CACHE_ORIGIN}keys/{}", hex(&Sha256::digest(url)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;

    fn key(options: &str, target: Target, etag: &str) -> VariantKey {
        VariantKey::new(None, &Recipe::parse(options).unwrap(), target, 0.0, &[("a.png", etag)])
    }

    #[test]
    fn spelling_does_not_matter() {
        let plain = key("width=300,height=200", Target::Own, "1");
        for same in [
            "h=200,w=300",
            "w=300,h=200,fit=scale-down",
            "w=300,h=200,dpr=1,g=left,rotate=0,blur=0,gamma=0,anim=true",
            "w=300,h=200,onerror=redirect,metadata=copyright",
        ] {
            assert_eq!(key(same, Target::Own, "1"), plain, "{same}");
        }
        let jpeg = Target::Fixed(Format::Jpeg);
        assert_eq!(key("format=jpeg,q=85", jpeg, "1"), key("f=jpeg", jpeg, "1"));
    }

    #[test]
    fn whatever_changes_the_bytes_changes_the_key() {
        let plain = key("width=300", Target::Own, "1");
        assert_ne!(key("width=301", Target::Own, "1"), plain);
        assert_ne!(key("width=300", Target::Own, "2"), plain);
        assert_ne!(key("width=300", Target::Still, "1"), plain);
        assert_ne!(key("width=300", Target::Fixed(Format::Webp), "1"), plain);
        // A PNG has fewer colours where a quality was given, and a name is looked for anew in every picture.
        assert_ne!(key("width=300,quality=85", Target::Own, "1"), plain);
        let jpeg = |options| key(options, Target::Fixed(Format::Jpeg), "1");
        assert_ne!(jpeg("format=jpeg,quality=high"), jpeg("format=jpeg,quality=85"));
        let kept = key("width=300,metadata=keep", Target::Own, "1");
        assert_ne!(kept, plain);
        assert_ne!(key("width=300,metadata=none", Target::Own, "1"), plain);
        assert_ne!(key("width=300,anim=false", Target::Own, "1"), plain);
        // What comes instead of an AVIF does not move, what auto chooses does.
        let [avif, auto] = ["format=avif", "format=auto"].map(|format| key(format, Target::AvifOrWebp, "1"));
        assert_ne!(avif, auto);
        assert_ne!(kept.with_private_metadata(), kept);
        assert_ne!(kept.under("a"), kept);
        assert_ne!(kept.under("a"), kept.under("b"));
    }

    #[test]
    fn tenants_have_variants_of_their_own() {
        let recipe = Recipe::parse("width=300").unwrap();
        let of = |tenant| VariantKey::new(tenant, &recipe, Target::Own, 0.0, &[]);
        assert_ne!(of(Some("a")), of(Some("b")));
        assert_ne!(of(Some("a")), of(None));
        assert_ne!(VariantKey::new(None, &recipe, Target::Own, 1.0, &[]), of(None));
    }
}
