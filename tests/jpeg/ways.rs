//! The same picture in other ways: coded in several scans, cut into intervals, given in pieces, wanted in part.

use lenslet::format::Format;
use lenslet::picture::Channels;
use lenslet::picture::decode::{DecodeError, Reduction, Wanted};
use lenslet::picture::probe::Header;
use mozjpeg_rs::{Encoder, Subsampling};

use super::exact::FACTORS;
use crate::support::bytes::Dice;
use crate::support::corpus::{pictures, read};
use crate::support::exif::{segment, with_segment};
use crate::support::jpeg_file::{JpegFile, Order};
use crate::support::lens::{largest_difference, pixels, transform};
use crate::support::pictures::{file, photo_like, sketch};
use crate::support::planes::{Gathered, Pieces, by, decode, everything, some_part, whole};

const WIDTH: u32 = 83;
const HEIGHT: u32 = 61;

const SUBSAMPLINGS: [Subsampling; 5] =
    [Subsampling::S444, Subsampling::S422, Subsampling::S440, Subsampling::S420, Subsampling::Gray];

fn encoded(encoder: Encoder, subsampling: Subsampling) -> Vec<u8> {
    let photo = photo_like(WIDTH, HEIGHT, Channels::Rgb);
    let encoder = encoder.subsampling(subsampling).quality(85);
    if subsampling == Subsampling::Gray {
        let greens: Vec<u8> = photo.samples().iter().skip(1).step_by(3).copied().collect();
        return encoder.encode_gray(&greens, WIDTH, HEIGHT).unwrap();
    }
    encoder.encode_rgb(photo.samples(), WIDTH, HEIGHT).unwrap()
}

fn is_the_same(a: &[u8], b: &[u8], what: &str) {
    assert_ne!(a, b, "{what}: the same file");
    for reduction in [1, 2, 4, 8] {
        let (a, b) = (whole(a, by(reduction)).unwrap(), whole(b, by(reduction)).unwrap());
        assert!(a == b, "{what}, by {reduction}");
    }
}

#[test]
fn progressive_files_have_the_pixels_of_sequential_ones() {
    for subsampling in SUBSAMPLINGS {
        let sequential = encoded(Encoder::fastest(), subsampling);
        for optimized in [false, true] {
            let progressive = Encoder::fastest().progressive(true).optimize_scans(optimized);
            is_the_same(
                &sequential,
                &encoded(progressive, subsampling),
                &format!("{subsampling:?}, {optimized}"),
            );
        }
    }
}

#[test]
fn a_photograph_has_the_same_pixels_in_both_codings() {
    let Some(folder) = pictures() else { return };
    let file = |name: &str| whole(&read(&folder.join(name)), by(8)).unwrap();
    assert!(file("photo-12mp.jpg") == file("photo-12mp-progressive.jpg"));
}

#[test]
fn restart_markers_change_no_pixel() {
    for subsampling in SUBSAMPLINGS {
        let plain = encoded(Encoder::fastest(), subsampling);
        for interval in [1, 5] {
            let restarted = encoded(Encoder::fastest().restart_interval(interval), subsampling);
            is_the_same(&plain, &restarted, &format!("{subsampling:?}, every {interval} MCUs"));
        }
    }
}

/// Files of every kind of scan, with and without restarts.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut dice = Dice::new(0xF11E);
    let mut files = Vec::new();
    for factors in [FACTORS[0], FACTORS[5], FACTORS[10], FACTORS[15]] {
        let made = JpegFile::random(&mut dice, WIDTH as usize, HEIGHT as usize, factors);
        for order in [Order::Interleaved, Order::OneByOne, Order::Progressive] {
            for interval in [0, 3] {
                files.push((
                    format!("{factors:?}, {order:?}, restarts {interval}"),
                    made.bytes(order, interval),
                ));
            }
        }
    }
    files.push(("encoded".to_owned(), encoded(Encoder::fastest(), Subsampling::S420)));
    files.push((
        "encoded progressive".to_owned(),
        encoded(Encoder::fastest().progressive(true), Subsampling::S420),
    ));
    files
}

