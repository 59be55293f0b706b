//! Changes that know nothing of what they change, and other spellings of the same bytes.

use crate::support::bytes::Dice;

/// What tokens and URLs are written with, and what stands between them.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=&?%/+, *~\"\n\0";

/// Every bit but the highest of a byte, which no text has.
pub(super) fn bit_flips(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 7).map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 7] ^= 1 << (bit % 7);
        String::from_utf8(bytes).unwrap()
    })
}

/// Every beginning and every end.
pub(super) fn truncations(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).flat_map(|at| [text[..at].to_owned(), text[at + 1..].to_owned()])
}

/// A piece put in at every place.
pub(super) fn insertions(text: &str, piece: &str) -> impl Iterator<Item = String> {
    (0..=text.len()).map(move |at| format!("{}{piece}{}", &text[..at], &text[at..]))
}

/// Every character percent-encoded, by capital and by small digits, and twice.
pub(super) fn percent_encodings(text: &str) -> impl Iterator<Item = String> {
    text.bytes().enumerate().flat_map(|(at, byte)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let spellings = [format!("%{byte:02X}"), format!("%{byte:02x}"), format!("%25{byte:02X}")];
        spellings.map(|spelling| format!("{before}{spelling}{after}"))
    })
}

/// One to three bytes or pieces replaced, put in, taken out, doubled or moved.
pub(super) fn random_edit(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        let longest = 1 << dice.below(6);
        let length = (1 + dice.below(longest)).min(bytes.len() - at);
        let other = dice.below(bytes.len());
        let letter = ALPHABET[dice.below(ALPHABET.len())];
        match dice.below(7) {
            0 => bytes[at] = letter,
            1 => bytes.insert(at, letter),
            2 if bytes.len() > length => drop(bytes.drain(at..at + length)),
            3 => {
                let copy = bytes[at..at + length].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            4 => bytes.swap(at, other),
            5 => bytes[at..at + length].reverse(),
            _ => {
                let last = bytes.len() - length;
                bytes.copy_within(at..at + length, other.min(last));
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Base64 of the same bytes that is not the only spelling: padded, of the other alphabet, with bits left over.
pub(super) fn other_base64(text: &str) -> Vec<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut spellings: Vec<String> =
        ["=", "==", "===", "%3D", "%3d%3d", "A", "AA", "AAAA"].map(|end| format!("{text}{end}")).to_vec();
    spellings.push(text.replace('-', "+").replace('_', "/"));
    let left_over = match text.len() % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    let (before, last) = text.split_at(text.len().saturating_sub(1));
    let digit = DIGITS.iter().position(|digit| last.as_bytes() == [*digit]).unwrap_or_default();
    spellings.extend((1..left_over).map(|bits| format!("{before}{}", char::from(DIGITS[digit | bits]))));
    for space in [" ", "\t", "\n", "\r\n", "\0", "\u{a0}", "\u{feff}"] {
        spellings.extend([format!("{text}{space}"), format!("{space}{text}")]);
    }
    spellings
}

/// All orders of a list of up to five.
pub(super) fn orders<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    if list.len() < 2 {
        return vec![list.to_vec()];
    }
    let mut all = Vec::new();
    for at in 0..list.len() {
        let mut rest = list.to_vec();
        let first = rest.remove(at);
        for mut order in orders(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}
