//! What stands beside the pixels of a file, where it lies there, until it is taken along.

use std::borrow::Cow;
use std::sync::Arc;

use crate::picture::colour::{Conversion, LARGEST_PROFILE_BYTES, PngColours, Samples};
use crate::picture::metadata::Asides;

/// What stands beside the pixels, where it lies.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) exif: Option<&'a [u8]>,
    pub(super) xmp: Option<&'a [u8]>,
    pub(super) photoshop: Option<&'a [u8]>,
    /// Names and bodies of PNG's chunks of texts.
    pub(super) texts: Vec<([u8; 4], &'a [u8])>,
    /// What PNG's chunks say of colours.
    pub(super) colours: PngColours<'a>,
    /// Pieces of a profile: which each is, of how many, and its bytes.
    pub(super) profile: Vec<(u8, u8, &'a [u8])>,
}

impl Found<'_> {
    /// What is to be done to samples of this kind.
    pub(super) fn conversion(&self, samples: Samples) -> Option<Arc<Conversion>> {
        if self.profile.is_empty() {
            return self.colours.meaning(samples).conversion();
        }
        Conversion::of_profile(&self.profile()?, samples)?.conversion()
    }

    /// The profile, put together where it came in pieces. All of them must be there, each once (ICC.1:2022, B.4).
    fn profile(&self) -> Option<Cow<'_, [u8]>> {
        if let [(1, 1, whole)] = self.profile.as_slice() {
            return Some(Cow::Borrowed(whole));
        }
        let total = u8::try_from(self.profile.len()).ok()?;
        let piece = |wanted| self.profile.iter().find(|&&(number, of, _)| (number, of) == (wanted, total));
        let pieces: Vec<&[u8]> =
            (1..=total).map(|number| piece(number).map(|(.., piece)| *piece)).collect::<Option<_>>()?;
        let bytes = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        (bytes <= LARGEST_PROFILE_BYTES).then(|| Cow::Owned(pieces.concat()))
    }

    pub(super) fn asides(&self) -> Asides {
        let mut asides = Asides::default();
        self.exif.into_iter().for_each(|block| asides.take_exif(block));
        self.xmp.into_iter().for_each(|packet| asides.take_xmp(packet));
        self.photoshop.into_iter().for_each(|resources| asides.take_photoshop(resources));
        self.texts.iter().for_each(|(kind, body)| asides.take_png_text(*kind, body));
        asides
    }
}
