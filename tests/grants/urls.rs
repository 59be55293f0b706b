//! Changed signed URLs.

use lenslet::grant::{Algorithm, Credentials, KeySet, SigningKey, sign_url, verify_token, verify_url};

use super::NOW;
use super::edits::{
    bit_flips, insertions, orders, other_base64, percent_encodings, random_edit, truncations,
};
use super::ring::{decode, encode, hex, hmac, jwk, key_set, signing};
use super::signatures::derived;
use super::tally::Tally;
use crate::support::bytes::Dice;

/// Options, originals, keys with escapes and sources elsewhere, under both prefixes.
const PATHS: [&str; 6] = [
    "/image/width=800/shop/a.png",
    "/image/width=800,height=600,fit=cover,format=auto/shop/new/a%20b.png",
    "/cdn-cgi/image/w=100,q=80/photo.jpg",
    "/image/preset=thumb/https://o.example/p/a.png",
    "/samples/photo.jpg",
    "/shop/%C3%BC/a.png",
];

const QUERIES: [&str; 4] = ["", "v=2", "v=2&w=300&download", "u=a?b/c%26d=%3D"];

/// Paths with a set, and values within it.
const SETS: [(&str, &str, &[&str]); 4] = [
    (
        "/image/width=*,format=auto/shop/a.png",
        "width.320.640.1280",
        &["width=320", "width=640", "width=1280"],
    ),
    ("/cdn-cgi/image/w=*/a.png", "w.5.15.25", &["w=5", "w=15", "w=25"]),
    ("/image/format=webp,preset=*/a.png", "preset.thumb.hero_2", &["preset=thumb", "preset=hero_2"]),
    ("/image/width=*/https://o.example/a.png", "width.77", &["width=77"]),
];

struct Forger {
    keys: KeySet,
    signers: Vec<SigningKey>,
    plain: Vec<String>,
    of_sets: Vec<String>,
    dice: Dice,
}

pub(super) fn forge(tally: &mut Tally) {
    let mut forger = Forger::new();
    for url in forger.all() {
        tally.valid(url, |url| forger.accepts(url));
    }
    forger.change_blindly(tally);
    forger.change_parameters(tally);
    forger.change_paths(tally);
    forger.change_sets(tally);
    forger.change_signatures(tally);
    forger.come_at_other_times(tally);
}

impl Forger {
    fn new() -> Self {
        let jwks = ["a", "b", "2026-01"]
            .map(|kid| jwk(Algorithm::Hs256, kid.len() as u64 * 3 + u64::from(kid.as_bytes()[0]), kid));
        let signers = jwks.iter().map(signing).collect::<Vec<_>>();
        let ends = [None, Some(NOW + 1), Some(1_893_456_000)];
        let (mut plain, mut of_sets) = (Vec::new(), Vec::new());
        let with = |path: &str, query: &str| {
            if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
        };
        for (number, key) in signers.iter().enumerate() {
            for query in QUERIES {
                let expires = ends[(number + query.len()) % 3];
                plain.extend(PATHS.map(|path| sign_url(key, &with(path, query), expires, None).unwrap()));
                for (path, any, members) in SETS {
                    let url = sign_url(key, &with(path, query), expires, Some(any)).unwrap();
                    let name = any.split('.').next().unwrap();
                    of_sets.extend(members.iter().map(|member| url.replace(&format!("{name}=*"), member)));
                }
            }
        }
        Self { keys: key_set(&jwks), signers, plain, of_sets, dice: Dice::new(0x0021) }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.plain.iter().chain(&self.of_sets)
    }

    /// As a request comes in: split at the first question mark. Neither way may let a changed one in.
    fn accepts(&self, url: &str) -> bool {
        self.accepts_at(url, NOW)
    }

    fn accepts_at(&self, url: &str, now: u64) -> bool {
        let Some((path, query)) = url.split_once('?') else { return self.finds(url, None, now) };
        let is_verified = verify_url(&self.keys, path, query, now).is_ok();
        let is_found = self.finds(path, Some(query), now);
        assert!(is_verified || !is_found);
        is_verified
    }

    fn finds(&self, path: &str, query: Option<&str>, now: u64) -> bool {
        match Credentials::in_query(query) {
            Ok((Credentials::Signature { kid }, rest)) => {
                let signed = verify_url(&self.keys, path, query.unwrap_or_default(), now);
                signed.is_ok_and(|signed| signed.kid == kid && signed.source_query == rest)
            }
            Ok((Credentials::Token { token, .. }, _)) => verify_token(&self.keys, token, now).is_ok(),
            Ok((Credentials::None, _)) | Err(_) => false,
        }
    }

