//! JPEG, decoded at a reduced size by the `jpeg-decoder` crate.
//!
//! Grey becomes RGB here and CMYK is converted without a profile.

use std::ops::ControlFlow;

use jpeg_decoder::{Decoder, PixelFormat};

use super::segments::WithoutMetadata;
use super::{DecodeError, send_frame};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::Channels;
use crate::picture::probe::Header;
use crate::picture::rows::RowSink;

pub(super) fn decode(
    bytes: &[u8],
    header: &Header,
    reduction: u8,
    sink: &mut dyn RowSink,
) -> Result<(), DecodeError> {
    let broken = |reason: &dyn ToString| DecodeError::new(Format::Jpeg, &reason.to_string());
    let mut decoder = Decoder::new(WithoutMetadata::new(bytes));
    decoder.read_info().map_err(|error| broken(&error))?;
    let reduced = |length: u32| u16::try_from(length.div_ceil(reduction.into())).unwrap_or(u16::MAX);
    let chosen = decoder.scale(reduced(header.size.width), reduced(header.size.height));
    let (width, height) = chosen.map_err(|error| broken(&error))?;
    let size = Size::new(width.into(), height.into());
    let samples = decoder.decode().map_err(|error| broken(&error))?;
    let info = decoder.info().ok_or_else(|| broken(&"no frame"))?;
    let pixels = size.width as usize * size.height as usize;
    if samples.len() != pixels * info.pixel_format.pixel_bytes() {
        return Err(broken(&"the frame has another size than its header says"));
    }
    match info.pixel_format {
        PixelFormat::RGB24 => send_frame(&samples, size, Channels::Rgb, sink),
        PixelFormat::L8 => send_converted(&samples, size, 1, sink, |pixel| match *pixel {
            [grey] => [grey; 3],
            _ => [0; 3],
        }),
        PixelFormat::CMYK32 => send_converted(&samples, size, 4, sink, |pixel| match *pixel {
            [c, m, y, k] => [c, m, y].map(|ink| multiply(255 - ink, 255 - k)),
            _ => [0; 3],
        }),
        PixelFormat::L16 => return Err(broken(&"16-bit samples")),
    }
    Ok(())
}

/// `a` × `b` as shares of 255, rounded.
fn multiply(a: u8, b: u8) -> u8 {
    let product = u16::from(a) * u16::from(b) + 127;
    u8::try_from(product / 255).unwrap_or(u8::MAX)
}

fn send_converted(
    samples: &[u8],
    size: Size,
    bytes: usize,
    sink: &mut dyn RowSink,
    to_rgb: impl Fn(&[u8]) -> [u8; 3],
) {
    sink.begin(size, Channels::Rgb);
    let mut rgb = Vec::with_capacity(size.width as usize * 3);
    let _: ControlFlow<()> = samples.chunks_exact(size.width as usize * bytes).try_for_each(|row| {
        rgb.clear();
        rgb.extend(row.chunks_exact(bytes).flat_map(&to_rgb));
        sink.row(&rgb)
    });
}
