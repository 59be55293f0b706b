//! What is said of a picture in its place: facts as JSON, a hash, a tiny picture.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::format::Format;
use crate::negotiate::Telling;
use crate::picture::Picture;
use crate::picture::animation::Animation;
use crate::picture::describe::{self, Palette, describe, hex};
use crate::picture::encode::{self, Encoding};
use crate::picture::metadata::Keep;
use crate::picture::probe::Header;
use crate::plan::Plan;
use crate::render::RenderError;

/// A tiny picture is enlarged so far that nothing of its quality is to be seen.
const TINY_QUALITY: u8 = 40;

/// What is known of a picture without looking at it.
pub(super) struct Told<'a> {
    pub header: &'a Header,
    pub file_bytes: u64,
    pub plan: &'a Plan,
}

impl Told<'_> {
    /// What is said, where `seen` is the frame that was made to be looked at, if it was.
    pub(super) fn tell(&self, telling: Telling, seen: Option<&Picture>) -> Result<Vec<u8>, Problem> {
        let defect = || Problem::Defect("there is no frame to look at".to_owned());
        match telling {
            Telling::Json => {
                serde_json::to_vec(&self.facts(seen)).map_err(|error| Problem::Defect(error.to_string()))
            }
            Telling::Blurhash => Ok(describe::blurhash(seen.ok_or_else(defect)?).into_bytes()),
            Telling::Thumbhash => {
                Ok(BASE64_STANDARD.encode(describe::thumbhash(seen.ok_or_else(defect)?)).into_bytes())
            }
            Telling::Lqip => tiny(seen.ok_or_else(defect)?),
        }
    }

    /// The names that Cloudflare has are Cloudflare's.
    fn facts(&self, seen: Option<&Picture>) -> Value {
        let Self { header, file_bytes, plan } = self;
        let upright = header.upright();
        let mut original = Map::new();
        let mut say = |name: &str, value: Value| original.insert(name.to_owned(), value);
        say("file_size", (*file_bytes).into());
        say("width", upright.width.into());
        say("height", upright.height.into());
        say("format", header.format.mime().into());
        say("orientation", header.turn.exif().into());
        say("alpha", header.alpha.into());
        if let Some(Animation { frames, plays, duration_ms, .. }) = header.animation {
            say("frames", frames.into());
            say("loop_count", plays.unwrap_or(0).into());
            say("duration_ms", duration_ms.into());
        }
        let summary = header.asides.summary();
        if plan.keep != Keep::Nothing && !summary.is_empty() {
            say("metadata", json!(summary));
        }
        let mut facts = json!({ "width": plan.size.width, "height": plan.size.height, "original": original });
        if let (Some(picture), Some(facts)) = (seen, facts.as_object_mut()) {
            facts.extend(looks(picture));
        }
        facts
    }
}

/// What a picture looks like. The colours of one that is all transparent are none.
fn looks(picture: &Picture) -> Map<String, Value> {
    let looks = describe(picture);
    let mut said = Map::new();
    said.extend(looks.palette.as_ref().map(|palette| ("colors".to_owned(), colours(palette))));
    said.insert("thumbhash".to_owned(), BASE64_STANDARD.encode(&looks.thumbhash).into());
    let hash =
        looks.perceptual_hash.map(|hash| ("perceptual_hash".to_owned(), format!("{hash:016x}").into()));
    said.extend(hash);
    said
}

fn colours(palette: &Palette) -> Value {
    let thousandths = |share: f32| (f64::from(share) * 1_000.0).round() / 1_000.0;
    let swatches = palette.swatches.iter();
    let swatches = swatches.map(|it| json!({ "color": hex(it.colour), "share": thousandths(it.share) }));
    json!({
        "average": hex(palette.average),
        "dominant": palette.dominant().map(hex),
        "palette": swatches.collect::<Vec<_>>(),
    })
}

fn tiny(picture: &Picture) -> Result<Vec<u8>, Problem> {
    let file =
        encode::encode(picture, Encoding::new(Format::Webp, TINY_QUALITY)).map_err(RenderError::from)?;
    let mut url = b"data:image/webp;base64,".to_vec();
    url.extend(BASE64_STANDARD.encode(file).into_bytes());
    Ok(url)
}