    fn change_blindly(&mut self, tally: &mut Tally) {
        for url in self.all().step_by(5) {
            for changed in bit_flips(url) {
                tally.changed("URLs: one bit flipped", changed, |url| self.accepts(url));
            }
            for changed in truncations(url) {
                tally.changed("URLs: cut off", changed, |url| self.accepts(url));
            }
            for changed in percent_encodings(url) {
                tally.changed("URLs: percent-encoded", changed, |url| self.accepts(url));
            }
        }
        let mut dice = self.dice.clone();
        for url in self.all() {
            for _ in 0..100 {
                let changed = random_edit(url, &mut dice);
                tally.changed("URLs: bytes changed, put in, taken out", changed, |url| self.accepts(url));
            }
        }
    }

    fn change_parameters(&self, tally: &mut Tally) {
        for url in self.all() {
            let (path, query) = url.split_once('?').unwrap();
            let pairs: Vec<&str> = query.split('&').collect();
            let mut queries: Vec<(&str, String)> = Vec::new();
            let mut try_pairs = |kind, pairs: &[&str]| queries.push((kind, pairs.join("&")));
            for at in 0..pairs.len() {
                let (name, value) = pairs[at].split_once('=').unwrap_or((pairs[at], ""));
                let mut removed = pairs.clone();
                removed.remove(at);
                try_pairs("removed", &removed);
                for to in 0..=pairs.len() {
                    let mut repeated = pairs.clone();
                    repeated.insert(to, pairs[at]);
                    try_pairs("repeated", &repeated);
                    for smuggled in SMUGGLED {
                        let mut more = pairs.clone();
                        more.insert(to, smuggled);
                        try_pairs("smuggled in", &more);
                    }
                }
                let upper = name.to_uppercase();
                let capital = name
                    .chars()
                    .next()
                    .map_or(String::new(), |c| c.to_uppercase().chain(name.chars().skip(1)).collect());
                for other in ["any", "exp", "kid", "sig", "token", "", "[]", "x", &upper, &capital] {
                    let renamed = format!("{other}={value}");
                    let mut pairs = pairs.clone();
                    pairs[at] = &renamed;
                    try_pairs("renamed", &pairs);
                }
                for other in other_values(name, value) {
                    let mut pairs = pairs.clone();
                    let pair = format!("{name}={other}");
                    pairs[at] = &pair;
                    try_pairs("of other values", &pairs);
                }
                for pair in [
                    format!("{name}[]={value}"),
                    name.to_owned(),
                    format!("{name}=={value}"),
                    format!("{name}="),
                ] {
                    let mut pairs = pairs.clone();
                    pairs[at] = &pair;
                    try_pairs("of other values", &pairs);
                }
            }
            let last = pairs.len().saturating_sub(5);
            for order in orders(&pairs[last..]) {
                try_pairs("reordered", &[&pairs[..last], &order].concat());
            }
            for (joined, name) in [
                (";", "joined otherwise"),
                ("&&", "joined otherwise"),
                ("&amp;", "joined otherwise"),
                ("?", "joined otherwise"),
            ] {
                queries.push((name, pairs.join(joined)));
            }
            for changed in [
                format!("&{query}"),
                format!("{query}&"),
                format!("?{query}"),
                format!("{query}#"),
                format!("{query}#x=y"),
            ] {
                queries.push(("joined otherwise", changed));
            }
            for (kind, query) in queries {
                let kind = match kind {
                    "removed" => "URLs: parameters removed",
                    "repeated" => "URLs: parameters repeated",
                    "smuggled in" => "URLs: parameters smuggled in",
                    "renamed" => "URLs: parameters renamed",
                    "reordered" => "URLs: parameters reordered",
                    "of other values" => "URLs: parameters of other values",
                    _ => "URLs: parameters joined otherwise",
                };
                tally.changed(kind, format!("{path}?{query}"), |url| self.accepts(url));
            }
        }
    }

