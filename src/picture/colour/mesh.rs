//! Colours between the nodes of a grid: tetrahedra of three axes, lines along a fourth.
//!
//! A mesh is a grid whose nodes are worked out when they are first wanted: pictures use few of them.

/// Node numbers along up to four axes.
pub(super) type Node = [usize; 4];

/// What a grid says at a place of 0–1 along each of its first `axes` axes; `sides` are its nodes along each, two at least.
pub(super) fn interpolate(
    place: [f32; 4],
    sides: [usize; 4],
    axes: usize,
    node: &mut impl FnMut(Node) -> [f32; 3],
) -> [f32; 3] {
    let (mut base, mut share) = ([0; 4], [0.0; 4]);
    for (((base, share), place), side) in base.iter_mut().zip(&mut share).zip(place).zip(sides).take(axes) {
        (*base, *share) = split(place, side);
    }
    // Black, or whatever comes last of four, is on a line of its own, as others have it.
    let [_, others @ ..] = share;
    if axes < 4 {
        return tetrahedron(base, [(0, share[0]), (1, share[1]), (2, share[2])], axes, node);
    }
    let inner = [(1, others[0]), (2, others[1]), (3, others[2])];
    let near = tetrahedron(base, inner, 3, node);
    if share[0] <= 0.0 {
        return near;
    }
    base[0] += 1;
    let far = tetrahedron(base, inner, 3, node);
    mix(near, far, share[0])
}

/// The node before a place, and how far behind it that is.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places are cut to 0–1, and sides are short"
)]
fn split(place: f32, side: usize) -> (usize, f32) {
    let place = place.clamp(0.0, 1.0) * (side - 1) as f32;
    let base = (place as usize).min(side - 2);
    (base, place - base as f32)
}

/// From corner to corner of a cell, along the axis with the largest share first.
fn tetrahedron(
    mut corner: Node,
    mut shares: [(usize, f32); 3],
    axes: usize,
    node: &mut impl FnMut(Node) -> [f32; 3],
) -> [f32; 3] {
    shares.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
    let mut left = 1.0;
    let mut sum = [0.0; 3];
    let mut add = |corner: Node, weight: f32| {
        if weight > 0.0 {
            let found = node(corner);
            sum = [sum[0] + weight * found[0], sum[1] + weight * found[1], sum[2] + weight * found[2]];
        }
    };
    for (axis, share) in shares.into_iter().take(axes.min(3)) {
        add(corner, left - share);
        left = share;
        if let Some(number) = corner.get_mut(axis) {
            *number += 1;
        }
    }
    add(corner, left);
    sum
}

fn mix(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share]
}

/// Nodes along each axis: of three, and of four.
const SIDES: [usize; 2] = [33, 17];

/// Nodes as far as they were wanted.
#[derive(Debug)]
pub(super) struct Mesh {
    axes: usize,
    side: usize,
    nodes: Vec<[f32; 3]>,
}

impl Mesh {
    /// A mesh of three or four axes.
    pub(super) fn new(axes: usize) -> Self {
        let side = if axes == 4 { SIDES[1] } else { SIDES[0] };
        Self { axes, side, nodes: vec![[f32::NAN; 3]; node_count(axes)] }
    }

    /// Bytes of one.
    pub(super) fn bytes(axes: usize) -> u64 {
        (node_count(axes) * size_of::<[f32; 3]>()) as u64
    }

    /// What lies at a place, between nodes that `exact` knows of.
    pub(super) fn at(&mut self, place: [f32; 4], exact: impl Fn([f32; 4]) -> [f32; 3]) -> [f32; 3] {
        let (side, nodes) = (self.side, &mut self.nodes);
        #[expect(clippy::cast_precision_loss, reason = "sides are short")]
        let mut node = |node: Node| {
            let index = node.iter().rev().skip(4 - self.axes).fold(0, |index, number| index * side + number);
            let Some(found) = nodes.get_mut(index) else { return [0.0; 3] };
            if found[0].is_nan() {
                *found = exact(node.map(|number| number as f32 / (side - 1) as f32));
            }
            *found
        };
        interpolate(place, [side; 4], self.axes, &mut node)
    }
}

fn node_count(axes: usize) -> usize {
    if axes == 4 { SIDES[1].pow(4) } else { SIDES[0].pow(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_straight_stays_straight() {
        for axes in [3, 4] {
            let exact = |[a, b, c, d]: [f32; 4]| [a + 2.0 * b, c - a, if axes == 4 { d } else { b }];
            let mut mesh = Mesh::new(axes);
            for place in
                [[0.0; 4], [1.0; 4], [0.3, 0.71, 0.02, 0.9], [0.5, 0.5, 0.5, 0.5], [1.0, 0.0, 0.33, 0.1]]
            {
                let (found, wanted) = (mesh.at(place, exact), exact(place));
                assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5), "{place:?}: {found:?}");
            }
            assert_eq!((mesh.nodes.len() * 12) as u64, Mesh::bytes(axes));
        }
    }
}
