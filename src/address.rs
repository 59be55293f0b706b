//! Absolute http(s) addresses: taken apart, in one spelling, and compared by host and by whole steps of their paths.
//!
//! Nothing that a URL parser would resolve gets in: no `..`, however it is written, no user, no backslash. So what is
//! compared here is what is fetched. International host names have to be written in their ASCII form.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// An address in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    /// Where the host begins in the text, …
    host: usize,
    /// … and where the path does.
    path: usize,
}

/// Why a text is no address that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin with `http://` or `https://`.
    #[error("it must begin with https:// or http://")]
    Scheme,
    /// What stands for the host is none.
    #[error("its host must be a name in ASCII or an IP address, without a user, perhaps with a port")]
    Host,
    /// The path could mean another one.
    #[error("its path must not have '.' or '..' steps, backslashes or control characters")]
    Path,
    /// Longer than anybody takes.
    #[error("it is longer than 4,096 bytes")]
    TooLong,
}

/// Servers take about so much; Cloudflare takes 16 KB.
const LONGEST: usize = 4_096;

/// What is percent-encoded where it was written as it is: what the URL standard encodes in paths and queries.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\'')
    .add(b'^')
    .add(b'|');

impl Address {
    /// Reads an address; what follows a `#` is nobody's business.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let (scheme, usual_port) = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => ("https", "443"),
            _ if scheme.eq_ignore_ascii_case("http") => ("http", "80"),
            _ => return Err(AddressError::Scheme),
        };
        if rest.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = tail.split_once('?').map_or((tail, None), |(path, query)| (path, Some(query)));
        check_path(path, query.unwrap_or_default())?;
        let (host, port) = split_port(authority)?;
        let mut address = format!("{scheme}://{}", host.to_ascii_lowercase());
        if let Some(port) = port.filter(|port| *port != usual_port) {
            address.extend([":", port]);
        }
        let path_at = address.len();
        address.push_str(if path.is_empty() { "/" } else { "" });
        address.push_str(&escape(path));
        if let Some(query) = query {
            address.push('?');
            address.push_str(&escape(query));
        }
        Ok(Self { text: address, host: scheme.len() + 3, path: path_at })
    }

    /// The address as it is fetched.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and, where it is not the scheme's own, port.
    pub fn authority(&self) -> &str {
        self.text.get(self.host..self.path).unwrap_or_default()
    }

    /// Path and query, percent-encoded.
    pub fn path_and_query(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        let both = self.path_and_query();
        both.split_once('?').map_or(both, |(path, _)| path)
    }

    /// The same with another label before the host; nothing where the host is an IP address, below which there are none.
    #[must_use]
    pub fn below(&self, label: &str) -> Option<Self> {
        let (scheme, rest) = self.text.split_at_checked(self.host)?;
        let (host, _) = split_port(self.authority()).ok()?;
        let is_name = !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err();
        is_name.then(|| Self::parse(&format!("{scheme}{label}.{rest}")).ok()).flatten()
    }

    /// Whether nobody on the way can change what comes from there: by TLS, or since it never leaves this machine.
    pub fn is_safe(&self) -> bool {
        let is_local =
            |name: &str| self.authority() == name || self.authority().starts_with(&format!("{name}:"));
        self.text.starts_with("https:") || ["127.0.0.1", "localhost", "[::1]"].into_iter().any(is_local)
    }

    /// What a `Location` header leads to from here.
    pub fn follow(&self, location: &str) -> Result<Self, AddressError> {
        let before = |end: usize| self.text.get(..end).unwrap_or_default();
        if location.contains("://") && !location.starts_with('/') {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}//{rest}", before(self.host - 2)));
        }
        if location.starts_with('/') {
            return Self::parse(&format!("{}{location}", before(self.path)));
        }
        let folder = self.path().rfind('/').map_or(self.path, |at| self.path + at + 1);
        Self::parse(&format!("{}{location}", before(folder)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Addresses of a scheme, a host (or, by `*.`, those below a name), and a path and what lies below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPrefix {
    /// With the label in the place of `*`.
    address: Address,
    is_wildcard: bool,
}

/// Stands for any label while a wildcard is parsed.
const ANY_LABEL: &str = "any.";

impl AddressPrefix {
    /// Reads an address, or one whose host begins with `*.`; it has no query.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let is_wildcard = text.split_once("://").is_some_and(|(_, rest)| rest.starts_with("*."));
        let plain = if is_wildcard { text.replacen("*.", ANY_LABEL, 1) } else { text.to_owned() };
        let address = Address::parse(&plain)?;
        if address.path() != address.path_and_query() {
            return Err(AddressError::Path);
        }
        Ok(Self { address, is_wildcard })
    }

    /// The one host's address; nothing where it stands for several.
    pub fn address(&self) -> Option<&Address> {
        (!self.is_wildcard).then_some(&self.address)
    }

    /// Whether an address is one of these, by whole steps of the path.
    pub fn covers(&self, address: &Address) -> bool {
        let scheme = |address: &Address| address.text.starts_with("https:");
        let path = self.address.path().trim_end_matches('/');
        scheme(address) == scheme(&self.address)
            && self.covers_host(address.authority())
            && address.path().strip_prefix(path).is_some_and(|rest| rest.starts_with('/') || rest.is_empty())
    }

    fn covers_host(&self, authority: &str) -> bool {
        if !self.is_wildcard {
            return authority == self.address.authority();
        }
        let parent = self.address.authority().get(ANY_LABEL.len() - 1..).unwrap_or_default();
        authority.strip_suffix(parent).is_some_and(|labels| !labels.is_empty() && !labels.ends_with('.'))
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), AddressError> {
    // The colons of an IPv6 address are within brackets.
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority.get(after_brackets..).and_then(|rest| rest.find(':')).map(|at| at + after_brackets);
    let (host, port) = match colon {
        None => (authority, None),
        Some(at) => (authority.get(..at).unwrap_or_default(), authority.get(at + 1..)),
    };
    let is_port = |port: &str| {
        port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0')
    };
    if is_host(host) && port.is_none_or(is_port) { Ok((host, port)) } else { Err(AddressError::Host) }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // In its one spelling; of those that have an IPv4 address in them parsers write another.
        let address = inner.parse::<std::net::Ipv6Addr>();
        return address.is_ok_and(|address| {
            address.to_ipv4().is_none_or(|_| address.is_loopback()) && address.to_string() == inner
        });
    }
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    // The URL standard reads a last label of digits, or of 0x and digits, as part of an IPv4 address.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_numeric = last.starts_with(|c: char| c.is_ascii_digit());
    host.len() <= 253
        && host.split('.').all(is_label)
        && (!is_numeric || host.parse::<std::net::Ipv4Addr>().is_ok())
}

/// As it is written, and as a server may read it once it has decoded it.
fn check_path(path: &str, query: &str) -> Result<(), AddressError> {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let is_bad = |text: &str| text.contains('\\') || text.chars().any(char::is_control);
    let climbs = |path: &str| path.split('/').any(|step| matches!(step, "." | ".."));
    let is_wrong = is_bad(query) || [path, &decoded].into_iter().any(|path| is_bad(path) || climbs(path));
    if is_wrong { Err(AddressError::Path) } else { Ok(()) }
}

/// Escapes what must not stand as it is, and per cent signs that escape nothing.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        escaped.extend(utf8_percent_encode(before, ESCAPED));
        let is_escape = from.as_bytes().get(1..3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        escaped.push_str(if is_escape { "%" } else { "%25" });
        rest = from.get(1..).unwrap_or_default();
    }
    escaped.extend(utf8_percent_encode(rest, ESCAPED));
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Address::parse(text).map_or_else(|error| format!("{error:?}"), |address| address.text)
    }

    #[test]
    fn has_one_spelling() {
        for (text, expected) in [
            ("https://O.Example", "https://o.example/"),
            ("HTTPS://o.example:443/A b.png?x= y#z", "https://o.example/A%20b.png?x=%20y"),
            ("http://o.example:8080/ü%20%.png", "http://o.example:8080/%C3%BC%20%25.png"),
            ("http://[::1]:80/a//b", "http://[::1]/a//b"),
            ("https://127.0.0.1/%2fa", "https://127.0.0.1/%2fa"),
            ("https://o.example?a/../b", "https://o.example/?a/../b"),
        ] {
            assert_eq!(read(text), expected, "{text}");
            assert_eq!(read(expected), expected);
        }
    }

    #[test]
    fn refuses_what_could_mean_another_place() {
        for (text, error) in [
            ("ftp://o.example/", "Scheme"),
            ("o.example/a", "Scheme"),
            ("https://user@o.example/", "Host"),
            ("https://o.example:8x/", "Host"),
            ("https://o.example:99999/", "Host"),
            ("https://o.example:+80/", "Host"),
            ("https:///a", "Host"),
            ("https://bücher.example/", "Host"),
            ("https://o.example.%2e/", "Host"),
            ("https://0x7f.1/", "Host"),
            ("https://127.1/", "Host"),
            ("https://[0:0::1]/", "Host"),
            ("https://[::ffff:7f00:1]/", "Host"),
            ("https://2130706433/", "Host"),
            ("https://o..example/", "Host"),
            ("https://o.example\\@evil.example/", "Host"),
            ("https://o.example/a/../b", "Path"),
            ("https://o.example/a/%2e%2E/b", "Path"),
            ("https://o.example/a/.%2e", "Path"),
            ("https://o.example/a/..%2Fb", "Path"),
            ("https://o.example/a%5Cb", "Path"),
            ("https://o.example/a%00b", "Path"),
            ("https://o.example/a\\b", "Path"),
            ("https://o.example/a\tb", "Path"),
            ("https://o.example/a?\n", "Path"),
        ] {
            assert_eq!(read(text), error, "{text}");
        }
        assert_eq!(read(&format!("https://o.example/{}", "a".repeat(5_000))), "TooLong");
    }

    #[test]
    fn a_prefix_covers_whole_steps_of_its_own_hosts() {
        let covers = |prefix: &str, address: &str| {
            AddressPrefix::parse(prefix).unwrap().covers(&Address::parse(address).unwrap())
        };
        for (prefix, address, expected) in [
            ("https://o.example/p/", "https://o.example/p/a.png?v=1", true),
            ("https://o.example/p", "https://o.example/p/a.png", true),
            ("https://o.example/p", "https://o.example/pa.png", false),
            ("https://o.example/p", "http://o.example/p/a.png", false),
            ("https://o.example/p", "https://o.example:8443/p/a.png", false),
            ("https://o.example", "https://o.example.evil.test/", false),
            ("https://*.o.example", "https://a.o.example/x", true),
            ("https://*.o.example", "https://a.b.o.example/x", true),
            ("https://*.o.example", "https://o.example/x", false),
            ("https://*.o.example", "https://evilo.example/x", false),
            ("https://*.o.example:8443/p", "https://a.o.example:8443/p/x", true),
            ("https://*.o.example:8443/p", "https://a.o.example/p/x", false),
        ] {
            assert_eq!(covers(prefix, address), expected, "{prefix} {address}");
        }
        assert!(AddressPrefix::parse("https://o.example/?a").is_err());
    }

    #[test]
    fn follows_every_kind_of_location() {
        let from = Address::parse("https://o.example/a/b.png?x").unwrap();
        let to = |location| from.follow(location).map(|address| address.text);
        assert_eq!(to("http://p.example/c").as_deref(), Ok("http://p.example/c"));
        assert_eq!(to("//p.example/c").as_deref(), Ok("https://p.example/c"));
        assert_eq!(to("/c").as_deref(), Ok("https://o.example/c"));
        assert_eq!(to("c").as_deref(), Ok("https://o.example/a/c"));
        assert_eq!(to("../c"), Err(AddressError::Path));
        assert_eq!(to("/c?u=http://p.example").as_deref(), Ok("https://o.example/c?u=http://p.example"));
    }

    #[test]
    fn only_names_have_hosts_below() {
        let below = |text: &str| Address::parse(text).unwrap().below("bucket").map(|address| address.text);
        assert_eq!(below("https://s3.example:9000").as_deref(), Some("https://bucket.s3.example:9000/"));
        assert_eq!((below("http://127.0.0.1"), below("http://[::1]:80")), (None, None));
    }

    #[test]
    fn tells_what_nobody_can_change_on_the_way() {
        let safe = |text| Address::parse(text).unwrap().is_safe();
        assert!(safe("https://o.example") && safe("http://127.0.0.1:99/") && safe("http://[::1]/"));
        assert!(
            !safe("http://o.example") && !safe("http://localhost.evil.test") && !safe("http://127.0.0.10/")
        );
    }
}
