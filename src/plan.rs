//! Recipe, header of the source and what the client accepts, joined into an ordered list of steps.
//!
//! The plan is also where the cost is known, so this is where too much is refused.

use crate::format::Format;
use crate::geometry::{Fit, Focus, Framing, Rect, Size, Turn};
use crate::negotiate::Target;
use crate::picture::Channels;
use crate::picture::budget::{self, LARGEST_TRANSFORM_BYTES};
use crate::picture::encode::Encoding;
use crate::picture::ops::mark::Placing;
use crate::picture::ops::resize::Axis;
use crate::picture::probe::{Coding, Header};
use crate::recipe::{Colour, Decimal, Gravity, Layer, Length, Recipe, Repeat, Trim};

/// How a file becomes a small frame: decode at a reduction, resample a window of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The decoder makes one `reduction`-th of the size.
    pub reduction: u8,
    /// Columns.
    pub across: Axis,
    /// Rows.
    pub down: Axis,
}

/// Something done to the small frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Lay it on its side or face.
    Turn(Turn),
    /// Fill what is translucent with a colour.
    Flatten(Colour),
    /// Lay it on a larger canvas.
    Pad {
        /// The canvas.
        size: Size,
        /// Columns before the frame.
        left: u32,
        /// Rows before the frame.
        top: u32,
        /// The canvas's colour.
        colour: Colour,
    },
    /// Draw a mark over it.
    Mark(MarkPlan),
}

/// How one mark is made and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkPlan {
    /// Which of the marks that were fetched.
    pub index: usize,
    /// How its file becomes a frame.
    pub reading: Reading,
    /// How that frame is turned.
    pub turn: Turn,
    /// Where it goes.
    pub placing: Placing,
}

/// Everything there is to do, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How the source becomes a small frame.
    pub reading: Reading,
    /// What is done to the frame.
    pub steps: Vec<Step>,
    /// The size of the answer.
    pub size: Size,
    /// What file is made; nothing where the answer is JSON.
    pub encoding: Option<Encoding>,
}

/// A mark that was fetched: its layer of the recipe, the header of its file, and that file's length.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// What the recipe says of it.
    pub layer: &'a Layer,
    /// The header of its file.
    pub header: &'a Header,
    /// Bytes of its file.
    pub file_bytes: u64,
}

/// Why a recipe cannot be carried out on this source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Decoding the source takes too much memory.
    #[error(
        "a picture of {size} coded like this takes {needed_mib} MiB to transform; at most {most_mib} MiB are spent"
    )]
    SourceTooLarge {
        /// The source's size.
        size: Size,
        /// MiB that would be needed.
        needed_mib: u64,
        /// MiB that are allowed.
        most_mib: u64,
    },
    /// The answer is too large to be made.
    #[error(
        "an output of {size} takes {needed_mib} MiB to make; at most {most_mib} MiB are spent. Ask for less"
    )]
    OutputTooLarge {
        /// The size asked for.
        size: Size,
        /// MiB that would be needed.
        needed_mib: u64,
        /// MiB that are allowed.
        most_mib: u64,
    },
    /// Nothing is left of the picture.
    #[error("the trim leaves nothing of a picture of {size}")]
    NothingLeft {
        /// The source's size, upright.
        size: Size,
    },
    /// The file to be made cannot hold a picture of this size.
    #[error("{format} holds sides of at most {most} pixels, and this picture would be {size}")]
    TooLargeForFormat {
        /// The format's name.
        format: &'static str,
        /// The longest side it holds.
        most: u32,
        /// The size asked for.
        size: Size,
    },
}

