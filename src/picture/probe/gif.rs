//! GIF: all of its blocks, as far as they are there.

use super::bytes::size;
use super::{Coding, Header};
use crate::format::Format;
use crate::geometry::Size;
use crate::picture::animation::Animation;
use crate::picture::budget::{LARGEST_ANIMATION_PIXELS, LARGEST_LAYERED_PIXELS, LEAST_FRAME_PIXELS};
use crate::picture::decode::gif_blocks::{Block, Blocks, Disposal, Image};

/// Reads the logical screen and walks all blocks, as far as they are there and make sense.
pub(super) fn read(bytes: &[u8]) -> Option<Header> {
    let (screen, mut blocks) = Blocks::open(bytes)?;
    let size = size(screen.size.width, screen.size.height)?;
    let mut film = Film::default();
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
    let alpha = if layers > 1 { film.alpha } else { film.first_alpha.unwrap_or(true) };
    Some(Header { alpha, animation, ..Header::new(Format::Gif, size, Coding::Gif { layers }) })
}

/// What the images of a GIF come to.
#[derive(Debug, Default)]
struct Film {
    images: u32,
    /// How often they are shown again, 0 for ever.
    repeats: Option<u16>,
    centiseconds: u64,
    /// Whether anything is transparent in the first image.
    first_alpha: Option<bool>,
    /// Whether anything is at any time.
    alpha: bool,
}

impl Film {
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
}
