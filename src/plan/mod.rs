//! Recipe, header of the source and what the client accepts, joined into an ordered list of steps.
//!
//! The plan is also where the cost is known, so this is where too much is refused.

mod animation;
mod border;
mod cost;
mod error;
#[cfg(feature = "filters")]
mod filter;
mod focus;
mod glance;
mod look;
mod mark;
mod reading;
mod search;
mod settings;
mod text;

pub use border::BorderSearch;
pub use error::PlanError;
pub use focus::FocusSearch;
use mark::Ground;
pub use mark::{Mark, MarkPlan};
pub use reading::Reading;
pub use search::Search;
pub use settings::Settings;
pub use text::TextPlan;

use self::look::Layout;
use crate::format::Format;
use crate::geometry::{Rect, Size, Turn};
use crate::negotiate::{Target, Telling};
use crate::picture::animation::Animation;
use crate::picture::budget::NOW_MILLISECONDS;
use crate::picture::encode::{Encoding, MOST_TRIES};
use crate::picture::metadata::Keep;
#[cfg(feature = "filters")]
use crate::picture::ops::filter::Look;
use crate::picture::ops::mask::Outline;
use crate::picture::ops::resize::Shape;
use crate::picture::ops::tilt::Tilt;
use crate::picture::ops::tone::Tone;
use crate::picture::probe::{Coding, Header};
use crate::picture::rows::Colours;
use crate::recipe::{Colour, Content, Gravity, Layer, Recipe};

/// Something done to the small frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Lay it on its side or face.
    Turn(Turn),
    /// Turn it by any other angle.
    Tilt(Tilt),
    /// Change its tone and colours.
    Tone(Tone),
    /// Look at it through a filter.
    #[cfg(feature = "filters")]
    Filter(Look),
    /// Blur it with this standard deviation, in pixels.
    Blur {
        /// The standard deviation.
        sigma: f32,
    },
    /// Sharpen it.
    Sharpen {
        /// How much of the difference from the blurred picture is added.
        amount: f32,
    },
    /// Make squares of its pixels.
    Pixelate {
        /// Their side.
        side: u32,
    },
    /// Keep what lies inside.
    Cut(Outline),
    /// Lay it on a canvas with its own blurred copy.
    Backdrop {
        /// The canvas.
        size: Size,
        /// Columns before the frame.
        left: u32,
        /// Rows before the frame.
        top: u32,
    },
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
    /// Surround it with a border.
    Border {
        /// The frame with its border.
        size: Size,
        /// Columns before the frame.
        left: u32,
        /// Rows before the frame.
        top: u32,
        /// The border's colour.
        colour: Colour,
    },
    /// Draw a mark over it.
    Mark(MarkPlan),
    /// Write a text over it.
    Text(TextPlan),
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
    /// What file is made; nothing where the answer is no picture.
    pub encoding: Option<Encoding>,
    /// Whether there is a frame to look at where no file is made: `reading` and `steps` make it, which is smaller than `size`.
    pub is_seen: bool,
    /// How many bytes the file may have, where somebody said so: then its quality is what fits.
    pub most_bytes: Option<u32>,
    /// What of the source's metadata goes on.
    pub keep: Keep,
    /// Where all frames are made and not only the first: what the source says of them.
    pub animation: Option<Animation>,
}

impl Plan {
    /// Joins a recipe (without preset, and built) with a source, its marks and the target: the best encoding that
    /// can be afforded.
    pub fn new(
        recipe: &Recipe,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
        target: Target,
    ) -> Result<Self, PlanError> {
        Self::under(Settings::default(), recipe, header, file_bytes, marks, target)
    }

