//! What layouts can be coded, and into how many blocks.

use super::markers::ComponentHeader;
use crate::geometry::Size;
use crate::picture::rows::{Colours, Layout};

/// Sides are 16 bits in the file.
const LONGEST_SIDE: u32 = 65_535;

/// The planes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sampling {
    /// That of the first plane, and of the picture.
    pub(super) size: Size,
    /// Size of each plane, and how many of its blocks one unit of the scan has, across and down.
    pub(super) planes: Vec<(Size, (u8, u8))>,
}

impl Sampling {
    /// That of a layout; or why there is none.
    pub(super) fn of(layout: &Layout) -> Result<Self, &'static str> {
        let sizes: Vec<Size> = layout.planes.iter().map(|plane| plane.size).collect();
        let sampling = match (layout.colours, sizes.as_slice()) {
            (Colours::Grey, &[size]) => Self { size, planes: vec![(size, (1, 1))] },
            (Colours::Rgb, &[size]) => Self::with_chroma(size, (2, 2)),
            (Colours::FullYcc, &[size, blue, red]) if blue == red => {
                let all = [(1, 1), (2, 1), (2, 2)].map(|factors| Self::with_chroma(size, factors));
                let has_chroma = |all: &Self| all.planes.get(1).is_some_and(|plane| plane.0 == blue);
                all.into_iter().find(has_chroma).ok_or("its chroma is of another size")?
            }
            _ => return Err("it holds luma and chroma, grey, or red, green and blue only"),
        };
        let is_side = |side| (1..=LONGEST_SIDE).contains(&side);
        let fits = is_side(sampling.size.width) && is_side(sampling.size.height);
        if fits { Ok(sampling) } else { Err("its sides are 1 to 65,535 pixels") }
    }

    /// Luma of this size, and chroma of which one sample stands for so many of luma.
    fn with_chroma(size: Size, factors: (u8, u8)) -> Self {
        let part = |side: u32, factor: u8| side.div_ceil(factor.into());
        let chroma = Size::new(part(size.width, factors.0), part(size.height, factors.1));
        Self { size, planes: vec![(size, factors), (chroma, (1, 1)), (chroma, (1, 1))] }
    }

    /// Samples of all planes.
    pub(super) fn samples(&self) -> u64 {
        self.planes.iter().map(|plane| plane.0.area()).sum()
    }

    /// Units of the scan.
    pub(super) fn units(&self) -> (u32, u32) {
        self.planes.first().map_or((0, 0), |(size, factors)| {
            let units = |side: u32, factor: u8| side.div_ceil(8 * u32::from(factor));
            (units(size.width, factors.0), units(size.height, factors.1))
        })
    }

    /// What the headers say of the components: luma has the first tables, chroma the second.
    pub(super) fn headers(&self) -> Vec<ComponentHeader> {
        let planes = self.planes.iter().enumerate();
        planes
            .map(|(index, plane)| ComponentHeader { factors: plane.1, tables: u8::from(index > 0) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::rows::Plane;

    fn factors(luma: (u32, u32), chroma: (u32, u32)) -> Option<(u8, u8)> {
        let plane = |(width, height)| Plane { size: Size { width, height }, density: (1.0, 1.0) };
        let planes = vec![plane(luma), plane(chroma), plane(chroma)];
        let sampling = Sampling::of(&Layout { colours: Colours::FullYcc, planes }).ok()?;
        assert_eq!(sampling.planes.iter().map(|plane| plane.0.area()).sum::<u64>(), sampling.samples());
        sampling.planes.first().map(|plane| plane.1)
    }

    #[test]
    fn factors_follow_from_sizes() {
        assert_eq!(factors((17, 9), (17, 9)), Some((1, 1)));
        assert_eq!(factors((17, 9), (9, 9)), Some((2, 1)));
        assert_eq!(factors((17, 9), (9, 5)), Some((2, 2)));
        // Fewer blocks where there is a choice.
        assert_eq!(factors((1, 1), (1, 1)), Some((1, 1)));
        assert_eq!(factors((17, 1), (9, 1)), Some((2, 1)));
    }

    #[test]
    fn other_sizes_are_refused() {
        assert_eq!(factors((17, 9), (17, 5)), None);
        assert_eq!(factors((17, 9), (8, 4)), None);
        assert_eq!(factors((0, 9), (0, 5)), None);
        assert_eq!(factors((65_536, 9), (32_768, 5)), None);
    }
}
