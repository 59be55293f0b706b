//! Brightness and halved colours of a picture, as it was and as a decoder makes it.

use super::likeness::Plane;
use crate::geometry::Size;
use crate::picture::Picture;
use crate::picture::decode::{Decoder, Reduction, Wanted};
use crate::picture::probe::Header;
use crate::picture::rows::{Colours, Planes};
use crate::picture::ycc::{Converter, Range};

/// Of an opaque picture, as a format has them.
pub(super) fn original(picture: &Picture, range: Range) -> [Plane; 3] {
    let size = picture.size();
    let half = Size::new(size.width.div_ceil(2), size.height.div_ceil(2));
    let mut planes = [size, half, half]
        .map(|size| Plane { size, samples: Vec::with_capacity(size.width as usize * size.height as usize) });
    let mut converter = Converter::new(size, range);
    for row in picture.rows() {
        let Some(rows) = converter.row(row) else { continue };
        let [luma, differences @ ..] = &mut planes;
        for row in rows.luma {
            luma.samples.extend(row.iter().take(size.width as usize));
        }
        for (plane, row) in differences.iter_mut().zip(rows.differences) {
            plane.samples.extend(row.iter().take(half.width as usize));
        }
    }
    planes
}

/// Of a file that an encoder made of an opaque picture; nothing where it is not made of planes.
pub(super) fn decoded(file: &[u8]) -> Option<[Plane; 3]> {
    let header = Header::read(file).ok()?;
    let wanted = Wanted { columns: 0..header.size.width, rows: 0..header.size.height, drawn: None };
    let mut decoder = Decoder::new(&header, file.len() as u64, Reduction::NONE, wanted);
    let mut sink = Planes::default();
    if decoder.push(file, &mut sink).ok()?.is_continue() {
        decoder.finish(&mut sink).ok()?;
    }
    let (layout, samples) = sink.finish()?;
    let is_ycc = matches!(layout.colours, Colours::FullYcc | Colours::VideoYcc);
    let planes: Vec<Plane> = layout
        .planes
        .iter()
        .zip(samples)
        .map(|(plane, samples)| Plane { size: plane.size, samples })
        .collect();
    let [luma, blue, red] = <[Plane; 3]>::try_from(planes).ok().filter(|_| is_ycc)?;
    let halved = |plane: Plane| if plane.size == luma.size { plane.halved() } else { plane };
    let (blue, red) = (halved(blue), halved(red));
    Some([luma, blue, red])
}
