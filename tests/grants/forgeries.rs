//! Changed tokens and signed URLs: none is accepted, and every one as it was signed is.

use super::tally::Tally;
use super::{requests, tokens, urls};

#[test]
fn no_changed_token_or_url_is_accepted_and_every_valid_one_is() {
    let mut tally = Tally::default();
    tokens::forge(&mut tally);
    urls::forge(&mut tally);
    requests::forge(&mut tally);
    assert!(tally.result() >= 100_000);
}
