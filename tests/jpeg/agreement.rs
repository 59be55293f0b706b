//! Other people's JPEGs: our samples beside those of another decoder, and our reductions beside our own full size.

#![expect(clippy::cast_precision_loss, reason = "numbers of samples are small")]

use std::path::PathBuf;

use jpeg_decoder::{ColorTransform, PixelFormat};
use lenslet::geometry::Size;
use lenslet::picture::decode::Reduction;
use lenslet::picture::probe::{Coding, Header, JpegCoding};
use lenslet::picture::rows::Colours;

use crate::support::corpus::{files, folder, name, read};
use crate::support::planes::{Gathered, by, whole};

/// How far a sample may lie from the other decoder's, which transforms in whole numbers, at most and on average.
const LARGEST_DIFFERENCE: u8 = 1;
const LARGEST_MEAN: f64 = 0.03;

/// Files that are refused, by us as by the other, and why.
const REFUSED: [(&str, &str); 4] = [
    ("incomplete_image.jpg", "cut off"),
    ("testimgari.jpg", "arithmetic"),
    ("testorig12.jpg", "8 bits"),
    ("oss-fuzz-36829.jpeg", "unknown component"),
];

/// Every JPEG of the corpus; nothing where there is none.
fn jpegs() -> Option<Vec<PathBuf>> {
    let is_jpeg =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "jpg" || extension == "jpeg");
    Some(files(&folder("")?).into_iter().filter(is_jpeg).collect())
}

/// All samples as stored, pixel by pixel, of a file that the other decoder reads.
fn theirs(file: &[u8]) -> Result<Vec<u8>, String> {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    decoder.read_info().map_err(|error| error.to_string())?;
    let format = decoder.info().unwrap().pixel_format;
    // Its `None` does not put samples side by side; that of three says nothing but "as they are", that of four
    // hands out complements.
    match format {
        PixelFormat::RGB24 => decoder.set_color_transform(ColorTransform::RGB),
        PixelFormat::CMYK32 => decoder.set_color_transform(ColorTransform::CMYK),
        PixelFormat::L8 | PixelFormat::L16 => {}
    }
    let mut samples = decoder.decode().map_err(|error| error.to_string())?;
    if format == PixelFormat::CMYK32 {
        for sample in &mut samples {
            *sample = !*sample;
        }
    }
    Ok(samples)
}

/// Our planes as the other decoder hands them out.
fn ours(gathered: &Gathered, size: Size, coding: &JpegCoding) -> Vec<u8> {
    let layout = gathered.layout.as_ref().unwrap();
    let is_inverted = matches!(layout.colours, Colours::Cmyk | Colours::Ycck) && coding.plain_ink;
    let most = |factor: fn(&(u8, u8)) -> u8| coding.factors.iter().map(factor).max().unwrap();
    let (across, down) = (most(|factors| factors.0), most(|factors| factors.1));
    let planes = layout.planes.iter().zip(&gathered.planes).zip(&coding.factors);
    let planes: Vec<Vec<u8>> = planes
        .map(|((plane, samples), factors)| {
            let stored: Vec<u8> =
                samples.iter().map(|&sample| if is_inverted { !sample } else { sample }).collect();
            enlarge(&stored, plane.size, (across / factors.0, down / factors.1), size)
        })
        .collect();
    (0..planes[0].len()).flat_map(|at| planes.iter().map(move |plane| plane[at])).collect()
}

