//! Which of a request's headers are hints that may matter to it, before anything of it is looked at in earnest.
//!
//! For the shell: there every look at a header takes a call out of the module, and most requests need none of these.

use http::HeaderName;

use super::Config;
use crate::negotiate::Dependence;
use crate::recipe::{Recipe, TransformUrl};

/// The headers that an answer to this path may depend on: those that its options speak of, and those of every preset that
/// might be added to them.
pub fn hint_headers(config: &Config, path: &str) -> impl Iterator<Item = &'static HeaderName> {
    depends(config, path).headers()
}

fn depends(config: &Config, path: &str) -> Dependence {
    let Ok((options, _)) = TransformUrl::split(path) else { return Dependence::default() };
    let typed = Recipe::glance(options).fold(Dependence::default(), |depends, (name, value)| {
        depends.or(match (name, value.as_ref()) {
            ("width", "auto") => Dependence { width: true, device: true, connection: false },
            ("slow-connection-quality", _) => Dependence { connection: true, ..Dependence::default() },
            ("preset", name) => of(config.presets.named([name])),
            _ => Dependence::default(),
        })
    });
    // What a token forces upon a picture is only known when it was checked.
    let forced = if config.takes_tokens() {
        of(config.presets.recipes())
    } else {
        of(config.presets.named(config.policies.forced_presets()))
    };
    typed.or(forced)
}

/// What any of these may depend on.
fn of<'a>(presets: impl Iterator<Item = &'a Recipe>) -> Dependence {
    presets.map(Dependence::possible).fold(Dependence::default(), Dependence::or)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(settings: &[(&str, &str)], path: &str) -> usize {
        let find = |asked: &str| settings.iter().find(|(name, _)| *name == asked);
        let config = Config::read(|asked| find(asked).map(|(_, value)| (*value).to_owned())).unwrap();
        hint_headers(&config, path).count()
    }

    const PRESETS: (&str, &str) =
        ("PRESETS", r#"{"fluid":"width=auto","thumb":"width=9","thrift":"scq=40"}"#);
    const FORCED: (&str, &str) = ("POLICIES", r#"[{"path":"a","preset":"thrift"}]"#);
    const ISSUER: (&str, &str) =
        ("ISSUERS", r#"[{"issuer":"i","audience":"a","jwks_url":"https://i.example/"}]"#);

    #[test]
    fn only_requests_that_may_need_hints_have_some() {
        for (path, expected) in [
            ("/", 0),
            ("/photo.jpg", 0),
            ("/width=auto/photo.jpg", 0),
            ("/image/width=800,format=auto,gravity=auto/width=auto.jpg", 0),
            ("/image/preset=thumb/a.jpg", 0),
            ("/image/preset=none/a.jpg", 0),
            ("/image/%FF=,width,,=auto,width=%FF/a.jpg", 0),
            ("/image/width=auto/a.jpg", 8),
            ("/cdn-cgi/image/f=auto,w=auto/a.jpg", 8),
            ("/image/w=%61uto/a.jpg", 8),
            ("/image/slow-connection-quality=40/a.jpg", 4),
            ("/image/w=9,scq=low/a.jpg", 4),
            ("/image/w=auto,scq=low/a.jpg", 12),
            ("/image/preset=fluid/a.jpg", 8),
            ("/image/preset=thrift,w=9/a.jpg", 4),
        ] {
            assert_eq!(count(&[PRESETS], path), expected, "{path}");
        }
    }

    #[test]
    fn what_may_be_forced_upon_a_request_counts() {
        assert_eq!(count(&[PRESETS, FORCED], "/image/w=9/b.jpg"), 4);
        assert_eq!(count(&[PRESETS, ISSUER], "/image/w=9/b.jpg"), 12);
        assert_eq!(count(&[ISSUER], "/image/w=9/b.jpg"), 0);
        assert_eq!(count(&[PRESETS, FORCED], "/b.jpg"), 0);
    }
}