    fn change_paths(&self, tally: &mut Tally) {
        for url in self.all() {
            let (path, query) = url.split_once('?').unwrap();
            let mut paths: Vec<String> = ["/", "//", "/./", "/../", "%2F", "%2f", "\\", "/%2e%2e/", "/x/../"]
                .iter()
                .flat_map(|step| {
                    path.match_indices('/')
                        .map(move |(at, _)| format!("{}{step}{}", &path[..at], &path[at + 1..]))
                })
                .collect();
            paths.extend(
                ["", "/", "//evil.example", "https://evil.example", "/image", "/cdn-cgi"]
                    .map(|before| format!("{before}{path}")),
            );
            paths.extend(
                ["/", "%00", ".png", "%20", ";a=b", "%3Fv=3", "/..", "%23"]
                    .map(|after| format!("{path}{after}")),
            );
            paths.push(path.replace("/image/", "/cdn-cgi/image/"));
            paths.push(path.replace("/cdn-cgi/image/", "/image/"));
            paths.push(path.replace("/image/", "/IMAGE/"));
            paths.extend([
                path.to_uppercase(),
                path.replace("%C3", "%c3"),
                path.replace("%20", "+"),
                path.replace("%20", " "),
            ]);
            paths.extend(PATHS.map(str::to_owned));
            if let Some((head, options, source)) = parts(path) {
                let pairs: Vec<&str> = options.split(',').collect();
                let mut lists = orders(&pairs);
                for at in 0..pairs.len() {
                    for to in 0..=pairs.len() {
                        for more in
                            [pairs[at], "width=10000", "w=1", "onerror=redirect", "*", "", "format=png"]
                        {
                            let mut list = pairs.clone();
                            list.insert(to, more);
                            lists.push(list);
                        }
                    }
                    let mut list = pairs.clone();
                    list.remove(at);
                    lists.push(list);
                }
                paths.extend(lists.iter().map(|list| format!("{head}{}/{source}", list.join(","))));
                for (short, long) in [
                    ("width=", "w="),
                    ("height=", "h="),
                    ("format=", "f="),
                    ("q=", "quality="),
                    ("w=", "width="),
                ] {
                    paths.push(format!("{head}{}/{source}", options.replace(short, long)));
                }
                paths.push(format!("{head}{}/{source}", options.replace('=', "%3D")));
                paths.push(format!("{head}{}/{source}", options.replace(',', "%2C")));
                paths.push(format!("{head}{options}/other.png"));
                paths.push(format!("/{source}"));
            }
            for path in paths {
                tally.changed("URLs: other paths", format!("{path}?{query}"), |url| self.accepts(url));
            }
        }
    }

    fn change_sets(&self, tally: &mut Tally) {
        for (number, url) in self.of_sets.iter().enumerate() {
            let (path, query) = url.split_once('?').unwrap();
            let any = query.split('&').find_map(|pair| pair.strip_prefix("any=")).unwrap().to_owned();
            let (name, values) = any.split_once('.').unwrap();
            let (head, options, source) = parts(path).unwrap();
            let value = options.split(',').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap();
            // Not a value of the set: of numbers only some of the URLs, they are many.
            let numbers = if number % 20 == 0 { 1..1_500 } else { 318..322 };
            let mut others: Vec<String> = numbers.map(|number| number.to_string()).collect();
            others.extend(
                [
                    "*",
                    "",
                    ".",
                    "..",
                    "%2A",
                    "%33%32%30",
                    "auto",
                    "320.640",
                    "320,640",
                    "0320",
                    "+320",
                    "320 ",
                    "320%00",
                    values,
                    &any,
                    "THUMB",
                    "thumb%20",
                ]
                .map(str::to_owned),
            );
            for other in &others {
                let list = options.replace(&format!("{name}={value}"), &format!("{name}={other}"));
                let changed = format!("{head}{list}/{source}?{query}");
                tally.changed("URLs: values that the set has not", changed, |url| self.accepts(url));
            }
            for other in [
                "",
                name,
                &format!("{name}."),
                &format!("{name}.*"),
                &format!("{name}.{value}.9999"),
                &format!("{name}.9999.{values}"),
                &format!("{any}."),
                &format!("{any}.."),
                &format!("{any}.{value}"),
                &format!("{name}..{values}"),
                &format!("x.{values}"),
                &format!("{name}.{value}.{value}"),
                &any.to_uppercase(),
                &any.replace('.', ","),
                &any.replace('.', "%2E"),
                &any.replacen('.', "=", 1),
                &format!("format.{values}"),
                &format!("{any}&any={any}"),
                "*",
                ".",
                "*.*",
            ] {
                let changed =
                    format!("{path}?{}", query.replace(&format!("any={any}"), &format!("any={other}")));
                tally.changed("URLs: sets widened, narrowed, emptied", changed, |url| self.accepts(url));
            }
            let bare = query.replace(&format!("any={any}&"), "");
            for path in [path.to_owned(), path.replace(&format!("{name}={value}"), &format!("{name}=*"))] {
                for query in [&bare, query] {
                    let changed = format!("{path}?{query}");
                    tally.changed("URLs: sets widened, narrowed, emptied", changed, |url| self.accepts(url));
                }
            }
        }
        // A set that is put before the signature of a URL that has none.
        for url in &self.plain {
            for any in
                ["width.800", "w.100", "preset.thumb", "width.800.900", "format.auto", "q.80", "fit.cover"]
            {
                for before in ["exp=", "kid="] {
                    let changed = url.replace(before, &format!("any={any}&{before}"));
                    tally.changed("URLs: sets where there was none", changed, |url| self.accepts(url));
                }
            }
        }
    }