/// Enlarges as the other decoder does: twice by triangles (the IJG's "fancy upsampling"), else by repeating.
fn enlarge(samples: &[u8], from: Size, (across, down): (u8, u8), to: Size) -> Vec<u8> {
    let is_smooth = |times: u8| times == 2 && across <= 2 && down <= 2;
    // The nearest sample and, where it counts, the second nearest.
    let neighbours = |at: u32, times: u8, length: u32| {
        let near = at / u32::from(times);
        let far = if at.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(length - 1) };
        (near, if is_smooth(times) { far } else { near })
    };
    let sample = |x: u32, y: u32| u32::from(samples[(y * from.width + x) as usize]);
    let mut out = Vec::with_capacity(to.width as usize * to.height as usize);
    for y in 0..to.height {
        let (near, far) = neighbours(y, down, from.height);
        for x in 0..to.width {
            let (left, right) = neighbours(x, across, from.width);
            let line = |y: u32| 3 * sample(left, y) + sample(right, y);
            out.push(u8::try_from((3 * line(near) + line(far) + 8) / 16).unwrap());
        }
    }
    out
}

#[test]
fn samples_are_those_of_another_decoder() {
    let Some(jpegs) = jpegs() else { return };
    assert!(jpegs.len() > 40, "there were 44");
    let mut wrong = Vec::new();
    for path in jpegs {
        let (file, name) = (read(&path), name(&path));
        let gathered = match whole(&file, Reduction::NONE) {
            Ok(gathered) => gathered,
            Err(reason) => {
                println!("refused: {name}: {reason}");
                let is_known = REFUSED.iter().any(|(refused, why)| *refused == name && reason.contains(why));
                if !is_known || theirs(&file).is_ok() {
                    wrong.push(format!("{name} is refused: {reason}"));
                }
                continue;
            }
        };
        let header = Header::read(&file).unwrap();
        let Coding::Jpeg(coding) = &header.coding else { panic!("{name} is a JPEG") };
        let theirs = theirs(&file).unwrap_or_else(|reason| panic!("only we decode {name}: {reason}"));
        let ours = ours(&gathered, header.size, coding);
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let differences = || ours.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b));
        let largest = differences().max().unwrap();
        let mean = differences().map(f64::from).sum::<f64>() / ours.len() as f64;
        println!(
            "{name}: {}×{} {:?} {:?}{}: at most {largest}, {mean:.4} on average",
            header.size.width,
            header.size.height,
            coding.colours,
            coding.factors,
            if coding.progressive { " progressive" } else { "" }
        );
        if largest > LARGEST_DIFFERENCE || mean > LARGEST_MEAN {
            wrong.push(format!("{name} differs by {largest}, {mean} on average"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn reductions_are_means_of_the_full_size() {
    let Some(jpegs) = jpegs() else { return };
    for path in jpegs {
        let (file, name) = (read(&path), name(&path));
        let Ok(full) = whole(&file, Reduction::NONE) else { continue };
        for reduction in [2, 4, 8] {
            let reduced = whole(&file, by(reduction)).unwrap();
            let layouts =
                full.layout.as_ref().unwrap().planes.iter().zip(&reduced.layout.as_ref().unwrap().planes);
            for ((from, to), (full, reduced)) in layouts.zip(full.planes.iter().zip(&reduced.planes)) {
                means_agree(full, from.size, reduced, to.size, reduction.into())
                    .unwrap_or_else(|what| panic!("{name} by {reduction}: {what}"));
            }
        }
    }
}

/// Every sample of `reduced` is the mean of `by`² samples of `full`, give or take one, where all of those are in the
/// picture and none was held within a byte.
fn means_agree(full: &[u8], from: Size, reduced: &[u8], to: Size, by: usize) -> Result<(), String> {
    let stride = from.width as usize;
    for (y, row) in reduced.chunks_exact(to.width as usize).take(from.height as usize / by).enumerate() {
        for (x, &sample) in row.iter().take(stride / by).enumerate() {
            let square = || (0..by * by).map(|at| full[(y * by + at / by) * stride + x * by + at % by]);
            if square().any(|sample| matches!(sample, 0 | 255)) {
                continue;
            }
            let mean = square().map(f64::from).sum::<f64>() / (by * by) as f64;
            if (f64::from(sample) - mean).abs() > 1.0 {
                return Err(format!("{sample} at {x}, {y} for {mean}"));
            }
        }
    }
    Ok(())
}
