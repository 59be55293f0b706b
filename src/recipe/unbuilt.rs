//! What the grammar knows and Lenslet does not render yet. Each line goes when its feature comes.

use super::{Content, Decimal, Filter, Gravity, Output, Recipe, Upscale};

/// An option that is understood but not built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("option '{option}' is not built yet: {reason}")]
pub struct Unbuilt {
    /// The option's name.
    pub option: String,
    /// What is missing, and what to use instead where there is something.
    pub reason: &'static str,
}

impl Unbuilt {
    /// Where a mark or a text is to lie on a drawing, which nobody may have without it.
    pub fn over_drawings(content: Content) -> Self {
        let option = match content {
            Content::Mark => "mark",
            Content::Text => "text",
        };
        Self {
            option: option.to_owned(),
            reason: "nothing is drawn over SVG as such; say format=png, webp, avif or jpeg",
        }
    }
}

impl Recipe {
    /// The first option that cannot be honoured; options set to what happens anyway can be.
    pub fn unbuilt(&self) -> Option<Unbuilt> {
        let plain = self.unbuilt_options().into_iter().find(|(is_asked, ..)| *is_asked);
        let plain = plain.map(|(_, option, reason)| Unbuilt { option: option.to_owned(), reason });
        plain.or_else(|| self.unbuilt_in_layers())
    }

    fn unbuilt_options(&self) -> [(bool, &'static str, &'static str); 7] {
        let gravity = self.gravity == Some(Gravity::Face);
        [
            (gravity, "gravity", "faces are not found; use auto, a side, a corner or XxY"),
            (self.zoom.is_some_and(|z| z.0 != Decimal::ZERO), "zoom", "faces are not found"),
            (self.upscale == Some(Upscale::Generate), "upscale", "it needs a generative model"),
            (self.segment.is_some(), "segment", "it needs a segmentation model"),
            (
                !cfg!(feature = "avif") && self.format == Some(Output::Avif),
                "format",
                "this build leaves AVIF out; use auto or webp",
            ),
            (
                !cfg!(feature = "filters") && self.filter.is_some_and(Filter::is_look),
                "filter",
                "this build leaves it out; use grayscale, sepia or invert",
            ),
            (
                !cfg!(feature = "animation") && self.anim == Some(true),
                "anim",
                "this build leaves animations out; leave it away or say false",
            ),
        ]
    }

    fn unbuilt_in_layers(&self) -> Option<Unbuilt> {
        self.layers.iter().find_map(|(slot, layer)| {
            if !cfg!(feature = "texts") && slot.content == Content::Text {
                return Some(Unbuilt { option: slot.option(""), reason: "this build leaves texts out" });
            }
            let salient = matches!(layer.gravity, Some(Gravity::Auto | Gravity::Face));
            let reason = "nothing is placed by what a picture shows; use a side, a corner or XxY";
            salient.then(|| Unbuilt { option: slot.option("gravity"), reason })
        })
    }
}
