//! Names of pictures: paths within a tenant's pictures, which the edge must be able to serve as they are.

use lenslet::recipe::Source;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::store::half_written::is_half_written;
use crate::store::objects::PICTURES;

/// So long a name may be, in bytes.
const LONGEST_NAME: usize = 512;
/// And each of its steps, which may be the name of a file.
const LONGEST_STEP: usize = 240;

/// Whether a picture may be called so; why not.
pub fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err("it must have 1 to 512 bytes");
    }
    if name.split('/').any(|step| step.len() > LONGEST_STEP) {
        return Err("it has a step of more than 240 bytes");
    }
    if name.starts_with('/') || name.contains('?') {
        return Err("it begins with a slash or holds a question mark");
    }
    // Files of that kind are such as are being written.
    let last = name.rsplit('/').next().unwrap_or_default();
    if is_half_written(last) {
        return Err("it ends in '#' and a number");
    }
    // The edge's own parser has the last word.
    match Source::parse(&utf8_percent_encode(name, NON_ALPHANUMERIC).to_string(), None) {
        Ok(Source::Key { key, query: None }) if key == name => Ok(()),
        _ => Err("it has control characters, a backslash, or a step that is empty, '.' or '..'"),
    }
}

/// Where the picture of a name is.
pub fn object_key(tenant: &str, name: &str) -> String {
    format!("{PICTURES}/{tenant}/{name}")
}

/// The tenant and the name of the picture that is there, if one may be.
pub fn of_object_key(key: &str) -> Option<(&str, &str)> {
    let (folder, rest) = key.split_once('/')?;
    let (tenant, name) = rest.split_once('/')?;
    let is_one = folder == PICTURES && lenslet::grant::is_plain_name(tenant) && check(name).is_ok();
    is_one.then_some((tenant, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_edge_serves_and_nothing_else() {
        for name in ["a.png", "a/b c~ü%41+&=#.png", "...", "a/.b", "#", "a#1.png", "a#1/b", &"é".repeat(120)]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let (long, step) = ("a/".repeat(256) + "a", "a".repeat(241));
        for name in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            "a/./b",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\u{85}b",
            "a?b",
            "https://o.example/a.png",
            "HTTP://a",
            "a#1",
            "a/b#007",
            &long,
            &step,
        ] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn keys_come_apart_as_they_were_put_together() {
        let key = object_key("shop", "a/b.png");
        assert_eq!(of_object_key(&key), Some(("shop", "a/b.png")));
        for key in ["pictures/a.png", "uploads/shop/a.png", "pictures/sh.op/a.png", "pictures/shop/a//b"] {
            assert_eq!(of_object_key(key), None, "{key}");
        }
    }
}
