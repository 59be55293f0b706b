//! Claims that tokens may have, and what of headers and claims is odd, or is none.

use serde_json::{Value, json};

/// Claims of many shapes, valid now.
pub(super) fn claims() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "exp": super::NOW + 1 }),
        json!({ "exp": 1_700_000_000.9_f64 + 1.0, "nbf": super::NOW }),
        json!({ "iss": "https://issuer.example/", "sub": "user|1", "aud": "lenslet", "exp": super::NOW + 60, "jti": "1" }),
        json!({ "aud": ["lenslet", "other"], "iat": super::NOW, "nbf": super::NOW - 5, "exp": super::NOW + 60, "scope": "a b" }),
        json!({ "exp": super::NOW + 60, "lenslet": {} }),
        json!({ "exp": super::NOW + 60, "lenslet": { "paths": ["shop/", "a b/ü"], "tenant": "shop" } }),
        json!({ "exp": super::NOW + 60, "lenslet": { "presets": ["thumb"], "formats": ["webp", "own"], "max_width": 800,
            "max_height": 600, "mark": "draft", "rate": "slow" } }),
        json!({ "other": { "nested": [[[{ "deep": [null, true, 1.5e300] }]]] }, "exp": u64::MAX }),
    ]
}

pub(super) const ALGORITHMS: [&str; 44] = [
    "",
    " ",
    "null",
    "NULL",
    "false",
    "0",
    "HS256",
    "HS384",
    "HS512",
    "hs256",
    "Hs256",
    "HS256 ",
    " HS256",
    "HS256\0",
    "HS-256",
    "HMAC",
    "HS1",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "es256",
    "Es256",
    "ES256K",
    "ES384",
    "ES512",
    "EdDSA",
    "EDDSA",
    "eddsa",
    "Ed25519",
    "Ed448",
    "EdDSA\n",
    "dir",
    "A128KW",
    "RSA-OAEP",
    "ECDH-ES",
    "PBES2-HS256+A128KW",
    "none ",
    "non\u{435}",
    "N\u{f6}ne",
    "*",
];

/// Names that somebody looks up in files, in databases or in maps.
pub(super) const NAMES: [&str; 26] = [
    "/dev/null",
    "../../../../../dev/null",
    "..",
    ".",
    "/",
    "\\",
    "'",
    "a' OR '1'='1",
    "x' UNION SELECT 'key",
    "a;--",
    "\n",
    "a\n",
    "\0",
    "a\0",
    "\u{feff}a",
    " a",
    "a ",
    "A",
    "a\u{301}",
    "*",
    "%",
    "__proto__",
    "constructor",
    "$(id)",
    "https://e.example/k",
    "unknown",
];

