//! Policies: what a deployment demands of those who ask, by host and by the beginning of the source's key.
//!
//! A table of the configuration; everything in it is checked when it is read, so that a mistake stops the deploy.

use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, ClientError, ClientRules, WrittenClients, is_host, matches_host};
use super::limits::Limits;
use crate::recipe::{self, Presets, Source};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nobody.
    Private,
    /// Everybody.
    Public,
    /// Whoever has one of these.
    Granted {
        /// A signed URL.
        signature: bool,
        /// A token.
        token: bool,
    },
}

impl Access {
    /// Signed URLs only: what holds unless somebody says otherwise.
    pub const SIGNED: Self = Self::Granted { signature: true, token: false };

    /// What may be said.
    pub const RANGE: &'static str = "private, public, signed, token, or signed,token";

    /// Reads one of the words.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "private" => Some(Self::Private),
            "public" => Some(Self::Public),
            "signed" => Some(Self::SIGNED),
            "token" => Some(Self::Granted { signature: false, token: true }),
            "signed,token" | "token,signed" => Some(Self::Granted { signature: true, token: true }),
            _ => None,
        }
    }

    /// Whether a token would do.
    pub fn takes_tokens(self) -> bool {
        matches!(self, Self::Granted { token: true, .. })
    }
}

/// A policy that cannot be used, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("POLICIES[{index}]{of}: {reason}", of = name_of(name.as_deref()))]
pub struct PolicyError {
    /// Its place in the table, from 0.
    pub index: usize,
    /// Its path, where it has one.
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

fn name_of(path: Option<&str>) -> String {
    path.map_or_else(String::new, |path| format!(" (path '{}')", path.escape_debug()))
}

/// What holds where no policy says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// Who may ask for transforms.
    pub access: Access,
    /// Who may have the sources themselves.
    pub originals: Access,
    /// How long clients keep an answer.
    pub max_age_seconds: u32,
}

/// What the rest of the configuration has, for policies to name.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Presets.
    pub presets: &'a Presets,
    /// Classes of rate limits.
    pub rates: &'a [&'a str],
    /// Whether anybody gives out tokens.
    pub has_issuers: bool,
}

/// One policy.
#[derive(Debug, Clone)]
pub struct Policy {
    path: String,
    host: Option<String>,
    /// Who may ask for transforms.
    pub access: Access,
    /// Who may have the sources themselves.
    pub originals: Access,
    /// The keys whose signatures count; all where it does not say.
    pub keys: Option<Vec<String>>,
    /// The tenant whose pictures these are.
    pub tenant: Option<String>,
    sources: Option<Vec<String>>,
    /// What may be asked for.
    pub limits: Limits,
    /// A preset that is forced upon every picture.
    pub preset: Option<String>,
    /// How long clients keep an answer.
    pub max_age_seconds: u32,
    /// The longest that a signature may be valid from now on, in seconds; then every one must expire.
    pub longest_seconds: Option<u64>,
    clients: ClientRules,
    /// The class of its rate limit.
    pub rate: Option<String>,
    /// What its pictures may be purged by.
    pub tags: Vec<String>,
    /// Whether `metadata=keep` keeps places, serial numbers and names of owners, too.
    pub private_metadata: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    path: String,
    host: Option<String>,
    access: Option<String>,
    originals: Option<String>,
    keys: Option<Vec<String>>,
    tenant: Option<String>,
    sources: Option<Vec<String>>,
    options: Option<Vec<String>>,
    presets: Option<Vec<String>>,
    formats: Option<Vec<String>>,
    max_width: Option<u32>,
    max_height: Option<u32>,
    widths: Option<Vec<u32>>,
    heights: Option<Vec<u32>>,
    preset: Option<String>,
    max_age_seconds: Option<u32>,
    longest_seconds: Option<u64>,
    referers: Option<Vec<String>>,
    fetch_sites: Option<Vec<String>>,
    allow: Option<WrittenClients>,
    deny: Option<WrittenClients>,
    rate: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    private_metadata: bool,
}

/// All policies of a deployment.
#[derive(Debug, Clone)]
pub struct Policies {
    table: Vec<Policy>,
    otherwise: Policy,
}

impl Policies {
    /// Reads the table, given as JSON.
    pub fn parse(table: &[Value], defaults: Defaults, context: Context<'_>) -> Result<Self, PolicyError> {
        let mut policies: Vec<Policy> = Vec::with_capacity(table.len());
        for (index, row) in table.iter().enumerate() {
            let name = row.get("path").and_then(Value::as_str).map(str::to_owned);
            let fail = |reason: String| PolicyError { index, name: name.clone(), reason };
            // What is derived would take a row's values in their order, too.
            if !row.is_object() {
                return Err(fail("it must be a table".to_owned()));
            }
            let written = Written::deserialize(row).map_err(|error| fail(error.to_string()))?;
            let policy = Policy::read(written, defaults, context).map_err(fail)?;
            if policies.iter().any(|other| (&other.path, &other.host) == (&policy.path, &policy.host)) {
                return Err(fail("another policy has the same host and path".to_owned()));
            }
            policies.push(policy);
        }
        // The first that matches is the most particular one.
        policies.sort_by_key(|policy| {
            let host = policy.host.as_ref().map(|host| (!host.starts_with("*."), host.len()));
            std::cmp::Reverse((host, policy.path.len()))
        });
        Ok(Self { table: policies, otherwise: Policy::of(defaults) })
    }

