//! Rules on who asks and from where: addresses, networks, countries, and the pages that pictures stand on.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::Deserialize;

/// What is known of the client. Cloudflare says the first three; the headers are the client's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: Option<IpAddr>,
    /// The number of its network (autonomous system).
    pub asn: Option<u32>,
    /// Its country, two letters.
    pub country: Option<String>,
    /// `Referer`.
    pub referer: Option<String>,
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<String>,
}

impl Client {
    /// What stands for the client where requests are counted: an IPv4 address, or the /64 that an IPv6 client has.
    pub fn class(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                format!("{}/64", Ipv6Addr::from(network))
            }
        }
    }

    /// The host of the page it says it is on.
    fn referring_host(&self) -> Option<&str> {
        let (_, rest) = self.referer.as_deref()?.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Some(without_port(host)).filter(|host| !host.is_empty())
    }
}

/// A host without its port.
fn without_port(host: &str) -> &str {
    // An IPv6 address has colons of its own, within its brackets.
    let end = host.rfind(']').map_or_else(|| host.find(':'), |bracket| Some(bracket + 1));
    host.get(..end.unwrap_or(host.len())).unwrap_or(host)
}

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not an address or a network.
    #[error("'{0}' is no IP address or network, such as 192.0.2.0/24 or 2001:db8::/32")]
    Network(String),
    /// Not two letters.
    #[error("'{0}' is no country; write two capital letters (ISO 3166-1), such as CH")]
    Country(String),
    /// Not a value of `Sec-Fetch-Site`.
    #[error("'{0}' is no value of Sec-Fetch-Site: same-origin, same-site, cross-site or none")]
    FetchSite(String),
    /// Not a host.
    #[error("'{0}' is no host, such as example.com, *.example.com or none")]
    Host(String),
}

/// Clients, as a policy lists them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenClients {
    #[serde(default)]
    ips: Vec<String>,
    #[serde(default)]
    asns: Vec<u32>,
    #[serde(default)]
    countries: Vec<String>,
}

/// A list of clients: who is in one of its parts is on it.
#[derive(Debug, Clone, Default)]
struct Clients {
    networks: Vec<IpNet>,
    asns: Vec<u32>,
    countries: Vec<String>,
}

impl Clients {
    fn read(written: WrittenClients) -> Result<Self, ClientError> {
        let network = |text: &String| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or_else(|_| address()).map_err(|_| ClientError::Network(text.clone()))
        };
        for country in &written.countries {
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
                return Err(ClientError::Country(country.clone()));
            }
        }
        Ok(Self {
            networks: written.ips.iter().map(network).collect::<Result<_, _>>()?,
            asns: written.asns,
            countries: written.countries,
        })
    }

    fn has(&self, client: &Client) -> bool {
        let address = client.address.map(|address| address.to_canonical());
        address.is_some_and(|address| self.networks.iter().any(|network| network.contains(&address)))
            || client.asn.is_some_and(|asn| self.asns.contains(&asn))
            || client.country.as_ref().is_some_and(|country| self.countries.contains(country))
    }
}

/// What a policy demands of clients.
#[derive(Debug, Clone, Default)]
pub(super) struct ClientRules {
    allow: Option<Clients>,
    deny: Option<Clients>,
    referers: Option<Vec<String>>,
    fetch_sites: Option<Vec<String>>,
}

impl ClientRules {
    pub(super) fn read(
        allow: Option<WrittenClients>,
        deny: Option<WrittenClients>,
        referers: Option<Vec<String>>,
        fetch_sites: Option<Vec<String>>,
    ) -> Result<Self, ClientError> {
        let sites = ["same-origin", "same-site", "cross-site", "none"];
        if let Some(site) = fetch_sites.iter().flatten().find(|site| !sites.contains(&site.as_str())) {
            return Err(ClientError::FetchSite(site.clone()));
        }
        if let Some(host) = referers.iter().flatten().find(|host| !is_host(host)) {
            return Err(ClientError::Host(host.clone()));
        }
        Ok(Self {
            allow: allow.map(Clients::read).transpose()?,
            deny: deny.map(Clients::read).transpose()?,
            referers,
            fetch_sites,
        })
    }

    /// Whether there are any: then an answer is not for everyone.
    pub(super) fn is_any(&self) -> bool {
        self.allow.is_some() || self.deny.is_some() || self.referers.is_some() || self.fetch_sites.is_some()
    }

    /// Whether a client may ask at all.
    pub(super) fn admit(&self, client: &Client) -> bool {
        let is_denied = self.deny.as_ref().is_some_and(|clients| clients.has(client));
        let is_allowed = self.allow.as_ref().is_none_or(|clients| clients.has(client));
        !is_denied && is_allowed && self.admits_page(client)
    }