    /// The same under the settings of a deployment.
    pub fn under(
        settings: Settings,
        recipe: &Recipe,
        header: &Header,
        file_bytes: u64,
        marks: &[Mark<'_>],
        target: Target,
    ) -> Result<Self, PlanError> {
        if let Target::Told(telling) = target {
            return Self::told(recipe, header, file_bytes, telling);
        }
        if let (Some(encoding), Some(animation)) = (target.moving(recipe, header), header.animation) {
            let whole = Header { alpha: animation.alpha, ..header.clone() };
            let plan = Self::draft(recipe, &whole, marks, encoding, settings)?;
            let plan = Self { animation: Some(animation), ..plan };
            // What costs too much is made of the first frame.
            if plan.check(header, file_bytes, marks, settings).is_ok() {
                return Ok(plan);
            }
        }
        let mut refusal = None;
        for encoding in target.encodings(header, recipe) {
            let plan = Self::draft(recipe, header, marks, encoding, settings)?;
            match plan.check(header, file_bytes, marks, settings) {
                Ok(()) => return Ok(plan),
                Err(error) => refusal = Some(error),
            }
        }
        // Whatever is made of pictures has an encoding.
        Err(refusal.unwrap_or(PlanError::Unseen))
    }

    /// What is looked at, within the budget; where it is not, of what can be said all the same.
    fn told(recipe: &Recipe, header: &Header, file_bytes: u64, telling: Telling) -> Result<Self, PlanError> {
        let draft = Draft::new(recipe, header, true)?;
        if draft.is_unseen(recipe) {
            return Err(PlanError::Unseen);
        }
        let Draft { kept, turn, layout, size, .. } = &draft;
        let plan = Self::glance(recipe, header, (*kept, *turn), (layout, *size), telling.side());
        match plan.check(header, file_bytes, &[], Settings::default()) {
            Ok(()) => Ok(plan),
            Err(_) if telling.does_without_looking() => Ok(Self { is_seen: false, ..plan }),
            Err(error) => Err(error),
        }
    }

    /// The same where the policy lets private metadata leave, if all of it was asked for.
    #[must_use]
    pub fn with_private_metadata(self) -> Self {
        let keep = if self.keep == Keep::Harmless { Keep::Everything } else { self.keep };
        Self { keep, ..self }
    }

    /// Whether encoding takes longer than somebody should wait for it where something else does: see [`Target::meanwhile`].
    pub fn is_slow(&self) -> bool {
        // Nothing that moves would be there sooner.
        if self.animation.is_some() {
            return false;
        }
        let tries = if self.most_bytes.is_some() { MOST_TRIES } else { 1 };
        self.encoding.is_some_and(|encoding| tries * encoding.estimated_ms(self.size) > NOW_MILLISECONDS)
    }

    /// What is done to planes, where they go on to a JPEG without becoming a frame of pixels.
    pub fn on_planes(&self) -> Option<OnPlanes<'_>> {
        let encoding = self.encoding.filter(|encoding| encoding.format == Format::Jpeg);
        // To try several qualities, the pixels have to be there.
        let encoding = encoding.filter(|encoding| !tries(*encoding, self.most_bytes));
        encoding.and_then(|_| OnPlanes::of(&self.steps)).filter(|planes| {
            planes.layers.is_empty() || matches!(self.reading.shape, Shape::HalvedYcc { .. })
        })
    }

    /// What there is to do, whatever it costs.
    fn draft(
        recipe: &Recipe,
        header: &Header,
        marks: &[Mark<'_>],
        encoding: Encoding,
        settings: Settings,
    ) -> Result<Self, PlanError> {
        let can_be_translucent = encoding.format.holds_alpha();
        let draft = Draft::new(recipe, header, can_be_translucent)?;
        if draft.is_unseen(recipe) {
            return Err(PlanError::Unseen);
        }
        let Draft { kept, turn, layout, mut steps, size } = draft;
        let in_light = settings.linear_light;
        let ground = Ground { canvas: size, picture: layout.picture(recipe), dpr: recipe.dpr(), in_light };
        steps.extend(layer_steps(recipe, marks, &ground));
        if steps.iter().any(opens) && !can_be_translucent {
            steps.push(Step::Flatten(look::opaque_background(recipe)));
        }
        let most_bytes = recipe.max_bytes.map(|bytes| bytes.0);
        let planes = OnPlanes::of(&steps).filter(|planes| planes.layers.is_empty() || has_chroma(header));
        // Planes go on as planes where what they mean goes on, too.
        let halves = planes.is_some()
            && header.conversion.is_none()
            && encoding.format == Format::Jpeg
            && !tries(encoding, most_bytes);
        let reading = Reading::new(header, kept, turn, &layout.read, halves, in_light);
        let keep = Keep::of(recipe.metadata, false);
        let encoding = Some(encoding);
        Ok(Self { reading, steps, size, encoding, is_seen: true, most_bytes, keep, animation: None })
    }
}

/// What can be done to planes of luma and chroma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnPlanes<'p> {
    /// They are turned.
    pub turn: Turn,
    /// And drawn on, where there is chroma at half of the resolution: marks and texts.
    pub layers: &'p [Step],
}

impl<'p> OnPlanes<'p> {
    /// These steps, if they are no others.
    fn of(steps: &'p [Step]) -> Option<Self> {
        let (turn, layers) = match steps {
            [Step::Turn(turn), layers @ ..] => (*turn, layers),
            layers => (Turn::NONE, layers),
        };
        let is_drawn = |step: &Step| matches!(step, Step::Mark(_) | Step::Text(_)) && !opens(step);
        layers.iter().all(is_drawn).then_some(Self { turn, layers })
    }

