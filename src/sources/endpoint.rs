//! The address of a store, `https://host` or `https://host:port`.
//!
//! The Worker's URL parser rewrites hosts (capitals, `0x7f.1`, `:443`), and whatever it rewrites would no longer be what was
//! signed. So a host is taken in its one spelling only, or brought into it.

use std::fmt;
use std::net::Ipv4Addr;

/// The address of a store; printed as the beginning of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    host: String,
    /// Unless it is the scheme's own.
    port: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// An address that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Something else, or more.
    #[error("it is not 'https://host' or 'https://host:port' and nothing else")]
    Shape,
    /// No name of a host.
    #[error("its host is no name of letters, digits, '-' and '.', no IPv4 address and not [::1]")]
    Host,
    /// No port.
    #[error("its port is none of 1 to 65535")]
    Port,
    /// Requests that anybody on the way reads and repeats.
    #[error("'http://' is for a loopback address only; others take 'https://'")]
    Insecure,
}

impl Endpoint {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let (scheme, authority) = text.split_once("://").ok_or(EndpointError::Shape)?;
        let scheme = Scheme::parse(scheme).ok_or(EndpointError::Shape)?;
        if authority.contains(['/', '?', '#', '@', '\\']) {
            return Err(EndpointError::Shape);
        }
        let (host, port) = split_port(authority);
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err(EndpointError::Host);
        }
        if scheme == Scheme::Http && !is_loopback(&host) {
            return Err(EndpointError::Insecure);
        }
        let port = port.map(|port| read_port(port).ok_or(EndpointError::Port)).transpose()?;
        Ok(Self { scheme, host, port: port.filter(|port| *port != scheme.port()) })
    }

    /// A host below this one, unless this is an address, below which there are none.
    #[must_use]
    pub(super) fn below(&self, label: &str) -> Option<Self> {
        let host = format!("{label}.{}", self.host);
        (!self.is_address() && is_host(&host)).then_some(Self { host, ..self.clone() })
    }

    /// The host, and the port unless it is the scheme's own: what the header `Host` says.
    pub fn authority(&self) -> String {
        match self.port {
            None => self.host.clone(),
            Some(port) => format!("{}:{port}", self.host),
        }
    }

    fn is_address(&self) -> bool {
        self.host == LOOPBACK_V6 || self.host.parse::<Ipv4Addr>().is_ok()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

impl Scheme {
    fn parse(name: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| scheme.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Of IPv6 there is this one: nobody else's store has a certificate for an address of it.
const LOOPBACK_V6: &str = "[::1]";

fn split_port(authority: &str) -> (&str, Option<&str>) {
    if authority.ends_with(']') {
        return (authority, None);
    }
    authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
}

fn read_port(text: &str) -> Option<u16> {
    // `parse` alone would take '+80'.
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// Whether this is the one spelling of a name (RFC 1123, section 2.1) or address.
fn is_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with(|first: char| first.is_ascii_digit()) {
        // What ends like a number is an IPv4 address in every URL parser, and std reads its one spelling only.
        return host.parse::<Ipv4Addr>().is_ok();
    }
    host == LOOPBACK_V6 || (host.len() <= 253 && host.split('.').all(is_label))
}

fn is_label(label: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(is_plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether requests to it stay within the machine (RFC 6761, section 6.3, of names).
fn is_loopback(host: &str) -> bool {
    let is_name = host == "localhost" || host.ends_with(".localhost");
    is_name || host == LOOPBACK_V6 || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_one_spelling() {
        for (text, printed) in [
            ("https://s3.eu-central-1.amazonaws.com", "https://s3.eu-central-1.amazonaws.com"),
            ("https://S3.Example", "https://s3.example"),
            ("https://s3.example:443", "https://s3.example"),
            ("https://s3.example:80", "https://s3.example:80"),
            ("https://s3.example:09000", "https://s3.example:9000"),
            ("https://192.0.2.7:9000", "https://192.0.2.7:9000"),
            ("http://localhost:80", "http://localhost"),
            ("http://s3.localhost:443", "http://s3.localhost:443"),
            ("http://127.9.9.9:8333", "http://127.9.9.9:8333"),
            ("http://[::1]", "http://[::1]"),
            ("http://[::1]:8333", "http://[::1]:8333"),
        ] {
            assert_eq!(Endpoint::parse(text).map(|e| e.to_string()), Ok(printed.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_other_addresses() {
        use EndpointError::{Host, Insecure, Port, Shape};
        for (text, error) in [
            ("", Shape),
            ("s3.example", Shape),
            ("ftp://s3.example", Shape),
            ("HTTPS://s3.example", Shape),
            ("https://s3.example/", Shape),
            ("https://s3.example/bucket", Shape),
            ("https://s3.example?a", Shape),
            ("https://s3.example#a", Shape),
            ("https://user:password@s3.example", Shape),
            ("https://s3.example\\@evil.example", Shape),
            ("https://", Host),
            ("https://:443", Host),
            ("https://s3..example", Host),
            ("https://s3.example.", Host),
            ("https://-s3.example", Host),
            ("https://s3_.example", Host),
            ("https://s3 .example", Host),
            ("https://s3%2eexample", Host),
            ("https://söhne.example", Host),
            ("https://127.1", Host),
            ("https://0x7f.0.0.1", Host),
            ("https://a.0x7f", Host),
            ("https://127.0.0.01", Host),
            ("https://2130706433", Host),
            ("https://[::2]", Host),
            ("https://[::1", Host),
            ("https://::1", Host),
            ("https://s3.example:", Port),
            ("https://s3.example:0", Port),
            ("https://s3.example:+80", Port),
            ("https://s3.example:65536", Port),
            ("http://s3.example", Insecure),
            ("http://10.0.0.1:9000", Insecure),
            ("http://localhost.example", Insecure),
        ] {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
        let long = format!("https://{}", ["a"; 128].join("."));
        assert_eq!(Endpoint::parse(&long), Err(Host), "a name of 255 characters");
    }

    #[test]
    fn only_names_have_hosts_below() {
        let below = |text: &str| Endpoint::parse(text).unwrap().below("bucket").map(|e| e.to_string());
        assert_eq!(below("https://s3.example:9000").as_deref(), Some("https://bucket.s3.example:9000"));
        assert_eq!(below("http://localhost").as_deref(), Some("http://bucket.localhost"));
        assert_eq!(below("http://127.0.0.1"), None);
        assert_eq!(below("http://[::1]"), None);
    }
}
