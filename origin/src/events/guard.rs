//! Where webhooks may be: on the public internet, and nowhere else.
//!
//! Whoever may name a URL that we ask could have us ask our own network (SSRF). So the name is looked up here, once; if
//! any of its addresses is not a public one, none is asked; and the connection goes to just those that were looked at.
//! Redirects and proxies, by which a connection would end elsewhere, are switched off in `sender.rs`.
//!
//! Ports: 443, or any from 1024. What else listens below that (mail, databases' neighbours, remote shells) is no webhook.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Longer URLs are nobody's.
const LONGEST_URL: usize = 2_048;

/// The addresses of a name, when they are there.
pub type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks up names. The system does; tests bring their own.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    fn look_up(&self, name: String) -> LookingUp;
}

/// The system's way: its hosts file and its name servers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn look_up(&self, name: String) -> LookingUp {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// Why a URL cannot be a webhook's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read as one.
    #[error("the url is none, is longer than 2,048 bytes, or its host is not in ASCII (xn--…)")]
    Url,
    /// Others on the way could read it.
    #[error("the url must begin with https://")]
    Scheme,
    /// Credentials in URLs end up in logs.
    #[error("the url must have neither user nor password, nor a part after '#'")]
    Credentials,
    /// Something else listens there.
    #[error("the url's port must be 443, or 1024 or more")]
    Port,
    /// It is not on the public internet.
    #[error("the url's host is not on the public internet")]
    Address,
}

/// The guard.
#[derive(Clone)]
pub struct Guard {
    lookup: Arc<dyn Lookup>,
    allow_loopback: bool,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("allow_loopback", &self.allow_loopback).finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard who asks there for addresses.
    pub fn new(lookup: Arc<dyn Lookup>, allow_loopback: bool) -> Self {
        Self { lookup, allow_loopback }
    }

    /// Checks all of a URL that can be seen without a look-up; answers it in its one spelling, in which an address is an
    /// address however it was written (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`).
    pub fn check(&self, url: &str) -> Result<Url, Refused> {
        if url.len() > LONGEST_URL {
            return Err(Refused::Url);
        }
        let url = Url::parse(url).map_err(|_| Refused::Url)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refused::Url)?;
        let address = literal(host);
        // The url crate has made small letters of it, and rustls wants no dot at the end.
        let is_local_name = host == "localhost";
        let is_local = self.allow_loopback && (is_local_name || address.is_some_and(|ip| ip.is_loopback()));
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            _ => return Err(Refused::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Refused::Credentials);
        }
        if address.is_some_and(|ip| !self.allows(ip)) || (is_local_name && !is_local) {
            return Err(Refused::Address);
        }
        match url.port_or_known_default() {
            Some(443 | 1024..) => Ok(url),
            Some(_) if is_local => Ok(url),
            _ => Err(Refused::Port),
        }
    }

    fn allows(&self, ip: IpAddr) -> bool {
        is_public(ip) || (self.allow_loopback && ip.is_loopback())
    }

    /// All of a name's addresses, if every one of them may be asked.
    async fn addresses(self, name: String) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let addresses = self.lookup.look_up(name).await?;
        if addresses.is_empty() {
            return Err("the url's host has no address".into());
        }
        if addresses.iter().all(|ip| self.allows(*ip)) {
            Ok(addresses)
        } else {
            Err(Box::new(Refused::Address))
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            // The port is the URL's.
            let addresses = addresses.await?.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The address that a host is, if it is no name.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Beginnings of IPv4 that are not public: IANA's registry of special purposes (RFC 6890), multicast, what is reserved,
/// and the address by which Azure's machines ask their host.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Of IPv6 only `2000::/3` is given out (RFC 4291), which leaves out loopback, private and link-local addresses, multicast,
/// NAT64 and those that stand for IPv4. Within it these are not public: protocols' own, Teredo among them (`2001::/23`),
/// documentation (`2001:db8::/32`, `3fff::/20`), 6to4 (`2002::/16`) and the former 6bone (`3ffe::/16`).
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !NOT_PUBLIC_V4
            .iter()
            .any(|(base, bits)| (ip.to_bits() ^ base.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0),
        IpAddr::V6(ip) => {
            let is_given_out = ip.to_bits() >> 125 == 1;
            // ISATAP (RFC 5214, section 6.1): the last 64 bits are 0000:5efe or 0200:5efe and an IPv4 address.
            let is_isatap = matches!(ip.segments(), [_, _, _, _, 0 | 0x200, 0x5efe, _, _]);
            let is_special = NOT_PUBLIC_V6.iter().any(|(base, bits)| {
                (ip.to_bits() ^ base.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            });
            is_given_out && !is_isatap && !is_special
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow_loopback: bool) -> Guard {
        Guard::new(Arc::new(SystemLookup), allow_loopback)
    }

    #[test]
    fn public_addresses_are_told_from_all_others() {
        for ip in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "11.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:200::1",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_url_is_refused_for_what_can_be_seen_of_it() {
        let guard = guard(false);
        for (url, why) in [
            ("", Refused::Url),
            ("nowhere", Refused::Url),
            // As it is written in ASCII: xn--bcher-kva.example. Digits that only look like such are none.
            ("https://b\u{fc}cher.example/", Refused::Url),
            ("https://\u{ff11}27.0.0.1/", Refused::Url),
            ("https://", Refused::Url),
            ("http://example.com/", Refused::Scheme),
            ("ftp://example.com/", Refused::Scheme),
            ("file:///etc/passwd", Refused::Url),
            ("gopher://example.com/", Refused::Scheme),
            ("https://user@example.com/", Refused::Credentials),
            ("https://user:pass@example.com/", Refused::Credentials),
            ("https://:pass@example.com/", Refused::Credentials),
            ("https://example.com/#part", Refused::Credentials),
            ("https://example.com:22/", Refused::Port),
            ("https://example.com:80/", Refused::Port),
            ("https://example.com:0/", Refused::Port),
            ("https://localhost/", Refused::Address),
            ("https://LOCALHOST:8443/", Refused::Address),
        ] {
            assert_eq!(guard.check(url), Err(why), "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST_URL));
        assert_eq!(guard.check(&long), Err(Refused::Url));
        for url in [
            "https://example.com/a?b=c",
            "https://8.8.8.8/",
            "https://example.com:8443/",
            "https://[2606:4700::1]/",
        ] {
            assert!(guard.check(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn loopback_is_allowed_where_it_is_said_so_and_nothing_else_is() {
        let guard = guard(true);
        for url in ["http://127.0.0.1:80/", "http://localhost:9/", "http://[::1]:1234/", "https://127.0.0.1/"]
        {
            assert!(guard.check(url).is_ok(), "{url}");
        }
        assert_eq!(guard.check("http://example.com/"), Err(Refused::Scheme));
        assert_eq!(guard.check("https://10.0.0.1/"), Err(Refused::Address));
        assert_eq!(guard.check("http://169.254.169.254/"), Err(Refused::Scheme));
    }
}
