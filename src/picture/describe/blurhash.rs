//! `BlurHash` (<https://github.com/woltapp/blurhash/blob/master/Algorithm.md>): a few waves of light along both sides, in 83
//! letters each of which says something.
//!
//! What is translucent lies on white, as the format knows no alpha.

use std::f32::consts::PI;

use super::area::Small;
use super::colours::{from_light, to_light};

const LETTERS: &[u8; 83] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/// Steps from none to the strongest of a wave, to each side.
const STEPS: f32 = 9.0;

/// The hash with as many waves along the longer side as its shape asks for.
pub(super) fn of(picture: &Small) -> String {
    with_waves(picture, waves(picture.width, picture.height))
}

/// Waves along x and y: four by three for most pictures, six by two for strips.
fn waves(width: usize, height: usize) -> (u8, u8) {
    if width >= 2 * height {
        (6, 2)
    } else if height >= 2 * width {
        (2, 6)
    } else if width >= height {
        (4, 3)
    } else {
        (3, 4)
    }
}

fn with_waves(picture: &Small, (across, down): (u8, u8)) -> String {
    let light: Vec<[f32; 3]> = picture.pixels.iter().map(|&pixel| on_white(pixel)).collect();
    let columns: Vec<Vec<f32>> = (0..across).map(|wave| cosines(wave, picture.width)).collect();
    let rows: Vec<Vec<f32>> = (0..down).map(|wave| cosines(wave, picture.height)).collect();
    let factors = rows.iter().enumerate().flat_map(|(y, row)| {
        let light = &light;
        columns.iter().enumerate().map(move |(x, column)| {
            let share = if (x, y) == (0, 0) { 1.0 } else { 2.0 };
            factor(light, column, row).map(|sum| sum * share)
        })
    });
    let factors: Vec<[f32; 3]> = factors.collect();
    let Some((mean, waves)) = factors.split_first() else { return String::new() };
    write((across, down), *mean, waves)
}

/// Light of a pixel, of 0 to 1.
fn on_white([r, g, b, a]: [u8; 4]) -> [f32; 3] {
    let share = f32::from(a) / 255.0;
    [r, g, b].map(|sample| to_light(f32::from(sample) * share + 255.0 * (1.0 - share)))
}

#[expect(clippy::cast_precision_loss, reason = "sides of at most a hundred pixels")]
fn cosines(wave: u8, length: usize) -> Vec<f32> {
    (0..length).map(|place| (PI * f32::from(wave) * place as f32 / length as f32).cos()).collect()
}

/// How much of a wave there is in the picture.
#[expect(clippy::cast_precision_loss, reason = "sides of at most a hundred pixels")]
fn factor(light: &[[f32; 3]], column: &[f32], row: &[f32]) -> [f32; 3] {
    let mut sums = [0.0; 3];
    for (line, down) in light.chunks_exact(column.len().max(1)).zip(row) {
        for (pixel, across) in line.iter().zip(column) {
            for (sum, light) in sums.iter_mut().zip(pixel) {
                *sum += light * across * down;
            }
        }
    }
    sums.map(|sum| sum / light.len().max(1) as f32)
}

fn write((across, down): (u8, u8), mean: [f32; 3], waves: &[[f32; 3]]) -> String {
    let mut hash = String::new();
    put(&mut hash, u32::from(across - 1) + u32::from(down - 1) * 9, 1);
    let strongest = waves.iter().flatten().fold(0.0_f32, |most, wave| most.max(wave.abs()));
    let step = whole((strongest * 166.0 - 0.5).floor(), 82);
    #[expect(clippy::cast_precision_loss, reason = "at most 83")]
    let most = (step + 1) as f32 / 166.0;
    put(&mut hash, step, 1);
    let [r, g, b] = mean.map(|light| u32::from(from_light(light)));
    put(&mut hash, r << 16 | g << 8 | b, 4);
    for wave in waves {
        let [r, g, b] = wave.map(|part| {
            let share = part / most;
            // Small waves have finer steps.
            whole((share.abs().sqrt().copysign(share) * STEPS + STEPS + 0.5).floor(), 18)
        });
        put(&mut hash, (r * 19 + g) * 19 + b, 2);
    }
    hash
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn whole(number: f32, most: u32) -> u32 {
    (number as u32).min(most)
}

/// A number in so many letters.
fn put(hash: &mut String, number: u32, letters: u32) {
    for place in (0..letters).rev() {
        let digit = number / 83_u32.pow(place) % 83;
        hash.extend(LETTERS.get(digit as usize).map(|letter| char::from(*letter)));
    }
}
