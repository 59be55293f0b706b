//! The first frame of a GIF, through the `gif` crate, laid on its logical screen.

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::DecodeError;
use crate::format::Format;
use crate::picture::Channels;
use crate::picture::probe::Header;
use crate::picture::rows::{Layout, RowSink};

pub(super) fn decode(bytes: &[u8], header: &Header, sink: &mut dyn RowSink) -> Result<(), DecodeError> {
    let broken = |reason: &dyn ToString| DecodeError::new(Format::Gif, &reason.to_string());
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // A frame may be larger than the screen; what shows of it is not, and neither is what it may cost.
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut decoder = options.read_info(bytes).map_err(|error| broken(&error))?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let info =
        decoder.next_frame_info().map_err(|error| broken(&error))?.ok_or_else(|| broken(&"no frame"))?;
    let frame_area = u64::from(info.width) * u64::from(info.height);
    if frame_area > header.size.area() {
        return Err(broken(&"the first frame is larger than the screen"));
    }
    let (left, top) = (u32::from(info.left), u32::from(info.top));
    let (width, transparent) = (usize::from(info.width), info.transparent);
    let palette = info.palette.clone().or(global).ok_or_else(|| broken(&"no palette"))?;
    let mut indices = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut indices).map_err(|error| broken(&error))?;

    let channels = if header.alpha { Channels::Rgba } else { Channels::Rgb };
    let bytes_per_pixel = channels.count();
    let colours: Vec<[u8; 4]> = (0..=u8::MAX)
        .map(|index| match palette.get(usize::from(index) * 3..usize::from(index) * 3 + 3) {
            Some(&[r, g, b]) if Some(index) != transparent => [r, g, b, 255],
            // Indices beyond the palette are as good as transparent.
            _ => [0; 4],
        })
        .collect();
    sink.begin(&Layout::whole(channels.into(), header.size));
    let mut row = vec![0; header.size.width as usize * bytes_per_pixel];
    for y in 0..header.size.height {
        row.fill(0);
        let line = y.checked_sub(top).and_then(|line| indices.chunks(width.max(1)).nth(line as usize));
        let open = row.chunks_exact_mut(bytes_per_pixel).skip(left as usize);
        for (pixel, &index) in open.zip(line.unwrap_or_default()) {
            if let Some(colour) = colours.get(usize::from(index)).and_then(|c| c.get(..bytes_per_pixel)) {
                pixel.copy_from_slice(colour);
            }
        }
        if sink.row(0, &row).is_break() {
            break;
        }
    }
    Ok(())
}