impl Plan {
    /// Joins a recipe (without preset, and built) with a source, its marks and the target.
    pub fn new(
        recipe: &Recipe,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
        target: Target,
    ) -> Result<Self, PlanError> {
        let upright = header.upright();
        let kept =
            trim(&recipe.trim, upright, recipe.dpr()).ok_or(PlanError::NothingLeft { size: upright })?;
        let turn = recipe.turn();
        let framing = Framing::new(
            turn.size(kept.size),
            recipe.box_width(),
            recipe.box_height(),
            recipe.fit(),
            recipe.focus(),
        );
        let reading = Reading::new(header, kept, turn, &framing);
        let encoding = target.encoding(header, recipe.quality());
        let mut steps = frame_steps(recipe, header, turn, &framing, encoding);
        let wanted = marks.iter().enumerate().filter(|(_, mark)| is_wide_enough(mark.layer, framing.canvas));
        let drawn = wanted.map(|(index, mark)| MarkPlan::new(index, *mark, framing.canvas, recipe.dpr()));
        steps.extend(drawn.map(Step::Mark));
        let plan = Self { reading, steps, size: framing.canvas, encoding };
        plan.check(header, file_bytes, marks)?;
        Ok(plan)
    }

    /// Refuses what costs more than may be spent, and what the format cannot hold.
    fn check(&self, header: &Header, file_bytes: u64, marks: &[Mark<'_>]) -> Result<(), PlanError> {
        let Some(encoding) = self.encoding else { return Ok(()) };
        let most = match encoding.format {
            Format::Webp => 16_383,
            Format::Jpeg | Format::Gif => 65_535,
            Format::Png | Format::Avif => u32::MAX,
        };
        if self.size.longest() > most {
            return Err(PlanError::TooLargeForFormat {
                format: encoding.format.name(),
                most,
                size: self.size,
            });
        }
        let marks_bytes: u64 = marks.iter().map(|mark| mark.file_bytes).sum();
        let output = self.output_bytes(header, encoding) + marks_bytes;
        if output > LARGEST_TRANSFORM_BYTES {
            let (needed_mib, most_mib) = in_mib(output);
            return Err(PlanError::OutputTooLarge { size: self.size, needed_mib, most_mib });
        }
        let held = file_bytes + marks_bytes;
        let reading = held + self.reading.bytes(header);
        if reading > LARGEST_TRANSFORM_BYTES {
            let (needed_mib, most_mib) = in_mib(reading);
            return Err(PlanError::SourceTooLarge { size: header.size, needed_mib, most_mib });
        }
        let canvas = budget::frame(self.size, Channels::Rgba);
        for step in &self.steps {
            let Step::Mark(plan) = step else { continue };
            let Some(mark) = marks.get(plan.index) else { continue };
            let bytes = marks_bytes + canvas + plan.reading.bytes(mark.header);
            if bytes > LARGEST_TRANSFORM_BYTES {
                let (needed_mib, most_mib) = in_mib(bytes);
                return Err(PlanError::SourceTooLarge { size: mark.header.size, needed_mib, most_mib });
            }
        }
        Ok(())
    }

    /// Bytes held once the source is gone: the frame twice over while it is turned or laid on a canvas, or the
    /// frame and what the encoder holds.
    fn output_bytes(&self, header: &Header, encoding: Encoding) -> u64 {
        let read_channels = if header.alpha { Channels::Rgba } else { Channels::Rgb };
        let channels = self.output_channels(read_channels);
        let read = Size::new(self.reading.across.count, self.reading.down.count);
        let copies = budget::frame(read, read_channels)
            + budget::frame(read, read_channels).max(budget::frame(self.size, channels));
        let encoded = budget::frame(self.size, channels) + budget::encoding(self.size, channels, encoding);
        copies.max(encoded)
    }

    /// What the frame's pixels are made of once every step was taken.
    fn output_channels(&self, read: Channels) -> Channels {
        self.steps.iter().fold(read, |channels, step| match step {
            Step::Flatten(Colour([.., 255])) => Channels::Rgb,
            Step::Pad { colour: Colour([.., alpha]), .. } if *alpha < 255 => Channels::Rgba,
            Step::Flatten(_) | Step::Pad { .. } | Step::Turn(_) | Step::Mark(_) => channels,
        })
    }
}

fn in_mib(bytes: u64) -> (u64, u64) {
    (bytes.div_ceil(1 << 20), LARGEST_TRANSFORM_BYTES >> 20)
}

impl Reading {
    /// Reads what `framing` wants of the part `kept` of the upright picture, before `turn` is done to it.
    fn new(header: &Header, kept: Rect, turn: Turn, framing: &Framing) -> Self {
        // Turns only exchange and mirror axes, so they are done to the small frame. All rectangles are led
        // back to the way the file stores its rows.
        let whole_turn = header.turn.then(turn);
        let part = header.turn.rect_before(kept, header.upright());
        let scaled = whole_turn.size(framing.scaled);
        let window = whole_turn.rect_before(framing.window, framing.scaled);
        let reduction = reduction(header, part.size, scaled);
        let axis = |start: u32, length: u32, scaled: u32, first: u32, count: u32| Axis {
            start: f64::from(start) / f64::from(reduction),
            length: f64::from(length) / f64::from(reduction),
            scaled,
            first,
            count,
        };
        Self {
            reduction,
            across: axis(part.x, part.size.width, scaled.width, window.x, window.size.width),
            down: axis(part.y, part.size.height, scaled.height, window.y, window.size.height),
        }
    }

