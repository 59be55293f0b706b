//! `lenslet search`: pictures of the origin, by words and by what is known of them.

use std::io::{IsTerminal as _, stdout};

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use crate::Outcome;
use crate::origin::{Address, Origin, plain};

/// The origin gives so many at a time.
const PAGE: u32 = 100;

/// Find pictures by words in their name, title, caption, tags and camera.
///
/// Without words it lists the newest. On a terminal it prints a table, elsewhere lines whose columns are separated by tabs.
#[derive(Args)]
#[command(after_help = "\
Examples:
  lenslet search harbour at night
  lenslet search --tag sea --format jpeg --limit 100
  lenslet search --to https://origin.example --json boats | jq -r .name

The token is read from LENSLET_TOKEN; it needs the scope images:read, as `lenslet token --scope images:read` makes it.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    address: Address,
    /// Only pictures with this tag, such as `--tag sea`; repeated, with all of them
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Only pictures of this format, such as `--format jpeg`
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// How many at most, such as `--limit 100`
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// All that is known of each, a line of JSON: `--json`
    #[arg(long)]
    json: bool,
    /// The words, such as `harbour`
    #[arg(value_name = "WORD")]
    words: Vec<String>,
}

#[derive(Deserialize)]
struct Page {
    images: Vec<Value>,
    /// The cursor of the next page.
    #[serde(default)]
    next: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let origin = Origin::new(&arguments.address)?;
    let images = find(&origin, arguments).map_err(|failure| failure.to_string())?;
    if arguments.json {
        for image in &images {
            println!("{image}");
        }
        return Ok(());
    }
    let rows: Vec<[String; 5]> = images.iter().map(row).collect();
    if stdout().is_terminal() {
        table(&rows);
    } else {
        for row in &rows {
            println!("{}", row.join("\t"));
        }
    }
    if rows.is_empty() {
        eprintln!("nothing was found");
    }
    Ok(())
}

/// Page after page, until there are enough or no more.
fn find(origin: &Origin, arguments: &Arguments) -> Result<Vec<Value>, crate::origin::Failure> {
    let mut images = Vec::new();
    let mut cursor = None;
    loop {
        let left = arguments.limit.saturating_sub(u32::try_from(images.len()).unwrap_or(u32::MAX));
        let page: Page = origin.get(&path(arguments, left.min(PAGE), cursor.as_deref()))?;
        let is_last = page.images.is_empty();
        images.extend(page.images.into_iter().take(left as usize));
        cursor = page.next;
        if is_last || cursor.is_none() || images.len() >= arguments.limit as usize {
            return Ok(images);
        }
    }
}

fn path(arguments: &Arguments, limit: u32, cursor: Option<&str>) -> String {
    let words = arguments.words.join(" ");
    let limit = limit.to_string();
    let tags = arguments.tags.join(",");
    let mut pairs: Vec<(&str, &str)> = vec![("limit", &limit)];
    pairs.extend(Some(tags.as_str()).filter(|tags| !tags.is_empty()).map(|tags| ("tag", tags)));
    pairs.extend(arguments.format.as_deref().map(|format| ("format", format)));
    pairs.extend(Some(words.as_str()).filter(|words| !words.is_empty()).map(|words| ("q", words)));
    pairs.extend(cursor.map(|cursor| ("cursor", cursor)));
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    format!("/v1/images?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Name, size, length, tags and title.
fn row(image: &Value) -> [String; 5] {
    let text = |name: &str| image.get(name).and_then(Value::as_str).map(plain).unwrap_or_default();
    let number = |name: &str| image.get(name).and_then(Value::as_u64).unwrap_or(0);
    let tags = image.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let tags: Vec<String> = tags.iter().filter_map(Value::as_str).map(plain).collect();
    [
        text("name"),
        format!("{} {}×{}", text("format"), number("width"), number("height")),
        indicatif::HumanBytes(number("size_bytes")).to_string(),
        tags.join(","),
        text("title"),
    ]
}

/// Columns as wide as what is in them.
fn table(rows: &[[String; 5]]) {
    let mut widths = [0; 5];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
