//! AVIF: AV1 by the `rav1e` crate, in the container of `avif-serialize`.
//!
//! Eight bits, halved chroma (4:2:0), full range, sRGB; alpha as a second picture. Not here: losslessness, full
//! chroma, ten bits, animations.

use avif_serialize::Aviffy;
use rav1e::color::{
    ChromaSampling, ColorDescription, ColorPrimaries, MatrixCoefficients, PixelRange, TransferCharacteristics,
};
use rav1e::config::{Config, EncoderConfig, SpeedSettings};
use rav1e::prelude::{BlockSize, EncoderStatus, Frame, PartitionRange, Plane, SceneDetectionSpeed, Tune};

use super::EncodeError;
use super::ycc::{Converter, Range};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::{Channels, Picture};

/// Pixels of a tile, about. All symbols of a tile are held until it is done: noise of 1,200×1,200 took 160 MiB in one
/// tile, and 42 in these; files grow by half a hundredth.
const TILE_PIXELS: u64 = 1 << 18;

/// Quantisers by quality; between them lie straight lines.
///
/// Chosen so that SSIMULACRA2 comes about half-way from our WebP of that quality to our JPEG, in the mean of two
/// photographs at 800×600 and 400×300.
const QUANTISERS: [(u8, usize); 8] =
    [(1, 240), (20, 195), (45, 163), (60, 147), (75, 125), (85, 102), (95, 53), (100, 15)];

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let Size { width, height } = picture.size();
    let quantiser = quantiser(quality);
    let colours = code(&colour_config(picture.size(), quantiser), |frame| draw_colours(picture, frame))?;
    let alpha = if is_translucent(picture) {
        Some(code(&alpha_config(picture.size(), quantiser), |frame| draw_alpha(picture, frame))?)
    } else {
        None
    };
    let mut file = Vec::new();
    Aviffy::new()
        .set_seq_profile(0)
        .set_chroma_subsampling((true, true))
        .write(&mut file, &colours, alpha.as_deref(), width, height, 8)
        .map_err(|error| refusal(&error))?;
    Ok(file)
}

/// The most that is held while a picture is made, without its frame: measured with noise, of which photographs take half.
pub fn held_bytes(size: Size, channels: Channels, quality: u8) -> u64 {
    const FIXED_BYTES: u64 = 3 << 19;
    /// Of several copies of the frame, each with a margin, and of what is known of its blocks.
    const BYTES_PER_PIXEL: u64 = 15;
    const MARGIN: u32 = 96;
    let finest = match channels {
        Channels::Rgb => quantiser(quality),
        Channels::Rgba => quantiser(quality) / 2,
    };
    let symbol_bytes = if finest < 100 { 125 } else { 70 };
    let frames = Size::new(size.width + MARGIN, size.height + MARGIN).area() * BYTES_PER_PIXEL;
    FIXED_BYTES + frames + size.area().min(TILE_PIXELS) * symbol_bytes
}

fn refusal(reason: &impl ToString) -> EncodeError {
    EncodeError::new(Format::Avif, reason)
}

/// AV1's index of the quantiser, 0–255.
fn quantiser(quality: u8) -> usize {
    let lines = QUANTISERS.iter().zip(QUANTISERS.iter().skip(1));
    let line = lines.into_iter().find(|(_, to)| quality <= to.0);
    line.map_or(15, |(from, to)| {
        let (done, whole) = (quality.saturating_sub(from.0), to.0 - from.0);
        from.1 - (from.1 - to.1) * usize::from(done) / usize::from(whole)
    })
}

fn colour_config(size: Size, quantiser: usize) -> EncoderConfig {
    EncoderConfig {
        chroma_sampling: ChromaSampling::Cs420,
        color_description: Some(ColorDescription {
            color_primaries: ColorPrimaries::BT709,
            transfer_characteristics: TransferCharacteristics::SRGB,
            matrix_coefficients: MatrixCoefficients::BT601,
        }),
        ..still_config(size, quantiser)
    }
}

/// Alpha is coded finer: edges of what is cut out are seen sooner.
fn alpha_config(size: Size, quantiser: usize) -> EncoderConfig {
    EncoderConfig { chroma_sampling: ChromaSampling::Cs400, ..still_config(size, quantiser / 2) }
}

