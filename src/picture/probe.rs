//! What a file says of itself before anything is decoded: format, size, orientation, alpha, coding.
//!
//! A header is walked first, and nothing is copied or inflated for that; what stands beside the pixels is taken along once
//! the header is known to be all there.

use std::borrow::Cow;
use std::sync::Arc;

use super::animation::Animation;
use super::budget::{LARGEST_ANIMATION_PIXELS, LARGEST_LAYERED_PIXELS, LEAST_FRAME_PIXELS};
use super::colour::{Conversion, LARGEST_PROFILE_BYTES, PngColours, Samples};
use super::decode::gif_blocks::{Block, Blocks, Disposal, Image};
use super::exif;
use super::metadata::Asides;
use super::svg::DrawingCost;
use crate::format::Format;
use crate::geometry::{Rect, Size, Turn};
use crate::picture::rows::Colours;

/// What is known of a picture without decoding it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The file's format.
    pub format: Format,
    /// Size as stored, before any turn.
    pub size: Size,
    /// What makes it upright.
    pub turn: Turn,
    /// Whether pixels may be translucent.
    pub alpha: bool,
    /// How the pixels are coded, as far as the cost of decoding depends on it.
    pub coding: Coding,
    /// What else is said of the picture, as far as it stands in the bytes that the header was read from.
    pub asides: Arc<Asides>,
    /// What brings its colours to sRGB, where they are something else.
    pub conversion: Option<Arc<Conversion>>,
    /// What it says of its frames, where it moves: all else is about the first.
    pub animation: Option<Animation>,
}

/// How the pixels of a file are coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coding {
    /// JPEG, 8 bit Huffman.
    Jpeg(JpegCoding),
    /// PNG.
    Png {
        /// Adam7.
        interlaced: bool,
        /// Bytes of one row at most, as stored.
        row_bytes: u64,
    },
    /// WebP, VP8.
    WebpLossy,
    /// WebP, VP8L.
    WebpLossless,
    /// WebP, of several frames laid over each other on a canvas.
    WebpAnimated,
    /// GIF.
    Gif {
        /// Of how many images its picture is made, where it does not move.
        layers: u32,
    },
    /// SVG, which has no pixels until it is drawn.
    Drawing(DrawingCost),
}

/// What the frame header of a JPEG, and the segments before it, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JpegCoding {
    /// Coefficients come in several passes.
    pub progressive: bool,
    /// What its components mean.
    pub colours: Colours,
    /// Ink is stored as it is and not, as Adobe's software does, as its complement.
    pub plain_ink: bool,
    /// Blocks of each component in an MCU, along x and y.
    pub factors: Vec<(u8, u8)>,
}

impl JpegCoding {
    /// Samples to a pixel of the most subsampled component, along x and y.
    pub fn chroma_density(&self) -> (f64, f64) {
        let least_of = |factor: fn(&(u8, u8)) -> u8| {
            let factors = self.factors.iter().map(factor);
            let (least, most) = (factors.clone().min().unwrap_or(1), factors.max().unwrap_or(1));
            f64::from(least) / f64::from(most)
        };
        (least_of(|factors| factors.0), least_of(|factors| factors.1))
    }
}

