//! Words that somebody may have meant.

use std::collections::BTreeSet;

/// How many mistakes a word of so many letters may have; none in short ones, which have too many neighbours.
pub(super) fn most_mistakes(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The fewest letters to insert, delete, replace or swap with the next one that make one word of another (the optimal
/// string alignment of Damerau and Levenshtein); nothing where it is more than `most`.
pub(super) fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, theirs) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(letter != theirs);
            let mut least = replaced.min(at(&above, column + 1) + 1).min(at(&next, column) + 1);
            let is_swap = row > 0
                && column > 0
                && one.get(row - 1) == Some(theirs)
                && other.get(column - 1) == Some(letter);
            if is_swap {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        // No line after two that are too far is nearer.
        if [&above, &next].iter().all(|line| line.iter().all(|least| *least > most)) {
            return None;
        }
        before = std::mem::replace(&mut above, next);
    }
    above.last().copied().filter(|found| *found <= most)
}

/// Pieces of a word of which a term with so many mistakes still has one: there is one piece more than mistakes, so one is
/// as it was. Only a swap where two pieces meet spoils both; so there are also those of the word swapped back there.
/// Spaces before or after a piece say that the term begins or ends there; each has three letters, counted with them.
pub(super) fn pieces(word: &str, most: usize) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    let count = letters.len();
    let bounds = if most > 1 { vec![count / 3, count - count.div_ceil(3)] } else { vec![count / 2] };
    let swapped = bounds.iter().filter(|bound| (1..count).contains(*bound)).map(|bound| {
        let mut letters = letters.clone();
        letters.swap(bound - 1, *bound);
        letters
    });
    swapped.chain([letters.clone()]).flat_map(|letters| split(&letters, &bounds)).collect()
}

fn split(letters: &[char], bounds: &[usize]) -> Vec<String> {
    let mut from = 0;
    let ends = bounds.iter().copied().chain([letters.len()]);
    ends.map(|end| {
        let piece: String = letters.iter().skip(from).take(end.saturating_sub(from)).collect();
        let before = if from == 0 { "  " } else { "" };
        let after = if end == letters.len() { " " } else { "" };
        from = end;
        format!("{before}{piece}{after}")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_mistakes() {
        for (one, other, least) in [
            ("beach", "beach", Some(0)),
            ("beach", "baech", Some(1)),
            ("beach", "bech", Some(1)),
            ("beach", "beech", Some(1)),
            ("beach", "beaches", Some(2)),
            ("mountain", "muontian", Some(2)),
            ("sunset", "sundry", None),
            ("", "ab", Some(2)),
        ] {
            assert_eq!(distance(one, other, 2), least, "{one} {other}");
            assert_eq!(distance(other, one, 2), least, "{other} {one}");
        }
    }

    #[test]
    fn a_term_with_mistakes_has_a_piece_of_the_word() {
        let edits = |word: &str| {
            let letters: Vec<char> = word.chars().collect();
            let mut edited = Vec::new();
            for at in 0..=letters.len() {
                let (before, after) = letters.split_at(at);
                let with = |middle: &[char], skip: usize| {
                    before.iter().chain(middle).chain(after.iter().skip(skip)).collect::<String>()
                };
                edited.extend([with(&['x'], 0), with(&['x'], 1), with(&[], 1)]);
                if let [one, other, ..] = after {
                    edited.push(with(&[*other, *one], 2));
                }
            }
            edited
        };
        let mut count = 0;
        for word in ["sand", "beach", "summer", "railway", "mountain", "landscape", "watercolour"] {
            let most = most_mistakes(word.len());
            let pieces = pieces(word, most);
            assert!(pieces.iter().all(|piece| piece.len() >= 3), "{pieces:?}");
            let once = edits(word);
            let twice = once.iter().filter(|_| most > 1).flat_map(|word| edits(word));
            for term in twice.chain(once.iter().cloned()) {
                let spaced = format!("  {term} ");
                let is_near = distance(word, &term, most).is_some();
                assert!(!is_near || pieces.iter().any(|piece| spaced.contains(piece)), "{word} {term}");
                count += usize::from(is_near);
            }
        }
        assert!(count > 1_000, "{count}");
    }
}
