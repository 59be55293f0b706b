//! The presets that every picture is rendered with, by the code that the edge renders with.
//!
//! Their keys follow from the picture, its version and the preset: whoever renders them again writes the same objects.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use lenslet::format::Format;
use lenslet::negotiate::{Accept, Target, settle};
use lenslet::picture::budget::LARGEST_GATHERED_BYTES;
use lenslet::plan::{Mark, Plan, Settings};
use lenslet::recipe::{Output, Recipe};
use lenslet::render::{self, SourceFile, render};

use super::Place;
use crate::catalog::images::Variant;
use crate::state::AppState;
use crate::store::objects::{ObjectError, VARIANTS};
use crate::work::JobError;

/// Renders every preset of the configuration and writes it; answers what there is then. A preset that cannot be made of
/// this picture is left out: the edge says why when somebody asks for it.
pub(super) async fn make(
    state: &AppState,
    place: &Place,
    source: &Arc<SourceFile>,
) -> Result<Vec<Variant>, JobError> {
    let mut made = Vec::new();
    for preset in &state.config.variants {
        let Some(recipe) = state.config.presets.named([preset.as_str()]).next() else { continue };
        match one(state, place, preset, concrete(recipe.clone(), source), source).await? {
            Ok(variant) => made.push(variant),
            Err(reason) => tracing::warn!(preset, picture = place.key, reason, "a variant was not made"),
        }
    }
    Ok(made)
}

/// The preset for nobody in particular: as `format=auto` where it names no format.
fn concrete(recipe: Recipe, source: &SourceFile) -> Recipe {
    let (recipe, _) = settle(recipe, source.header.upright().width, |_| None);
    Recipe { format: recipe.format.or(Some(Output::Auto)), ..recipe }
}

/// Why a preset is left out.
type Reason = String;

async fn one(
    state: &AppState,
    place: &Place,
    preset: &str,
    recipe: Recipe,
    source: &Arc<SourceFile>,
) -> Result<Result<Variant, Reason>, JobError> {
    if let Some(unbuilt) = recipe.unbuilt() {
        return Ok(Err(unbuilt.to_string()));
    }
    if let Some(font) = recipe.fonts().first() {
        return Ok(Err(format!("its text is written with '{font}', and only the edge knows fonts by name")));
    }
    let mut marks = Vec::new();
    for (key, _) in recipe.marks() {
        match mark(state, key).await? {
            Ok(file) => marks.push(file),
            Err(reason) => return Ok(Err(format!("its mark {key}: {reason}"))),
        }
    }
    let recipe = match settled(recipe, source).await? {
        Ok(recipe) => recipe,
        Err(reason) => return Ok(Err(reason)),
    };
    let settings = Settings { linear_light: state.config.linear_light, ..Settings::default() };
    let (plan, format) = match plan(settings, &recipe, source, &marks) {
        Ok(planned) => planned,
        Err(reason) => return Ok(Err(reason)),
    };
    let object_key =
        format!("{}{}/{preset}.{}", folder(&place.tenant, &place.image_id), place.version, extension(format));
    let variant = |size_bytes: u64| Variant {
        preset: preset.to_owned(),
        object_key: object_key.clone(),
        media_type: format.mime().to_owned(),
        width: plan.size.width.into(),
        height: plan.size.height.into(),
        size_bytes: i64::try_from(size_bytes).unwrap_or(i64::MAX),
    };
    let (source, steps) = (Arc::clone(source), plan.clone());
    let rendered = tokio::task::spawn_blocking(move || render(&source, &marks, &steps)).await;
    match rendered.map_err(|error| JobError::Later(format!("rendering ended: {error}")))? {
        Ok(bytes) => {
            let written = variant(bytes.len() as u64);
            state.objects.put(&object_key, bytes.into(), format.mime()).await?;
            Ok(Ok(written))
        }
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// The recipe with all that has to be found on this picture first.
async fn settled(recipe: Recipe, source: &Arc<SourceFile>) -> Result<Result<Recipe, Reason>, JobError> {
    let source = Arc::clone(source);
    let looked = tokio::task::spawn_blocking(move || render::settle(recipe, &source, None)).await;
    let settled = looked.map_err(|error| JobError::Later(format!("looking at it ended: {error}")))?;
    Ok(settled.map_err(|error| error.to_string()))
}

async fn mark(state: &AppState, key: &str) -> Result<Result<SourceFile, Reason>, ObjectError> {
    Ok(match state.objects.get(key, LARGEST_GATHERED_BYTES).await {
        Ok(Some(bytes)) => SourceFile::open(bytes.into()).map_err(|error| error.to_string()),
        Ok(None) => Err("there is no such object".to_owned()),
        Err(error @ ObjectError::TooLarge { .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    })
}

fn plan(
    settings: Settings,
    recipe: &Recipe,
    source: &SourceFile,
    marks: &[SourceFile],
) -> Result<(Plan, Format), Reason> {
    let planned: Vec<Mark<'_>> =
        recipe.marks().zip(marks).map(|((_, layer), file)| file.as_mark(layer)).collect();
    // What every browser of these years takes.
    let target = Target::choose(recipe, Accept::parse("image/webp"));
    let plan = Plan::under(settings, recipe, &source.header, source.file_bytes(), &planned, target)
        .map_err(|error| error.to_string())?;
    let format = plan.encoding.ok_or("it is not a picture")?.format;
    Ok((plan, format))
}

/// Of all versions of a picture.
fn folder(tenant: &str, image_id: &str) -> String {
    format!("{VARIANTS}/{tenant}/{image_id}/")
}

fn extension(format: Format) -> &'static str {
    if format == Format::Jpeg { "jpg" } else { format.name() }
}

/// Deletes the variants of older versions.
pub(super) async fn remove_older(
    state: &AppState,
    tenant: &str,
    image_id: &str,
    version: i64,
) -> Result<(), ObjectError> {
    let folder = folder(tenant, image_id);
    let mut objects = state.objects.list(&folder);
    while let Some(object) = objects.try_next().await? {
        let of =
            object.key.strip_prefix(&folder).and_then(|rest| rest.split('/').next()?.parse::<i64>().ok());
        if of.is_some_and(|of| of < version) {
            state.objects.delete(&object.key).await?;
        }
    }
    Ok(())
}
