//! What is refused, and that it says so by name.

use lenslet::picture::decode::Reduction;
use lenslet::picture::probe::Header;

use super::exact::FACTORS;
use crate::support::bytes::Dice;
use crate::support::jpeg_file::{JpegFile, Order};
use crate::support::planes::{Pieces, decode, everything, whole};

fn made(factors: &[(usize, usize)]) -> JpegFile {
    JpegFile::random(&mut Dice::new(0xBAD), 40, 24, factors)
}

fn colour(order: Order) -> Vec<u8> {
    made(FACTORS[5]).bytes(order, 0)
}

fn position(file: &[u8], bytes: &[u8]) -> usize {
    file.windows(bytes.len()).position(|window| window == bytes).unwrap()
}

/// The file with other bytes where it has these.
fn replaced(file: &[u8], bytes: &[u8], others: &[u8]) -> Vec<u8> {
    let at = position(file, bytes);
    [&file[..at], others, &file[at + bytes.len()..]].concat()
}

fn is_refused(file: &[u8], why: &str) {
    let reason = whole(file, Reduction::NONE).expect_err(why);
    assert!(reason.contains(why), "{reason:?} does not say {why:?}");
}

#[test]
fn other_codings_are_refused_by_name() {
    let file = colour(Order::Interleaved);
    let with_frame = |marker: u8| replaced(&file, b"\xFF\xC0", &[0xFF, marker]);
    // Extended sequential coding of 8 bits is baseline with more tables.
    assert_eq!(whole(&with_frame(0xC1), Reduction::NONE), whole(&file, Reduction::NONE));
    is_refused(&with_frame(0xC3), "lossless");
    for marker in [0xC5, 0xC6, 0xC7] {
        is_refused(&with_frame(marker), "hierarchical");
    }
    for marker in [0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF] {
        is_refused(&with_frame(marker), "arithmetic");
    }
    is_refused(&replaced(&file, b"\xFF\xC0\0\x11\x08", b"\xFF\xC1\0\x11\x0C"), "more than 8 bits");
}

#[test]
fn what_is_missing_is_named() {
    let file = colour(Order::Interleaved);
    is_refused(
        &replaced(&file, b"\x01\x22\0\x02\x11\0", b"\x01\x22\0\x02\x11\x01"),
        "quantisation table is missing",
    );
    is_refused(
        &replaced(&file, b"\xDA\0\x0C\x03\x01\0", b"\xDA\0\x0C\x03\x01\x20"),
        "Huffman table is missing",
    );
    is_refused(&replaced(&file, b"\xDA\0\x0C\x03\x01", b"\xDA\0\x0C\x03\x09"), "unknown component");
    is_refused(&replaced(&file, b"\xC4\0\x1F\0\0\x02", b"\xC4\0\x1F\0\0\x05"), "Huffman table");
    let one_by_one = colour(Order::OneByOne);
    let last_scan = position(&one_by_one, b"\xFF\xDA\0\x08\x01\x03");
    is_refused(&one_by_one[..last_scan], "component has no scan");
}

#[test]
fn two_frames_are_refused() {
    let file = colour(Order::Interleaved);
    let frame = &file[position(&file, b"\xFF\xC0")..][..19];
    let scan = position(&file, b"\xFF\xDA");
    is_refused(&[&file[..scan], frame, &file[scan..]].concat(), "two frames");
}

#[test]
fn a_missing_restart_marker_is_named() {
    for order in [Order::Interleaved, Order::OneByOne, Order::Progressive] {
        let file = made(FACTORS[5]).bytes(order, 2);
        is_refused(&replaced(&file, b"\xFF\xD0", b""), "");
        is_refused(&replaced(&file, b"\xFF\xD0", b"\xFF\xD9"), "");
    }
}

#[test]
fn more_scans_than_anyone_writes_are_refused() {
    let file = colour(Order::OneByOne);
    let last = &file[position(&file, b"\xFF\xDA\0\x08\x01\x03")..file.len() - 2];
    let with_scans = |more: usize| [&file[..file.len() - 2], &last.repeat(more), b"\xFF\xD9"].concat();
    assert_eq!(whole(&with_scans(61), Reduction::NONE), whole(&file, Reduction::NONE));
    is_refused(&with_scans(62), "more than 64 scans");
}

#[test]
fn a_file_that_is_not_its_header_is_refused() {
    let file = colour(Order::Interleaved);
    let header = Header::read(&file).unwrap();
    let others = [
        replaced(&file, b"\xFF\xC0\0\x11\x08\0\x18", b"\xFF\xC0\0\x11\x08\x18\0"),
        replaced(&file, b"\x01\x22\0", b"\x01\x44\0"),
        colour(Order::Progressive),
        replaced(&file, b"\xFF\xC0", b"\xFF\xC9"),
        made(FACTORS[0]).bytes(Order::Interleaved, 0),
    ];
    for other in others {
        let result = decode(&other, &header, Reduction::NONE, everything(&header), Pieces::Whole);
        assert!(result.is_err(), "{result:?}");
    }
}

#[test]
fn files_cut_anywhere_are_refused() {
    for order in [Order::Interleaved, Order::OneByOne, Order::Progressive] {
        for interval in [0, 2] {
            let file = made(FACTORS[5]).bytes(order, interval);
            let end_marker = file.len() - 2;
            for end in 0..end_marker {
                let result = whole(&file[..end], Reduction::NONE);
                assert!(result.is_err(), "{order:?}, restarts {interval}, cut at {end} of {}", file.len());
            }
            assert!(whole(&file[..end_marker], Reduction::NONE).is_ok());
        }
    }
}

/// A second per megabyte would be a denial of service.
#[test]
fn long_stretches_of_nothing_are_passed_over_once() {
    let nothing = vec![0; 8 << 20];
    let file = colour(Order::Interleaved);
    let scan = position(&file, b"\xFF\xDA");
    let between_segments = [&file[..scan], &nothing, &file[scan..]].concat();
    let restarted = made(FACTORS[5]).bytes(Order::Interleaved, 2);
    let marker = position(&restarted, b"\xFF\xD0");
    let before_a_restart = [&restarted[..marker], &nothing, &restarted[marker..]].concat();
    for (long, short) in [(between_segments, file.clone()), (before_a_restart, restarted)] {
        let header = Header::read(&long).unwrap();
        let gathered = decode(&long, &header, Reduction::NONE, everything(&header), Pieces::Of(500)).unwrap();
        assert!(gathered == whole(&short, Reduction::NONE).unwrap());
    }
}
