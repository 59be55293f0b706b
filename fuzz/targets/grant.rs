//! Keys, tokens, signed URLs, credentials and policies are read or refused, and nothing is accepted that was not signed.
#![no_main]

use std::sync::LazyLock;

use lenslet::grant::{
    Access, Algorithm, Client, Context, Credentials, Defaults, KeySet, Policies, SigningKey, issuer_of,
    new_jwk, normalise, public_jwk, sign_token, sign_url, verify_payload, verify_token, verify_url,
};
use lenslet::recipe::{Presets, Source};
use serde_json::{Value, json};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    keys(bytes);
    policies(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        token(text);
        url(text);
        request(text);
        signing(text);
    }
    if let Some(text) = changed(bytes) {
        token(&text);
        url(&text);
    }
});

const NOW: u64 = 1_700_000_000;

/// Keys that nobody else has, and all that they ever signed.
struct World {
    keys: KeySet,
    url_key: SigningKey,
    tokens: Vec<String>,
    urls: Vec<String>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let random: [u8; 32] = std::array::from_fn(|at| (at * at * 7 + at * 13 + 101).to_le_bytes()[0] ^ 0x5A);
    let jwks = Algorithm::ALL.map(|algorithm| new_jwk(algorithm, &random, Some(algorithm.name())).unwrap());
    let public = jwks.each_ref().map(|jwk| public_jwk(jwk).unwrap_or_else(|| jwk.clone()));
    let signers = jwks.map(|jwk| SigningKey::parse(jwk.to_string().as_bytes()).unwrap());
    let claims =
        json!({ "exp": NOW + 60, "aud": ["a"], "lenslet": { "paths": ["shop/"], "max_width": 800 } });
    let tokens = signers.iter().map(|key| sign_token(key, &claims)).collect();
    let [url_key, ..] = signers;
    let sign = |path, any| sign_url(&url_key, path, Some(NOW + 60), any).unwrap();
    let set = sign("/image/width=*/a.png", Some("width.320.640"));
    let members = ["320", "640"].map(|width| set.replace("width=*", &format!("width={width}")));
    let urls = [sign("/image/width=800,format=auto/a.png?v=2", None), sign("/a.png", None)];
    let urls = urls.into_iter().chain(members).collect();
    let keys = KeySet::parse(json!({ "keys": public }).to_string().as_bytes()).unwrap();
    World { keys, url_key, tokens, urls }
});

/// One of what was signed with a piece of it replaced.
fn changed(bytes: &[u8]) -> Option<String> {
    let ([which, at, length], piece) = bytes.split_first_chunk()?;
    let piece = std::str::from_utf8(piece).ok()?;
    let all = || WORLD.tokens.iter().chain(&WORLD.urls);
    let mut text = all().nth(usize::from(*which) % all().count())?.clone();
    let at = usize::from(*at) * text.len() / 256;
    let end = (at + usize::from(*length)).min(text.len());
    text.replace_range(at..end, piece);
    Some(text)
}

fn keys(json: &[u8]) {
    const MESSAGE: &[u8] = b"anything";
    for set in [KeySet::parse(json), KeySet::parse_foreign(json)].into_iter().flatten() {
        let usable = set.check_for_use().is_ok();
        for kid in set.kids().map(Some).chain([None, Some("unknown")]) {
            for algorithm in Algorithm::ALL {
                let signature = if algorithm == Algorithm::Hs256 { &[0; 32][..] } else { &[0; 64] };
                let signer = set.signer(algorithm, kid, MESSAGE, signature);
                assert!(!usable || signer.is_none(), "{algorithm:?} {kid:?}");
            }
        }
    }
    if let (Ok(key), Ok(set)) = (SigningKey::parse(json), KeySet::parse(json)) {
        let signature = key.sign(MESSAGE);
        assert!(set.signer(key.algorithm(), Some(key.kid()), MESSAGE, &signature).is_some());
    }
}

fn token(text: &str) {
    let _ = issuer_of(text);
    let is_valid = verify_payload(&WORLD.keys, text).is_ok();
    assert_eq!(is_valid, WORLD.tokens.iter().any(|token| token == text), "{text}");
    assert_eq!(verify_token(&WORLD.keys, text, NOW).is_ok(), is_valid, "{text}");
}

fn url(text: &str) {
    let Some((path, query)) = text.split_once('?') else { return };
    let is_valid = verify_url(&WORLD.keys, path, query, NOW).is_ok();
    assert_eq!(is_valid, WORLD.urls.iter().any(|url| url == text), "{text}");
}

/// A query, `Authorization` and `Cookie`, a line each.
fn request(text: &str) {
    let mut lines = text.splitn(3, '\n').map(Some);
    let [query, authorization, cookie] = [(); 3].map(|()| lines.next().flatten());
    let Ok((found, rest)) = Credentials::in_query(query) else { return };
    assert!(rest.is_none_or(|rest| query.is_some_and(|query| query.starts_with(rest))), "{text}");
    let either = found.or_in_headers(authorization, cookie, "lenslet");
    assert!(found == Credentials::None || either == Ok(found), "{text}");
}

/// Whatever is signed is valid as it comes out, and has one spelling.
fn signing(text: &str) {
    let once = normalise(text);
    assert_eq!(normalise(&once), once, "{text}");
    let any = text.split(['?', '\n']).next_back();
    for any in [None, any] {
        let Ok(signed) = sign_url(&WORLD.url_key, text, Some(NOW + 1), any) else { continue };
        let (path, query) = signed.split_once('?').unwrap();
        let found = Credentials::in_query(Some(query));
        let kid = WORLD.url_key.kid();
        assert!(matches!(found, Ok((Credentials::Signature { kid: found }, _)) if found == kid), "{signed}");
        assert_eq!(verify_url(&WORLD.keys, path, query, NOW).is_ok(), any.is_none(), "{signed}");
    }
}

fn policies(json: &[u8]) {
    let Ok(table) = serde_json::from_slice::<Vec<Value>>(json) else { return };
    let presets = Presets::parse([("thumb", "width=200")]).unwrap();
    let defaults = Defaults { access: Access::SIGNED, originals: Access::Private, max_age_seconds: 60 };
    let context = Context { presets: &presets, rates: &["slow"], has_issuers: true };
    let Ok(policies) = Policies::parse(&table, defaults, context) else { return };
    let paths =
        table.iter().filter_map(|row| row["path"].as_str()).chain(["a.png", "https://o.example/a.png"]);
    for source in paths.filter_map(|path| Source::parse(path, None).ok()) {
        let hosts = table.iter().filter_map(|row| row["host"].as_str()).chain(["", "a.example"]);
        for host in hosts {
            let policy = policies.find(host, &source);
            let _ = (policy.allows_source(&source), policy.admits(&Client::default()));
        }
    }
}
