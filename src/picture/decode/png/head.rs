//! What stands before the pixels: IHDR, PLTE and tRNS (PNG specification, 11.2 and 11.3.1).

use crate::geometry::Size;

/// What a pixel is in the file (11.2.1, table 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Grey,
    Rgb,
    Indexed,
    GreyAlpha,
    Rgba,
}

impl Colour {
    pub(super) fn samples(self) -> u8 {
        match self {
            Self::Grey | Self::Indexed => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// IHDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) size: Size,
    /// Bits of a sample: 1, 2, 4, 8 or 16.
    pub(super) depth: u8,
    pub(super) colour: Colour,
    pub(super) is_interlaced: bool,
}

impl Shape {
    /// Reads the body of IHDR; only what the specification allows is a shape.
    pub(super) fn read(body: &[u8]) -> Result<Self, &'static str> {
        let &[w0, w1, w2, w3, h0, h1, h2, h3, depth, colour, compression, filter, interlace] = body else {
            return Err("IHDR has another length than 13");
        };
        let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
        if width == 0 || height == 0 {
            return Err("the picture is empty");
        }
        let size = Size::new(width, height);
        let colour = match (colour, depth) {
            (0, 1 | 2 | 4 | 8 | 16) => Colour::Grey,
            (2, 8 | 16) => Colour::Rgb,
            (3, 1 | 2 | 4 | 8) => Colour::Indexed,
            (4, 8 | 16) => Colour::GreyAlpha,
            (6, 8 | 16) => Colour::Rgba,
            _ => return Err("there is no such colour type and bit depth"),
        };
        match (compression, filter, interlace) {
            (0, 0, 0 | 1) => Ok(Self { size, depth, colour, is_interlaced: interlace == 1 }),
            (0, 0, _) => Err("the interlace method is unknown"),
            _ => Err("the compression or filter method is unknown"),
        }
    }

    fn pixel_bits(self) -> u8 {
        self.colour.samples() * self.depth
    }

    /// How far back filters look: bytes of a pixel, one at least (9.2).
    pub(super) fn pixel_bytes(self) -> usize {
        usize::from(self.pixel_bits().div_ceil(8))
    }

    /// Bytes of a row of so many pixels, without the byte that names its filter.
    pub(super) fn row_bytes(self, width: u32) -> u64 {
        (u64::from(width) * u64::from(self.pixel_bits())).div_ceil(8)
    }
}

/// Everything before the pixels.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) shape: Shape,
    /// The body of PLTE.
    pub(super) palette: Option<Vec<u8>>,
    /// The body of tRNS, where it can be understood.
    pub(super) transparency: Option<Vec<u8>>,
}

impl Head {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, palette: None, transparency: None }
    }

    pub(super) fn set_palette(&mut self, body: Vec<u8>) -> Result<(), &'static str> {
        if self.palette.is_some() {
            return Err("there are two palettes");
        }
        if self.shape.colour == Colour::Indexed && !body.len().is_multiple_of(3) {
            return Err("the palette ends within a colour");
        }
        self.palette = Some(body);
        Ok(())
    }

    /// Takes tRNS where it means something. What does not is passed over, as chunks are that one can do without.
    pub(super) fn set_transparency(&mut self, body: Vec<u8>) {
        let is_understood = match self.shape.colour {
            Colour::Grey => body.len() >= 2,
            Colour::Rgb => body.len() >= 6,
            Colour::Indexed => self.palette.is_some(),
            Colour::GreyAlpha | Colour::Rgba => false,
        };
        if is_understood && self.transparency.is_none() {
            self.transparency = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(depth: u8, colour: u8, interlace: u8) -> [u8; 13] {
        [0, 0, 0, 9, 0, 0, 0, 4, depth, colour, 0, 0, interlace]
    }

    #[test]
    fn allows_what_the_specification_lists() {
        let allowed = (0..=255).flat_map(|depth| (0..=255).map(move |colour| (depth, colour)));
        let allowed: Vec<_> = allowed.filter(|&(d, c)| Shape::read(&body(d, c, 0)).is_ok()).collect();
        assert_eq!(allowed.len(), 15);
        assert!(Shape::read(&body(8, 2, 1)).unwrap().is_interlaced);
        assert!(Shape::read(&body(8, 2, 2)).is_err());
        assert!(Shape::read(&body(8, 2, 0)[..12]).is_err());
    }

    #[test]
    fn rows_of_bits_end_in_a_whole_byte() {
        let bits = Shape::read(&body(1, 0, 0)).unwrap();
        assert_eq!((bits.pixel_bytes(), bits.row_bytes(9)), (1, 2));
        let deep = Shape::read(&body(16, 6, 0)).unwrap();
        assert_eq!((deep.pixel_bytes(), deep.row_bytes(9)), (8, 72));
    }

    #[test]
    fn the_first_transparency_counts_where_it_has_a_meaning() {
        let mut head = Head::new(Shape::read(&body(8, 2, 0)).unwrap());
        head.set_transparency(vec![0; 5]);
        assert_eq!(head.transparency, None);
        head.set_transparency(vec![1; 6]);
        head.set_transparency(vec![2; 6]);
        assert_eq!(head.transparency, Some(vec![1; 6]));
    }
}