    /// The policy for a source at a host: that of the most particular host, and of those the longest path.
    pub fn find(&self, host: &str, source: &Source) -> &Policy {
        let name = source.name();
        let is_its = |policy: &&Policy| {
            policy.host.as_ref().is_none_or(|pattern| matches_host(pattern, host))
                && is_below(name, &policy.path)
        };
        self.table.iter().find(is_its).unwrap_or(&self.otherwise)
    }

    /// The presets that any of them forces.
    pub fn forced_presets(&self) -> impl Iterator<Item = &str> {
        self.table.iter().filter_map(|policy| policy.preset.as_deref())
    }

    /// Whether any of them has rules on clients.
    pub fn look_at_clients(&self) -> bool {
        self.table.iter().any(|policy| policy.clients.is_any())
    }
}

impl Policy {
    fn of(defaults: Defaults) -> Self {
        Self {
            path: String::new(),
            host: None,
            access: defaults.access,
            originals: defaults.originals,
            keys: None,
            tenant: None,
            sources: None,
            limits: Limits::default(),
            preset: None,
            max_age_seconds: defaults.max_age_seconds,
            longest_seconds: None,
            clients: ClientRules::default(),
            rate: None,
            tags: Vec::new(),
            private_metadata: false,
        }
    }

    fn read(written: Written, defaults: Defaults, context: Context<'_>) -> Result<Self, String> {
        let access = |name, text: Option<String>, default| match text {
            None => Ok(default),
            Some(text) => Access::parse(&text)
                .ok_or_else(|| format!("{name} cannot be '{text}'; it takes {}", Access::RANGE)),
        };
        let limits = Limits {
            presets: written.presets,
            options: written.options,
            formats: written.formats,
            max_width: written.max_width,
            max_height: written.max_height,
            widths: written.widths,
            heights: written.heights,
        };
        check_limits(&limits, context.presets)?;
        if let Some(host) = written.host.as_ref().filter(|host| !is_host(host)) {
            return Err(ClientError::Host(host.clone()).to_string());
        }
        let clients = ClientRules::read(written.allow, written.deny, written.referers, written.fetch_sites)
            .map_err(|error| error.to_string())?;
        let policy = Self {
            path: step_path(&written.path),
            host: written.host,
            access: access("access", written.access, defaults.access)?,
            originals: access("originals", written.originals, defaults.originals)?,
            keys: written.keys,
            tenant: written.tenant,
            sources: written.sources.map(|paths| paths.iter().map(|path| step_path(path)).collect()),
            limits,
            preset: written.preset,
            max_age_seconds: written.max_age_seconds.unwrap_or(defaults.max_age_seconds),
            longest_seconds: written.longest_seconds,
            clients,
            rate: written.rate,
            tags: written.tags,
            private_metadata: written.private_metadata,
        };
        policy.check(context)?;
        Ok(policy)
    }

    fn check(&self, context: Context<'_>) -> Result<(), String> {
        if let Some(name) = self.preset.as_ref().filter(|name| !context.presets.has(name)) {
            return Err(format!("preset: PRESETS has no '{name}'"));
        }
        if let Some(rate) = self.rate.as_ref().filter(|rate| !context.rates.contains(&rate.as_str())) {
            return Err(format!("rate: RATES has no '{rate}'"));
        }
        if self.tenant.as_deref() == Some("") {
            return Err("tenant cannot be empty".to_owned());
        }
        let takes_tokens = self.access.takes_tokens() || self.originals.takes_tokens();
        if takes_tokens && !context.has_issuers {
            return Err("it takes tokens, but ISSUERS names nobody who gives them out".to_owned());
        }
        Ok(())
    }

    /// Whether this client may ask at all.
    pub fn admits(&self, client: &Client) -> bool {
        self.clients.admit(client)
    }

    /// Whether an answer to a request without a grant is for everyone, so that anybody may keep it.
    pub fn is_for_everyone(&self) -> bool {
        !self.clients.is_any()
    }

    /// Whether the source is among those that the policy allows.
    pub fn allows_source(&self, source: &Source) -> bool {
        let allowed = self.sources.as_ref();
        allowed.is_none_or(|allowed| allowed.iter().any(|path| is_below(source.name(), path)))
    }
}