    fn admits_page(&self, client: &Client) -> bool {
        let referer = self.referers.as_ref().is_none_or(|allowed| match client.referring_host() {
            Some(host) => allowed.iter().any(|pattern| matches_host(pattern, host)),
            // What has no host, as `about:blank`, says no more than nothing does.
            None => allowed.iter().any(|pattern| pattern == "none"),
        });
        // Only browsers send it, and only browsers can be held to it.
        let site = match (&self.fetch_sites, &client.fetch_site) {
            (Some(allowed), Some(site)) => allowed.contains(site),
            _ => true,
        };
        referer && site
    }
}

/// Whether a host is the pattern, or lies below it where that begins with `*.`. Its port does not count, nor the dot that
/// may end a name: whoever writes them must not get another policy.
pub(super) fn matches_host(pattern: &str, host: &str) -> bool {
    let host = without_port(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        None => host.eq_ignore_ascii_case(pattern),
        Some(parent) => {
            let split = host.len().checked_sub(parent.len() + 1).and_then(|at| host.split_at_checked(at));
            split.is_some_and(|(label, rest)| {
                !label.is_empty()
                    && rest.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(parent))
            })
        }
    }
}

/// Whether this is a host, or a pattern for hosts.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    !name.is_empty() && name.bytes().all(is_part) && without_port(name) == name && !name.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(json: &str) -> WrittenClients {
        serde_json::from_str(json).unwrap()
    }

    fn rules(allow: Option<&str>, deny: Option<&str>) -> ClientRules {
        ClientRules::read(allow.map(clients), deny.map(clients), None, None).unwrap()
    }

    fn at(address: &str, asn: u32, country: &str) -> Client {
        let address = address.parse().ok();
        Client { address, asn: Some(asn), country: Some(country.to_owned()), ..Client::default() }
    }

    #[test]
    fn denied_comes_before_allowed_and_unlisted_is_out() {
        let rules = rules(
            Some(r#"{"ips":["192.0.2.0/24","2001:db8::1"],"countries":["CH"]}"#),
            Some(r#"{"ips":["192.0.2.66"],"asns":[64500]}"#),
        );
        for (client, is_admitted) in [
            (at("192.0.2.1", 1, "US"), true),
            (at("::ffff:192.0.2.1", 1, "US"), true),
            (at("192.0.2.66", 1, "CH"), false),
            (at("198.51.100.1", 1, "CH"), true),
            (at("198.51.100.1", 64500, "CH"), false),
            (at("198.51.100.1", 1, "US"), false),
            (at("2001:db8::1", 1, "US"), true),
            (at("2001:db8::2", 1, "US"), false),
            (Client::default(), false),
        ] {
            assert_eq!(rules.admit(&client), is_admitted, "{client:?}");
        }
    }

    #[test]
    fn hotlinks_are_told_by_referer_and_fetch_site() {
        let texts = |list: &[&str]| Some(list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        let referers = texts(&["example.com", "*.example.com"]);
        let strict = ClientRules::read(None, None, referers.clone(), texts(&["same-site", "none"])).unwrap();
        let on = |referer: &str, site: &str| Client {
            referer: (!referer.is_empty()).then(|| referer.to_owned()),
            fetch_site: (!site.is_empty()).then(|| site.to_owned()),
            ..Client::default()
        };
        for (client, is_admitted) in [
            (on("https://example.com/page", ""), true),
            (on("https://WWW.example.com:8443/", "same-site"), true),
            (on("https://example.com", "cross-site"), false),
            (on("https://notexample.com/", ""), false),
            (on("https://example.com.evil.example/", ""), false),
            (on("https://example.com@evil.example/", ""), false),
            (on("https://evil.example/?https://example.com/", ""), false),
            (on("about:blank", ""), false),
            (on("", "none"), false),
        ] {
            assert_eq!(strict.admit(&client), is_admitted, "{client:?}");
        }
        let mut referers = referers.unwrap();
        referers.push("none".to_owned());
        assert!(ClientRules::read(None, None, Some(referers), None).unwrap().admit(&on("", "")));
    }

    #[test]
    fn refuses_rules_that_are_none() {
        let read = |json| ClientRules::read(Some(clients(json)), None, None, None).err();
        assert!(matches!(read(r#"{"ips":["192.0.2.0/33"]}"#), Some(ClientError::Network(_))));
        assert!(matches!(read(r#"{"countries":["Switzerland"]}"#), Some(ClientError::Country(_))));
        let site = ClientRules::read(None, None, None, Some(vec!["same".to_owned()]));
        assert!(matches!(site, Err(ClientError::FetchSite(_))));
        let host = ClientRules::read(None, None, Some(vec!["https://a.example/".to_owned()]), None);
        assert!(matches!(host, Err(ClientError::Host(_))));
    }

    #[test]
    fn clients_are_counted_by_what_they_cannot_change() {
        assert_eq!(at("::ffff:192.0.2.1", 1, "CH").class(), "192.0.2.1");
        assert_eq!(at("2001:db8:1:2:3:4:5:6", 1, "CH").class(), "2001:db8:1:2::/64");
        assert_eq!(Client::default().class(), "unknown");
    }
}