pub(super) const CHANGED_CLAIMS: [(&str, &str); 18] = [
    ("exp", "1800000000"),
    ("exp", "1700000002"),
    ("exp", "null"),
    ("nbf", "1"),
    ("iss", r#""https://evil.example/""#),
    ("sub", r#""admin""#),
    ("aud", r#"["lenslet","admin"]"#),
    ("jti", r#""2""#),
    ("admin", "true"),
    ("lenslet", "{}"),
    ("lenslet.tenant", r#""other""#),
    ("lenslet.paths", r#"[""]"#),
    ("lenslet.presets", r#"["hero"]"#),
    ("lenslet.formats", r#"["png"]"#),
    ("lenslet.max_width", "12000"),
    ("lenslet.max_height", "12000"),
    ("lenslet.mark", r#""none""#),
    ("lenslet.rate", r#""fast""#),
];

pub(super) fn broken_headers(alg: &str, kid: &str) -> Vec<String> {
    let good = json!({ "alg": alg, "kid": kid }).to_string();
    let members = format!(r#""alg":"{alg}","kid":"{kid}""#);
    let mut headers: Vec<String> =
        ["", "{}", "[]", "null", "\"\"", "0", "{", "}", "{\"alg\"}", "\0"].map(str::to_owned).to_vec();
    headers.extend([
        format!(r#"{{"alg":"none",{members}}}"#),
        format!(r#"{{{members},"alg":"none"}}"#),
        format!(r#"{{{members},"alg":"{alg}"}}"#),
        format!(r#"{{{members},"kid":"{kid}"}}"#),
        format!(r#"{{"kid":"other",{members}}}"#),
        format!(r#"{{{members},"crit":[],"crit":["exp"]}}"#),
        format!(r#"{{{members},"\u0063rit":["exp"]}}"#),
        format!(r#"{{{members},"\u0061lg":"none"}}"#),
        format!(r"{{{members},}}"),
        format!("{{{members}"),
        format!("{good}{good}"),
        format!("{good}x"),
        format!("{good}\0"),
        format!(" {good}"),
        format!("\u{feff}{good}"),
        format!("[{good}]"),
        format!(r#"["{alg}","{kid}"]"#),
        format!(r#"["{alg}","{kid}",null,null,null,null,null,null,null]"#),
        format!(r#"{{"header":{good}}}"#),
        members.clone(),
        format!(r"{{'alg':'{alg}','kid':'{kid}'}}"),
        format!(r"{{{members}/* */}}"),
        format!(r#"{{{members},"deep":{}{}}}"#, "[".repeat(3_000), "]".repeat(2_999)),
    ]);
    headers
}

pub(super) fn broken_claims() -> Vec<String> {
    let mut all: Vec<String> =
        ["", "null", "[]", "{", "\"exp\"", "1", "{}{}", "{}x", " {}", "\u{feff}{}", "[{}]"]
            .map(str::to_owned)
            .to_vec();
    let no_date = [
        "null",
        "true",
        "\"1800000000\"",
        "-1",
        "-0.5",
        "1e400",
        "1e30",
        "18446744073709551616",
        "[]",
        "{}",
        "[1800000000]",
        "NaN",
        "Infinity",
        "+1800000000",
        "01800000000",
        "0x6b49d200",
        "1800000000.",
        "\"\"",
        "9007199254740993.5",
    ];
    for date in no_date {
        all.extend([format!(r#"{{"exp":{date}}}"#), format!(r#"{{"nbf":{date},"exp":1800000000}}"#)]);
    }
    for twice in ["iss", "sub", "jti"] {
        all.push(format!(r#"{{"{twice}":"a","{twice}":"b"}}"#));
        all.extend(["null", "1", "[]", "{}", "true"].map(|value| format!(r#"{{"{twice}":{value}}}"#)));
    }
    for twice in ["exp", "nbf"] {
        all.push(format!(r#"{{"{twice}":1,"{twice}":1800000000}}"#));
        all.push(format!(r#"{{"{twice}":1700000001,"{twice}":1700000000}}"#));
        all.push(format!(r#"{{"{twice}":1700000001,"\u{:04x}{}":1}}"#, twice.as_bytes()[0], &twice[1..]));
    }
    all.extend(
        ["null", "1", "{}", "[1]", "[null]", "[[\"lenslet\"]]", "true"]
            .map(|aud| format!(r#"{{"aud":{aud}}}"#)),
    );
    all.push(r#"{"aud":"lenslet","aud":["other"]}"#.to_owned());
    all.push(r#"{"lenslet":{"tenant":"a"},"lenslet":{}}"#.to_owned());
    all.extend(["null", "1", "\"\"", "true", "[1]", "[[]]"].map(|value| format!(r#"{{"lenslet":{value}}}"#)));
    for limits in [
        r#""tenant":"a","tenant":"b""#,
        r#""tenant":"""#,
        r#""Tenant":"a""#,
        r#""tenants":["a"]"#,
        r#""paths":"a""#,
        r#""paths":null"#,
        r#""paths":[null]"#,
        r#""max_width":0"#,
        r#""max_width":-1"#,
        r#""max_width":1.5"#,
        r#""max_width":"800""#,
        r#""max_width":null"#,
        r#""max_width":4294967296"#,
        r#""max_width":1,"max_width":2"#,
        r#""maxWidth":1"#,
        r#""max_height":0"#,
        r#""presets":"thumb""#,
        r#""presets":{}"#,
        r#""formats":["webp",1]"#,
        r#""mark":["draft"]"#,
        r#""rate":1"#,
        r#""unknown":null"#,
    ] {
        all.push(format!(r#"{{"exp":1700000100,"lenslet":{{{limits}}}}}"#));
    }
    all
}
