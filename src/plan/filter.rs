//! What the filters are made of that go by a name: figures of photon-rs (its `filters`), facts that it publishes.

use crate::picture::ops::filter::{Curve, Grey, Look};
use crate::recipe::Filter;

/// What a filter does, unless it is a matrix among the tones.
pub(super) fn look(filter: Filter) -> Option<Look> {
    Some(match filter {
        Filter::Grayscale | Filter::Sepia | Filter::Invert => return None,
        Filter::Bluechrome => tint(&[Curve::Add([20, 30, 60])]),
        Filter::Cali => each(&[Curve::Mix([255, 45, 75], 0.1), Curve::Contrast(50.0)]),
        Filter::Diamante => each(&[Curve::Mix([30, 82, 87], 0.1)]),
        Filter::Dramatic => tint(&[Curve::Contrast(60.0)]),
        Filter::DuotoneHorizon => duotone(&[Curve::Between([169, 167, 132], [150, 24, 149])]),
        Filter::DuotoneLilac => duotone(&[Curve::Between([45, 3, 3], [163, 134, 224])]),
        Filter::DuotoneOchre => duotone(&[Curve::Between([25, 36, 88], [236, 119, 0])]),
        Filter::DuotoneViolette => duotone(&[Curve::Between([16, 228, 248], [116, 54, 221])]),
        Filter::Firenze => {
            each(&[Curve::Mix([255, 47, 78], 0.1), Curve::Add([30; 3]), Curve::Contrast(50.0)])
        }
        Filter::Flagblue => each(&[Curve::Mix([0, 0, 131], 0.2)]),
        Filter::Golden => each(&[Curve::Mix([235, 145, 50], 0.2), Curve::Contrast(30.0)]),
        Filter::Islands => each(&[Curve::Mix([0, 24, 95], 0.2)]),
        Filter::Liquid => each(&[Curve::Mix([0, 10, 75], 0.2)]),
        Filter::Lix => each(&[Curve::Negative([true, true, false])]),
        Filter::Lofi => Look { saturation: 0.2, ..each(&[Curve::Contrast(30.0)]) },
        Filter::Marine => each(&[Curve::Mix([0, 14, 119], 0.2)]),
        Filter::Mauve => tint(&[Curve::Add([90, 40, 80])]),
        Filter::Neue => each(&[Curve::Solar([false, false, true])]),
        Filter::Obsidian => tint(&[Curve::Contrast(25.0)]),
        Filter::Oceanic => each(&[Curve::Mix([0, 89, 173], 0.2)]),
        Filter::PastelPink => each(&[Curve::Add([80, 12, 20]), Curve::Contrast(30.0)]),
        Filter::Perfume => each(&[Curve::Mix([80, 40, 120], 0.2)]),
        Filter::Radio => tint(&[Curve::Add([5, 40, 20])]),
        Filter::Rosetint => tint(&[Curve::Add([80, 20, 31])]),
        Filter::Ryo => each(&[Curve::Negative([true, false, true])]),
        Filter::Seagreen => each(&[Curve::Mix([0, 68, 62], 0.2)]),
        Filter::Serenity => each(&[Curve::Mix([10, 40, 90], 0.2)]),
        Filter::Twenties => tint(&[Curve::Add([18, 12, 20])]),
        Filter::Vintage => each(&[Curve::Mix([120, 70, 13], 0.2)]),
    })
}

const fn each(curves: &'static [Curve]) -> Look {
    Look { grey: None, curves, saturation: 0.0 }
}

const fn tint(curves: &'static [Curve]) -> Look {
    Look { grey: Some(Grey::Mean), curves, saturation: 0.0 }
}

const fn duotone(curves: &'static [Curve]) -> Look {
    Look { grey: Some(Grey::Light), curves, saturation: 0.0 }
}
