//! What a file says beside its pixels, and what of it goes on into an answer.
//!
//! Blocks are never passed on as they are: EXIF and XMP are read field by field and written anew, so that nothing leaves
//! unseen. Orientation was carried out on the pixels and is 1; sides, thumbnails and profiles are those of the file that
//! was and stay behind, and so do IPTC (its names and notices become XMP), C2PA, comments, and XMP in several segments.
//!
//! Only what stands before the pixels is looked at, as far as the header was read: behind those of a PNG it is nobody's. Of
//! a WebP all is there when its header is read. What a GIF says goes nowhere; into one, XMP goes, and in an AVIF both are
//! items.

mod attach;
mod credit;
mod exif;
mod summary;
mod tiff;
mod xml;
mod xmp;

pub use attach::attach;
pub use summary::Summary;

use std::fmt;

use self::credit::Credit;
use self::xmp::Property;
use crate::recipe::Metadata;

/// Longer blocks are not looked at, and none is written longer: a JPEG's segment holds 65,533 bytes with their name.
const MOST_BYTES: usize = 60_000;

/// A JPEG's segment may be so long, name and length left out.
const LONGEST_READ: usize = 1 << 16;

/// What is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// Who made it and who may use it.
    Credit,
    /// Everything but places, serial numbers and what else tells of people and their devices.
    Harmless,
    /// That too.
    Everything,
}

impl Keep {
    /// What a recipe asks for; `is_private_allowed` where the policy lets private facts leave.
    pub fn of(asked: Option<Metadata>, is_private_allowed: bool) -> Self {
        match asked {
            Some(Metadata::None) => Self::Nothing,
            None | Some(Metadata::Copyright) => Self::Credit,
            Some(Metadata::Keep) if is_private_allowed => Self::Everything,
            Some(Metadata::Keep) => Self::Harmless,
        }
    }
}

/// Blocks as they stand in a file, as far as they are looked at.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Asides {
    /// EXIF, from the byte-order mark on.
    exif: Vec<u8>,
    /// A packet of XMP.
    xmp: Vec<u8>,
    /// Photoshop's resources, IPTC among them.
    iptc: Vec<u8>,
    /// PNG's texts that are about the author, by their keywords.
    notes: Vec<(String, String)>,
}

impl fmt::Debug for Asides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exif, xmp, iptc, notes } = self;
        write!(f, "Asides({} of EXIF, {} of XMP, {} of IPTC, {notes:?})", exif.len(), xmp.len(), iptc.len())
    }
}

impl Asides {
    /// Takes EXIF, the first there is.
    pub(super) fn take_exif(&mut self, block: &[u8]) {
        take(&mut self.exif, block);
    }

    /// Takes XMP, the first there is.
    pub(super) fn take_xmp(&mut self, packet: &[u8]) {
        take(&mut self.xmp, packet);
    }

    /// Takes Photoshop's resources, the first there are.
    pub(super) fn take_photoshop(&mut self, resources: &[u8]) {
        take(&mut self.iptc, resources);
    }

    /// Takes a text of a PNG if it is XMP or about the author.
    pub(super) fn take_png_text(&mut self, kind: [u8; 4], body: &[u8]) {
        if body.len() > LONGEST_READ {
            return;
        }
        if let Some(packet) = credit::png_xmp(body).filter(|_| &kind == b"iTXt") {
            self.take_xmp(packet);
        } else if let Some((key @ (b"Copyright" | b"Author"), text)) = credit::png_text(kind, body) {
            let key = String::from_utf8_lossy(key).into_owned();
            if self.note(&key).is_none() {
                self.notes.push((key, text));
            }
        }
    }

    /// What of it may be told to anybody.
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }

    fn note(&self, key: &str) -> Option<&str> {
        self.notes.iter().find(|(known, _)| known == key).map(|(_, text)| text.as_str())
    }

    /// Bytes that are held of them, and of what is written of them.
    pub fn held_bytes(&self) -> u64 {
        let notes = self.notes.iter().map(|(_, text)| text.len()).sum::<usize>();
        let read = (self.exif.len() + self.xmp.len() + self.iptc.len() + notes) as u64;
        // Properties are held beside their packet, read and then chosen, and are written a few times over.
        read + if read > 0 { 6 * MOST_BYTES as u64 + 4 * self.xmp.len() as u64 } else { 0 }
    }

    /// What goes on. `takes_exif` where the format that is written has a place for it.
    pub fn kept(&self, keep: Keep, takes_exif: bool) -> Kept {
        if keep == Keep::Nothing || *self == Self::default() {
            return Kept::default();
        }
        let properties = xmp::read(&self.xmp);
        let credit = Credit::of(self, &properties);
        let (copyright, artist) = (credit.copyright.as_deref(), credit.artist.as_deref());
        if keep == Keep::Credit {
            let says_more = credit.is_more || !takes_exif;
            let xmp = credit.properties.iter().filter(|_| says_more);
            return Kept { exif: exif::credit(copyright, artist), xmp: xmp::write(xmp, MOST_BYTES) };
        }
        let is_private_kept = keep == Keep::Everything;
        let all = properties.iter().filter(|property| property.may_leave(is_private_kept));
        let added = credit.properties.iter().filter(|property| !properties.contains(property));
        let says_more = credit.is_more || !takes_exif;
        let xmp: Vec<&Property> = all.chain(added.filter(|_| says_more)).collect();
        Kept {
            exif: exif::kept(&self.exif, is_private_kept, copyright, artist),
            xmp: xmp::write(xmp, MOST_BYTES),
        }
    }
}

fn take(place: &mut Vec<u8>, block: &[u8]) {
    if place.is_empty() && block.len() <= LONGEST_READ {
        *place = block.to_vec();
    }
}

/// What an answer says beside its pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// EXIF, from the byte-order mark on.
    pub exif: Option<Vec<u8>>,
    /// A packet of XMP.
    pub xmp: Option<Vec<u8>>,
}

impl Kept {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.exif.is_none() && self.xmp.is_none()
    }

    /// A file is longer by so many bytes with it, at most.
    pub fn file_bytes(&self) -> usize {
        /// Of the chunks, segments, boxes and items that hold it, with their names.
        const AROUND: usize = 512;
        let blocks = [&self.exif, &self.xmp];
        blocks.into_iter().flatten().map(|block| block.len() + AROUND).sum()
    }
}
