//! Means moved to the middle of what is nearest to them (k-means), and made colours.

use super::histogram::Entry;
use super::nearest::Sorted;
use super::point::{Point, colour, straight};

/// Rounds: photographs gained little from more.
const ROUNDS: usize = 2;
/// A colour that makes up so much of what it stands for is taken itself: large areas keep their colour.
const RULES: f32 = 0.5;

/// Colours out of means, each once, in order.
pub(super) fn refine(entries: &[Entry], mut means: Vec<Point>) -> Vec<[u8; 4]> {
    for _ in 1..ROUNDS {
        means = groups(entries, means).into_iter().map(|group| group.mean()).collect();
    }
    let mut colours: Vec<[u8; 4]> =
        groups(entries, means).into_iter().map(|group| straight(colour(group.stands()))).collect();
    colours.sort_unstable();
    colours.dedup();
    colours
}

/// What is nearest to a mean.
#[derive(Clone, Copy, Default)]
struct Group {
    before: Point,
    sums: Point,
    weight: f32,
    heaviest: Point,
    heaviest_weight: f32,
}

impl Group {
    fn mean(&self) -> Point {
        if self.weight > 0.0 { self.sums.map(|sum| sum / self.weight) } else { self.before }
    }

    fn stands(&self) -> Point {
        if self.heaviest_weight > RULES * self.weight { self.heaviest } else { self.mean() }
    }
}

fn groups(entries: &[Entry], means: Vec<Point>) -> Vec<Group> {
    let sorted = Sorted::new(means);
    let mut groups: Vec<Group> = sorted.points().map(|before| Group { before, ..Group::default() }).collect();
    for entry in entries {
        let (index, _) = sorted.nearest(entry.point);
        let Some(group) = groups.get_mut(index) else { continue };
        group.weight += entry.weight;
        for (sum, part) in group.sums.iter_mut().zip(entry.point) {
            *sum += part * entry.weight;
        }
        if entry.weight > group.heaviest_weight {
            (group.heaviest, group.heaviest_weight) = (entry.point, entry.weight);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_move_to_the_middle_and_large_areas_keep_their_colour() {
        let grey = |luma: f32, weight| Entry { point: [luma, 0.0, 0.0, 255.0 * 0.7], weight };
        let entries = [grey(10.0, 1.0), grey(20.0, 1.0), grey(200.0, 90.0), grey(220.0, 10.0)];
        let means = vec![grey(12.0, 0.0).point, grey(230.0, 0.0).point];
        assert_eq!(refine(&entries, means), [[15, 15, 15, 255], [200, 200, 200, 255]]);
    }
}
