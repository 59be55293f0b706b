//! What the grammar knows and Lenslet does not render yet. Each line goes when its feature comes.

use super::{Decimal, Gravity, Output, Recipe, Upscale};

/// An option that is understood but not built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("option '{option}' is not built yet: {reason}")]
pub struct Unbuilt {
    /// The option's name.
    pub option: String,
    /// What is missing, and what to use instead where there is something.
    pub reason: &'static str,
}

impl Recipe {
    /// The first option that cannot be honoured; options set to what happens anyway can be.
    pub fn unbuilt(&self) -> Option<Unbuilt> {
        let plain = self.unbuilt_options().into_iter().find(|(is_asked, ..)| *is_asked);
        let plain = plain.map(|(_, option, reason)| Unbuilt { option: option.to_owned(), reason });
        plain.or_else(|| self.unbuilt_in_layers())
    }

    fn unbuilt_options(&self) -> [(bool, &'static str, &'static str); 24] {
        const ADJUSTMENTS: &str = "colour adjustments and effects are not rendered";
        const BORDERS: &str = "borders are not drawn";
        const TRIM_BORDER: &str = "borders are not detected; trim by pixels or fractions";
        let changes = |factor: Option<super::Factor>| factor.is_some_and(|f| f.0 != Decimal::ONE);
        let gravity = matches!(self.gravity, Some(Gravity::Auto | Gravity::Face));
        let (trim, border) = (&self.trim, &self.border);
        [
            (gravity, "gravity", "salient parts and faces are not found; use a side, a corner or XxY"),
            (self.zoom.is_some_and(|z| z.0 != Decimal::ZERO), "zoom", "faces are not found"),
            (self.crop.is_some(), "crop", "crop rectangles are not cut; use trim"),
            (trim.mode.is_some(), "trim", TRIM_BORDER),
            (trim.border_color.is_some(), "trim.border.color", TRIM_BORDER),
            (trim.border_tolerance.is_some(), "trim.border.tolerance", TRIM_BORDER),
            (trim.border_keep.is_some(), "trim.border.keep", TRIM_BORDER),
            (self.upscale == Some(Upscale::Generate), "upscale", "it needs a generative model"),
            (self.segment.is_some(), "segment", "it needs a segmentation model"),
            (self.blur.is_some_and(|b| b.0 != Decimal::ZERO), "blur", ADJUSTMENTS),
            (self.sharpen.is_some_and(|s| s.0 != Decimal::ZERO), "sharpen", ADJUSTMENTS),
            (changes(self.brightness), "brightness", ADJUSTMENTS),
            (changes(self.contrast), "contrast", ADJUSTMENTS),
            (changes(self.gamma.filter(|g| g.0 != Decimal::ZERO)), "gamma", ADJUSTMENTS),
            (changes(self.saturation), "saturation", ADJUSTMENTS),
            (self.filter.is_some(), "filter", ADJUSTMENTS),
            (border.color.is_some(), "border.color", BORDERS),
            (border.width.is_some(), "border.width", BORDERS),
            (border.top.is_some(), "border.top", BORDERS),
            (border.right.is_some(), "border.right", BORDERS),
            (border.bottom.is_some(), "border.bottom", BORDERS),
            (border.left.is_some(), "border.left", BORDERS),
            (
                matches!(self.format, Some(Output::Blurhash | Output::Thumbhash)),
                "format",
                "placeholder hashes are not computed",
            ),
            (self.anim == Some(true), "anim", "only first frames are rendered; leave it out or say false"),
        ]
    }

    fn unbuilt_in_layers(&self) -> Option<Unbuilt> {
        self.layers.iter().find_map(|(slot, layer)| {
            let salient = matches!(layer.gravity, Some(Gravity::Auto | Gravity::Face));
            let reason = "salient parts and faces are not found; use a side, a corner or XxY";
            salient.then(|| Unbuilt { option: slot.option("gravity"), reason })
        })
    }
}
