//! GIF of several frames: of each, the rectangle that changed, where what did not change is transparent.
//!
//! A frame is written when the next one is there, since the frame before has to clear what becomes transparent after it.

use super::lzw::{Drawn, longest};
use super::{Control, TRAILER, begin, image};
use crate::geometry::{Rect, Size};
use crate::picture::encode::EncodeError;
use crate::picture::encode::film::{bounds, check_length, make_room, together};
use crate::picture::palette::{self, Alpha, Dither, MOST_COLOURS, Palette};
use crate::picture::{Channels, Picture};

/// Delays have 16 bits.
const LONGEST_MS: u32 = 655_350;

/// Frames are given a palette that there is as long as their colours are so near to it, squared, as those that it was made
/// of, and a little more: one of their own takes 768 bytes, and what hardly changed looks the same in it no more.
const ENOUGH: f32 = 12.0;

/// Where the colours of the first that has too many are as near as this to its palette, none is dithered: it takes about a tenth more bytes.
const NEAR: f32 = 60.0;

/// One pixel of so many is asked how near it is.
const ASKED: usize = 5;

/// A pixel that is there or not.
type Pixel = [u8; 4];

/// An animated GIF in the making.
#[derive(Debug)]
pub(in crate::picture::encode) struct GifFilm {
    size: Size,
    plays: Option<u32>,
    file: Vec<u8>,
    /// That of the file, and how near the first frame is to it.
    palette: Option<(Palette, f32)>,
    /// The last that was not.
    recent: Option<(Palette, f32)>,
    is_dithered: Option<bool>,
    /// The last frame, which was not written yet, and how long it is seen.
    last: Option<(Vec<Pixel>, u32)>,
    /// What should be there when it is drawn; nothing at first.
    base: Option<Vec<Pixel>>,
    /// What is there, in the colours of palettes.
    shown: Vec<Pixel>,
    shown_ms: u64,
    told_centiseconds: u64,
}

impl GifFilm {
    pub(in crate::picture::encode) fn new(size: Size, plays: Option<u32>) -> Result<Self, EncodeError> {
        // Said now, as long as nothing was spent on it.
        begin(size, None, None)?;
        Ok(Self {
            size,
            plays,
            file: Vec::new(),
            palette: None,
            recent: None,
            is_dithered: None,
            last: None,
            base: None,
            shown: vec![[0; 4]; size.width as usize * size.height as usize],
            shown_ms: 0,
            told_centiseconds: 0,
        })
    }

    pub(in crate::picture::encode) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    pub(in crate::picture::encode) fn push(
        &mut self,
        picture: &Picture,
        delay_ms: u32,
    ) -> Result<(), EncodeError> {
        let pixels = cut(picture);
        let Some((last, before_ms)) = self.last.take() else {
            self.last = Some((pixels, delay_ms));
            return Ok(());
        };
        if last == pixels
            && let Some(sum) = together(before_ms, delay_ms, LONGEST_MS)
        {
            self.last = Some((last, sum));
            return Ok(());
        }
        let goes = |at: usize| matches!((last.get(at), pixels.get(at)), (Some([.., 255]), Some([.., 0])));
        let cleared = bounds(self.size, goes);
        self.base = Some(self.write(last, cleared, before_ms)?);
        self.last = Some((pixels, delay_ms));
        Ok(())
    }

    pub(in crate::picture::encode) fn hold(&mut self, delay_ms: u32) -> Result<(), EncodeError> {
        let Some((last, before_ms)) = self.last.take() else { return Ok(()) };
        if let Some(sum) = together(before_ms, delay_ms, LONGEST_MS) {
            self.last = Some((last, sum));
            return Ok(());
        }
        self.base = Some(self.write(last.clone(), Rect::EMPTY, before_ms)?);
        self.last = Some((last, delay_ms));
        Ok(())
    }

    pub(in crate::picture::encode) fn finish(mut self) -> Result<Vec<u8>, EncodeError> {
        if let Some((last, delay_ms)) = self.last.take() {
            self.write(last, Rect::EMPTY, delay_ms)?;
        }
        self.file.push(TRAILER);
        Ok(self.file)
    }