    /// Whether rows go on as they come.
    pub fn is_nothing(&self) -> bool {
        self.turn == Turn::NONE && self.layers.is_empty()
    }
}

/// Whether a file's rows are of luma and chroma.
fn has_chroma(header: &Header) -> bool {
    match &header.coding {
        Coding::Jpeg(coding) => coding.colours == Colours::FullYcc,
        Coding::WebpLossy => !header.alpha,
        _ => false,
    }
}

/// What becomes of a picture before anything is drawn over it.
struct Draft {
    /// What is left of the upright source.
    kept: Rect,
    turn: Turn,
    layout: Layout,
    steps: Vec<Step>,
    size: Size,
}

impl Draft {
    fn new(recipe: &Recipe, header: &Header, can_be_translucent: bool) -> Result<Self, PlanError> {
        if recipe.trim.mode.is_some() {
            return Err(PlanError::Unseen);
        }
        let upright = header.upright();
        let kept = reading::kept(recipe, upright).ok_or(PlanError::NothingLeft { size: upright })?;
        let turn = recipe.turn();
        let layout = Layout::new(recipe, turn.size(kept.size));
        let (steps, size) = look::steps(recipe, header, turn, &layout, can_be_translucent);
        Ok(Self { kept, turn, layout, steps, size })
    }

    /// Whether nobody looked for what a crop shall keep.
    fn is_unseen(&self, recipe: &Recipe) -> bool {
        recipe.gravity == Some(Gravity::Auto) && self.layout.cuts()
    }
}

/// Whether several qualities are tried.
fn tries(encoding: Encoding, most_bytes: Option<u32>) -> bool {
    most_bytes.is_some() || encoding.level.is_some()
}

