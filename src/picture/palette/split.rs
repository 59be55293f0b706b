//! Boxes of colours, of which always the one that varies most is split, where that leaves least.

use super::histogram::Entry;
use super::point::Point;

/// Places at which a box may be split.
const BUCKETS: u8 = 64;
/// Rounds in which the longest axis is found: enough for the first digits of its direction.
const ROUNDS: usize = 6;

/// Means of at most so many boxes; of fewer where the mean squared distance from them is no more than `enough`.
pub(super) fn split(entries: Vec<Entry>, most: usize, enough: f32) -> Vec<Point> {
    let whole = Cluster::of(entries);
    let enough = enough * whole.weight;
    let mut left = whole.variance;
    let mut clusters = vec![whole];
    while clusters.len() < most && left > enough {
        let widest = clusters.iter().enumerate().max_by(|a, b| a.1.variance.total_cmp(&b.1.variance));
        let Some((index, widest)) = widest else { break };
        if widest.variance <= 0.0 {
            break;
        }
        let widest = clusters.swap_remove(index);
        left -= widest.variance;
        match widest.split() {
            Ok([low, high]) => {
                left += low.variance + high.variance;
                clusters.extend([low, high]);
            }
            // All of it is one point, but for rounding.
            Err(one) => clusters.push(Cluster { variance: 0.0, ..one }),
        }
    }
    clusters.iter().map(|cluster| cluster.mean).collect()
}

/// Colours that one is to stand for.
struct Cluster {
    entries: Vec<Entry>,
    weight: f32,
    mean: Point,
    /// Squared distances from the mean, by weight.
    variance: f32,
    /// The direction in which it is longest.
    axis: Point,
}

/// What lies in a part of a box.
#[derive(Clone, Copy, Default)]
struct Moments {
    weight: f32,
    sums: Point,
}

impl Moments {
    fn add(&mut self, other: &Self) {
        self.weight += other.weight;
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            *sum += other;
        }
    }

    /// What its own mean explains of its spread.
    fn explained(&self) -> f32 {
        dot(self.sums, self.sums) / self.weight.max(f32::MIN_POSITIVE)
    }
}

impl Cluster {
    fn of(entries: Vec<Entry>) -> Self {
        let mut all = Moments::default();
        for entry in &entries {
            all.add(&Moments { weight: entry.weight, sums: entry.point.map(|part| part * entry.weight) });
        }
        let share = 1.0 / all.weight.max(f32::MIN_POSITIVE);
        let mean = all.sums.map(|sum| sum * share);
        let mut spread = [[0.0; 4]; 4];
        for entry in &entries {
            let from_mean = minus(entry.point, mean);
            for (row, part) in spread.iter_mut().zip(from_mean) {
                for (cell, other) in row.iter_mut().zip(from_mean) {
                    *cell += part * other * entry.weight;
                }
            }
        }
        let [[a, ..], [_, b, ..], [_, _, c, _], [.., d]] = spread;
        Self { weight: all.weight, mean, variance: a + b + c + d, axis: longest(&spread), entries }
    }

    /// Two boxes where this one was; itself where it cannot be split.
    fn split(self) -> Result<[Self; 2], Self> {
        let along = |entry: &Entry| dot(minus(entry.point, self.mean), self.axis);
        let ends = self
            .entries
            .iter()
            .map(along)
            .fold((f32::MAX, f32::MIN), |(low, high), at| (low.min(at), high.max(at)));
        let scale = f32::from(BUCKETS) / (ends.1 - ends.0).max(f32::MIN_POSITIVE);
        let bucket = |entry: &Entry| bucket((along(entry) - ends.0) * scale);
        let mut buckets = [Moments::default(); BUCKETS as usize];
        for entry in &self.entries {
            let from_mean = minus(entry.point, self.mean);
            if let Some(own) = buckets.get_mut(bucket(entry)) {
                own.add(&Moments { weight: entry.weight, sums: from_mean.map(|part| part * entry.weight) });
            }
        }
        let Some(cut) = best_cut(&buckets) else { return Err(self) };
        let (low, high): (Vec<Entry>, Vec<Entry>) =
            self.entries.iter().copied().partition(|entry| bucket(entry) <= cut);
        Ok([Self::of(low), Self::of(high)])
    }
}

/// The last bucket of the lower part; nothing where all is in one.
fn best_cut(buckets: &[Moments]) -> Option<usize> {
    let mut above = Moments::default();
    for bucket in buckets {
        above.add(bucket);
    }
    let (mut below, mut best) = (Moments::default(), None);
    for (index, bucket) in buckets.iter().enumerate() {
        below.add(bucket);
        above.add(&Moments { weight: -bucket.weight, sums: bucket.sums.map(|sum| -sum) });
        let is_between = below.weight > 0.0 && buckets.iter().skip(index + 1).any(|rest| rest.weight > 0.0);
        let explained = below.explained() + above.explained();
        if is_between && best.is_none_or(|(most, _)| explained > most) {
            best = Some((explained, index));
        }
    }
    best.map(|(_, index)| index)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such a cast saturates")]
fn bucket(at: f32) -> usize {
    (at as usize).min(usize::from(BUCKETS) - 1)
}

/// The first eigenvector, by powers.
fn longest(spread: &[[f32; 4]; 4]) -> Point {
    let norm = |row: &[f32; 4]| dot(*row, *row);
    let first = spread.iter().max_by(|a, b| norm(a).total_cmp(&norm(b))).copied().unwrap_or_default();
    let mut axis = unit(first);
    for _ in 0..ROUNDS {
        axis = unit(spread.map(|row| dot(row, axis)));
    }
    axis
}

fn unit(vector: Point) -> Point {
    let length = dot(vector, vector).sqrt().max(f32::MIN_POSITIVE);
    vector.map(|part| part / length)
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]]
}

fn dot(a: Point, b: Point) -> f32 {
    (a[0] * b[0] + a[1] * b[1]) + (a[2] * b[2] + a[3] * b[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(luma: f32, weight: f32) -> Entry {
        Entry { point: [luma, 0.0, 0.0, 0.0], weight }
    }

    #[test]
    fn groups_are_told_apart() {
        let entries =
            vec![entry(10.0, 5.0), entry(11.0, 5.0), entry(100.0, 1.0), entry(102.0, 1.0), entry(250.0, 1.0)];
        let mut means: Vec<f32> = split(entries.clone(), 3, 0.0).iter().map(|mean| mean[0]).collect();
        means.sort_by(f32::total_cmp);
        assert_eq!(means, [10.5, 101.0, 250.0]);
        // Three are enough for half a level, and of five there are no more.
        assert_eq!(split(entries.clone(), 256, 0.9).len(), 3);
        assert_eq!(split(entries, 256, 0.0).len(), 5);
    }

    #[test]
    fn one_point_is_one_box() {
        assert_eq!(split(vec![entry(7.0, 3.0), entry(7.0, 2.0)], 256, 0.0).len(), 1);
        assert_eq!(split(Vec::new(), 256, 0.0).len(), 1);
    }
}