    /// Bytes held while the file is read, without the file itself.
    fn bytes(&self, header: &Header) -> u64 {
        let reduced = Size::new(
            header.size.width.div_ceil(self.reduction.into()),
            header.size.height.div_ceil(self.reduction.into()),
        );
        let channels = if header.alpha { Channels::Rgba } else { Channels::Rgb };
        budget::decoding(header, self.reduction)
            + budget::resampling(reduced, &self.across, &self.down, channels)
    }
}

/// The strongest reduction that still leaves the resampler something to shrink.
fn reduction(header: &Header, part: Size, scaled: Size) -> u8 {
    if !matches!(header.coding, Coding::Jpeg { .. }) {
        return 1;
    }
    let leaves_enough = |by: u8| {
        let by = u32::from(by);
        part.width / by >= scaled.width && part.height / by >= scaled.height
    };
    [8, 4, 2].into_iter().find(|&by| leaves_enough(by)).unwrap_or(1)
}

/// What `trim` leaves of an upright picture.
fn trim(trim: &Trim, size: Size, dpr: Decimal) -> Option<Rect> {
    let (x, width) = trim_axis(trim.left, trim.right, trim.width, size.width, dpr)?;
    let (y, height) = trim_axis(trim.top, trim.bottom, trim.height, size.height, dpr)?;
    Some(Rect { x, y, size: Size { width, height } })
}

/// Start and length of what is left of one side.
fn trim_axis(
    before: Option<Length>,
    after: Option<Length>,
    kept: Option<Length>,
    side: u32,
    dpr: Decimal,
) -> Option<(u32, u32)> {
    let pixels = |length: Option<Length>| length.map(|length| length.pixels(side, dpr));
    let (start, length) = match (pixels(before), pixels(after), pixels(kept)) {
        (before, after, None) => {
            let start = before.unwrap_or(0);
            (start, side.checked_sub(start)?.checked_sub(after.unwrap_or(0))?)
        }
        (None, Some(after), Some(kept)) => {
            let end = side.checked_sub(after)?;
            (end.saturating_sub(kept), kept.min(end))
        }
        (before, _, Some(kept)) => {
            let start = before.unwrap_or(0);
            (start, kept.min(side.checked_sub(start)?))
        }
    };
    (length > 0).then_some((start, length))
}

/// What is done to the frame before any mark is drawn.
fn frame_steps(
    recipe: &Recipe,
    header: &Header,
    turn: Turn,
    framing: &Framing,
    encoding: Option<Encoding>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let turn = header.turn.then(turn);
    if turn != Turn::NONE {
        steps.push(Step::Turn(turn));
    }
    let can_be_translucent = encoding.is_some_and(|encoding| encoding.format.holds_alpha());
    let opaque = |colour: Colour| if can_be_translucent { colour } else { over_white(colour) };
    let asked = recipe.background.map(opaque);
    if header.alpha && (asked.is_some() || !can_be_translucent) {
        steps.push(Step::Flatten(asked.unwrap_or(Colour::WHITE)));
    }
    if framing.canvas != framing.window.size {
        let open = if header.alpha && can_be_translucent { Colour([0; 4]) } else { Colour::WHITE };
        let colour = asked.unwrap_or(open);
        steps.push(Step::Pad { size: framing.canvas, left: framing.left, top: framing.top, colour });
    }
    steps
}

/// A translucent colour as it looks on white.
fn over_white(Colour([r, g, b, a]): Colour) -> Colour {
    let mix = |channel: u8| {
        let sum = u32::from(channel) * u32::from(a) + 255 * (255 - u32::from(a)) + 127;
        u8::try_from(sum / 255).unwrap_or(u8::MAX)
    };
    Colour([mix(r), mix(g), mix(b), 255])
}

fn is_wide_enough(layer: &Layer, canvas: Size) -> bool {
    layer.min_width.is_none_or(|least| canvas.width >= least.0)
}

impl MarkPlan {
    fn new(index: usize, mark: Mark<'_>, canvas: Size, dpr: Decimal) -> Self {
        let layer = mark.layer;
        let turn = layer.turn();
        let whole = mark.header.upright().rect();
        let side = |length: Option<Length>, side: u32| length.map(|length| length.pixels(side, dpr).max(1));
        let (width, height, fit) = match (side(layer.width, canvas.width), side(layer.height, canvas.height))
        {
            // Without a size of its own a mark is as large as its file, or as the picture has room for.
            (None, None) => (Some(canvas.width), Some(canvas.height), Fit::ScaleDown),
            // A mark of a fifth of the picture is that also where its file is smaller.
            (width, height) => (width, height, Fit::Contain),
        };
        let fit = layer.fit.unwrap_or(fit);
        let framing = Framing::new(turn.size(whole.size), width, height, fit, Focus::CENTRE);
        let mut placing = place(layer, canvas, framing.canvas, dpr);
        placing.left += i64::from(framing.left);
        placing.top += i64::from(framing.top);
        Self {
            index,
            reading: Reading::new(mark.header, whole, turn, &framing),
            turn: mark.header.turn.then(turn),
            placing,
        }
    }
}

/// Where a mark of this size lies on the canvas: offsets first, then gravity, then the middle.
fn place(layer: &Layer, canvas: Size, size: Size, dpr: Decimal) -> Placing {
    let focus = match layer.gravity {
        Some(Gravity::At(focus)) => focus,
        Some(Gravity::Auto | Gravity::Face) | None => Focus::CENTRE,
    };
    let along = |before: Option<Length>, after: Option<Length>, whole: u32, own: u32, share: u16| {
        let pixels = |length: Length| i64::from(length.pixels(whole, dpr));
        let open = i64::from(whole) - i64::from(own);
        match (before, after) {
            (Some(before), _) => pixels(before),
            (None, Some(after)) => open - pixels(after),
            (None, None) => open * i64::from(share) / i64::from(Focus::FULL),
        }
    };
    Placing {
        left: along(layer.left, layer.right, canvas.width, size.width, focus.x),
        top: along(layer.top, layer.bottom, canvas.height, size.height, focus.y),
        tile_x: matches!(layer.repeat, Some(Repeat::Both | Repeat::X)),
        tile_y: matches!(layer.repeat, Some(Repeat::Both | Repeat::Y)),
        opacity: u8::try_from(layer.opacity().of(255)).unwrap_or(u8::MAX),
    }
}
