//! What drawing a drawing costs, and at which size.
//!
//! A drawing has no pixels, so that its cost is kept in shares of its area and of its height, and becomes pixels in the plan.

use crate::geometry::{Rect, Size};

/// Pixels that may be covered, where those of gradients, patterns and the like count for several: each takes 3 to 6 ns as wasm,
/// so all of them one to two seconds.
pub const LARGEST_PAINTED_PIXELS: u64 = 300_000_000;

/// Rows that edges of paths may pass through, all together: each is looked at four times in every one, in 140 ns.
pub const MOST_EDGE_ROWS: u64 = 8_000_000;

/// So many shares are all of an area or of a height.
pub(super) const SHARES: u64 = 1 << 16;

/// Which part of a drawing is drawn, and at which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// The part that is kept, in pixels as the drawing counts them.
    pub part: Rect,
    /// The size that this part is given.
    pub scaled: Size,
    /// What of that is drawn.
    pub window: Rect,
}

/// What a drawing takes to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrawingCost {
    /// Bytes of its tree of paths, while that is made.
    pub tree_bytes: u64,
    /// Bytes of the largest outline and its edges.
    pub outline_bytes: u64,
    /// Bytes that are held for each pixel: the canvas, and what lies in groups, masks and clips above it.
    pub pixel_bytes: u64,
    /// Shares of the drawing's area that tiles of patterns have which are held at once.
    pub tile_shares: u64,
    /// Shares of the drawing's area that are covered with something.
    pub painted_shares: u64,
    /// Shares of the drawing's area that are covered in tiles, whatever of them is to be seen.
    pub tiled_shares: u64,
    /// As `painted_shares`, were everything to cover all that is to be seen: how often.
    pub paintings: u64,
    /// Shares of the drawing's height that edges pass through.
    pub edge_shares: u64,
}

/// What there is to do at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Pixels to be covered.
    pub painted_pixels: u64,
    /// Rows that edges pass through.
    pub edge_rows: u64,
}

impl Drawn {
    /// Pixels of all of the drawing at that size, and its height.
    fn whole(&self, drawing: Size) -> (u64, u64) {
        let along = |drawing: u32, part: u32, scaled: u32| {
            (u64::from(drawing) * u64::from(scaled)).div_ceil(u64::from(part.max(1)))
        };
        let Self { part, scaled, .. } = *self;
        let height = along(drawing.height, part.size.height, scaled.height);
        (along(drawing.width, part.size.width, scaled.width).saturating_mul(height), height)
    }
}

impl DrawingCost {
    /// Bytes that are held while it is drawn, besides `tree_bytes`.
    pub fn held_bytes(&self, drawing: Size, drawn: &Drawn) -> u64 {
        const ROW_BYTES: u64 = 64;
        let (pixels, _) = drawn.whole(drawing);
        let tiles = shares_of(pixels, self.tile_shares).saturating_mul(4);
        let canvas = drawn.window.size.area().saturating_mul(self.pixel_bytes);
        let rows = ROW_BYTES * u64::from(drawn.window.size.width);
        self.outline_bytes.saturating_add(tiles).saturating_add(canvas).saturating_add(rows)
    }

    /// What there is to do.
    pub fn work(&self, drawing: Size, drawn: &Drawn) -> Work {
        let (pixels, height) = drawn.whole(drawing);
        let most = drawn.window.size.area().saturating_mul(self.paintings);
        Work {
            painted_pixels: shares_of(pixels, self.painted_shares)
                .min(most)
                .saturating_add(shares_of(pixels, self.tiled_shares)),
            edge_rows: shares_of(height, self.edge_shares),
        }
    }
}

fn shares_of(whole: u64, shares: u64) -> u64 {
    let product = u128::from(whole) * u128::from(shares) / u128::from(SHARES);
    u64::try_from(product).unwrap_or(u64::MAX)
}
