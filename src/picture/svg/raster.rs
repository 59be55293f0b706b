//! A document as rows of pixels, at the size that is wanted of it.

use std::ops::ControlFlow;

use tiny_skia::{Pixmap, Transform};
use usvg::{ImageHrefResolver, Options, Tree};

use super::{Drawn, SvgError, draw as paths, survey};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::decode::DecodeError;
use crate::picture::rows::{Colours, Layout, RowSink};

/// The paths of a document that was surveyed, and how its lengths become pixels of this size.
pub(super) fn tree(text: &[u8], size: Size) -> Result<(Tree, Transform), SvgError> {
    let document = survey::parse(text)?;
    let [width, height] = [size.width, size.height].map(single);
    let options = Options {
        default_size: usvg::Size::from_wh(width, height).unwrap_or(Options::default().default_size),
        // Nothing is looked for anywhere.
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree =
        Tree::from_xmltree(&document, &options).map_err(|error| SvgError::Broken(error.to_string()))?;
    let own = tree.size();
    let pixels = Transform::from_scale(width / own.width(), height / own.height());
    Ok((tree, pixels))
}

/// Draws what is wanted of a drawing of this size that was measured, and hands on its rows.
pub(in crate::picture) fn draw(
    text: &[u8],
    size: Size,
    drawn: &Drawn,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    let canvas = canvas(text, size, drawn).map_err(|error| DecodeError::new(Format::Svg, &error))?;
    let window = drawn.window.size;
    sink.begin(&Layout::whole(Colours::Rgba, window));
    let mut row = vec![0; window.width as usize * 4];
    for pixels in canvas.pixels().chunks_exact(window.width as usize) {
        for (sample, pixel) in row.chunks_exact_mut(4).zip(pixels) {
            let straight = pixel.demultiply();
            sample.copy_from_slice(&[straight.red(), straight.green(), straight.blue(), straight.alpha()]);
        }
        if let ControlFlow::Break(()) = sink.row(0, &row) {
            break;
        }
    }
    Ok(())
}

fn canvas(text: &[u8], size: Size, drawn: &Drawn) -> Result<Pixmap, SvgError> {
    let (tree, pixels) = tree(text, size)?;
    let Drawn { part, scaled, window } = *drawn;
    let no_canvas = || SvgError::Broken("its window is empty".to_owned());
    let mut canvas = Pixmap::new(window.size.width, window.size.height).ok_or_else(no_canvas)?;
    let scale = |scaled: u32, part: u32| single(scaled) / single(part.max(1));
    let to_window = pixels
        .post_translate(-single(part.x), -single(part.y))
        .post_scale(scale(scaled.width, part.size.width), scale(scaled.height, part.size.height))
        .post_translate(-single(window.x), -single(window.y));
    paths::children(tree.root(), to_window, &mut canvas);
    Ok(canvas)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of pictures are short enough")]
pub(super) fn single(length: u32) -> f32 {
    length as f32
}
