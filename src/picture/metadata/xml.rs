//! As much of XML 1.0 as XMP is written in: elements with namespaces, attributes, text. One walk over the bytes.
//!
//! Not here: document types, and with them entities of their own. Whatever is not well formed is an error.

/// Elements within each other, and prefixes in force at once.
const DEEPEST: usize = 32;
const MOST_PREFIXES: usize = 100;

/// This is not the XML we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotWellFormed;

type Result<T> = std::result::Result<T, NotWellFormed>;

/// A name: its namespace and what it is called there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) space: &'a str,
    pub(super) local: &'a str,
}

/// What the walk meets.
pub(super) trait Visitor<'a> {
    /// An element begins; its attributes are those that are not about namespaces.
    fn begin(&mut self, name: Name<'a>, attributes: &[(Name<'a>, String)]);
    /// The innermost element ends.
    fn end(&mut self);
    /// Text within it; there may be more than one piece.
    fn text(&mut self, text: &str);
}

/// Walks a document.
pub(super) fn walk<'a>(document: &'a str, visitor: &mut impl Visitor<'a>) -> Result<()> {
    let mut walk = Walk { rest: document, open: Vec::new(), prefixes: Vec::new() };
    while !walk.rest.is_empty() {
        walk.step(visitor)?;
    }
    if walk.open.is_empty() { Ok(()) } else { Err(NotWellFormed) }
}

struct Walk<'a> {
    rest: &'a str,
    /// Names of elements as written, and how many prefixes were in force before them.
    open: Vec<(&'a str, usize)>,
    /// Prefixes and their namespaces.
    prefixes: Vec<(&'a str, &'a str)>,
}

impl<'a> Walk<'a> {
    fn step(&mut self, visitor: &mut impl Visitor<'a>) -> Result<()> {
        let Some(markup) = self.rest.strip_prefix('<') else {
            let text = self.until("<", false);
            if !self.open.is_empty() {
                visitor.text(&decoded(text)?);
            }
            return Ok(());
        };
        self.rest = markup;
        if self.take("!--") {
            self.close("-->").map(drop)
        } else if self.take("![CDATA[") {
            let text = self.close("]]>")?;
            visitor.text(allowed(text)?);
            Ok(())
        } else if self.take("?") {
            self.close("?>").map(drop)
        } else if self.take("/") {
            let name = self.close(">")?.trim_end();
            let (opened, prefixes) = self.open.pop().ok_or(NotWellFormed)?;
            self.prefixes.truncate(prefixes);
            visitor.end();
            if opened == name { Ok(()) } else { Err(NotWellFormed) }
        } else {
            self.element(visitor)
        }
    }

    fn element(&mut self, visitor: &mut impl Visitor<'a>) -> Result<()> {
        let name = self.name()?;
        let before = self.prefixes.len();
        let mut attributes = Vec::new();
        let is_empty = loop {
            self.rest = self.rest.trim_start();
            if self.take("/>") {
                break true;
            }
            if self.take(">") {
                break false;
            }
            let (key, value) = self.attribute()?;
            match (key, key.strip_prefix("xmlns:")) {
                ("xmlns", _) => self.prefixes.push(("", value)),
                (_, Some(prefix)) => self.prefixes.push((prefix, value)),
                _ => attributes.push((key, decoded(value)?)),
            }
        };
        if self.open.len() == DEEPEST || self.prefixes.len() > MOST_PREFIXES {
            return Err(NotWellFormed);
        }
        let named = |(key, value)| Ok((self.resolve(key, true)?, value));
        let attributes: Vec<(Name<'a>, String)> = attributes.into_iter().map(named).collect::<Result<_>>()?;
        visitor.begin(self.resolve(name, false)?, &attributes);
        if is_empty {
            self.prefixes.truncate(before);
            visitor.end();
        } else {
            self.open.push((name, before));
        }
        Ok(())
    }

    fn attribute(&mut self) -> Result<(&'a str, &'a str)> {
        let key = self.name()?;
        self.rest = self.rest.trim_start();
        if !self.take("=") {
            return Err(NotWellFormed);
        }
        self.rest = self.rest.trim_start();
        let value = if self.take("\"") {
            self.close("\"")?
        } else if self.take("'") {
            self.close("'")?
        } else {
            return Err(NotWellFormed);
        };
        if value.contains('<') { Err(NotWellFormed) } else { Ok((key, value)) }
    }

    fn name(&mut self) -> Result<&'a str> {
        let is_in_names = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
        let end = self.rest.find(|c| !is_in_names(c)).ok_or(NotWellFormed)?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() { Err(NotWellFormed) } else { Ok(name) }
    }

    /// Attributes without a prefix are in no namespace.
    fn resolve(&self, name: &'a str, is_attribute: bool) -> Result<Name<'a>> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let found = self.prefixes.iter().rev().find(|(known, _)| *known == prefix);
        let space = match (prefix, found) {
            ("", _) if is_attribute => "",
            ("xml", _) => "xml",
            (_, Some((_, space))) => space,
            ("", None) => "",
            _ => return Err(NotWellFormed),
        };
        let begins_well = local.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if begins_well && !local.contains(':') { Ok(Name { space, local }) } else { Err(NotWellFormed) }
    }

    fn take(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// What comes before `mark`, or everything; the mark itself is taken, too, if it should be.
    fn until(&mut self, mark: &str, takes_mark: bool) -> &'a str {
        let at = self.rest.find(mark).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(at);
        self.rest = if takes_mark { rest.strip_prefix(mark).unwrap_or(rest) } else { rest };
        text
    }

    /// What comes before `mark`, which must come.
    fn close(&mut self, mark: &str) -> Result<&'a str> {
        if self.rest.contains(mark) { Ok(self.until(mark, true)) } else { Err(NotWellFormed) }
    }
}

/// Text without control characters, which XML 1.0 has no place for.
fn allowed(text: &str) -> Result<&str> {
    let is_none = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.contains(is_none) { Err(NotWellFormed) } else { Ok(text) }
}

/// Text with its references replaced.
fn decoded(text: &str) -> Result<String> {
    let mut parts = text.split('&');
    let mut out = parts.next().map(allowed).transpose()?.unwrap_or_default().to_owned();
    for part in parts {
        let (reference, text) = part.split_once(';').ok_or(NotWellFormed)?;
        out.push(referred(reference).ok_or(NotWellFormed)?);
        out.push_str(allowed(text)?);
    }
    Ok(out)
}

fn referred(reference: &str) -> Option<char> {
    let number = |digits, base| {
        let c = char::from_u32(u32::from_str_radix(digits, base).ok()?)?;
        (!c.is_control() || matches!(c, '\t' | '\n' | '\r')).then_some(c)
    };
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match reference.strip_prefix("#x") {
            Some(digits) => number(digits, 16),
            None => number(reference.strip_prefix('#')?, 10),
        },
    }
}

/// Text as it is written into elements and attributes.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
