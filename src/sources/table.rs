//! The table of sources, and the routes from a key to those that are asked for it.
//!
//! Everything is checked when it is read, so that a mistake stops the deploy.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::source::{At, Kind, Place, Source};
use crate::address::Address;
use crate::grant::{is_below, step_path};
use crate::recipe;

/// All sources, and who is asked for what.
#[derive(Debug, Clone)]
pub struct Sources {
    table: Vec<Source>,
    /// The most particular first.
    routes: Vec<Route>,
}

#[derive(Debug, Clone)]
struct Route {
    path: String,
    tenant: Option<String>,
    /// Their places in the table, in the order they are asked.
    sources: Vec<usize>,
    /// Whether the path is not a part of the keys there.
    strip: bool,
}

/// A row of SOURCES or ROUTES that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{row}: {reason}")]
pub struct SourcesError {
    /// The row.
    pub row: String,
    /// What is wrong.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRoute {
    #[serde(default)]
    path: String,
    tenant: Option<String>,
    sources: Vec<String>,
    #[serde(default)]
    strip: bool,
}

/// Where pictures are unless somebody says otherwise.
const USUAL: &str = r#"{"pictures":{"type":"r2","binding":"PICTURES"}}"#;

impl Sources {
    /// Reads both tables, given as JSON, and the secrets that they name.
    pub fn parse(
        sources: Option<&str>,
        routes: Option<&str>,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SourcesError> {
        let fail = |row: &str, reason: String| SourcesError { row: row.to_owned(), reason };
        let written: BTreeMap<String, Value> = serde_json::from_str(sources.unwrap_or(USUAL))
            .map_err(|error| fail("SOURCES", format!("it must be a table of names and sources: {error}")))?;
        let read = |(name, row): (String, Value)| {
            Source::read(&name, row, &secret).map_err(|reason| fail(&format!("SOURCES.{name}"), reason))
        };
        let table: Vec<Source> = written.into_iter().map(read).collect::<Result<_, _>>()?;
        let mut all = Self { table, routes: Vec::new() };
        all.routes = all.read_routes(routes)?;
        Ok(all)
    }

    fn read_routes(&self, written: Option<&str>) -> Result<Vec<Route>, SourcesError> {
        let fail = |row: String, reason: String| SourcesError { row, reason };
        let Some(written) = written else {
            return self.only_route().map_err(|reason| fail("ROUTES".to_owned(), reason));
        };
        let rows: Vec<Value> = serde_json::from_str(written)
            .map_err(|error| fail("ROUTES".to_owned(), format!("it must be a list of routes: {error}")))?;
        let mut routes: Vec<Route> = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let fail = |reason| fail(format!("ROUTES[{index}]"), reason);
            let route = self.read_route(row).map_err(fail)?;
            if routes.iter().any(|other| (&other.path, &other.tenant) == (&route.path, &route.tenant)) {
                return Err(fail("another route has the same path and tenant".to_owned()));
            }
            routes.push(route);
        }
        routes.sort_by_key(|route| std::cmp::Reverse((route.tenant.is_some(), route.path.len())));
        Ok(routes)
    }

    /// Where there is one source for keys, it has all of them.
    fn only_route(&self) -> Result<Vec<Route>, String> {
        let keyed: Vec<usize> =
            self.table.iter().enumerate().filter(|(_, source)| source.has_keys()).map(|(at, _)| at).collect();
        if keyed.len() > 1 {
            return Err("there are several SOURCES, so it must say which paths go to which".to_owned());
        }
        let sources = keyed;
        Ok(vec![Route { path: String::new(), tenant: None, sources, strip: false }])
    }

    fn read_route(&self, row: Value) -> Result<Route, String> {
        let written: WrittenRoute = serde_json::from_value(row).map_err(|error| error.to_string())?;
        let find = |name: &String| {
            let at = self.table.iter().position(|source| source.name == *name);
            let at = at.ok_or_else(|| format!("SOURCES has no '{name}'"))?;
            let has_keys = self.table.get(at).is_some_and(Source::has_keys);
            if has_keys {
                Ok(at)
            } else {
                Err(format!("'{name}' stands for several hosts, so it has no keys"))
            }
        };
        let sources = written.sources.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        if sources.is_empty() {
            return Err("sources: it must name one".to_owned());
        }
        Ok(Route { path: step_path(&written.path), tenant: written.tenant, sources, strip: written.strip })
    }

