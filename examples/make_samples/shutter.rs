//! The animation: an aperture that closes over the dusk and opens again, for ever. Only the pixels that changed are
//! written in each frame; the rest are transparent and the frame before shows through.

use std::collections::HashMap;
use std::error::Error;
use std::f32::consts::TAU;

use gif::{Encoder, Frame, Repeat};

use crate::film::Print;
use crate::iris::Iris;

const FRAMES: u8 = 24;
/// In hundredths of a second; the open aperture rests longer.
const DELAY: u16 = 6;
const REST: u16 = 60;

type Rgb8 = [u8; 3];

/// The film of the aperture over `scene`, as a GIF.
pub(crate) fn animate(scene: &Print) -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height) = (u16::try_from(scene.width)?, u16::try_from(scene.height)?);
    let mut palette = Palette::of(&still(scene, 0), width, height);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height, &palette.flat())?;
    encoder.set_repeat(Repeat::Infinite)?;
    let mut shown = Vec::new();
    for number in 0..FRAMES {
        let picture: Vec<u8> = still(scene, number).into_iter().map(|pixel| palette.nearest(pixel)).collect();
        let mut frame = Frame { width, height, transparent: Some(Palette::SAME), ..Frame::default() };
        frame.delay = if number == 0 { REST } else { DELAY };
        frame.buffer = changes(&shown, &picture).into();
        encoder.write_frame(&frame)?;
        shown = picture;
    }
    drop(encoder);
    Ok(file)
}

/// The new picture, with every pixel that is still the same made transparent.
fn changes(shown: &[u8], picture: &[u8]) -> Vec<u8> {
    let before = shown.iter().map(Some).chain(std::iter::repeat(None));
    picture.iter().zip(before).map(|(new, old)| if old == Some(new) { Palette::SAME } else { *new }).collect()
}

/// One frame's pixels.
fn still(scene: &Print, number: u8) -> Vec<Rgb8> {
    let phase = f32::from(number) / f32::from(FRAMES) * TAU;
    let openness = 0.5 + 0.5 * phase.cos();
    let iris = Iris::new(0.10 + 0.86 * openness, 0.9 * openness);
    let (middle_x, middle_y) = (scene.width as f32 / 2.0, scene.height as f32 / 2.0);
    let pixels = scene.rgb.as_chunks::<3>().0.iter().enumerate();
    pixels
        .map(|(index, seen)| {
            let x = (index % scene.width) as f32 + 0.5 - middle_x;
            let y = (index / scene.width) as f32 + 0.5 - middle_y;
            let scale = middle_y * 0.94;
            // Two places on the diagonal are enough to soften the edges of the blades.
            let [one, other] = [-0.25, 0.25].map(|aside| {
                let (x, y) = ((x + aside) / scale, (y - aside * 0.5) / scale);
                through(x, y, *seen, &iris, scale)
            });
            mix(one, other, 0.5)
        })
        .collect()
}

/// What a place shows: the scene through the opening, a blade, the rim, or the dark around the lens.
fn through(x: f32, y: f32, seen: Rgb8, iris: &Iris, scale: f32) -> Rgb8 {
    const DARK: Rgb8 = [17, 19, 24];
    const RIM: Rgb8 = [92, 100, 112];
    let radius = x.hypot(y);
    let inner = iris.light(x, y).map_or(seen, |light| metal(light * (1.1 - 0.35 * radius)));
    let ringed = mix(inner, RIM, (radius - 0.955) * scale);
    mix(ringed, DARK, (radius - 1.0) * scale)
}

/// Blades are blue-grey steel in a few even steps, which a small file likes.
fn metal(light: f32) -> Rgb8 {
    let step = (light * 14.0).round() / 14.0;
    [118.0, 128.0, 146.0].map(|part: f32| (16.0 + part * step) as u8)
}

/// The second colour covers the first by `share`, kept to 0..1.
fn mix(under: Rgb8, over: Rgb8, share: f32) -> Rgb8 {
    let share = share.clamp(0.0, 1.0);
    let mut pairs =
        under.into_iter().zip(over).map(|(a, b)| f32::from(a) + (f32::from(b) - f32::from(a)) * share);
    [(); 3].map(|()| pairs.next().map_or(0, |part| part as u8))
}

/// The 255 colours of the film and what each picture colour becomes.
struct Palette {
    colours: Vec<Rgb8>,
    known: HashMap<Rgb8, u8>,
}

impl Palette {
    /// The last index: the pixel stays as it was.
    const SAME: u8 = 255;

    /// Colours by the quantiser of the `gif` crate, with a few set aside for the steel that the open lens hides.
    fn of(picture: &[Rgb8], width: u16, height: u16) -> Self {
        let chosen =
            Frame::from_rgb_speed(width, height, picture.as_flattened(), 3).palette.unwrap_or_default();
        let steel = (0..=14_u8).map(|step| metal(f32::from(step) / 14.0));
        let colours =
            steel.chain(chosen.as_chunks::<3>().0.iter().copied()).take(usize::from(Self::SAME)).collect();
        Self { colours, known: HashMap::new() }
    }

    fn flat(&self) -> Vec<u8> {
        let mut flat = self.colours.as_flattened().to_vec();
        flat.resize(256 * 3, 0);
        flat
    }

    fn nearest(&mut self, pixel: Rgb8) -> u8 {
        let colours = &self.colours;
        *self.known.entry(pixel).or_insert_with(|| {
            let ranked = (0..Self::SAME).zip(colours);
            ranked.min_by_key(|(_, colour)| apart(pixel, **colour)).map_or(0, |(index, _)| index)
        })
    }
}

/// The squared distance of two colours, weighed as eyes weigh them.
fn apart(a: Rgb8, b: Rgb8) -> u32 {
    let square = |(a, b): (u8, u8)| u32::from(a.abs_diff(b)).pow(2);
    [3, 5, 2].into_iter().zip(a.into_iter().zip(b).map(square)).map(|(weight, part)| weight * part).sum()
}