/// The file with much more than a piece of metadata before its tables and before every scan.
fn with_metadata(file: &[u8]) -> Vec<u8> {
    let comment = segment(0xFE, &vec![0xFF; 40_000]);
    let mut out = Vec::new();
    let mut rest = file;
    while let Some(at) = rest.windows(3).position(|bytes| bytes == b"\xFF\xDA\0") {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&comment);
        out.extend_from_slice(&rest[at..at + 3]);
        rest = &rest[at + 3..];
    }
    out.extend_from_slice(rest);
    with_segment(&with_segment(&out, 0xE2, &vec![0xD9; 65_000]), 0xE1, &vec![0xDA; 65_000])
}

#[test]
fn pieces_change_nothing() {
    for (index, (name, file)) in files().into_iter().enumerate() {
        for (kind, file) in [("", file.clone()), (", with metadata", with_metadata(&file))] {
            let header = Header::read(&file).unwrap();
            let seed = index as u64;
            let pieces = [
                Pieces::Of(1),
                Pieces::Of(7),
                Pieces::Of(65_536),
                Pieces::Random(Dice::new(seed), 40),
                Pieces::Random(Dice::new(seed + 1), 4_000),
            ];
            for reduction in [Reduction::NONE, Reduction { luma: 4, chroma: 2 }, by(8)] {
                let at_once = whole(&file, reduction).unwrap();
                for pieces in &pieces {
                    let in_pieces =
                        decode(&file, &header, reduction, everything(&header), pieces.clone()).unwrap();
                    assert!(in_pieces == at_once, "{name}{kind}, {reduction:?}, {pieces:?}");
                }
            }
        }
    }
}

#[test]
fn a_wanted_part_is_as_in_the_whole() {
    let mut dice = Dice::new(0xA27);
    for (name, file) in files() {
        let header = Header::read(&file).unwrap();
        for reduction in [Reduction::NONE, by(2), by(4), Reduction { luma: 8, chroma: 4 }, by(8)] {
            let whole = whole(&file, reduction).unwrap();
            for _ in 0..12 {
                let wanted = some_part(&header, &mut dice);
                let gathered = decode(&file, &header, reduction, wanted.clone(), Pieces::Of(100)).unwrap();
                assert!(gathered.has_part_of(&whole, &wanted), "{name}, {reduction:?}, {wanted:?}");
            }
        }
    }
}

#[test]
fn intervals_that_nobody_looks_at_are_not_decoded() {
    // 4:2:0: six MCUs in a row, two in an interval.
    let file = encoded(Encoder::fastest().restart_interval(2), Subsampling::S420);
    let header = Header::read(&file).unwrap();
    // Nonsense in the first two rows of MCUs and, on the third, in all but the last interval.
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 14;
    let ends = file.windows(2).enumerate().skip(scan).filter(|(_, pair)| matches!(pair, [0xFF, 0xD0..=0xD7]));
    let ends: Vec<usize> = ends.map(|(at, _)| at).collect();
    let mut broken = file.clone();
    for interval in 0..8 {
        let start = if interval == 0 { scan } else { ends[interval - 1] + 2 };
        broken[start..ends[interval]].fill(0x55);
    }
    let wanted = Wanted { columns: 64..WIDTH, rows: 32..48, drawn: None };
    for reduction in [Reduction::NONE, by(4), by(8)] {
        let whole = whole(&file, reduction).unwrap();
        for pieces in [Pieces::Whole, Pieces::Of(100), Pieces::Of(1)] {
            let gathered = decode(&broken, &header, reduction, wanted.clone(), pieces).unwrap();
            assert!(gathered.has_part_of(&whole, &wanted), "{reduction:?}");
        }
    }
    assert_ne!(decode(&broken, &header, by(4), everything(&header), Pieces::Whole), whole_result(&file));
}

/// All of it, at a quarter.
fn whole_result(file: &[u8]) -> Result<Gathered, DecodeError> {
    let header = Header::read(file).unwrap();
    decode(file, &header, by(4), everything(&header), Pieces::Whole)
}

#[test]
fn crops_that_end_with_a_row_of_blocks_are_as_of_the_whole_picture() {
    let source = file(&sketch(160, 96), Format::Jpeg, 90);
    let whole = transform("width=160,format=png", &source, &[]).unwrap();
    for (left, top, right, bottom) in
        [(32, 32, 96, 64), (16, 40, 112, 80), (33, 48, 64, 95), (0, 16, 160, 96)]
    {
        let options = format!("crop={left};{top};{};{},format=png", right - left, bottom - top);
        let crops = [&source, &whole].map(|file| pixels(&transform(&options, file, &[]).unwrap()));
        assert_eq!(largest_difference(&crops[0], &crops[1]), 0, "{options}");
    }
}
