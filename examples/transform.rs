//! Carries out a recipe on local files: `cargo run --release --example transform -- width=800 in.jpg out.webp`.
//!
//! The pipeline of the Worker without the Worker. Keys of marks are paths here.

#![expect(clippy::disallowed_methods, reason = "a native tool may read files and the clock")]

use std::error::Error;
use std::time::Instant;

use lenslet::negotiate::{Accept, Target};
use lenslet::picture::probe::Header;
use lenslet::plan::{Mark, Plan};
use lenslet::recipe::Recipe;
use lenslet::render::{SourceFile, render};

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
    let marks = recipe
        .layers
        .values()
        .filter_map(|layer| layer.subject.as_ref())
        .map(|key| open(&key.0))
        .collect::<Result<Vec<_>, _>>()?;
    let planned: Vec<Mark<'_>> = recipe
        .layers
        .values()
        .zip(&marks)
        .map(|(layer, file)| Mark { layer, header: &file.header, file_bytes: file.bytes.len() as u64 })
        .collect();
    let file_bytes = source.bytes.len() as u64;
    let plan = Plan::new(&recipe, &source.header, file_bytes, &planned, Target::choose(&recipe, accept))?;
    let started = Instant::now();
    let bytes = render(source, &marks, &plan)?;
    println!("{} in {:?}: {} bytes, {}", output, started.elapsed(), bytes.len(), plan.size);
    std::fs::write(output, bytes)?;
    Ok(())
}

fn open(path: &str) -> Result<SourceFile, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let header = Header::read(&bytes)?;
    Ok(SourceFile { bytes, header })
}