    fn change_signatures(&mut self, tally: &mut Tally) {
        let mut dice = self.dice.clone();
        let signature_of = |url: &str| url.rsplit_once("&sig=").unwrap().1.to_owned();
        let others: Vec<String> = self.all().step_by(11).map(|url| signature_of(url)).collect();
        for (number, url) in self.all().enumerate() {
            let (message, signature) = url.rsplit_once("&sig=").unwrap();
            let mut signatures = other_base64(signature);
            signatures.extend(others.iter().cloned());
            signatures.extend(["", "null", "0", "undefined", "true"].map(str::to_owned));
            // The same key's signature of what is nearly the message.
            let key = &self.signers[self
                .signers
                .iter()
                .position(|key| message.ends_with(&format!("kid={}", key.kid())))
                .unwrap()];
            let (path, query) = message.split_once('?').unwrap();
            for near in [
                message.to_owned(),
                format!("lenslet-url-1{message}"),
                format!("lenslet-url-1\n{path}"),
                format!("lenslet-url-1\n{path}{query}"),
                format!("lenslet-url-1\r\n{message}"),
                format!("lenslet-url-2\n{message}"),
                format!("lenslet-url-1\n{message}\n"),
                format!("lenslet-url-1\n{message}&sig="),
                format!("lenslet-url-1\nhttps://pictures.example{message}"),
                format!("{}.{}", encode(path), encode(query)),
            ] {
                signatures.push(encode(key.sign(near.as_bytes())));
            }
            for secret in [&b""[..], b"secret", &[0; 32], key.kid().as_bytes(), path.as_bytes()] {
                signatures.push(encode(hmac(secret, format!("lenslet-url-1\n{message}").as_bytes())));
            }
            let hex = hex(&decode(signature));
            signatures.extend([signature.to_uppercase(), signature.to_lowercase(), hex]);
            if number % 12 == 0 {
                signatures
                    .extend(derived(Algorithm::Hs256, &decode(signature), &mut dice).iter().map(encode));
                signatures.extend(insertions(signature, "\n"));
            }
            for other in signatures {
                let changed = format!("{message}&sig={other}");
                tally.changed("URLs: other signatures", changed, |url| self.accepts(url));
            }
        }
    }

    fn come_at_other_times(&self, tally: &mut Tally) {
        let accepts = |text: &str| {
            let (url, now) = text.split_once(" at ").unwrap();
            self.accepts_at(url, now.parse().unwrap())
        };
        for url in self.all() {
            let Some(exp) = url.split('&').find_map(|pair| pair.split('?').next_back()?.strip_prefix("exp="))
            else {
                tally.valid(&format!("{url} at {}", u64::MAX), accepts);
                continue;
            };
            let exp: u64 = exp.parse().unwrap();
            tally.valid(&format!("{url} at {}", exp - 1), accepts);
            for now in [exp, exp + 1, exp + 60, u64::MAX] {
                tally.changed("URLs: expired", format!("{url} at {now}"), accepts);
            }
        }
    }
}

/// The prefix, the options and the source of a transform's path.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let head = path.find("/image/")? + "/image/".len();
    let (options, source) = path[head..].split_once('/')?;
    Some((&path[..head], options, source))
}

const SMUGGLED: [&str; 14] = [
    "",
    "x=y",
    "any=width.1.2.3",
    "any=",
    "exp=99999999999",
    "exp=",
    "kid=a",
    "kid=b",
    "kid=",
    "sig=",
    "token=",
    "token=a.b.c",
    "%73ig=x",
    "sig",
];

fn other_values(name: &str, value: &str) -> Vec<String> {
    let mut values: Vec<String> = ["", "0", "*", "null", "-1"].map(str::to_owned).to_vec();
    values.extend(percent_encodings(value));
    values.extend([" ", "+", "%20", "%00", "%0A", "\n", ".", "=", ";"].map(|more| format!("{value}{more}")));
    values.extend([" ", "+", "%20", "%00", "0", "00", "-", "0x", "."].map(|more| format!("{more}{value}")));
    if name == "exp" {
        let number: u64 = value.parse().unwrap();
        values.extend([number + 1, number - 1, number * 10, u64::MAX, 1].map(|number| number.to_string()));
        values.extend([
            format!("{value}.0"),
            format!("{value}e0"),
            format!("{value}9"),
            format!("{number:x}"),
            format!("{number}_000"),
        ]);
        // More than 64 bits, of which the lower ones are the number.
        values.push((u128::from(number) + (1 << 64)).to_string());
        values.extend(
            ["18446744073709551616", "99999999999999999999999", "Infinity", "1e99", "never", "²"]
                .map(str::to_owned),
        );
    }
    if name == "kid" {
        values.extend(
            ["a", "b", "c", "A", "2026-01", "2026", "__proto__", "../a", "a'--", "*", "a,b"]
                .map(str::to_owned),
        );
    }
    values
}
