//! All frames of a source, one after the other: laid on a canvas, looked at, taken through the steps, appended to a file.

use std::rc::Rc;

use super::{Layers, NO_LAYERS, RenderError, read_mark, take, write_text};
use crate::picture::animation::{Animation, Canvas, Frames, View};
use crate::picture::encode::{self, Encoding, Film};
use crate::picture::ops::mark::{self, Placing};
use crate::picture::probe::Header;
use crate::picture::{Channels, Picture};
use crate::plan::{Plan, Reading, Step};

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
    let steps = Steps::new(plan, layers)?;
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
    steps: &Steps<'_>,
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
            film.push(steps.take(view.picture().clone())?, shown.delay_ms)?;
        } else {
            film.hold(shown.delay_ms)?;
        }
    }
    Ok(film.finish()?)
}

/// The steps of a plan, with marks that were read and texts that were written.
struct Steps<'a> {
    steps: Vec<Ready<'a>>,
}

enum Ready<'a> {
    Plain(&'a Step),
    Layer(Rc<Picture>, &'a Placing),
}

impl<'a> Steps<'a> {
    fn new(plan: &'a Plan, layers: Layers<'_>) -> Result<Self, RenderError> {
        let ready = |step: &'a Step| {
            Ok(match step {
                Step::Mark(plan) => Ready::Layer(read_mark(plan, layers)?, &plan.placing),
                Step::Text(plan) => Ready::Layer(Rc::new(write_text(plan, layers.fonts)?), &plan.placing),
                other => Ready::Plain(other),
            })
        };
        Ok(Self { steps: plan.steps.iter().map(ready).collect::<Result<_, RenderError>>()? })
    }

    fn take(&self, mut picture: Picture) -> Result<Picture, RenderError> {
        for step in &self.steps {
            picture = match step {
                Ready::Plain(step) => take(step, picture, NO_LAYERS)?,
                Ready::Layer(drawn, placing) => mark::draw(picture, drawn, placing),
            };
        }
        Ok(picture)
    }
}
