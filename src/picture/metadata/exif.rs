//! Which fields of EXIF may leave, and in which mode (EXIF 3.0, section 4.6).

use super::MOST_BYTES;
use super::tiff::{Below, Field, Order, Tiff, write};

const IMAGE_DESCRIPTION: u16 = 0x010E;
const ORIENTATION: u16 = 0x0112;
pub(super) const ARTIST: u16 = 0x013B;
pub(super) const COPYRIGHT: u16 = 0x8298;
pub(super) const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;
const COLOUR_SPACE: u16 = 0xA001;

/// Fields of the first directory that say nothing of where, by whom or with which very device a picture was taken: make,
/// model, resolution, software, time, and Windows' titles and ratings.
const HARMLESS: [u16; 16] = [
    IMAGE_DESCRIPTION,
    0x010F,
    0x0110,
    ORIENTATION,
    0x011A,
    0x011B,
    0x0128,
    0x0131,
    0x0132,
    ARTIST,
    0x4746,
    0x4749,
    COPYRIGHT,
    0x9C9B,
    0x9C9C,
    0x9C9E,
];

/// Ranges of such fields in EXIF's own directory: exposure, versions, times, lens, subject, light, scene, title,
/// photographer, gamma. Between them lie `MakerNote`, the owner's name, serial numbers and the picture's own number.
const HARMLESS_EXIF: [(u16, u16); 19] = [
    (0x829A, 0x829D),
    (0x8822, 0x8822),
    (0x8827, 0x8827),
    (0x8830, 0x8835),
    (0x9000, 0x9000),
    (0x9003, 0x9004),
    (0x9010, 0x9012),
    (0x9201, 0x920A),
    (0x9286, 0x9286),
    (0x9290, 0x9292),
    (0xA000, COLOUR_SPACE),
    (0xA215, 0xA215),
    (0xA217, 0xA217),
    (0xA300, 0xA301),
    (0xA401, 0xA40C),
    (0xA432, 0xA434),
    (0xA436, 0xA437),
    (0xA460, 0xA462),
    (0xA500, 0xA500),
];

/// Fields that are about the file that was and not about the one that is made, or that hold what is looked at elsewhere: its
/// sides, strips, thumbnail and profile, IPTC, Photoshop's and XMP in it, its directories.
const STRUCTURE: [(u16, u16); 16] = [
    (0x00FE, 0x0103),
    (0x0106, 0x0106),
    (0x0111, 0x0111),
    (0x0115, 0x0119),
    (0x011C, 0x011D),
    (0x013D, 0x0145),
    (0x014A, 0x014A),
    (0x0152, 0x015B),
    (0x0200, 0x0214),
    (0x02BC, 0x02BC),
    (0x83BB, 0x83BB),
    (0x8649, EXIF_DIRECTORY),
    (0x8773, 0x8773),
    (GPS_DIRECTORY, GPS_DIRECTORY),
    (0xA002, 0xA005),
    (0xEA1C, 0xEA1D),
];

fn is_among(ranges: &[(u16, u16)], tag: u16) -> bool {
    ranges.iter().any(|&(first, last)| (first..=last).contains(&tag))
}

/// The text of a field of the first directory.
pub(super) fn text(exif: &[u8], tag: u16) -> Option<Vec<u8>> {
    let fields = Tiff::new(exif)?.main();
    fields.iter().find(|field| field.tag == tag)?.as_text().map(<[u8]>::to_vec)
}

/// A block of a copyright notice and an artist's name.
pub(super) fn credit(copyright: Option<&[u8]>, artist: Option<&[u8]>) -> Option<Vec<u8>> {
    let field = |tag, text: Option<&[u8]>| text.map(|text| Field::text(tag, text));
    let fields = [field(ARTIST, artist), field(COPYRIGHT, copyright)];
    write(Order::Little, fields.into_iter().flatten().collect(), Vec::new(), MOST_BYTES)
}

/// The block anew, with what may leave of it, and the copyright notice and the artist's name where it has none.
/// Thumbnails never leave.
pub(super) fn kept(
    exif: &[u8],
    is_private_kept: bool,
    copyright: Option<&[u8]>,
    artist: Option<&[u8]>,
) -> Option<Vec<u8>> {
    let Some(tiff) = Tiff::new(exif) else { return credit(copyright, artist) };
    let order = tiff.order;
    let mut main = tiff.main();
    let mut below = vec![Below { tag: EXIF_DIRECTORY, fields: tiff.below(&main, EXIF_DIRECTORY) }];
    if is_private_kept {
        below.push(Below { tag: GPS_DIRECTORY, fields: tiff.below(&main, GPS_DIRECTORY) });
    }
    let may_leave = |tag, is_harmless| !is_among(&STRUCTURE, tag) && (is_private_kept || is_harmless);
    main.retain(|field| may_leave(field.tag, HARMLESS.contains(&field.tag)));
    for one in below.iter_mut().filter(|one| one.tag == EXIF_DIRECTORY) {
        one.fields.retain(|field| may_leave(field.tag, is_among(&HARMLESS_EXIF, field.tag)));
        set(&mut one.fields, COLOUR_SPACE, 1, order);
    }
    set(&mut main, ORIENTATION, 1, order);
    for (tag, text) in [(COPYRIGHT, copyright), (ARTIST, artist)] {
        if let Some(text) = text
            && !main.iter().any(|field| field.tag == tag && field.as_text().is_some())
        {
            main.retain(|field| field.tag != tag);
            main.push(Field::text(tag, text));
        }
    }
    write(order, main, below, MOST_BYTES)
}

/// Writes a number over a field, where it is.
fn set(fields: &mut [Field<'_>], tag: u16, number: u16, order: Order) {
    for field in fields.iter_mut().filter(|field| field.tag == tag) {
        *field = Field::short(tag, number, order);
    }
}