/// Why a file cannot be a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The bytes are of no picture format.
    #[error("these bytes are not a picture of a known format")]
    NotAPicture,
    /// A format or a feature that is known and not read.
    #[error("{0} cannot be read")]
    Unsupported(&'static str),
    /// The header is cut off or contradicts itself.
    #[error("the {0} header is broken or cut off")]
    Broken(&'static str),
}

impl Header {
    /// Reads a header from the first bytes of a file, or from all of it, and what stands beside the pixels there.
    pub fn read(bytes: &[u8]) -> Result<Self, ProbeError> {
        let (header, found) = find(bytes)?;
        let conversion = found.conversion(header.samples(bytes));
        Ok(Self { asides: Arc::new(found.asides()), conversion, ..header })
    }

    /// Of a drawing that was measured.
    #[cfg(feature = "drawings")]
    pub(super) fn of_drawing(size: Size, cost: DrawingCost) -> Self {
        Self {
            format: Format::Svg,
            size,
            turn: Turn::NONE,
            alpha: true,
            coding: Coding::Drawing(cost),
            asides: Arc::default(),
            conversion: None,
            animation: None,
        }
    }

    /// Only the header, as often as it takes until there are enough bytes.
    pub(crate) fn walk(bytes: &[u8]) -> Result<Self, ProbeError> {
        find(bytes).map(|(header, _)| header)
    }

    /// What kind of samples a profile in the file is about.
    fn samples(&self, bytes: &[u8]) -> Samples {
        match &self.coding {
            Coding::Jpeg(coding) => match coding.colours {
                Colours::Grey => Samples::Grey,
                Colours::Cmyk | Colours::Ycck => Samples::Cmyk,
                _ => Samples::Rgb,
            },
            Coding::Png { .. } if matches!(u8_at(bytes, PNG_COLOUR_AT), Some(0 | 4)) => Samples::Grey,
            _ => Samples::Rgb,
        }
    }

    /// Size as seen.
    pub fn upright(&self) -> Size {
        self.turn.size(self.size)
    }
}

/// What stands beside the pixels, where it lies.
#[derive(Debug, Default)]
struct Found<'a> {
    exif: Option<&'a [u8]>,
    xmp: Option<&'a [u8]>,
    photoshop: Option<&'a [u8]>,
    /// Names and bodies of PNG's chunks of texts.
    texts: Vec<([u8; 4], &'a [u8])>,
    /// What PNG's chunks say of colours.
    colours: PngColours<'a>,
    /// Pieces of a profile: which each is, of how many, and its bytes.
    profile: Vec<(u8, u8, &'a [u8])>,
}

impl Found<'_> {
    /// What is to be done to samples of this kind.
    fn conversion(&self, samples: Samples) -> Option<Arc<Conversion>> {
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

    fn asides(&self) -> Asides {
        let mut asides = Asides::default();
        self.exif.into_iter().for_each(|block| asides.take_exif(block));
        self.xmp.into_iter().for_each(|packet| asides.take_xmp(packet));
        self.photoshop.into_iter().for_each(|resources| asides.take_photoshop(resources));
        self.texts.iter().for_each(|(kind, body)| asides.take_png_text(*kind, body));
        asides
    }
}

fn find(bytes: &[u8]) -> Result<(Header, Found<'_>), ProbeError> {
    match Format::sniff(bytes).ok_or(ProbeError::NotAPicture)? {
        Format::Jpeg => jpeg(bytes),
        Format::Png => png(bytes).ok_or(ProbeError::Broken("PNG")),
        Format::Webp => webp(bytes).ok_or(ProbeError::Broken("WebP")),
        Format::Gif => gif(bytes).map(|header| (header, Found::default())).ok_or(ProbeError::Broken("GIF")),
        Format::Avif => Err(ProbeError::Unsupported("AVIF")),
        Format::Svg => Err(ProbeError::NotAPicture),
    }
}

fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = array(bytes, at)?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn turn_of(tiff: Option<&[u8]>) -> Turn {
    tiff.and_then(exif::orientation).map_or(Turn::NONE, Turn::from_exif)
}

/// A size that must not be empty.
fn size(width: u32, height: u32) -> Option<Size> {
    (width > 0 && height > 0).then(|| Size::new(width, height))
}

/// Walks JPEG markers up to the frame header (ITU-T T.81, B.1.1 and B.2.2).
fn jpeg(bytes: &[u8]) -> Result<(Header, Found<'_>), ProbeError> {
    const BROKEN: ProbeError = ProbeError::Broken("JPEG");
    let mut found = Found::default();
    let (mut is_jfif, mut adobe) = (false, None);
    let mut at = 2;
    loop {
        let rest = bytes.get(at..).ok_or(BROKEN)?;
        // Stray bytes and fill bytes may stand before a marker.
        let skipped = rest.iter().position(|&b| b == 0xFF).ok_or(BROKEN)?;
        let fill = rest.get(skipped..).unwrap_or_default().iter().take_while(|&&b| b == 0xFF).count();
        let marker_at = at + skipped + fill;
        let marker = u8_at(bytes, marker_at).ok_or(BROKEN)?;
        at = marker_at + 1;
        let segment = |at: usize| {
            let length = usize::from(be16(bytes, at)?);
            bytes.get(at + 2..at.checked_add(length)?)
        };
        match marker {
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            0xC0..=0xC2 => {
                let frame = segment(at).ok_or(BROKEN)?;
                let mut header = jpeg_frame(frame, marker == 0xC2, turn_of(found.exif))?;
                if let Coding::Jpeg(coding) = &mut header.coding {
                    coding.colours = jpeg_colours(frame, is_jfif, adobe);
                    coding.plain_ink = adobe.is_none();
                }
                return Ok((header, found));
            }
            0xC3 => return Err(ProbeError::Unsupported("lossless JPEG")),
            0xC5..=0xC7 => return Err(ProbeError::Unsupported("hierarchical JPEG")),
            0xC9..=0xCB | 0xCD..=0xCF => return Err(ProbeError::Unsupported("JPEG with arithmetic coding")),
            // A scan before any frame, or the end.
            0xDA | 0xD9 => return Err(BROKEN),
            _ => {
                let body = segment(at).ok_or(BROKEN)?;
                match marker {
                    0xE0 => is_jfif |= body.starts_with(b"JFIF\0"),
                    0xE1 => {
                        let xmp = body.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0");
                        found.exif = found.exif.or(body.strip_prefix(b"Exif\0\0"));
                        found.xmp = found.xmp.or(xmp);
                    }
                    0xE2 if found.profile.len() < usize::from(u8::MAX) => {
                        let piece =
                            body.strip_prefix(b"ICC_PROFILE\0").and_then(|rest| rest.split_first_chunk());
                        found.profile.extend(piece.map(|(&[number, of], piece)| (number, of, piece)));
                    }
                    0xED => {
                        found.photoshop = found.photoshop.or(body.strip_prefix(b"Photoshop 3.0\0"));
                    }
                    0xEE if body.starts_with(b"Adobe") => adobe = u8_at(body, 11),
                    _ => {}
                }
                at += 2 + body.len();
            }
        }
    }
}

fn jpeg_frame(frame: &[u8], progressive: bool, turn: Turn) -> Result<Header, ProbeError> {
    const BROKEN: ProbeError = ProbeError::Broken("JPEG");
    if u8_at(frame, 0) != Some(8) {
        return Err(ProbeError::Unsupported("JPEG of more than 8 bits"));
    }
    let (height, width) = (be16(frame, 1).ok_or(BROKEN)?, be16(frame, 3).ok_or(BROKEN)?);
    let components = u8_at(frame, 5).ok_or(BROKEN)?;
    let factors: Vec<(u8, u8)> = (0..usize::from(components))
        .map(|index| u8_at(frame, 7 + 3 * index).map(|factor| (factor >> 4, factor & 15)))
        .collect::<Option<_>>()
        .ok_or(BROKEN)?;
    let in_range = factors.iter().all(|&(h, v)| (1..=4).contains(&h) && (1..=4).contains(&v));
    if !in_range || !matches!(components, 1 | 3 | 4) {
        return Err(BROKEN);
    }
    Ok(Header {
        format: Format::Jpeg,
        size: size(width.into(), height.into()).ok_or(BROKEN)?,
        turn,
        alpha: false,
        coding: Coding::Jpeg(JpegCoding { progressive, colours: Colours::Grey, plain_ink: false, factors }),
        asides: Arc::default(),
        conversion: None,
        animation: None,
    })
}

/// What the components mean: as an Adobe segment says, else JFIF, else the
/// components' names, which is how every decoder has guessed since the IJG's.
fn jpeg_colours(frame: &[u8], is_jfif: bool, adobe: Option<u8>) -> Colours {
    // The header may be longer than its components.
    let count = u8_at(frame, 5).unwrap_or(0).into();
    let components = frame.get(6..).unwrap_or_default().chunks_exact(3).take(count);
    let ids: Vec<u8> = components.filter_map(|component| component.first().copied()).collect();
    match (ids.as_slice(), adobe) {
        ([_], _) => Colours::Grey,
        ([_, _, _], Some(0)) | (b"RGB", None) if !is_jfif => Colours::SeparateRgb,
        ([_, _, _], _) => Colours::FullYcc,
        (_, Some(2)) => Colours::Ycck,
        _ => Colours::Cmyk,
    }
}

/// Where IHDR says what a pixel is made of.
const PNG_COLOUR_AT: usize = 25;

/// Texts of a PNG that are looked at.
const MOST_TEXTS: usize = 64;

/// Reads IHDR and walks chunks up to the pixels (PNG specification, 5.3 and 11).
fn png(bytes: &[u8]) -> Option<(Header, Found<'_>)> {
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    let size = size(be32(bytes, 16)?, be32(bytes, 20)?)?;
    let (depth, colour, interlace) = (u8_at(bytes, 24)?, u8_at(bytes, PNG_COLOUR_AT)?, u8_at(bytes, 28)?);
    let samples: u64 = match colour {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return None,
    };
    let mut alpha = matches!(colour, 4 | 6);
    let mut found = Found::default();
    let mut at = 33_usize;
    // What comes before the pixels must be there: the rest may still be on its way.
    loop {
        let (length, kind) = (be32(bytes, at)?, array::<4>(bytes, at + 4)?);
        let body = at + 8;
        let end = body.checked_add(usize::try_from(length).ok()?)?;
        match &kind {
            b"IDAT" | b"IEND" => break,
            b"tRNS" => alpha = true,
            b"cICP" => found.colours.cicp = bytes.get(body..end),
            b"iCCP" => found.colours.iccp = bytes.get(body..end),
            b"sRGB" => found.colours.srgb = bytes.get(body..end),
            b"gAMA" => found.colours.gama = bytes.get(body..end),
            b"cHRM" => found.colours.chrm = bytes.get(body..end),
            b"eXIf" => found.exif = bytes.get(body..end),
            b"tEXt" | b"iTXt" if found.texts.len() < MOST_TEXTS => {
                found.texts.extend(bytes.get(body..end).map(|text| (kind, text)));
            }
            _ => {}
        }
        at = end.checked_add(4)?;
    }
    let row_bytes = (u64::from(size.width) * samples * u64::from(depth)).div_ceil(8) + 1;
    let coding = Coding::Png { interlaced: interlace == 1, row_bytes };
    let turn = turn_of(found.exif);
    Some((
        Header {
            format: Format::Png,
            size,
            turn,
            alpha,
            coding,
            asides: Arc::default(),
            conversion: None,
            animation: None,
        },
        found,
    ))
}

/// Reads the first frame's header and walks the other chunks (RFC 9649, section 2).
fn webp(bytes: &[u8]) -> Option<(Header, Found<'_>)> {
    let mut canvas = None;
    let mut alpha = false;
    let mut film = WebpFilm::default();
    let mut found = Found::default();
    let mut frame = None;
    let mut at = 12_usize;
    while let (Some(kind), Some(length)) = (array::<4>(bytes, at), le32(bytes, at + 4)) {
        let body = at + 8;
        let length = usize::try_from(length).ok()?;
        let next = body.checked_add(length)?.checked_add(length % 2)?;
        match &kind {
            b"VP8X" => {
                alpha = u8_at(bytes, body)? & 0x10 != 0;
                canvas = size(le24(bytes, body + 4)? + 1, le24(bytes, body + 7)? + 1);
            }
            b"VP8 " if frame.is_none() => frame = Some((webp_lossy(bytes, body)?, Coding::WebpLossy)),
            b"VP8L" if frame.is_none() => {
                let (size, has_alpha) = webp_lossless(bytes, body)?;
                alpha |= has_alpha && canvas.is_none();
                frame = Some((size, Coding::WebpLossless));
            }
            // A frame's own chunks begin after 16 bytes of its place and duration.
            b"ANMF" => {
                film.take(bytes.get(body..).unwrap_or_default(), canvas);
                if frame.is_none() {
                    at = body.checked_add(16)?;
                    continue;
                }
            }
            b"ANIM" => film.plays = le16(bytes, body + 4),
            b"EXIF" => {
                let exif = bytes.get(body..body.checked_add(length)?);
                // Some writers put JPEG's prefix before the TIFF header.
                found.exif = exif.map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
            }
            b"ICCP" => {
                let profile = bytes.get(body..body.checked_add(length)?);
                found.profile = profile.map(|profile| (1, 1, profile)).into_iter().collect();
            }
            b"XMP " => found.xmp = bytes.get(body..body.checked_add(length)?),
            _ => {}
        }
        at = next;
    }
    let (frame_size, coding) = frame?;
    let coding = if film.frames > 0 { Coding::WebpAnimated } else { coding };
    let animation = film.animation(alpha);
    let (size, turn) = (canvas.unwrap_or(frame_size), turn_of(found.exif));
    Some((
        Header {
            format: Format::Webp,
            size,
            turn,
            alpha,
            coding,
            asides: Arc::default(),
            conversion: None,
            animation,
        },
        found,
    ))
}

/// What the frames of a WebP come to (RFC 9649, section 2.7.1).
#[derive(Debug, Default)]
struct WebpFilm {
    frames: u32,
    plays: Option<u16>,
    duration_ms: u64,
    /// Whether the canvas is to be seen, which is transparent.
    shows_through: bool,
}

impl WebpFilm {
    fn take(&mut self, frame: &[u8], canvas: Option<Size>) {
        let place = || {
            let [x, y] = [le24(frame, 0)?, le24(frame, 3)?];
            Some(Rect { x, y, size: Size::new(le24(frame, 6)? + 1, le24(frame, 9)? + 1) })
        };
        let is_first = self.frames == 0;
        self.frames = self.frames.saturating_add(1);
        self.duration_ms += u64::from(le24(frame, 12).unwrap_or(0));
        let is_cleared = u8_at(frame, 15).is_some_and(|flags| flags & 1 == 1);
        self.shows_through |= is_cleared || (is_first && place() != canvas.map(Size::rect));
    }

    fn animation(&self, alpha: bool) -> Option<Animation> {
        let Self { frames, plays, duration_ms, shows_through } = *self;
        let plays = plays.filter(|&plays| plays > 0).map(u32::from);
        (frames > 1).then_some(Animation { frames, plays, duration_ms, alpha: alpha || shows_through })
    }
}

/// RFC 6386, section 9.1.
fn webp_lossy(bytes: &[u8], body: usize) -> Option<Size> {
    if array(bytes, body + 3)? != [0x9D, 0x01, 0x2A] {
        return None;
    }
    size((le16(bytes, body + 6)? & 0x3FFF).into(), (le16(bytes, body + 8)? & 0x3FFF).into())
}

/// RFC 9649, section 3.4.
fn webp_lossless(bytes: &[u8], body: usize) -> Option<(Size, bool)> {
    if u8_at(bytes, body)? != 0x2F {
        return None;
    }
    let bits = le32(bytes, body + 1)?;
    Some((size((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)?, bits >> 28 & 1 == 1))
}

/// Reads the logical screen and walks all blocks, as far as they are there and make sense.
fn gif(bytes: &[u8]) -> Option<Header> {
    let (screen, mut blocks) = Blocks::open(bytes)?;
    let size = size(screen.size.width, screen.size.height)?;
    let mut film = GifFilm::default();
    while let Some(Ok(block)) = blocks.next() {
        match block {
            Block::Image(image) => film.take(&image, size),
            Block::Repeats(times) => film.repeats = Some(times),
            Block::End => break,
        }
    }
    let animation = film.animation();
    let layers = if animation.is_some() { 1 } else { film.images.max(1) };
    // There is no room for large ones and no time for many.
    let is_large = size.area() > LARGEST_LAYERED_PIXELS;
    let is_long = size.area().max(LEAST_FRAME_PIXELS) * u64::from(layers) > LARGEST_ANIMATION_PIXELS;
    let layers = if is_large || is_long { 1 } else { layers };
    Some(Header {
        format: Format::Gif,
        size,
        turn: Turn::NONE,
        alpha: if layers > 1 { film.alpha } else { film.first_alpha.unwrap_or(true) },
        coding: Coding::Gif { layers },
        asides: Arc::default(),
        conversion: None,
        animation,
    })
}

/// What the images of a GIF come to.
#[derive(Debug, Default)]
struct GifFilm {
    images: u32,
    /// How often they are shown again, 0 for ever.
    repeats: Option<u16>,
    centiseconds: u64,
    /// Whether anything is transparent in the first image.
    first_alpha: Option<bool>,
    /// Whether anything is at any time.
    alpha: bool,
}

impl GifFilm {
    fn take(&mut self, image: &Image<'_>, screen: Size) {
        let is_first = self.images == 0;
        self.images = self.images.saturating_add(1);
        self.centiseconds += u64::from(image.delay_centiseconds);
        // Later images have something beneath, unless that was cleared.
        self.alpha |= image.disposal == Disposal::Clear;
        if is_first {
            // A first image that leaves part of the screen open shows through there.
            let alpha = image.transparent.is_some() || image.place.within(screen) != screen.rect();
            self.first_alpha = Some(alpha);
            self.alpha |= alpha || image.disposal == Disposal::Restore;
        }
    }

    /// Files without any delay are seen as one picture, unless they say how often they repeat.
    fn animation(&self) -> Option<Animation> {
        let moves = self.images > 1 && (self.centiseconds > 0 || self.repeats.is_some());
        let plays = match self.repeats {
            Some(0) => None,
            repeats => Some(u32::from(repeats.unwrap_or(0)) + 1),
        };
        let Self { images: frames, centiseconds, alpha, .. } = *self;
        moves.then_some(Animation { frames, plays, duration_ms: centiseconds * 10, alpha })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_by_name() {
        let arithmetic = [0xFF, 0xD8, 0xFF, 0xC9, 0, 2];
        assert_eq!(Header::read(&arithmetic), Err(ProbeError::Unsupported("JPEG with arithmetic coding")));
        assert_eq!(Header::read(b"\0\0\0\x1cftypavif"), Err(ProbeError::Unsupported("AVIF")));
        assert_eq!(Header::read(b"<svg/>"), Err(ProbeError::NotAPicture));
        assert_eq!(Header::read(b"GIF89a"), Err(ProbeError::Broken("GIF")));
        assert_eq!(Header::read(b"RIFF\0\0\0\0WEBPVP8 "), Err(ProbeError::Broken("WebP")));
    }

    #[test]
    fn bytes_behind_the_components_of_a_frame_are_no_components() {
        let frame = |more: &[u8]| {
            let length = u8::try_from(17 + more.len()).unwrap();
            let head = [b"\xFF\xD8\xFF\xC0\0", &[length][..], b"\x08\0\x10\0\x20\x03"].concat();
            Header::read(&[&head[..], b"\x01\x22\0\x02\x11\x01\x03\x11\x01", more].concat())
        };
        let Coding::Jpeg(coding) = frame(b"").unwrap().coding else { panic!("a JPEG") };
        assert_eq!(coding.colours, Colours::FullYcc);
        assert_eq!(frame(b"\x04\x11\0\x05\x11\0"), frame(b""));
    }

    /// A GIF of images of 2×1 with these delays and disposals, which repeats or says nothing of that.
    fn gif_of(images: &[(u8, u8)], repeats: Option<u8>) -> Vec<u8> {
        let mut file = b"GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        let loops = |repeats| [&b"\x21\xff\x0bNETSCAPE2.0\x03\x01"[..], &[repeats, 0, 0]].concat();
        file.extend(repeats.map(loops).unwrap_or_default());
        for &(delay, disposal) in images {
            file.extend([0x21, 0xF9, 4, disposal << 2, delay, 0, 0, 0]);
            file.extend(b"\x2c\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x01\0");
        }
        [&file[..], b";"].concat()
    }

    #[test]
    fn gifs_move_where_something_says_so() {
        let of = |images: &[(u8, u8)], repeats| {
            let header = Header::read(&gif_of(images, repeats)).unwrap();
            let Coding::Gif { layers } = header.coding else { panic!("a GIF") };
            let said = |a: Animation| (a.frames, a.plays, a.duration_ms, a.alpha);
            (header.animation.map(said), layers)
        };
        assert_eq!(of(&[(5, 0)], Some(0)), (None, 1));
        assert_eq!(of(&[(0, 0), (0, 0), (0, 1)], None), (None, 3));
        assert_eq!(of(&[(0, 0), (0, 0)], Some(0)), (Some((2, None, 0, false)), 1));
        assert_eq!(of(&[(5, 0), (0, 3)], Some(2)), (Some((2, Some(3), 50, false)), 1));
        // What was cleared, or comes back to nothing, shows through.
        assert_eq!(of(&[(5, 3), (6, 0)], None), (Some((2, Some(1), 110, true)), 1));
        assert_eq!(of(&[(5, 0), (6, 2)], None), (Some((2, Some(1), 110, true)), 1));
    }

    #[test]
    fn every_cut_of_a_header_is_answered() {
        let frame = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xFF\xC0\0\x0B\x08\0\x10\0\x20\x01\x01\x11\0";
        for end in 0..frame.len() {
            let _ = Header::read(&frame[..end]);
        }
        let header = Header::read(frame).unwrap();
        assert_eq!(header.size, Size::new(32, 16));
        let (colours, factors) = (Colours::Grey, vec![(1, 1)]);
        assert_eq!(
            header.coding,
            Coding::Jpeg(JpegCoding { progressive: false, colours, plain_ink: true, factors })
        );
    }
}