/// Whether a key or URL is this path or lies below it, by whole steps.
pub fn is_below(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// A path as it is compared: without slashes around it.
pub fn step_path(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

fn check_limits(limits: &Limits, presets: &Presets) -> Result<(), String> {
    if let Some(name) = limits.presets.iter().flatten().find(|name| !presets.has(name)) {
        return Err(format!("presets: PRESETS has no '{name}'"));
    }
    if let Some(name) = limits.options.iter().flatten().find(|name| !recipe::is_option(name)) {
        return Err(format!(
            "options: there is no option '{name}' (long names only; mark and text stand for all of theirs)"
        ));
    }
    if let Some(name) =
        limits.formats.iter().flatten().find(|name| *name != "own" && !recipe::is_format(name))
    {
        return Err(format!("formats: there is no format '{name}' (own stands for a URL without one)"));
    }
    for (name, steps) in [("widths", &limits.widths), ("heights", &limits.heights)] {
        let Some(steps) = steps else { continue };
        let rises = steps.iter().zip(steps.iter().skip(1)).all(|(a, b)| a < b);
        let within = |side: &u32| (1..=recipe::LONGEST_SIDE).contains(side);
        if steps.is_empty() || !rises || !steps.iter().all(within) {
            return Err(format!("{name}: they must be rising whole pixels, 1 to {}", recipe::LONGEST_SIDE));
        }
    }
    for (name, side) in [("max_width", limits.max_width), ("max_height", limits.max_height)] {
        if side.is_some_and(|side| !(1..=recipe::LONGEST_SIDE).contains(&side)) {
            return Err(format!("{name}: it must be whole pixels, 1 to {}", recipe::LONGEST_SIDE));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Defaults =
        Defaults { access: Access::SIGNED, originals: Access::Private, max_age_seconds: 60 };

    fn parse(json: &str) -> Result<Policies, PolicyError> {
        let presets = Presets::parse([("thumb", "width=200")]).unwrap();
        let context = Context { presets: &presets, rates: &["slow"], has_issuers: false };
        Policies::parse(&serde_json::from_str::<Vec<Value>>(json).unwrap(), DEFAULTS, context)
    }

    fn age(policies: &Policies, host: &str, key: &str) -> u32 {
        policies.find(host, &Source::parse(key, None).unwrap()).max_age_seconds
    }

    #[test]
    fn the_most_particular_policy_holds() {
        let policies = parse(
            r#"[{"path":"shop/","max_age_seconds":1},{"path":"/shop/new","max_age_seconds":2},
                {"host":"a.example","max_age_seconds":3},{"host":"*.example","path":"shop","max_age_seconds":4}]"#,
        )
        .unwrap();
        for (host, key, expected) in [
            ("b.other", "a.png", 60),
            ("b.other", "shop/a.png", 1),
            ("b.other", "shopping/a.png", 60),
            ("b.other", "shop/new/a.png", 2),
            ("b.other", "shop/newer/a.png", 1),
            ("a.example", "shop/new/a.png", 3),
            ("b.example", "shop/new/a.png", 4),
            ("b.example", "a.png", 60),
            ("A.example:8443", "a.png", 3),
            ("a.example.", "a.png", 3),
        ] {
            assert_eq!(age(&policies, host, key), expected, "{host} {key}");
        }
    }

    #[test]
    fn says_where_a_policy_is_wrong() {
        for (json, wrong) in [
            (r#"[{},{"path":"a","acess":"public"}]"#, "POLICIES[1] (path 'a'): unknown field `acess`"),
            (r#"[{"access":"open"}]"#, "POLICIES[0]: access cannot be 'open'; it takes private, public"),
            (r#"[{"access":"token"}]"#, "ISSUERS names nobody"),
            (r#"[{"presets":["hero"]}]"#, "PRESETS has no 'hero'"),
            (r#"[{"preset":"hero"}]"#, "PRESETS has no 'hero'"),
            (r#"[{"options":["w"]}]"#, "there is no option 'w'"),
            (r#"[{"formats":["tiff"]}]"#, "there is no format 'tiff'"),
            (r#"[{"widths":[640,320]}]"#, "widths: they must be rising"),
            (r#"[{"max_width":0}]"#, "max_width: it must be whole pixels"),
            (r#"[{"rate":"fast"}]"#, "RATES has no 'fast'"),
            (r#"[{"deny":{"ips":["x"]}}]"#, "'x' is no IP address"),
            (r#"[{"path":"a"},{"path":"/a/"}]"#, "POLICIES[1] (path '/a/'): another policy"),
            ("[3]", "POLICIES[0]: it must be a table"),
        ] {
            let error = parse(json).unwrap_err().to_string();
            assert!(error.contains(wrong), "{json}: {error}");
        }
    }

    #[test]
    fn allows_what_lies_below_its_sources() {
        let policies = parse(r#"[{"path":"open","sources":["open/a","https://o.example/p/"]}]"#).unwrap();
        let find = |key| policies.find("h", &Source::parse(key, None).unwrap());
        let allows = |policy: &Policy, key| policy.allows_source(&Source::parse(key, None).unwrap());
        assert!(allows(find("open/a/b.png"), "open/a/b.png") && !allows(find("open/b.png"), "open/b.png"));
        assert!(allows(find("open/a"), "https://o.example/p/a.png"));
        assert!(!allows(find("open/a"), "https://o.example/q/a.png"));
        assert!(allows(find("a.png"), "https://o.example/p/a.png") && allows(find("a.png"), "a.png"));
    }
}
