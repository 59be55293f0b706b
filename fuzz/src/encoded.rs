//! Pictures are encoded, and an independent decoder finds what ours finds, which is about what went in.

use lenslet::format::Format;
use lenslet::geometry::Size;
use lenslet::picture::encode::{Encoding, Loss, encode};
use lenslet::picture::{Channels, Picture};

/// Longer sides only take longer: all there is about blocks, edges and groups of them happens below.
const LONGEST_SIDE: u32 = 80;

/// Encodes the picture that these bytes are, as they say, and decodes it again by another's decoder.
///
/// The first four bytes are two sides, quality and kind; what follows are samples, repeated to the end of the picture with a
/// slope, so that flat parts, edges and noise are all near.
pub fn encoded(bytes: &[u8], format: Format) {
    let Some(([width, height, quality, kind], samples)) = bytes.split_first_chunk::<4>() else { return };
    let length = |byte: &u8| 1 + u32::from(*byte) % LONGEST_SIDE;
    let size = Size::new(length(width), length(height));
    // JPEG holds no alpha, and is given none.
    let channels = if kind & 1 == 1 && format != Format::Jpeg { Channels::Rgba } else { Channels::Rgb };
    let picture = painted(size, channels, samples, kind >> 3);
    let quality = 1 + quality % 100;
    // What was drawn may lose nothing.
    let loss = if kind & 4 == 4 { Loss::Shorter } else { Loss::ByQuality };
    let encoding = Encoding { progressive: kind & 2 == 0, loss, ..Encoding::new(format, quality) };
    let file = encode(&picture, encoding).expect("every picture can be encoded");
    let decoded = image::load_from_memory(&file).expect("what was encoded can be decoded");
    assert_eq!((decoded.width(), decoded.height()), (size.width, size.height));
    let back = match channels {
        Channels::Rgb => decoded.to_rgb8().into_raw(),
        Channels::Rgba => decoded.to_rgba8().into_raw(),
    };
    let is_lossless = format == Format::Png || (format == Format::Webp && quality == 100);
    if is_lossless {
        assert!(back == picture.samples(), "what loses nothing lost something");
    } else if quality >= 90 {
        let far = mean_distance_of_blocks(&picture, &back);
        assert!(far <= FARTHEST, "a block's mean is {far} off at quality {quality}");
    }
}

/// So far may the mean of a block of 16×16 be from what went in: coefficients of a block's mean are fine at these qualities,
/// and colours that lie outside of what differences of colour can say are cut off.
const FARTHEST: f64 = 24.0;

fn painted(size: Size, channels: Channels, samples: &[u8], slope: u8) -> Picture {
    let count = size.width as usize * size.height as usize * channels.count();
    let samples = (0..count)
        .map(|at| {
            let given = samples.get(at % samples.len().max(1)).copied().unwrap_or(128);
            given.wrapping_add(slope.wrapping_mul((at / 64).to_le_bytes()[0]))
        })
        .collect();
    Picture::new(size, channels, samples).expect("as many samples as a picture of this size has")
}

/// The largest distance between the luma of a block before and after, in the mean of the block; what is translucent is left out,
/// where colours may be anything.
fn mean_distance_of_blocks(picture: &Picture, back: &[u8]) -> f64 {
    let count = picture.channels().count();
    let width = picture.size().width as usize;
    let luma = |pixel: &[u8]| match *pixel {
        [r, g, b] | [r, g, b, 255] => {
            Some(0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b))
        }
        _ => None,
    };
    let stride = width.div_ceil(16);
    let mut sums = vec![(0.0, 0.0); stride * (picture.size().height as usize).div_ceil(16)];
    let pairs = picture.samples().chunks_exact(count).zip(back.chunks_exact(count));
    for (at, (before, after)) in pairs.enumerate() {
        let (Some(before), Some(after)) = (luma(before), luma(after)) else { continue };
        let sum = &mut sums[at / width / 16 * stride + at % width / 16];
        *sum = (sum.0 + after - before, sum.1 + 1.0);
    }
    sums.iter().filter(|sum| sum.1 > 0.0).map(|(sum, pixels)| (sum / pixels).abs()).fold(0.0, f64::max)
}