    /// The places where a picture may be, in the order they are asked; none where nobody has such pictures.
    pub fn find(&self, source: &recipe::Source, tenant: Option<&str>) -> Vec<Place<'_>> {
        match source {
            recipe::Source::Key { key, query } => self.find_key(key, query.as_deref(), tenant),
            recipe::Source::Remote { address } => self.find_address(address),
        }
    }

    fn find_key(&self, key: &str, query: Option<&str>, tenant: Option<&str>) -> Vec<Place<'_>> {
        let is_its = |route: &&Route| {
            is_below(key, &route.path) && route.tenant.as_deref().is_none_or(|of| Some(of) == tenant)
        };
        let Some(route) = self.routes.iter().find(is_its) else { return Vec::new() };
        let key = if route.strip { key.strip_prefix(&route.path).unwrap_or(key) } else { key };
        let key = key.trim_start_matches('/');
        let sources = route.sources.iter().filter_map(|&at| self.table.get(at));
        sources.filter_map(|source| source.place(key, query)).collect()
    }

    fn find_address(&self, address: &Address) -> Vec<Place<'_>> {
        let covers = |source: &&Source| match &source.kind {
            Kind::Http { http, by_url } => *by_url && http.prefix.covers(address),
            Kind::R2 { .. } | Kind::S3 { .. } => false,
        };
        let place = |source| Place { source, at: At::Address(address.clone()) };
        self.table.iter().filter(covers).map(place).collect()
    }

    /// Whether an address may be named as a source.
    pub fn allow(&self, address: &Address) -> bool {
        !self.find_address(address).is_empty()
    }

    /// The buckets that are read by a binding: the name of each source, and its binding.
    pub fn buckets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.table.iter().filter_map(|source| match &source.kind {
            Kind::R2 { binding, .. } => Some((source.name.as_str(), binding.as_str())),
            Kind::S3 { .. } | Kind::Http { .. } => None,
        })
    }

    /// Whether anything is read by HTTP, so that requests could go round in circles.
    pub fn speak_http(&self) -> bool {
        self.table.iter().any(|source| !matches!(source.kind, Kind::R2 { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sources: &str, routes: Option<&str>) -> Result<Sources, String> {
        let secret = |name: &str| match name {
            "TOKEN" => Some(r#"{"authorization":"Bearer x"}"#.to_owned()),
            "S3_KEY" => Some(r#"{"access_key_id":"id","secret_access_key":"secret"}"#.to_owned()),
            "S3_KEY2" => Some("secret".to_owned()),
            _ => None,
        };
        Sources::parse(Some(sources), routes, secret).map_err(|error| error.to_string())
    }

    fn names(sources: &Sources, source: &str, tenant: Option<&str>) -> Vec<String> {
        let (path, query) =
            source.split_once('?').map_or((source, None), |(path, query)| (path, Some(query)));
        let source = recipe::Source::parse(path, query).unwrap();
        sources.find(&source, tenant).iter().map(Place::name).collect()
    }

    const TABLE: &str = r#"{
        "main": {"type": "r2", "binding": "A"},
        "old": {"type": "r2", "binding": "B", "prefix": "/archive/"},
        "s3": {"type": "s3", "endpoint": "https://s3.example", "bucket": "photos", "region": "auto",
               "prefix": "in", "credentials": "S3_KEY"},
        "shop": {"type": "http", "url": "https://shop.example/media", "secret_headers": "TOKEN"},
        "open": {"type": "http", "url": "https://*.cdn.example/p/", "by_url": true, "total_ms": 900}
    }"#;

    #[test]
    fn one_bucket_has_everything_unless_somebody_says_otherwise() {
        let usual = Sources::parse(None, None, |_| None).unwrap();
        assert_eq!(names(&usual, "a/b.png", Some("t")), ["pictures:a/b.png"]);
        assert!(names(&usual, "https://o.example/a.png", None).is_empty());
    }

    #[test]
    fn keys_go_where_the_most_particular_route_says() {
        let routes = r#"[
            {"sources": ["main", "old"]},
            {"path": "shop", "sources": ["shop"], "strip": true},
            {"path": "shop/own", "sources": ["main"]},
            {"path": "s3", "sources": ["s3", "main"]},
            {"tenant": "acme", "sources": ["old"]}
        ]"#;
        let sources = read(TABLE, Some(routes)).unwrap();
        for (source, tenant, expected) in [
            ("a b.png", None, &["main:a b.png", "old:archive/a b.png"][..]),
            ("shop/a b.png?v=2", None, &["shop:https://shop.example/media/a%20b.png?v=2"]),
            ("shopping/a.png", None, &["main:shopping/a.png", "old:archive/shopping/a.png"]),
            ("s3/a.png", None, &["s3:s3/a.png", "main:s3/a.png"]),
            ("shop/own/a.png", Some("other"), &["main:shop/own/a.png"]),
            ("shop/own/a.png", Some("acme"), &["old:archive/shop/own/a.png"]),
            ("https://eu.cdn.example/p/a.png", None, &["open:https://eu.cdn.example/p/a.png"]),
            ("https://eu.cdn.example/q/a.png", None, &[]),
            ("https://shop.example/media/a.png", None, &[]),
        ] {
            assert_eq!(names(&sources, source, tenant), expected, "{source} {tenant:?}");
        }
        let open = sources.table.iter().find(|source| source.name == "open").unwrap();
        assert_eq!((open.first_byte_ms, open.total_ms), (900, 900));
    }

    #[test]
    fn what_no_route_covers_is_nowhere() {
        let sources = read(TABLE, Some(r#"[{"path": "a", "sources": ["main"]}]"#)).unwrap();
        assert!(names(&sources, "b.png", None).is_empty());
    }

    #[test]
    fn a_source_without_its_secret_is_locked_and_stops_no_other() {
        let table = TABLE.replace("S3_KEY", "NOT_SET").replace("TOKEN", "NOT_SET_EITHER");
        let sources = read(&table, Some(r#"[{"sources":["main"]}]"#)).unwrap();
        let locked = sources.table.iter().filter(|source| source.is_locked);
        assert_eq!(locked.map(|source| source.name.as_str()).collect::<Vec<_>>(), ["s3", "shop"]);
    }

    #[test]
    fn says_which_row_is_wrong() {
        let one = r#"{"a":{"type":"r2","binding":"A"}}"#;
        for (sources, routes, wrong) in [
            ("[]", None, "SOURCES: it must be a table"),
            (r#"{"a b":{"type":"r2","binding":"A"}}"#, None, "SOURCES.a b: names are"),
            (r#"{"a":{"type":"ftp"}}"#, None, "SOURCES.a: unknown variant `ftp`"),
            (r#"{"a":{"type":"r2","bindings":"A"}}"#, None, "unknown field `bindings`"),
            (r#"{"a":{"type":"r2","binding":"A","total_ms":0}}"#, None, "SOURCES.a: total_ms: it must be"),
            (r#"{"a":{"type":"http","url":"a.example"}}"#, None, "it must begin with https://"),
            (r#"{"a":{"type":"http","url":"https://a","headers":{"via":"x"}}}"#, None, "'via' is no header"),
            (
                r#"{"a":{"type":"http","url":"https://a","secret_headers":"S3_KEY2"}}"#,
                None,
                "S3_KEY2 must be a table",
            ),
            (
                r#"{"a":{"type":"s3","endpoint":"https://a","bucket":"abc","region":"r","credentials":"TOKEN"}}"#,
                None,
                "SOURCES.a: credentials: TOKEN: ",
            ),
            (TABLE, None, "ROUTES: there are several SOURCES"),
            (one, Some("{}"), "ROUTES: it must be a list"),
            (one, Some(r#"[{"sources":["b"]}]"#), "ROUTES[0]: SOURCES has no 'b'"),
            (one, Some(r#"[{"sources":[]}]"#), "ROUTES[0]: sources: it must name one"),
            (one, Some(r#"[{"sources":["a"]},{"path":"/","sources":["a"]}]"#), "ROUTES[1]: another route"),
            (TABLE, Some(r#"[{"sources":["open"]}]"#), "'open' stands for several hosts"),
        ] {
            let error = read(sources, routes).unwrap_err();
            assert!(error.contains(wrong), "{sources} {routes:?}: {error}");
        }
    }
}
