//! All frames of a source, one after the other: laid on a canvas, looked at, taken through the steps, appended to a file.

use super::RenderError;
use super::steps::{Layers, Ready};
use crate::picture::Channels;
use crate::picture::animation::{Animation, Canvas, Frames, View};
use crate::picture::encode::{self, Encoding, Film};
use crate::picture::probe::Header;
use crate::plan::{Plan, Reading};

/// Makes the file of a plan for all frames, for which so many bytes are left beside its metadata.
pub(super) fn animate(
    source: &[u8],
    header: &Header,
    layers: Layers<'_>,
    plan: &Plan,
    animation: Animation,
    metadata_bytes: usize,
) -> Result<Vec<u8>, RenderError> {
    let encoding = plan.encoding.ok_or(RenderError::Defect)?;
    // Marks are read and texts written once for all frames.
    let steps = plan.steps.iter().map(|step| Ready::new(step, layers)).collect::<Result<Vec<_>, _>>()?;
    let film = |encoding| shown(source, header, plan, &steps, animation, encoding);
    match plan.most_bytes {
        Some(most) => {
            let metadata_bytes = u32::try_from(metadata_bytes).unwrap_or(u32::MAX);
            encode::fitted(encoding, most.saturating_sub(metadata_bytes), film)
        }
        None => film(encoding),
    }
}

/// The file of all frames with this encoding.
fn shown(
    source: &[u8],
    header: &Header,
    plan: &Plan,
    steps: &[Ready<'_>],
    animation: Animation,
    encoding: Encoding,
) -> Result<Vec<u8>, RenderError> {
    let channels = if animation.alpha { Channels::Rgba } else { Channels::Rgb };
    let mut canvas = Canvas::new(header.size);
    let Reading { across, down, is_linear, .. } = plan.reading;
    let mut view = View::new(across, down, channels, header.conversion.clone()).in_light(is_linear);
    let mut frames = Frames::open(source, header)?;
    let mut film = Film::new(encoding, plan.size, animation.plays)?;
    while let Some(shown) = frames.next(&mut canvas)? {
        // The first frame is to be seen even where nothing is on it.
        if view.update(&canvas, shown.changed) || film.is_empty() {
            let picture =
                steps.iter().try_fold(view.picture().clone(), |picture, step| step.take(picture))?;
            film.push(picture, shown.delay_ms)?;
        } else {
            film.hold(shown.delay_ms)?;
        }
    }
    Ok(film.finish()?)
}
