//! Whether bytes are the picture that they were said to be, and what that picture is.
//!
//! All of it is decoded, once: what the decoders do not take, the edge could never show. One frame that falls off on the
//! way is what the description is made of.

use std::sync::Arc;

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::negotiate::Target;
use lenslet::picture::Picture;
use lenslet::picture::describe::{Description, SIDE, describe};
use lenslet::picture::probe::ProbeError;
use lenslet::picture::svg::{self, Drawing, SvgError};
use lenslet::plan::Plan;
use lenslet::recipe::Recipe;
use lenslet::render::{RenderError, SourceFile, frame};
use sha2::{Digest as _, Sha256};

use super::container;
use super::metadata::{self, Facts};
use crate::catalog::uploads::{Method, Upload};

/// Why an upload is refused. The names are for programs and stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is of no picture format.
    NotAPicture,
    /// It is of another type than was said, or of one that is not taken.
    MediaType,
    /// It is cut off, or its data cannot be decoded.
    Broken,
    /// It has more bytes or pixels than are taken.
    TooLarge,
    /// It is not the bytes that were announced.
    Checksum,
    /// There is nothing where it should be.
    Missing,
}

impl Problem {
    /// Its name in the catalog, the API and events.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotAPicture => "not-a-picture",
            Self::MediaType => "media-type",
            Self::Broken => "broken",
            Self::TooLarge => "too-large",
            Self::Checksum => "checksum",
            Self::Missing => "missing",
        }
    }
}

/// A refusal: the problem, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) problem: Problem,
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self { problem, detail: detail.into() }
    }
}

/// A file that was looked at, all of it.
#[derive(Debug)]
pub(super) struct Seen {
    /// `jpeg`, `png`, `webp`, `gif`, `svg`.
    pub(super) format: &'static str,
    pub(super) media_type: &'static str,
    /// Of what is stored, in hexadecimal.
    pub(super) sha256: String,
    pub(super) size_bytes: u64,
    /// Upright.
    pub(super) size: Size,
    pub(super) content: Content,
}

/// What was in it.
#[derive(Debug)]
pub(super) enum Content {
    /// Pixels.
    Raster { source: Arc<SourceFile>, description: Box<Description>, facts: Box<Facts> },
    /// A drawing, as it is stored: without what is dangerous.
    Drawing(Vec<u8>),
}

/// Looks at a file.
pub(super) fn look(file: Vec<u8>, upload: &Upload) -> Result<Seen, Refusal> {
    let sha256 = hex_sha256(&file);
    check_announced(&file, &sha256, upload)?;
    match Format::sniff(&file) {
        Some(format) => {
            check_type(format.mime(), upload)?;
            raster(file, format, sha256)
        }
        None if svg::sniff(&file) => {
            check_type(Format::Svg.mime(), upload)?;
            drawing(&file)
        }
        None => Err(Refusal::new(Problem::NotAPicture, "these bytes are not a picture of a known format")),
    }
}

fn hex_sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// What was found in the bucket nobody announced.
fn check_announced(file: &[u8], sha256: &str, upload: &Upload) -> Result<(), Refusal> {
    if upload.sha256.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(sha256)) {
        return Err(Refusal::new(Problem::Checksum, format!("its SHA-256 is {sha256}")));
    }
    let length = i64::try_from(file.len()).unwrap_or(i64::MAX);
    if upload.method != Method::Bucket && upload.size_bytes != length {
        let detail = format!("it has {length} bytes instead of {}", upload.size_bytes);
        return Err(Refusal::new(Problem::Checksum, detail));
    }
    Ok(())
}

fn check_type(is: &'static str, upload: &Upload) -> Result<(), Refusal> {
    let said = upload.media_type.to_ascii_lowercase();
    // A name that no registry has and that everybody uses.
    let said = if said == "image/jpg" { "image/jpeg" } else { said.as_str() };
    if upload.method == Method::Bucket || said == is {
        return Ok(());
    }
    Err(Refusal::new(Problem::MediaType, format!("it is {is} and was said to be {}", upload.media_type)))
}

fn raster(file: Vec<u8>, format: Format, sha256: String) -> Result<Seen, Refusal> {
    let source = SourceFile::read(file).map_err(|error| {
        let problem = match error {
            ProbeError::NotAPicture => Problem::NotAPicture,
            ProbeError::Unsupported(_) => Problem::MediaType,
            ProbeError::Broken(_) => Problem::Broken,
        };
        Refusal::new(problem, error.to_string())
    })?;
    let picture = small(&source)?;
    let blocks = container::walk(format, &source.bytes)
        .ok_or_else(|| Refusal::new(Problem::Broken, format!("the {} file is cut off", format.name())))?;
    Ok(Seen {
        format: format.name(),
        media_type: format.mime(),
        sha256,
        size_bytes: source.file_bytes(),
        size: source.header.upright(),
        content: Content::Raster {
            description: Box::new(describe(&picture)),
            facts: Box::new(metadata::read(&blocks)),
            source: Arc::new(source),
        },
    })
}

/// The whole picture, decoded to its end and as small as a description wants it. Refuses what costs the edge too much.
fn small(source: &SourceFile) -> Result<Picture, Refusal> {
    let options = format!("width={SIDE},height={SIDE},fit=scale-down,format=png");
    let recipe = Recipe::parse(&options).map_err(|error| Refusal::new(Problem::Broken, error.to_string()))?;
    let target = Target::Fixed(Format::Png);
    let plan = Plan::new(&recipe, &source.header, source.file_bytes(), &[], target)
        .map_err(|error| Refusal::new(Problem::TooLarge, error.to_string()))?;
    frame(source, &plan).map_err(|error| {
        if matches!(error, RenderError::Panic(_) | RenderError::Defect) {
            tracing::error!(%error, "a decoder has a defect");
            return Refusal::new(Problem::Broken, "it cannot be decoded");
        }
        Refusal::new(Problem::Broken, error.to_string())
    })
}

/// Longer drawings are not taken: each is read whole.
const LONGEST_DRAWING_BYTES: usize = 8 << 20;

fn drawing(file: &[u8]) -> Result<Seen, Refusal> {
    let Drawing { text: clean, size } = svg::sanitise(file, LONGEST_DRAWING_BYTES).map_err(|error| {
        let problem = match error {
            SvgError::TooLong { .. } => Problem::TooLarge,
            // The last three are said where it is drawn.
            SvgError::Broken(_)
            | SvgError::LeftOut
            | SvgError::PixelsLeftOut
            | SvgError::NotDrawn(_)
            | SvgError::TooMuch { .. } => Problem::Broken,
        };
        Refusal::new(problem, error.to_string())
    })?;
    Ok(Seen {
        format: "svg",
        media_type: Format::Svg.mime(),
        sha256: hex_sha256(&clean),
        size_bytes: clean.len() as u64,
        size,
        content: Content::Drawing(clean),
    })
}
