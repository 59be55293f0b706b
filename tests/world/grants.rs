//! Who is let in, what they get, what they are told when they are not, and what the log hears of it.

use http::Method;
use lenslet::format::Format;
use lenslet::grant::{Algorithm, SigningKey, new_jwk, public_jwk, sign_token, sign_url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::lens::pixels;
use crate::support::pictures::{png, sketch};
use crate::support::world::{NOW_SECONDS, Seen, World};

const NOW: u64 = NOW_SECONDS as u64;
const ISSUER: &str = "https://id.example";
const JWKS: &str = "https://id.example/jwks.json";

/// A private key, always the same of this name.
fn key(algorithm: Algorithm, kid: &str) -> Value {
    new_jwk(algorithm, &Sha256::digest(kid).into(), Some(kid)).unwrap()
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn public(keys: &[Value]) -> String {
    set(&keys.iter().map(|key| public_jwk(key).unwrap()).collect::<Vec<_>>())
}

fn signer(key: &Value) -> SigningKey {
    SigningKey::parse(key.to_string().as_bytes()).unwrap()
}

fn signed(url: &str, seconds: Option<u64>) -> String {
    sign_url(&signer(&key(Algorithm::Hs256, "url")), url, seconds.map(|seconds| NOW + seconds), None).unwrap()
}

/// A token with these claims added to those that it needs.
fn token_by(key: &Value, claims: &Value) -> String {
    let mut all = json!({ "iss": ISSUER, "aud": "pictures", "exp": NOW + 600 });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    sign_token(&signer(key), &all)
}

fn token(claims: &Value) -> String {
    token_by(&key(Algorithm::EdDsa, "one"), claims)
}

fn world(policies: &Value, more: &[(&str, &str)]) -> World {
    let url_keys = set(&[key(Algorithm::Hs256, "url"), key(Algorithm::Hs256, "old")]);
    let (policies, token_keys) = (policies.to_string(), public(&[key(Algorithm::EdDsa, "one")]));
    let issuers = json!([{ "issuer": ISSUER, "audience": "pictures" }]).to_string();
    let mut settings = vec![
        ("POLICIES", policies.as_str()),
        ("URL_KEYS", url_keys.as_str()),
        ("ISSUERS", issuers.as_str()),
        ("TOKEN_KEYS", token_keys.as_str()),
    ];
    settings.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    settings.extend(more);
    let presets = [
        ("thumb", "width=8,height=8,fit=cover,format=png"),
        ("stamped", "mark=mark.png,mark.width=4,mark.gravity=top-left"),
    ];
    let red = |size| png(&sketch(size, size));
    World::new(&settings, &presets)
        .with("a.png", "one", &png(&sketch(48, 32)))
        .with("mark.png", "mark", &red(4))
        .with("acme/a.png", "one", &png(&sketch(48, 32)))
        .with("acme/b.png", "two", &png(&sketch(32, 48)))
        .with("zeta/a.png", "three", &png(&sketch(24, 24)))
        .with("open/a.png", "four", &png(&sketch(16, 16)))
}

fn bearing(world: &World, url: &str, token: &str) -> Seen {
    world.ask(Method::GET, url, &[("authorization", &format!("Bearer {token}"))])
}

#[track_caller]
fn refused(seen: &Seen, status: u16, kind: &str) {
    assert_eq!(seen.status, status, "{}", String::from_utf8_lossy(&seen.body));
    assert_eq!(seen.problem()["type"], format!("urn:lenslet:problem:{kind}"));
    assert_eq!(seen.header("cache-control"), "no-store");
    assert_eq!(seen.header("www-authenticate").is_empty(), status != 401, "{seen:?}");
}

#[track_caller]
fn given(seen: &Seen, width: u32) {
    assert_eq!(seen.status, 200, "{}", String::from_utf8_lossy(&seen.body));
    assert_eq!(pixels(&seen.body).size().width, width);
}

const URL: &str = "/image/width=24,format=png/a.png";

#[test]
fn urls_must_be_signed_unless_somebody_said_otherwise() {
    let world = world(&json!([]), &[]);
    refused(&world.get(URL), 401, "no-grant");
    let url = signed(URL, Some(60));
    given(&world.get(&url), 24);
    refused(&world.get(&url.replace("width=24", "width=25")), 403, "grant-refused");
    refused(&world.get(&url.replace("kid=url", "kid=none")), 403, "grant-refused");
    refused(&world.get(&format!("{URL}?sig=x")), 403, "grant-refused");
    refused(&bearing(&world, URL, &token(&json!({}))), 401, "no-grant");
    world.wait_seconds(60);
    refused(&world.get(&url), 403, "grant-expired");
}

#[test]
fn unknown_and_wrong_get_the_same_answer() {
    let world = world(&json!([{ "access": "signed,token" }]), &[]);
    let url = signed(URL, None);
    let wrong = world.get(&url.replace("width=24", "width=25"));
    let unknown = world.get(&url.replace("kid=url", "kid=none"));
    assert_eq!(wrong, unknown);
    let (stranger, impostor) = (key(Algorithm::EdDsa, "two"), key(Algorithm::EdDsa, "three"));
    let impostor =
        json!({ "kid": "one", "kty": "OKP", "crv": "Ed25519", "x": impostor["x"], "d": impostor["d"] });
    let wrong = bearing(&world, URL, &token_by(&impostor, &json!({})));
    let unknown = bearing(&world, URL, &token_by(&stranger, &json!({})));
    refused(&wrong, 401, "grant-refused");
    assert_eq!(wrong, unknown);
    let revoked_or_foreign = bearing(&world, URL, &token(&json!({ "aud": "others" })));
    assert_eq!(wrong, revoked_or_foreign);
}

#[test]
fn where_no_keys_are_set_nobody_gets_in_and_the_owner_is_told_how() {
    let world = world(&json!([]), &[("URL_KEYS", "")]);
    let seen = world.get(URL);
    refused(&seen, 403, "private");
    assert!(seen.problem()["detail"].as_str().unwrap().contains("lenslet key new"));
    refused(&world.get(&signed(URL, None)), 403, "private");
}

#[test]
fn a_signature_is_checked_even_where_nobody_needs_one() {
    let world = world(&json!([{ "access": "public" }]), &[]);
    given(&world.get(URL), 24);
    given(&world.get(&signed(URL, None)), 24);
    refused(&world.get(&signed(URL, None).replace("width=24", "width=25")), 403, "grant-refused");
    let seen =
        world.ask(Method::GET, URL, &[("authorization", "Basic dTpw"), ("cookie", "lenslet=x; lenslet=y")]);
    given(&seen, 24);
}

#[test]
fn one_signature_covers_a_set() {
    let world = world(&json!([]), &[]);
    let key = signer(&key(Algorithm::Hs256, "url"));
    let template = sign_url(&key, "/image/width=*,format=png/a.png", None, Some("width.16.24")).unwrap();
    for width in [16, 24] {
        given(&world.get(&template.replace("width=*", &format!("width={width}"))), width);
    }
    refused(&world.get(&template.replace("width=*", "width=25")), 403, "grant-refused");
    let template = sign_url(&key, "/image/preset=*/a.png", None, Some("preset.thumb")).unwrap();
    given(&world.get(&template.replace("preset=*", "preset=thumb")), 8);
}

#[test]
fn a_token_comes_in_a_header_a_cookie_or_the_url() {
    let world = world(&json!([{ "access": "token" }]), &[]);
    let token = token(&json!({}));
    let header = bearing(&world, URL, &token);
    given(&header, 24);
    assert_eq!(header.header("vary"), "Authorization");
    let cookie = world.ask(Method::GET, URL, &[("cookie", &format!("a=b; lenslet={token}"))]);
    given(&cookie, 24);
    assert_eq!(
        (cookie.header("vary"), cookie.header("cross-origin-resource-policy")),
        ("Cookie", "same-site")
    );
    let query = world.get(&format!("{URL}?token={token}"));
    given(&query, 24);
    assert_eq!(query.header("vary"), "");
    refused(&world.get(&signed(URL, None)), 401, "no-grant");
    refused(&world.get(&format!("{URL}?token={token}&v=2")), 403, "grant-refused");
    refused(&world.ask(Method::GET, URL, &[("authorization", "Basic dTpw")]), 403, "grant-refused");
}

#[test]
fn a_token_is_for_us_and_for_a_time() {
    let revoked = json!(["gone"]).to_string();
    let world = world(&json!([{ "access": "token" }]), &[("REVOKED_TOKENS", revoked.as_str())]);
    given(&bearing(&world, URL, &token(&json!({ "aud": ["x", "pictures"], "jti": "here" }))), 24);
    for claims in [
        json!({ "iss": "https://other.example" }),
        json!({ "aud": "others" }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "jti": "gone" }),
        json!({ "lenslet": { "unknown": true } }),
    ] {
        refused(&bearing(&world, URL, &token(&claims)), 401, "grant-refused");
    }
    refused(&bearing(&world, URL, &token(&json!({ "exp": NOW }))), 401, "grant-expired");
    refused(&bearing(&world, URL, &token(&json!({ "nbf": NOW + 1 }))), 401, "grant-early");
    refused(&bearing(&world, URL, &token(&json!({ "lenslet": { "rate": "gold" } }))), 403, "not-covered");
}

#[test]
fn a_token_covers_what_it_says_and_nothing_else() {
    let world = world(&json!([{ "access": "token" }]), &[]);
    let with = |limits: Value, url: &str| bearing(&world, url, &token(&json!({ "lenslet": limits })));
    given(&with(json!({ "paths": ["acme/"] }), "/image/width=16,format=png/acme/a.png"), 16);
    refused(&with(json!({ "paths": ["acme/"] }), URL), 403, "not-covered");
    refused(&with(json!({ "paths": ["acme"] }), "/image/width=1/acmeother/a.png"), 403, "not-covered");
    refused(&with(json!({ "paths": [] }), URL), 403, "not-covered");
    given(&with(json!({ "max_width": 24 }), URL), 24);
    refused(&with(json!({ "max_width": 23 }), URL), 403, "not-covered");
    given(&with(json!({ "max_width": 23, "max_height": 10 }), "/image/format=png/a.png"), 15);
    given(&with(json!({ "presets": ["thumb"] }), "/image/preset=thumb/a.png"), 8);
    refused(&with(json!({ "presets": ["thumb"] }), URL), 403, "not-covered");
    refused(&with(json!({ "presets": ["thumb"] }), "/image/preset=thumb,width=9/a.png"), 403, "not-covered");
    given(&with(json!({ "formats": ["png"] }), URL), 24);
    refused(&with(json!({ "formats": ["webp"] }), URL), 403, "not-covered");
    refused(&with(json!({ "formats": ["webp"] }), "/image/width=24/a.png"), 403, "not-covered");
}

#[test]
fn a_mark_must_be_covered_like_the_picture() {
    let policies = json!([
        { "path": "acme", "access": "token" },
        { "path": "zeta", "access": "signed" },
        { "path": "open", "access": "public" },
    ]);
    let world = world(&policies, &[]);
    let with = |mark: &str, limits: Value| {
        let url = format!("/image/width=16,mark={mark},format=png/acme/a.png");
        bearing(&world, &url, &token(&json!({ "lenslet": limits })))
    };
    given(&with("acme%2Fb.png", json!({})), 16);
    given(&with("open%2Fa.png", json!({ "paths": ["acme/a.png"] })), 16);
    refused(&with("acme%2Fb.png", json!({ "paths": ["acme/a.png"] })), 403, "not-covered");
    refused(&with("zeta%2Fa.png", json!({})), 403, "not-covered");
    let url = "/image/width=16,mark=acme%2Fa.png,format=png/open/a.png";
    refused(&world.get(url), 403, "not-covered");
}

#[test]
fn forced_marks_cannot_be_stripped_or_covered() {
    let policies = json!([
        { "path": "open", "access": "public", "preset": "stamped" },
        { "path": "zeta", "access": "token", "preset": "stamped" },
        { "access": "token" },
    ]);
    let world = world(&policies, &[]);
    let plain = world.get("/image/width=16,format=png/open/a.png");
    let over = world.get("/image/width=16,format=png,mark8=open%2Fa.png,mark8.opacity=0/open/a.png");
    assert_eq!((plain.status, over.status), (200, 200), "{}", String::from_utf8_lossy(&over.body));
    let stamp = |seen: &Seen| pixels(&seen.body).samples()[..4].to_vec();
    let mark = bearing(&world, "/image/width=4,format=png/mark.png", &token(&json!({})));
    assert_eq!((stamp(&plain), stamp(&over)), (stamp(&mark), stamp(&mark)));
    let url = "/image/width=16,format=png/acme/a.png";
    let marked = bearing(&world, url, &token(&json!({ "lenslet": { "mark": "stamped" } })));
    assert_eq!(stamp(&marked), stamp(&mark));
    let twice = token(&json!({ "lenslet": { "mark": "stamped" } }));
    assert_eq!(bearing(&world, "/image/width=16,format=png/zeta/a.png", &twice).status, 200);
    let bare = bearing(&world, url, &token(&json!({})));
    assert_ne!(bare.body, marked.body);
    assert_ne!(bare.header("etag"), marked.header("etag"));
}

#[test]
fn tenants_share_nothing() {
    let policies = json!([{ "path": "acme", "access": "token", "tenant": "acme" }, { "access": "token" }]);
    let world = world(&policies, &[]);
    let of =
        |tenant: &str, url: &str| bearing(&world, url, &token(&json!({ "lenslet": { "tenant": tenant } })));
    let url = "/image/width=16,format=png/acme/a.png";
    given(&of("acme", url), 16);
    refused(&of("zeta", url), 403, "not-covered");
    refused(&bearing(&world, url, &token(&json!({}))), 403, "not-covered");
    let (one, two) = (of("acme", URL), of("zeta", URL));
    assert_eq!(one.body, two.body);
    assert_ne!(one.header("etag"), two.header("etag"));
    assert!(two.header("cache-status").contains("fwd=uri-miss"), "{two:?}");
    assert!(of("zeta", URL).header("cache-status").contains("hit"));
}

#[test]
fn policies_limit_what_is_asked_for() {
    let policies = json!([
        { "path": "open", "access": "public", "options": ["preset"], "presets": ["thumb"] },
        { "access": "public", "widths": [16, 32], "formats": ["png", "json"], "max_age_seconds": 7 },
    ]);
    let world = world(&policies, &[]);
    given(&world.get("/image/preset=thumb/open/a.png"), 8);
    let refusal = world.get("/image/preset=thumb,width=9/open/a.png");
    refused(&refusal, 403, "not-covered");
    assert_eq!(refusal.problem()["option"], "width");
    refused(&world.get("/image/preset=stamped/open/a.png"), 403, "not-covered");
    let snapped = world.get("/image/width=9,format=png/a.png");
    given(&snapped, 16);
    assert_eq!(snapped.header("cache-control"), "public, max-age=7");
    let same = world.get("/image/width=15,format=png/a.png");
    assert_eq!((same.header("etag"), world.kept_variants()), (snapped.header("etag"), 2));
    refused(&world.get("/image/width=16,format=webp/a.png"), 403, "not-covered");
}

#[test]
fn policies_look_at_who_asks() {
    let policies = json!([{
        "access": "public", "allow": { "countries": ["CH"] }, "deny": { "asns": [64500] }, "referers": ["a.example", "none"],
    }]);
    let mut world = world(&policies, &[]);
    refused(&world.get(URL), 403, "client-refused");
    world.client.country = Some("CH".to_owned());
    let seen = world.get(URL);
    given(&seen, 24);
    assert_eq!(seen.header("cache-control"), "private, max-age=3600");
    world.client.referer = Some("https://b.example/".to_owned());
    refused(&world.get(URL), 403, "client-refused");
    world.client.referer = Some("https://a.example/page".to_owned());
    given(&world.get(URL), 24);
    world.client.asn = Some(64_500);
    refused(&world.get(URL), 403, "client-refused");
}

#[test]
fn private_answers_last_no_longer_than_the_grant() {
    let world = world(&json!([{ "access": "signed,token" }]), &[]);
    let long = world.get(&signed(URL, None));
    assert_eq!(long.header("cache-control"), "private, max-age=3600");
    let short = world.get(&signed(URL, Some(90)));
    assert_eq!(short.header("cache-control"), "private, max-age=90");
    world.wait_seconds(50);
    let url = signed(URL, Some(90));
    let tag = short.header("etag");
    let unchanged = world.ask(Method::GET, &url, &[("if-none-match", tag)]);
    assert_eq!((unchanged.status, unchanged.header("cache-control")), (304, "private, max-age=40"));
    refused(&world.ask(Method::GET, URL, &[("if-none-match", tag)]), 401, "no-grant");
    let seen = bearing(&world, URL, &token(&json!({ "exp": NOW + 60 })));
    assert_eq!(seen.header("cache-control"), "private, max-age=10");
}

#[test]
fn a_policy_takes_some_keys_and_short_signatures_only() {
    let world = world(&json!([{ "access": "signed", "keys": ["url"], "longest_seconds": 60 }]), &[]);
    given(&world.get(&signed(URL, Some(60))), 24);
    refused(&world.get(&signed(URL, Some(61))), 403, "not-covered");
    refused(&world.get(&signed(URL, None)), 403, "not-covered");
    let old = sign_url(&signer(&key(Algorithm::Hs256, "old")), URL, Some(NOW + 9), None).unwrap();
    refused(&world.get(&old), 403, "grant-refused");
}

#[test]
fn originals_are_signed_where_they_are_not_public() {
    let world = world(&json!([{ "originals": "signed" }, { "path": "open", "originals": "public" }]), &[]);
    refused(&world.get("/a.png"), 401, "no-grant");
    let seen = world.get(&signed("/a.png", Some(60)));
    assert_eq!((seen.status, seen.header("cache-control")), (200, "private, max-age=60"));
    refused(&world.get(&signed("/a.png", Some(60)).replace("a.png", "mark.png")), 403, "grant-refused");
    assert_eq!(world.get("/open/a.png").status, 200);
    refused(&world.get("/image/width=8/open/a.png"), 401, "no-grant");
}

#[test]
fn a_token_that_limits_pictures_does_not_open_their_sources() {
    let world = world(&json!([{ "originals": "token" }]), &[]);
    assert_eq!(bearing(&world, "/a.png", &token(&json!({ "lenslet": { "paths": ["a.png"] } }))).status, 200);
    for limits in [
        json!({ "max_width": 4 }),
        json!({ "presets": ["thumb"] }),
        json!({ "formats": ["webp"] }),
        json!({ "mark": "stamped" }),
    ] {
        refused(&bearing(&world, "/a.png", &token(&json!({ "lenslet": limits }))), 403, "not-covered");
    }
}

#[test]
fn misses_are_counted_and_hits_are_not() {
    let rates = json!({
        "slow": { "binding": "SLOW", "limit": 2, "period": 60 },
        "gold": { "binding": "GOLD", "limit": 9, "period": 10, "by": "grant" },
    });
    let policies = json!([{ "access": "signed,token", "rate": "slow" }]);
    let mut world = world(&policies, &[("RATES", rates.to_string().as_str())]);
    world.client.address = "192.0.2.7".parse().ok();
    world.left.borrow_mut().insert("SLOW slow:client:192.0.2.7".to_owned(), 2);
    world.left.borrow_mut().insert("GOLD gold:grant:me".to_owned(), 0);
    let get = |width: u32| world.get(&signed(&format!("/image/width={width},format=png/a.png"), None));
    given(&get(1), 1);
    given(&get(1), 1);
    given(&get(2), 2);
    let seen = get(3);
    refused(&seen, 429, "too-many");
    assert_eq!((seen.header("retry-after"), seen.header("ratelimit")), ("60", "\"slow\";r=0;t=60"));
    assert_eq!(seen.header("ratelimit-policy"), "\"slow\";q=2;w=60");
    given(&get(2), 2);
    refused(&world.get(&signed("/image/width=1/none.png", None)), 429, "too-many");
    let seen = bearing(&world, URL, &token(&json!({ "sub": "me", "lenslet": { "rate": "gold" } })));
    refused(&seen, 429, "too-many");
    given(&bearing(&world, URL, &token(&json!({ "sub": "you", "lenslet": { "rate": "gold" } }))), 24);
}

#[test]
fn the_log_hears_why_and_no_secret() {
    let mut world = world(&json!([{ "access": "signed,token" }]), &[("REVOKED_TOKENS", r#"["gone"]"#)]);
    world.client.country = Some("CH".to_owned());
    let url = signed(URL, Some(60)).replace("width=24", "width=25");
    world.ask(Method::GET, &url, &[("cf-ray", "8f0-ZRH")]);
    let log = world.read_log();
    let line: Value = serde_json::from_str(&log[0]).unwrap();
    let expected = json!({
        "event": "refused", "status": 403, "reason": "the signature is not valid", "kid": "url", "method": "GET",
        "host": "pictures.example", "path": "/image/width=25,format=png/a.png", "ray": "8f0-ZRH",
    });
    assert_eq!((line, log.len()), (expected, 1));
    let token = token(&json!({ "jti": "gone" }));
    bearing(&world, URL, &token);
    let log = world.read_log();
    assert!(log[0].contains("the token was revoked") && log[0].contains("\"kid\":\"one\""), "{log:?}");
    let secret = token.rsplit_once('.').unwrap().1;
    assert!(!log[0].contains(secret) && !log[0].contains("sig="), "{log:?}");
    world.get(&signed(URL, None));
    assert!(world.read_log().is_empty());
}

mod issuers {
    //! Keys that an issuer publishes: fetched, rotated, and still good while it is down.

    use super::*;

    fn rotating() -> World {
        let issuers = json!([{ "issuer": ISSUER, "audience": "pictures", "jwks_url": JWKS }]).to_string();
        world(&json!([{ "access": "token" }]), &[("ISSUERS", issuers.as_str()), ("TOKEN_KEYS", "")])
    }

    fn publish(world: &World, kids: &[&str]) {
        let keys: Vec<Value> = kids.iter().map(|kid| key(Algorithm::EdDsa, kid)).collect();
        world.published.borrow_mut().insert(JWKS.to_owned(), public(&keys));
    }

    fn ask(world: &World, kid: &str) -> u16 {
        let claims = json!({ "exp": NOW + 1_000_000 });
        bearing(world, URL, &token_by(&key(Algorithm::EdDsa, kid), &claims)).status
    }

    #[test]
    fn keys_are_fetched_once_and_rotate_without_a_gap() {
        let world = rotating();
        publish(&world, &["a"]);
        assert_eq!((ask(&world, "a"), ask(&world, "a"), world.fetches.get()), (200, 200, 1));
        world.wait_seconds(10);
        publish(&world, &["a", "b"]);
        assert_eq!(
            (ask(&world, "a"), ask(&world, "b"), ask(&world, "a"), world.fetches.get()),
            (200, 200, 200, 2)
        );
        publish(&world, &["b"]);
        world.wait_seconds(301);
        assert_eq!((ask(&world, "b"), ask(&world, "a"), world.fetches.get()), (200, 401, 3));
        let changes: Vec<String> =
            world.read_log().into_iter().filter(|line| line.contains("\"keys\"")).collect();
        assert_eq!(changes.len(), 3, "{changes:?}");
        assert!(changes[2].contains(r#""added":[],"removed":["a"]"#), "{changes:?}");
    }

    #[test]
    fn unknown_names_do_not_make_us_ask_all_the_time() {
        let world = rotating();
        publish(&world, &["a"]);
        for _ in 0..50 {
            assert_eq!(ask(&world, "x"), 401);
        }
        assert_eq!(world.fetches.get(), 1);
        world.wait_seconds(1);
        ask(&world, "x");
        assert_eq!(world.fetches.get(), 2);
    }

    #[test]
    fn old_keys_are_good_for_a_day_while_the_issuer_is_down() {
        let mut world = rotating();
        publish(&world, &["a"]);
        assert_eq!(ask(&world, "a"), 200);
        world.published.borrow_mut().clear();
        for _ in 0..10 {
            world.wait_seconds(3_600);
            assert_eq!(ask(&world, "a"), 200);
        }
        world.forget();
        assert_eq!(ask(&world, "a"), 200, "the cache has them, too");
        world.wait_seconds(86_400);
        assert_eq!(ask(&world, "a"), 503);
        world.wait_seconds(60);
        publish(&world, &["a"]);
        assert_eq!(ask(&world, "a"), 200);
    }

    #[test]
    fn an_issuer_that_publishes_no_keys_is_down() {
        let world = rotating();
        for json in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#] {
            world.published.borrow_mut().insert(JWKS.to_owned(), json.to_owned());
            world.wait_seconds(60);
            assert_eq!(ask(&world, "a"), 503, "{json}");
        }
        let seen = bearing(&world, URL, &token(&json!({})));
        assert_eq!((seen.status, seen.header("retry-after")), (503, "30"));
        assert!(world.read_log()[0].contains("cannot be had"));
    }
}

#[test]
fn formats_are_the_ones_that_the_client_may_have() {
    let world = world(&json!([{ "access": "token" }]), &[]);
    let token = token(&json!({ "lenslet": { "formats": ["auto"] } }));
    let bearer = format!("Bearer {token}");
    let url = "/image/width=24,format=auto/a.png";
    let with = |accept: &str| world.ask(Method::GET, url, &[("authorization", &bearer), ("accept", accept)]);
    let (webp, jpeg) = (with("image/webp"), with("*/*"));
    assert_eq!(Format::sniff(&webp.body), Some(Format::Webp));
    assert_eq!(Format::sniff(&jpeg.body), Some(Format::Jpeg));
    assert_eq!(webp.header("vary"), "Accept, Authorization");
}
