//! Words that somebody may have meant.

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
        before = std::mem::replace(&mut above, next);
    }
    above.last().copied().filter(|found| *found <= most)
}

/// The runs of three letters of a word with spaces around it.
pub(super) fn trigrams(word: &str) -> Vec<String> {
    let letters: Vec<char> = format!("  {word} ").chars().collect();
    letters.windows(3).map(|three| three.iter().collect()).collect()
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
    fn trigrams_have_the_ends() {
        assert_eq!(trigrams("sea"), ["  s", " se", "sea", "ea "]);
    }
}