    /// Writes a frame, of which a part is cleared before the next one: answers what is there then.
    fn write(
        &mut self,
        mut frame: Vec<Pixel>,
        cleared: Rect,
        delay_ms: u32,
    ) -> Result<Vec<Pixel>, EncodeError> {
        let change = match &self.base {
            None => self.size.rect(),
            Some(base) => bounds(self.size, |at| base.get(at) != frame.get(at)),
        };
        let change = change.joined(cleared);
        let corner = Rect { x: 0, y: 0, size: Size::new(1, 1) };
        let place = if change.is_empty() { corner } else { change };
        let part = self.part(&frame, place);
        let Coloured { palette, indices, is_own } = self.colour(&part, place);
        let open = self.show(&palette, &indices, place);
        if self.file.is_empty() {
            let repeats = match self.plays {
                None => Some(0),
                Some(plays @ 2..) => Some(u16::try_from(plays - 1).unwrap_or(u16::MAX)),
                Some(_) => None,
            };
            self.file = begin(self.size, Some(&palette), repeats)?;
        }
        let control = Control {
            delay_centiseconds: self.delay(delay_ms),
            is_cleared: !cleared.is_empty(),
            transparent: palette.transparent(),
        };
        make_room(&mut self.file, usize::try_from(longest(place.size.area())).unwrap_or(0));
        control.write(&mut self.file);
        let own = Some(&palette).filter(|_| is_own);
        let drawn = Drawn { indices: &indices, transparent: palette.transparent(), open: &open };
        image(place, own, palette.colours().len(), drawn, &mut self.file)?;
        check_length(&self.file)?;
        if !cleared.is_empty() {
            rows(&mut frame, self.size, place).for_each(|row| row.fill([0; 4]));
            rows(&mut self.shown, self.size, place).for_each(|row| row.fill([0; 4]));
        }
        Ok(frame)
    }

    /// Shows a part of a frame: answers which of its pixels were shown so before.
    fn show(&mut self, palette: &Palette, indices: &[u8], place: Rect) -> Vec<bool> {
        let mut open = Vec::with_capacity(indices.len());
        let part = rows(&mut self.shown, self.size, place).flatten();
        for (shown, &index) in part.zip(indices) {
            let colour = palette.colours().get(usize::from(index)).copied().unwrap_or_default();
            let is_open = colour[3] == 0 || colour == *shown;
            if !is_open {
                *shown = colour;
            }
            open.push(is_open);
        }
        open
    }

    /// In hundredths of a second, so that all delays together are as long as they should be.
    fn delay(&mut self, delay_ms: u32) -> u16 {
        self.shown_ms += u64::from(delay_ms);
        let until = (self.shown_ms + 5) / 10;
        let delay = u16::try_from(until - self.told_centiseconds.min(until)).unwrap_or(u16::MAX);
        self.told_centiseconds += u64::from(delay);
        delay
    }

    /// A part of a frame, without what is there already.
    fn part(&self, frame: &[Pixel], place: Rect) -> Picture {
        let width = self.size.width as usize;
        let mut samples = Vec::with_capacity(place.size.width as usize * place.size.height as usize * 4);
        for y in place.y..place.y + place.size.height {
            let from = y as usize * width + place.x as usize;
            let columns = from..from + place.size.width as usize;
            let row = frame.get(columns.clone()).unwrap_or_default();
            match self.base.as_ref().and_then(|base| base.get(columns)) {
                None => samples.extend_from_slice(row.as_flattened()),
                Some(base) => {
                    let pixels = row.iter().zip(base);
                    samples
                        .extend(pixels.flat_map(|(pixel, base)| if pixel == base { [0; 4] } else { *pixel }));
                }
            }
        }
        let empty = Picture::filled(place.size, Channels::Rgba, [0; 4]);
        Picture::new(place.size, Channels::Rgba, samples).unwrap_or(empty)
    }