/// A picture of its own. Beside the quantiser, everything is about time.
fn still_config(size: Size, quantiser: usize) -> EncoderConfig {
    let mut speed_settings = SpeedSettings::from_preset(10);
    // There is nothing to look ahead to.
    speed_settings.rdo_lookahead_frames = 1;
    speed_settings.scene_detection_mode = SceneDetectionSpeed::None;
    // Finer choices of blocks, angles and a filter against ringing took half as long again and more, for 2 % of the
    // bytes or fewer; larger blocks alone made 6 % more of them.
    speed_settings.partition.partition_range =
        PartitionRange::new(BlockSize::BLOCK_16X16, BlockSize::BLOCK_16X16);
    speed_settings.prediction.fine_directional_intra = false;
    speed_settings.cdef = false;
    EncoderConfig {
        width: size.width as usize,
        height: size.height as usize,
        pixel_range: PixelRange::Full,
        still_picture: true,
        quantizer: quantiser,
        // The other one took a quarter longer, for 4 % of the bytes.
        tune: Tune::Psnr,
        tiles: usize::try_from(size.area().div_ceil(TILE_PIXELS)).unwrap_or(1),
        speed_settings,
        ..EncoderConfig::with_speed_preset(10)
    }
}

/// Codes the one frame that is drawn.
fn code(config: &EncoderConfig, draw: impl FnOnce(&mut Frame<u8>)) -> Result<Vec<u8>, EncodeError> {
    let config = Config::new().with_encoder_config(config.clone()).with_threads(1);
    let mut context = config.new_context::<u8>().map_err(|error| refusal(&error))?;
    let mut frame = context.new_frame();
    draw(&mut frame);
    context.send_frame(frame).map_err(|error| refusal(&error))?;
    context.flush();
    loop {
        match context.receive_packet() {
            Ok(packet) => return Ok(packet.data),
            Err(EncoderStatus::Encoded) => {}
            Err(error) => return Err(refusal(&error)),
        }
    }
}

fn is_translucent(picture: &Picture) -> bool {
    picture.channels() == Channels::Rgba
        && picture.samples().iter().skip(3).step_by(4).any(|&alpha| alpha < 255)
}

fn draw_colours(picture: &Picture, frame: &mut Frame<u8>) {
    let [luma, differences @ ..] = &mut frame.planes;
    let mut luma = luma.rows_iter_mut();
    let mut differences = differences.each_mut().map(Plane::rows_iter_mut);
    let mut converter = Converter::new(picture.size(), Range::Full);
    let mut smear = Smear::default();
    for row in picture.rows() {
        let row = match picture.channels() {
            Channels::Rgb => row,
            Channels::Rgba => smear.row(row),
        };
        let Some(planes) = converter.row(row) else { continue };
        for (from, to) in planes.luma.iter().zip(&mut luma) {
            copy(from, to);
        }
        for (from, to) in planes.differences.iter().zip(&mut differences) {
            if let Some(to) = to.next() {
                copy(from, to);
            }
        }
    }
}

fn draw_alpha(picture: &Picture, frame: &mut Frame<u8>) {
    let [alpha, ..] = &mut frame.planes;
    for (from, to) in picture.rows().zip(alpha.rows_iter_mut()) {
        for (pixel, to) in from.as_chunks::<4>().0.iter().zip(to) {
            *to = pixel[3];
        }
    }
}

/// As much as both have: rows of frames have room beyond their width.
fn copy(from: &[u8], to: &mut [u8]) {
    for (from, to) in from.iter().zip(to) {
        *to = *from;
    }
}

/// Rows of colours in which what cannot be seen goes on like what was seen last: an edge there would cost bytes, and
/// ring into what is seen.
#[derive(Default)]
struct Smear {
    last: [u8; 3],
    row: Vec<u8>,
}

impl Smear {
    fn row(&mut self, pixels: &[u8]) -> &[u8] {
        self.row.clear();
        for &[r, g, b, alpha] in pixels.as_chunks::<4>().0 {
            if alpha > 0 {
                self.last = [r, g, b];
            }
            self.row.extend(self.last);
        }
        &self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantisers_fall_as_quality_rises() {
        for (quality, expected) in QUANTISERS {
            assert_eq!(quantiser(quality), expected);
        }
        assert!((1..100).all(|quality| quantiser(quality) > quantiser(quality + 1)));
    }

    #[test]
    fn what_cannot_be_seen_is_coloured_like_its_neighbour() {
        let mut smear = Smear::default();
        let row = [[9, 9, 9, 0], [1, 2, 3, 4], [9, 9, 9, 0], [5, 6, 7, 255]];
        assert_eq!(smear.row(row.as_flattened()), [0, 0, 0, 1, 2, 3, 1, 2, 3, 5, 6, 7]);
        assert_eq!(smear.row(&[8, 8, 8, 0]), [5, 6, 7]);
    }
}