/// Marks and texts in drawing order. Narrower outputs than they want stay without them.
fn layer_steps(recipe: &Recipe, marks: &[Mark<'_>], ground: &Ground) -> Vec<Step> {
    let fonts = recipe.fonts();
    let mut marks = marks.iter().enumerate();
    let mut steps = Vec::new();
    for (slot, layer) in &recipe.layers {
        let mark = if slot.content == Content::Mark { marks.next() } else { None };
        if !is_wide_enough(layer, ground.area(*slot).size) {
            continue;
        }
        match (slot.content, mark) {
            (Content::Text, _) => steps.push(Step::Text(TextPlan::new(layer, *slot, ground, &fonts))),
            (Content::Mark, Some((index, mark))) => {
                steps.push(Step::Mark(MarkPlan::new(index, *slot, *mark, ground)));
            }
            // Whoever plans without the mark draws none.
            (Content::Mark, None) => {}
        }
    }
    steps
}

/// Whether an opaque picture may be translucent after a step.
fn opens(step: &Step) -> bool {
    match step {
        Step::Mark(MarkPlan { placing, .. }) | Step::Text(TextPlan { placing, .. }) => placing.mode.opens(),
        _ => false,
    }
}

fn is_wide_enough(layer: &Layer, canvas: Size) -> bool {
    layer.min_width.is_none_or(|least| canvas.width >= least.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::negotiate::Accept;
    use crate::picture::budget::{LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES};
    use crate::picture::probe::JpegCoding;

    /// What becomes of a 12-megapixel photograph.
    fn planned(options: &str, target: Target) -> Result<Encoding, PlanError> {
        planned_turned(options, target, 1).map(|plan| plan.encoding.unwrap())
    }

    fn planned_turned(options: &str, target: Target, exif: u16) -> Result<Plan, PlanError> {
        let factors = vec![(2, 2), (1, 1), (1, 1)];
        let colours = Colours::FullYcc;
        let coding = Coding::Jpeg(JpegCoding { progressive: false, colours, plain_ink: false, factors });
        let size = Size::new(4_000, 3_000);
        let header = Header {
            format: Format::Jpeg,
            size,
            turn: Turn::from_exif(exif),
            alpha: false,
            coding,
            asides: Arc::default(),
            conversion: None,
            animation: None,
        };
        let recipe = Recipe::parse(options).unwrap();
        Plan::new(&recipe, &header, 2_000_000, &[], target)
    }

    #[test]
    fn jpegs_are_made_without_a_frame() {
        let jpeg = Encoding::new(Format::Jpeg, 85);
        assert_eq!(planned("width=3840", Target::Own), Ok(jpeg));
        for turned in ["width=3840", "width=2999"] {
            let plan = planned_turned(turned, Target::Own, 6).unwrap();
            assert_eq!(plan.encoding, Some(jpeg), "{turned}");
        }
        // A pad wants a frame.
        assert!(planned("width=4000,height=4000,fit=pad", Target::Own).is_err());
    }

    #[test]
    fn marks_lie_on_the_planes_of_a_jpeg() {
        let layers = |options: &str, target| {
            let plan = planned_turned(options, target, 6).unwrap();
            plan.on_planes().map(|planes| planes.layers.len())
        };
        assert_eq!(layers("width=800,text=a,text2=b", Target::Own), Some(2));
        // What opens the picture, what is done to pixels, and several qualities want a frame.
        for options in ["text=a,text.blend=xor", "text=a,blur=3", "text=a,max-bytes=9000", "text=a,radius=9"]
        {
            assert_eq!(layers(&format!("width=800,{options}"), Target::Own), None, "{options}");
        }
        assert_eq!(layers("width=800,text=a", Target::Fixed(Format::Webp)), None);
    }

    #[test]
    fn baseline_jpegs_have_one_scan() {
        let encoding = |options: &str| {
            let recipe = Recipe::parse(options).unwrap();
            planned(options, Target::choose(&recipe, Accept::default())).unwrap()
        };
        let progressive = Encoding::new(Format::Jpeg, 85);
        assert_eq!(encoding("width=800,format=jpeg"), progressive);
        assert_eq!(
            encoding("width=800,format=baseline-jpeg"),
            Encoding { progressive: false, ..progressive }
        );
    }

    #[test]
    fn the_largest_cameras_are_afforded() {
        let factors = vec![(2, 2), (1, 1), (1, 1)];
        for (progressive, size) in [(false, Size::new(11_600, 8_700)), (true, Size::new(9_500, 6_350))] {
            let (colours, factors) = (Colours::FullYcc, factors.clone());
            let coding = Coding::Jpeg(JpegCoding { progressive, colours, plain_ink: false, factors });
            let header = Header {
                format: Format::Jpeg,
                size,
                turn: Turn::from_exif(6),
                alpha: false,
                coding,
                asides: Arc::default(),
                conversion: None,
                animation: None,
            };
            // Four megapixels, in every format that is written, losslessly too, out of as long a file as is read.
            for options in ["fit=cover", "fit=cover,quality=100", "fit=pad,background=red"] {
                let recipe = Recipe::parse(&format!("width=2000,height=2000,{options}")).unwrap();
                for format in [Format::Jpeg, Format::Webp, Format::Png, Format::Gif] {
                    let bytes = if progressive { LARGEST_GATHERED_BYTES } else { LARGEST_FILE_BYTES };
                    let plan = Plan::new(&recipe, &header, bytes, &[], Target::Fixed(format));
                    assert!(plan.is_ok(), "{size} {progressive} {options} {format:?}: {plan:?}");
                }
            }
        }
    }

    #[test]
    fn avif_has_shorter_sides_and_something_comes_instead() {
        let format = |options, target| planned(options, target).map(|encoding| encoding.format);
        for (target, instead) in [(Target::AvifOrWebp, Format::Webp), (Target::AvifOrStill, Format::Jpeg)] {
            for options in ["width=1200,quality=100", "width=1200,height=1200,fit=pad"] {
                assert_eq!(format(options, target), Ok(Format::Avif), "{options}");
            }
            assert_eq!(format("width=1201", target), Ok(instead));
            assert_eq!(format("width=901,height=1201,fit=squeeze", target), Ok(instead));
        }
        assert_eq!(format("width=3840", Target::AvifOrWebp), Ok(Format::Jpeg));
        let alone = planned("width=1201", Target::Fixed(Format::Avif));
        assert!(matches!(alone, Err(PlanError::SideTooLong { most: 1_200, .. })), "{alone:?}");
    }

    #[test]
    fn only_small_avifs_are_not_slow() {
        let slow = |options, target| planned_turned(options, target, 1).map(|plan| plan.is_slow()).unwrap();
        assert!(!slow("width=800,height=600", Target::AvifOrWebp));
        assert!(slow("width=840,height=630", Target::AvifOrWebp));
        assert!(!slow("width=1000", Target::WebpOrStill));
        assert!(!slow("width=3000", Target::Still));
        assert!(!slow("width=3000", Target::Told(Telling::Json)));
    }

    #[test]
    fn auto_is_what_can_be_afforded() {
        let format = |options| planned(options, Target::WebpOrStill).map(|encoding| encoding.format);
        assert_eq!(format("width=1920"), Ok(Format::Webp));
        assert_eq!(format("width=3840"), Ok(Format::Jpeg));
        let fixed = planned("width=3840", Target::Fixed(Format::Webp));
        assert!(matches!(fixed, Err(PlanError::OutputTooLarge { .. })), "{fixed:?}");
    }
}