    /// Brings a part of a frame to few colours.
    fn colour(&mut self, part: &Picture, place: Rect) -> Coloured {
        for (known, is_own) in [(&self.palette, false), (&self.recent, true)] {
            if let Some((palette, own)) = known
                && distance(part, palette) <= own + ENOUGH
            {
                let indices = palette::remap(part, palette, self.dither(place));
                return Coloured { palette: palette.clone(), indices, is_own };
            }
        }
        let (palette, indices, own) = self.new_palette(part, place);
        // Later frames want to leave something out.
        let palette = with_transparency(palette);
        let is_own = self.palette.is_some();
        let kept = if is_own { &mut self.recent } else { &mut self.palette };
        *kept = Some((palette.clone(), own));
        Coloured { palette, indices, is_own }
    }

    /// A palette of a part's own, its indices, and how near they are.
    fn new_palette(&mut self, part: &Picture, place: Rect) -> (Palette, Vec<u8>, f32) {
        if let Some((palette, indices)) = palette::exact(part, MOST_COLOURS) {
            return (palette, indices, 0.0);
        }
        let palette = with_transparency(palette::quantise(part, MOST_COLOURS - 1, Alpha::Cut));
        let own = distance(part, &palette);
        self.is_dithered.get_or_insert(own > NEAR);
        let indices = palette::remap(part, &palette, self.dither(place));
        (palette, indices, own)
    }

    /// The same wherever a part lies, so that what stays does not flicker.
    fn dither(&self, place: Rect) -> Dither {
        match self.is_dithered {
            Some(true) => Dither::Ordered { left: place.x, top: place.y },
            Some(false) | None => Dither::None,
        }
    }
}

/// A part of a frame in few colours.
struct Coloured {
    palette: Palette,
    indices: Vec<u8>,
    /// Whether the palette is not that of the file.
    is_own: bool,
}

/// The same with a colour that is not there, if there is room for one.
fn with_transparency(palette: Palette) -> Palette {
    if palette.transparent().is_some() {
        return palette;
    }
    let colours = [palette.colours(), &[[0; 4]]].concat();
    Palette::new(colours, Alpha::Cut).unwrap_or(palette)
}

/// How far pixels are from the colours that they are brought to, squared, on average; as far as can be where some are not
/// there and the palette has nothing for that.
fn distance(part: &Picture, palette: &Palette) -> f32 {
    let asked: Vec<Pixel> = part.samples().as_chunks::<4>().0.iter().step_by(ASKED).copied().collect();
    if palette.transparent().is_none() && part.samples().iter().skip(3).step_by(4).any(|&alpha| alpha == 0) {
        return f32::INFINITY;
    }
    let size = Size::new(u32::try_from(asked.len()).unwrap_or(u32::MAX), 1);
    let Some(asked) = Picture::new(size, Channels::Rgba, asked.into_flattened()) else {
        return f32::INFINITY;
    };
    let indices = palette::remap(&asked, palette, Dither::None);
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for (pixel, index) in asked.samples().as_chunks::<4>().0.iter().zip(indices) {
        let colour = palette.colours().get(usize::from(index)).copied().unwrap_or_default();
        if pixel[3] > 0 {
            count += 1.0;
            let difference = |(&a, b): (&u8, u8)| f32::from(a.abs_diff(b)) * f32::from(a.abs_diff(b));
            sum += pixel.iter().zip(colour).map(difference).sum::<f32>();
        }
    }
    sum / count.max(1.0)
}

/// Pixels that are there or not: from the half on they are.
fn cut(picture: &Picture) -> Vec<Pixel> {
    let samples = picture.samples();
    match picture.channels() {
        Channels::Rgb => samples.as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, 255]).collect(),
        Channels::Rgba => {
            let cut = |&[r, g, b, a]: &Pixel| if a < 128 { [0; 4] } else { [r, g, b, 255] };
            samples.as_chunks::<4>().0.iter().map(cut).collect()
        }
    }
}

fn rows(frame: &mut [Pixel], size: Size, place: Rect) -> impl Iterator<Item = &mut [Pixel]> {
    let columns = place.x as usize..(place.x + place.size.width) as usize;
    let rows = frame.chunks_exact_mut(size.width as usize);
    let rows = rows.skip(place.y as usize).take(place.size.height as usize);
    rows.map(move |row| row.get_mut(columns.clone()).unwrap_or_default())
}
