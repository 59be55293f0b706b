//! From samples to files: JPEG with its EXIF, PNG, WebP. Absent: GIF, whose frames are made where it is drawn.

use std::error::Error;

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::picture::encode::{Encoding, encode};
use lenslet::picture::{Channels, Picture};
use mozjpeg_rs::{Encoder, Preset, Subsampling};

use crate::film::Print;

type Bytes = Result<Vec<u8>, Box<dyn Error>>;

/// A baseline 4:2:0 JPEG, as a camera writes it; with an orientation it carries the EXIF that says so.
pub(crate) fn jpeg(print: &Print, orientation: Option<u8>) -> Bytes {
    let encoder = Encoder::new(Preset::BaselineFastest)
        .optimize_huffman(true)
        .quality(88)
        .subsampling(Subsampling::S420)
        .exif_data(orientation.map(exif).unwrap_or_default());
    Ok(encoder.encode_rgb(&print.rgb, u32::try_from(print.width)?, u32::try_from(print.height)?)?)
}

/// The smallest TIFF that states an orientation (Exif 2.32, 4.6.4): a header and one directory with one entry.
fn exif(orientation: u8) -> Vec<u8> {
    let header = [b'I', b'I', 42, 0, 8, 0, 0, 0];
    let one_entry = [1, 0];
    // Tag 0x0112, type SHORT, count 1, the value in the low half of the last four bytes.
    let entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
    let no_more = [0; 4];
    [&header[..], &one_entry, &entry, &no_more].concat()
}

/// The print as a camera on its side would have stored it: shown upright, its first stored row is the right-hand edge
/// (orientation 6).
pub(crate) fn on_its_side(print: &Print) -> Print {
    let (rows, _) = print.rgb.as_chunks::<3>();
    let columns_from_the_right = (0..print.width).rev();
    let rgb =
        columns_from_the_right.flat_map(|x| rows.iter().skip(x).step_by(print.width)).flatten().copied();
    Print { width: print.height, height: print.width, rgb: rgb.collect() }
}

/// An 8-bit RGBA PNG.
pub(crate) fn png(width: usize, height: usize, rgba: &[u8]) -> Bytes {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder.write_header()?.write_image_data(rgba)?;
    Ok(file)
}

/// A lossy WebP.
pub(crate) fn webp(print: &Print) -> Bytes {
    let size = Size::new(u32::try_from(print.width)?, u32::try_from(print.height)?);
    let picture =
        Picture::new(size, Channels::Rgb, print.rgb.clone()).ok_or("samples do not fit the size")?;
    Ok(encode(&picture, Encoding::new(Format::Webp, 84))?)
}
