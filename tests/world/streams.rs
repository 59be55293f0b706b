//! Files that come in while they are transformed, because they are too long to lie in memory.

use lenslet::format::Format;
use lenslet::picture::budget::{LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES};

use crate::support::exif::webp_chunk;
use crate::support::pictures::{file, sketch};
use crate::support::world::World;

/// A JPEG with so many bytes of comments between its frame header and its scan.
fn padded(jpeg: &[u8], comments: u64) -> Vec<u8> {
    let scan = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let comment = [&[0xFF, 0xFE, 0xFF, 0xFF][..], &vec![b' '; 65_533]].concat();
    let count = usize::try_from(comments).unwrap().div_ceil(comment.len());
    [&jpeg[..scan], &comment.repeat(count), &jpeg[scan..]].concat()
}

#[test]
fn a_long_file_gives_what_a_short_one_does() {
    let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
    let long = padded(&jpeg, LARGEST_GATHERED_BYTES + 1);
    assert!(long.len() as u64 > LARGEST_GATHERED_BYTES);
    let world = World::public().with("short.jpg", "one", &jpeg).with("long.jpg", "two", &long);
    let (short, long) = (world.get("/image/width=100/short.jpg"), world.get("/image/width=100/long.jpg"));
    assert_eq!((short.status, long.status), (200, 200), "{}", String::from_utf8_lossy(&long.body));
    assert_eq!(short.body, long.body);
}

#[test]
fn a_long_file_that_must_be_held_is_413() {
    let webp = file(&sketch(48, 32), Format::Webp, 90);
    let filler = webp_chunk(*b"FILL", &vec![0; usize::try_from(LARGEST_GATHERED_BYTES).unwrap()]);
    let jpeg = file(&sketch(48, 32), Format::Jpeg, 90);
    // Comments before the frame header: nobody knows what is coming.
    let comments = padded(&[0xFF, 0xDA], LARGEST_GATHERED_BYTES + (1 << 20));
    let late = [&jpeg[..2], &comments[..comments.len() - 2], &jpeg[2..]].concat();
    let world = World::public()
        .with("long.webp", "one", &[webp, filler].concat())
        .with("late.jpg", "two", &late)
        .with("short.jpg", "three", &jpeg);
    world.put_sized("endless.jpg", "four", &jpeg, LARGEST_FILE_BYTES + 1);
    for key in ["long.webp", "late.jpg", "endless.jpg"] {
        let answer = world.get(&format!("/image/width=16/{key}"));
        assert_eq!(answer.status, 413, "{key}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.problem()["type"], "urn:lenslet:problem:file-too-large", "{key}");
    }
    // As a mark, too.
    let marked = "/image/width=16,mark=long.webp/short.jpg";
    assert_eq!(world.get(marked).status, 413);
}

#[test]
fn a_stream_that_breaks_off_is_refused() {
    let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
    let long = padded(&jpeg, LARGEST_GATHERED_BYTES + 1);
    let world = World::public().with("cut.jpg", "one", &long[..long.len() - 300]);
    let answer = world.get("/image/width=100/cut.jpg");
    assert_eq!(answer.status, 422);
    assert_eq!(answer.problem()["type"], "urn:lenslet:problem:broken");
}

#[test]
fn who_finds_no_room_is_told_to_come_again() {
    let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
    let world = World::public().with("a.jpg", "one", &jpeg);
    let answer = world.while_full(|world| world.get("/image/width=100/a.jpg"));
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    assert_eq!(answer.problem()["type"], "urn:lenslet:problem:busy");
    assert_eq!(world.read_log(), Vec::<String>::new());
    assert_eq!(world.get("/image/width=100/a.jpg").status, 200);
}

#[test]
fn a_long_file_waits_for_its_room_before_a_byte_of_it() {
    let jpeg = file(&sketch(480, 320), Format::Jpeg, 90);
    let world = World::public().with("long.jpg", "one", &padded(&jpeg, LARGEST_GATHERED_BYTES + 1));
    for url in ["/image/width=100/long.jpg", "/image/width=100,format=json/long.jpg"] {
        assert_eq!(world.while_full(|world| world.get(url)).status, 503, "{url}");
        assert_eq!(world.get(url).status, 200, "{url}");
    }
    // An original, too.
    let world = world.with("short.jpg", "two", &jpeg);
    assert_eq!(world.while_full(|world| world.get("/short.jpg")).status, 503);
}
