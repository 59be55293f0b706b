//! A frame and its components: sizes in blocks, and what each becomes at its reduction.

use std::rc::Rc;

use super::idct::Weights;
use super::markers::{FrameHeader, Tables};
use crate::geometry::Size;
use crate::picture::rows::{Colours, Layout, Plane};

/// One component.
#[derive(Debug)]
pub(super) struct Component {
    /// Blocks of an MCU.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Blocks there are without padding to MCUs, along each side.
    pub(super) blocks: (usize, usize),
    /// Samples along one side of a decoded block: 8, 4, 2 or 1.
    pub(super) side: usize,
    /// Samples there are at this reduction.
    pub(super) plane: Plane,
    quantisation: u8,
    /// How coefficients become samples; known from the component's first scan on.
    pub(super) weights: Option<Rc<Weights>>,
}

impl Component {
    /// Fixes the quantisation: later tables of the same index are for others (T.81, B.2.4.1).
    pub(super) fn fix_weights(&mut self, tables: &Tables) -> Result<Rc<Weights>, &'static str> {
        if let Some(weights) = &self.weights {
            return Ok(Rc::clone(weights));
        }
        let steps = tables.quantisation(self.quantisation).ok_or("a quantisation table is missing")?;
        let weights = Rc::new(Weights::new(&steps, self.side));
        self.weights = Some(Rc::clone(&weights));
        Ok(weights)
    }
}

/// Luma and chroma may be reduced differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reduction {
    /// Of luma, and of any component that is not a difference: 1, 2, 4 or 8.
    pub luma: u8,
    /// Of differences, on top of their sampling: 1, 2, 4 or 8.
    pub chroma: u8,
}

impl Reduction {
    /// None.
    pub const NONE: Self = Self { luma: 1, chroma: 1 };
}

/// The frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) components: Vec<Component>,
    /// MCUs along each side, where all components are interleaved.
    pub(super) mcus: (usize, usize),
    /// Pixels of an MCU along each side.
    pub(super) mcu: (u32, u32),
}

impl Frame {
    pub(super) fn new(header: FrameHeader, colours: Colours, reduction: Reduction) -> Self {
        let is_alone = header.components.len() == 1;
        // A component alone is not interleaved with anything: its MCU is a block whatever its factors say.
        let factors: Vec<(u32, u32)> = header
            .components
            .iter()
            .map(|one| if is_alone { (1, 1) } else { (one.across.into(), one.down.into()) })
            .collect();
        let across = factors.iter().map(|of| of.0).max().unwrap_or(1);
        let down = factors.iter().map(|of| of.1).max().unwrap_or(1);
        let components = factors
            .iter()
            .zip(&header.components)
            .enumerate()
            .map(|(index, (&(h, v), one))| {
                let is_difference =
                    matches!(colours, Colours::FullYcc | Colours::Ycck) && matches!(index, 1 | 2);
                let by = if is_difference { reduction.chroma } else { reduction.luma };
                let (width, height) =
                    ((header.width * h).div_ceil(across), (header.height * v).div_ceil(down));
                let size = Size::new(width.div_ceil(by.into()), height.div_ceil(by.into()));
                let density = |factor: u32, most: u32| f64::from(factor) / f64::from(most) / f64::from(by);
                Component {
                    across: h as usize,
                    down: v as usize,
                    blocks: (width.div_ceil(8) as usize, height.div_ceil(8) as usize),
                    side: 8 / usize::from(by.clamp(1, 8)),
                    plane: Plane { size, density: (density(h, across), density(v, down)) },
                    quantisation: one.quantisation,
                    weights: None,
                }
            })
            .collect();
        let mcu = (8 * across, 8 * down);
        let mcus = (header.width.div_ceil(mcu.0) as usize, header.height.div_ceil(mcu.1) as usize);
        Self { header, components, mcus, mcu }
    }

    /// What is handed on.
    pub(super) fn layout(&self, colours: Colours) -> Layout {
        Layout { colours, planes: self.components.iter().map(|one| one.plane).collect() }
    }
}
