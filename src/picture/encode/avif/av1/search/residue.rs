//! What is left after prediction, coded and decoded again.

use crate::picture::encode::avif::av1::plan::Steps;
use crate::picture::encode::avif::av1::scan::SCANS;
use crate::picture::encode::avif::av1::transform::{self, Kind};
use crate::picture::encode::avif::av1::trellis::restored;

/// The difference of a square and its prediction.
pub(super) fn difference(source: &[u8], prediction: &[u8], to: &mut [i16]) {
    for ((to, &source), &prediction) in to.iter_mut().zip(source).zip(prediction) {
        *to = i16::from(source) - i16::from(prediction);
    }
}

/// Adds what decoders make of levels.
pub(super) fn add(levels: &[i16], log2: usize, kind: Kind, steps: Steps, to: &mut [u8]) {
    match log2 {
        _ if levels.is_empty() => {}
        2 => add_to::<16>(levels, log2, kind, steps, to),
        3 => add_to::<64>(levels, log2, kind, steps, to),
        4 => add_to::<256>(levels, log2, kind, steps, to),
        _ => add_to::<1024>(levels, log2, kind, steps, to),
    }
}

fn add_to<const AREA: usize>(levels: &[i16], log2: usize, kind: Kind, steps: Steps, to: &mut [u8]) {
    let side = 1 << log2;
    let mut coefficients = [0; AREA];
    let (mut columns, mut rows) = (0, 0);
    for (i, (&level, place)) in
        levels.iter().zip(SCANS[log2 - 2]).enumerate().filter(|(_, (level, _))| **level != 0)
    {
        let at = usize::from(place.at);
        let step = if i == 0 { steps.first } else { steps.other };
        coefficients[at] = restored(level.into(), step, log2);
        columns = columns.max((at >> log2) + 1);
        rows = rows.max((at & (side - 1)) + 1);
    }
    let mut residue = [0; AREA];
    transform::inverse(&coefficients, &mut residue, log2, kind, columns, rows);
    for (to, &residue) in to[..AREA].iter_mut().zip(&residue) {
        *to = (i16::from(*to).saturating_add(residue)).clamp(0, 255) as u8;
    }
}
