//! PNG, row by row through the `png` crate. Adam7 pictures are held whole, since their rows come last.

use png::{ColorType, Decoder, Limits, Transformations};

use super::DecodeError;
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::Channels;
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::RowSink;

/// A chunk of metadata that the decoder cannot be told to skip may be so large.
const LARGEST_METADATA_BYTES: usize = 1 << 20;

pub(super) fn decode(bytes: &[u8], header: &Header, sink: &mut dyn RowSink) -> Result<(), DecodeError> {
    let broken = |reason: &dyn ToString| DecodeError::new(Format::Png, &reason.to_string());
    let rows_bytes = match header.coding {
        Coding::Png { row_bytes, .. } => usize::try_from(row_bytes.saturating_mul(8)).unwrap_or(usize::MAX),
        _ => 0,
    };
    let limits = Limits { bytes: LARGEST_METADATA_BYTES.saturating_add(rows_bytes) };
    let mut decoder = Decoder::new_with_limits(std::io::Cursor::new(bytes), limits);
    // Text and profiles may inflate to a gigabyte; neither changes a pixel here.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| broken(&error))?;
    let info = reader.info();
    let size = Size::new(info.width, info.height);
    if size != header.size {
        return Err(broken(&"two headers disagree"));
    }
    let interlaced = info.interlaced;
    let (colour, _) = reader.output_color_type();
    let channels = match colour {
        ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed => Channels::Rgb,
        ColorType::GrayscaleAlpha | ColorType::Rgba => Channels::Rgba,
    };
    sink.begin(size, channels);
    let mut converted = Vec::new();
    if interlaced {
        let length = reader.output_buffer_size().ok_or_else(|| broken(&"too large"))?;
        let mut frame = vec![0; length];
        let output = reader.next_frame(&mut frame).map_err(|error| broken(&error))?;
        let _ = frame
            .chunks_exact(output.line_size)
            .try_for_each(|row| sink.row(widen(row, colour, &mut converted)));
        return Ok(());
    }
    let mut left = size.height;
    while let Some(row) = reader.next_row().map_err(|error| broken(&error))? {
        left = left.saturating_sub(1);
        // After the last row the reader is asked once more: that is when it looks at the checksum.
        if sink.row(widen(row.data(), colour, &mut converted)).is_break() && left > 0 {
            break;
        }
    }
    Ok(())
}

/// Grey samples three times over; colour as it is.
fn widen<'a>(row: &'a [u8], colour: ColorType, converted: &'a mut Vec<u8>) -> &'a [u8] {
    converted.clear();
    match colour {
        ColorType::Grayscale => converted.extend(row.iter().flat_map(|&grey| [grey; 3])),
        ColorType::GrayscaleAlpha => {
            for pixel in row.chunks_exact(2) {
                if let [grey, alpha] = *pixel {
                    converted.extend([grey, grey, grey, alpha]);
                }
            }
        }
        ColorType::Rgb | ColorType::Rgba | ColorType::Indexed => return row,
    }
    converted
}
