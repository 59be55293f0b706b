//! Files of `NAME=value` lines, as `.dev.vars` is one. A value in quotes may have several lines.

/// A setting, and the line where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) number: usize,
}

/// Reads all lines; the number of the one that is none where there is such a one.
pub(super) fn read(text: &str) -> Result<Vec<Line>, usize> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=').ok_or(number)?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(number);
        }
        let value = match value.chars().next().filter(|first| matches!(first, '"' | '\'' | '`')) {
            None => value.split(" #").next().unwrap_or_default().trim_end().to_owned(),
            Some(quote) => {
                let mut rest = value.strip_prefix(quote).unwrap_or(value).to_owned();
                while !rest.contains(quote) {
                    let (_, next) = lines.next().ok_or(number)?;
                    rest = format!("{rest}\n{next}");
                }
                unquoted(&rest, quote)
            }
        };
        found.push(Line { name: name.to_owned(), value, number });
    }
    Ok(found)
}

/// What stands before the closing quote. Only between `"` does `\n` stand for a line's end.
fn unquoted(rest: &str, quote: char) -> String {
    let value = rest.split(quote).next().unwrap_or_default();
    if quote == '"' { value.replace("\\n", "\n") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String, usize)> {
        let lines = read(text).unwrap();
        lines.into_iter().map(|line| (line.name, line.value, line.number)).collect()
    }

    #[test]
    fn reads_what_people_write() {
        let text = "# secrets\n\nA=1\nexport B = two words # really\nC='{\n  \"a\": 1\n}'\nD=\"x\\ny\"\n\
            E=\nF=''\nG={\"a\":\"#b\"}\n";
        let expected = [
            ("A", "1", 3),
            ("B", "two words", 4),
            ("C", "{\n  \"a\": 1\n}", 5),
            ("D", "x\ny", 8),
            ("E", "", 9),
            ("F", "", 10),
            ("G", "{\"a\":\"#b\"}", 11),
        ];
        let expected = expected.map(|(name, value, number)| (name.to_owned(), value.to_owned(), number));
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn says_which_line_is_none() {
        assert_eq!(read("A=1\nB\n"), Err(2));
        assert_eq!(read("=1"), Err(1));
        assert_eq!(read("\nA='no end\nB=2"), Err(2));
    }
}
