//! Colours between the nodes of a grid: tetrahedra of three axes, lines along a fourth.
//!
//! A mesh is a grid whose nodes are worked out when they are first wanted: pictures use few of them.

use wide::f32x4;

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
    /// How far apart neighbours along each axis lie.
    strides: [usize; 4],
    /// Three numbers and a zero.
    nodes: Vec<f32x4>,
}

impl Mesh {
    /// A mesh of three or four axes.
    pub(super) fn new(axes: usize) -> Self {
        let side = if axes == 4 { SIDES[1] } else { SIDES[0] };
        let strides = [1, side, side * side, side * side * side];
        Self { axes, side, strides, nodes: vec![f32x4::splat(f32::NAN); node_count(axes)] }
    }

    /// Bytes of one.
    pub(super) fn bytes(axes: usize) -> u64 {
        (node_count(axes) * size_of::<f32x4>()) as u64
    }

    /// What lies at a place, between nodes that `exact` knows of: as [`interpolate`] finds it, for many places.
    #[inline]
    pub(super) fn at(&mut self, place: [f32; 4], exact: impl Fn([f32; 4]) -> [f32; 3]) -> [f32; 3] {
        let [one, two, three, four] = place.map(|place| split(place, self.side));
        let [by_one, by_two, by_three, by_four] = self.strides;
        let base = one.0 * by_one + two.0 * by_two + three.0 * by_three;
        let found = if self.axes == 4 {
            let inner = [(two.1, by_two), (three.1, by_three), (four.1, by_four)];
            let base = base + four.0 * by_four;
            let near = self.corners(base, inner, &exact);
            let far = if one.1 > 0.0 { self.corners(base + by_one, inner, &exact) } else { near };
            near + (far - near) * f32x4::splat(one.1)
        } else {
            self.corners(base, [(one.1, by_one), (two.1, by_two), (three.1, by_three)], &exact)
        };
        let [first, second, third, _] = found.to_array();
        [first, second, third]
    }

    /// Along the edges of a cell, by shares and strides of its axes.
    #[inline]
    fn corners(
        &mut self,
        first: usize,
        [mut a, mut b, mut c]: [(f32, usize); 3],
        exact: &impl Fn([f32; 4]) -> [f32; 3],
    ) -> f32x4 {
        if a.0 < b.0 {
            (a, b) = (b, a);
        }
        if b.0 < c.0 {
            (b, c) = (c, b);
        }
        if a.0 < b.0 {
            (a, b) = (b, a);
        }
        let (second, third) = (first + a.1, first + a.1 + b.1);
        self.node(first, exact) * f32x4::splat(1.0 - a.0)
            + self.node(second, exact) * f32x4::splat(a.0 - b.0)
            + self.node(third, exact) * f32x4::splat(b.0 - c.0)
            + self.node(third + c.1, exact) * f32x4::splat(c.0)
    }

    #[inline]
    fn node(&mut self, index: usize, exact: &impl Fn([f32; 4]) -> [f32; 3]) -> f32x4 {
        match self.nodes.get(index) {
            Some(node) if !node.to_array()[0].is_nan() => *node,
            _ => self.work_out(index, exact),
        }
    }

    #[cold]
    fn work_out(&mut self, index: usize, exact: &impl Fn([f32; 4]) -> [f32; 3]) -> f32x4 {
        let side = self.side;
        #[expect(clippy::cast_precision_loss, reason = "sides are short")]
        let place = self.strides.map(|stride| (index / stride % side) as f32 / (side - 1) as f32);
        let [x, y, z] = exact(place);
        let found = f32x4::new([x, y, z, 0.0]);
        if let Some(node) = self.nodes.get_mut(index) {
            *node = found;
        }
        found
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
            assert_eq!((mesh.nodes.len() * 16) as u64, Mesh::bytes(axes));
        }
    }

    #[test]
    fn a_mesh_is_a_grid() {
        for axes in [3, 4] {
            let bent = |[a, b, c, d]: [f32; 4]| [a * b + d, (c - a).abs().sqrt(), b * c * d + a * a];
            let mut mesh = Mesh::new(axes);
            let side = mesh.side;
            #[expect(clippy::cast_precision_loss, reason = "sides are short")]
            let mut node = |node: Node| bent(node.map(|number| number as f32 / (side - 1) as f32));
            let mut state = 1_u32;
            for _ in 0..2_000 {
                let place = [0; 4].map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f32::from(state.to_le_bytes()[3]) / 255.0
                });
                let place = if axes == 4 { place } else { [place[0], place[1], place[2], 0.0] };
                let (found, wanted) = (mesh.at(place, bent), interpolate(place, [side; 4], axes, &mut node));
                assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5), "{place:?}: {found:?}");
            }
        }
    }
}
