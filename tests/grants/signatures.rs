//! Signatures that follow from a valid one, or from no key at all.
//!
//! Of ECDSA's (r, s) the pair (r, n − s) is left out: it is valid for the same message by design, so it forges nothing.

use lenslet::grant::Algorithm;

use super::ring::random;
use crate::support::bytes::Dice;

/// Points of Ed25519 whose order divides 8, in every encoding, canonical or not.
pub(super) const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// The order of Ed25519's group, least byte first (RFC 8032, section 5.1).
const L: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// The order of P-256's group, and its prime, greatest byte first (FIPS 186-4, D.1.2.3).
const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// What might be taken for a signature of the same message.
pub(super) fn derived(algorithm: Algorithm, signature: &[u8], dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> =
        (0..=130).flat_map(|length| [vec![0; length], vec![0xFF; length], random(dice, length)]).collect();
    all.extend((0..200).map(|_| random(dice, signature.len())));
    let turned: Vec<u8> = signature.iter().rev().copied().collect();
    all.extend([turned, signature.repeat(2), [signature, &[0]].concat(), [&[0], signature].concat()]);
    let (first, second) = signature.split_at(signature.len() / 2);
    all.push([second, first].concat());
    match algorithm {
        Algorithm::Hs256 => all.push(signature[..16].to_vec()),
        Algorithm::EdDsa => all.extend(of_ed25519(first, second)),
        Algorithm::Es256 => all.extend(of_p256(first, second)),
    }
    all
}

fn of_ed25519(r: &[u8], s: &[u8]) -> Vec<Vec<u8>> {
    let l = unhex(L);
    let mut all = Vec::new();
    // S + kL is the same number to a verifier that does not look: RFC 8032, section 5.1.7, wants S < L.
    let mut more = s.to_vec();
    for _ in 0..15 {
        more = added_from_least(&more, &l);
        all.push([r, &more].concat());
    }
    for point in SMALL_ORDER.map(unhex) {
        for scalar in [vec![0; 32], l.clone(), s.to_vec(), vec![0xFF; 32]] {
            all.push([&*point, &scalar].concat());
        }
    }
    let mut other_sign = r.to_vec();
    other_sign[31] ^= 0x80;
    all.extend([[&other_sign, s].concat(), [r, &[0; 32]].concat(), [r, &l].concat()]);
    all
}

fn of_p256(r: &[u8], s: &[u8]) -> Vec<Vec<u8>> {
    let (zero, n, p) = (vec![0; 32], unhex(N), unhex(P));
    let mut one = zero.clone();
    one[31] = 1;
    let mut all = vec![der(r, s), der(s, r), [&der(r, s), &[0][..]].concat(), [&[4], r, s].concat()];
    // As in CVE-2022-21449: where 0 is not looked for, it is a signature of everything.
    let edges = [zero, one, n.clone(), p, vec![0xFF; 32], r.to_vec(), s.to_vec()];
    for a in &edges {
        for b in &edges {
            all.extend([[&**a, b].concat(), der(a, b)]);
        }
    }
    all.retain(|one| *one != [r, s].concat());
    all
}

fn added_from_least(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let add = |(a, b): (&u8, &u8)| {
        let sum = u16::from(*a) + u16::from(*b) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    };
    a.iter().zip(b).map(add).collect()
}

/// ASN.1, as X.509 and OpenSSL write signatures.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(31);
        let sign: &[u8] = if bytes[from] >= 0x80 { &[0] } else { &[] };
        let body = [sign, &bytes[from..]].concat();
        [&[2, u8::try_from(body.len()).unwrap()], &*body].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], &*body].concat()
}
