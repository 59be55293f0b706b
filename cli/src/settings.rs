//! The Worker's settings where wrangler finds them: `[vars]` of wrangler.toml, a file of secrets, the command line.

mod lines;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Number;
use toml::{Spanned, Value};

/// wrangler.toml, as far as it is about settings.
#[derive(Deserialize, Default)]
struct Configuration {
    #[serde(default)]
    vars: Variables,
    #[serde(default)]
    ratelimits: Vec<RateLimit>,
    #[serde(default)]
    r2_buckets: Vec<Bucket>,
    #[serde(default)]
    env: BTreeMap<String, Environment>,
}

#[derive(Deserialize)]
struct Environment {
    #[serde(default)]
    vars: Variables,
    #[serde(default)]
    ratelimits: Vec<RateLimit>,
    #[serde(default)]
    r2_buckets: Vec<Bucket>,
}

/// A bucket that is bound.
#[derive(Deserialize, Clone)]
pub(crate) struct Bucket {
    pub(crate) binding: String,
}

/// A rate-limiting binding: so many in so many seconds.
#[derive(Deserialize, Clone)]
pub(crate) struct RateLimit {
    pub(crate) name: String,
    pub(crate) simple: Simple,
}

/// Its numbers.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Simple {
    pub(crate) limit: u32,
    pub(crate) period: u32,
}

type Variables = BTreeMap<String, Spanned<Value>>;

/// Which of two values wins where `[vars]` and the file of secrets have the same setting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// The secrets are Cloudflare's; what the file stands in for is what `[vars]` has not.
    Deployed,
    /// `wrangler dev` puts the file above `[vars]`.
    Local,
}

/// All files, read.
pub(crate) struct Sources<'a> {
    path: &'a Path,
    text: String,
    configuration: Configuration,
    vars: Option<&'a Path>,
    given: &'a [(String, String)],
}

/// What the Worker of one environment is told, and where each of it stands.
pub(crate) struct Settings {
    default_place: String,
    table: BTreeMap<String, (String, String)>,
    pub(crate) rate_limits: Vec<RateLimit>,
    pub(crate) buckets: Vec<Bucket>,
}

impl<'a> Sources<'a> {
    /// Reads the configuration; `vars` is the file of secrets, `given` stands for both.
    pub(crate) fn read(
        path: &'a Path,
        vars: Option<&'a Path>,
        given: &'a [(String, String)],
    ) -> Result<Self, Box<dyn Error>> {
        let shown = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| format!("{shown} cannot be read ({error}); name the file with --config"))?;
        let configuration = toml::from_str(&text).map_err(|error| {
            let place = error.span().map_or_else(|| shown.to_string(), |span| place(path, &text, &span));
            format!("{place}: {}", error.message().replace('\n', ", "))
        })?;
        Ok(Self { path, text, configuration, vars, given })
    }

    /// The names of all environments.
    pub(crate) fn environments(&self) -> impl Iterator<Item = &str> {
        self.configuration.env.keys().map(String::as_str)
    }

    /// The settings of one environment. It has none of the others' (wrangler calls that "not inherited").
    pub(crate) fn settings(&self, environment: Option<&str>, run: Where) -> Result<Settings, Box<dyn Error>> {
        let Configuration { vars, ratelimits, r2_buckets, env } = &self.configuration;
        let (variables, rate_limits, buckets) = match environment {
            None => (vars, ratelimits, r2_buckets),
            Some(name) => match env.get(name) {
                Some(found) => (&found.vars, &found.ratelimits, &found.r2_buckets),
                None => return Err(self.no_environment(name).into()),
            },
        };
        let mut table = BTreeMap::new();
        for (name, value) in variables {
            let place = place(self.path, &self.text, &value.span());
            table.insert(name.clone(), (as_text(value.get_ref()), place));
        }
        for (name, secret) in self.secrets(environment)? {
            if run == Where::Local || !table.contains_key(&name) {
                table.insert(name, secret);
            }
        }
        for (name, value) in self.given {
            table.insert(name.clone(), (value.clone(), "--var".to_owned()));
        }
        Ok(Settings {
            default_place: self.path.display().to_string(),
            table,
            rate_limits: rate_limits.clone(),
            buckets: buckets.clone(),
        })
    }

    fn no_environment(&self, name: &str) -> String {
        let names: Vec<&str> = self.environments().collect();
        let there = if names.is_empty() { "no environment".to_owned() } else { names.join(", ") };
        format!("{} has no [env.{name}]; there is {there}", self.path.display())
    }

    fn secrets(
        &self,
        environment: Option<&str>,
    ) -> Result<BTreeMap<String, (String, String)>, Box<dyn Error>> {
        let beside = |name: &str| self.path.with_file_name(name);
        let own = environment.map(|name| beside(&format!(".dev.vars.{name}"))).filter(|path| path.exists());
        let path: PathBuf = match self.vars {
            Some(path) => path.to_owned(),
            None => own.unwrap_or_else(|| beside(".dev.vars")),
        };
        let shown = path.display();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && self.vars.is_none() => String::new(),
            Err(error) => return Err(format!("{shown} cannot be read: {error}").into()),
        };
        let lines = lines::read(&text).map_err(|line| {
            format!("{shown}:{line}: a line here is NAME=value, empty, or a comment behind #, and quotes end")
        })?;
        let placed =
            lines.into_iter().map(|line| (line.name, (line.value, format!("{shown}:{}", line.number))));
        Ok(placed.collect())
    }
}

impl Settings {
    /// A setting as the Worker reads it.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.table.get(name).map(|(value, _)| value.clone())
    }

    /// Where the setting stands that an error is about, which its message begins with.
    pub(crate) fn place_of(&self, error: &str) -> &str {
        let is_its = |name: &str| {
            let rest = error.strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        };
        let entry = self.table.iter().find(|(name, _)| is_its(name));
        entry.map_or(&self.default_place, |(_, (_, place))| place)
    }
}

/// `file:line:column`, as compilers write it.
fn place(path: &Path, text: &str, span: &Range<usize>) -> String {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{}:{line}:{column}", path.display())
}

/// A value as the Worker turns it into text: strings as they are, all others as JSON.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => as_json(other).to_string(),
    }
}

/// A value as wrangler hands it over. There, a number is a JavaScript number: 60.0 is 60.
fn as_json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => {
            let shortest = serde_json::from_str(&number.to_string());
            shortest.unwrap_or_else(|_| Number::from_f64(*number).into())
        }
        Value::Boolean(is) => (*is).into(),
        Value::Datetime(date) => date.to_string().into(),
        Value::Array(list) => list.iter().map(as_json).collect(),
        Value::Table(table) => {
            let members = table.iter().map(|(name, value)| (name.clone(), as_json(value)));
            serde_json::Value::Object(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_the_text_that_the_worker_sees() {
        for (toml, text) in [
            ("'a b'", "a b"),
            ("60", "60"),
            ("60.0", "60"),
            ("0.5", "0.5"),
            ("true", "true"),
            ("['a', 1]", r#"["a",1]"#),
            ("{ a = 'width=1', b = [2.0] }", r#"{"a":"width=1","b":[2]}"#),
        ] {
            let table: toml::Table = toml::from_str(&format!("v = {toml}")).unwrap();
            assert_eq!(as_text(&table["v"]), text, "{toml}");
        }
    }
}
