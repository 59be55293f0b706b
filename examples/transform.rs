//! Carries out a recipe on local files: `cargo run --release --example transform -- width=800 in.jpg out.webp`.
//!
//! The pipeline of the Worker without the Worker. Keys of marks are paths here, and a font is the file of its name and `.ttf`.

#![expect(clippy::disallowed_methods, reason = "a native tool may read files and the clock")]

use std::error::Error;
use std::time::Instant;

use lenslet::negotiate::{Accept, Target};
use lenslet::plan::{Mark, Plan};
use lenslet::recipe::Recipe;
use lenslet::render::{SourceFile, render_with_fonts, settle};

const HELP: &str = "Usage: transform <options> <input> <output> [accept]

  <options>  as in a transform URL: width=800,format=auto
  [accept]   an Accept header, for format=auto";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [options, input, output, accept @ ..] = arguments.as_slice() else {
        println!("{HELP}");
        return Ok(());
    };
    let recipe = Recipe::parse(options)?;
    if let Some(unbuilt) = recipe.unbuilt() {
        return Err(unbuilt.into());
    }
    let accept = Accept::parse(accept.first().map_or("", String::as_str));
    let source = open(input)?;
    let marks = recipe.marks().map(|(key, _)| open(key)).collect::<Result<Vec<_>, _>>()?;
    let planned: Vec<Mark<'_>> =
        recipe.marks().zip(&marks).map(|((_, layer), file)| file.as_mark(layer)).collect();
    let file_bytes = source.file_bytes();
    let settled = settle(recipe.clone(), &source, None)?;
    let plan = Plan::new(&settled, &source.header, file_bytes, &planned, Target::choose(&settled, accept))?;
    let font = |name| std::fs::read(format!("{name}.ttf"));
    let fonts = recipe.fonts().into_iter().map(font).collect::<Result<Vec<_>, _>>()?;
    let started = Instant::now();
    let bytes = render_with_fonts(&source, &marks, &fonts, &plan)?;
    println!("{} in {:?}: {} bytes, {}", output, started.elapsed(), bytes.len(), plan.size);
    std::fs::write(output, bytes)?;
    Ok(())
}

fn open(path: &str) -> Result<SourceFile, Box<dyn Error>> {
    Ok(SourceFile::open(std::fs::read(path)?)?)
}
