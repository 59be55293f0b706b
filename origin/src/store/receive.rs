//! Bytes on their way in: counted and hashed while they pass, never held as a whole.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

/// What the bytes must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// So long.
    pub size_bytes: u64,
    /// Of this hash, in hexadecimal, where it is known.
    pub sha256: Option<String>,
}

/// How what came differs from what was announced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More or less of it.
    #[error("the body has {} {received} bytes; {expected} were announced", if received > expected { "at least" } else { "only" })]
    Length {
        /// What was announced.
        expected: u64,
        /// What came, until we stopped.
        received: u64,
    },
    /// Other bytes.
    #[error("the body's SHA-256 is {received}; {expected} was announced")]
    Checksum {
        /// What was announced.
        expected: String,
        /// What came.
        received: String,
    },
    /// The client went away.
    #[error("the body broke off: {0}")]
    Broken(String),
}

struct Passing<S> {
    body: S,
    expected: Expected,
    received: u64,
    hash: Sha256,
}

/// The same bytes, which fail where they are not what was announced. The last of them is given out only once all of them
/// are known to be right: whoever counts may stop reading there.
pub fn checked<E: std::fmt::Display + Send + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    expected: Expected,
) -> BoxStream<'static, Result<Bytes, Fault>> {
    let body =
        body.filter(|piece| std::future::ready(piece.as_ref().map_or(true, |bytes| !bytes.is_empty())));
    let passing = Passing { body: Box::pin(body), expected, received: 0, hash: Sha256::new() };
    stream::try_unfold(passing, |mut passing| async move {
        let Some(piece) = passing.body.next().await else {
            return passing.check_end().map(|()| None);
        };
        let piece = piece.map_err(|error| Fault::Broken(error.to_string()))?;
        passing.take(&piece)?;
        Ok(Some((piece, passing)))
    })
    .boxed()
}

impl<S> Passing<S> {
    fn take(&mut self, piece: &Bytes) -> Result<(), Fault> {
        self.received = self.received.saturating_add(piece.len() as u64);
        self.hash.update(piece);
        if self.received < self.expected.size_bytes { Ok(()) } else { self.check_end() }
    }

    fn check_end(&self) -> Result<(), Fault> {
        let Expected { size_bytes, sha256 } = &self.expected;
        if self.received != *size_bytes {
            return Err(Fault::Length { expected: *size_bytes, received: self.received });
        }
        let received = format!("{:x}", self.hash.clone().finalize());
        match sha256 {
            Some(expected) if *expected != received => {
                Err(Fault::Checksum { expected: expected.clone(), received })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;

    use super::*;

    async fn receive(pieces: &[&'static str], size_bytes: u64, of: Option<&str>) -> Result<usize, Fault> {
        let pieces: Vec<Result<Bytes, String>> =
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        let sha256 = of.map(|text| format!("{:x}", Sha256::digest(text)));
        let all = checked(stream::iter(pieces), Expected { size_bytes, sha256 });
        Ok(all.try_collect::<Vec<_>>().await?.concat().len())
    }

    #[tokio::test]
    async fn passes_what_was_announced_and_nothing_else() {
        assert_eq!(receive(&["ab", "", "c"], 3, Some("abc")).await, Ok(3));
        assert_eq!(receive(&[], 0, None).await, Ok(0));
        for (pieces, size) in [(&["ab"][..], 3), (&["ab", "cd"], 3), (&["abc", "d"], 3), (&["a"], 0)] {
            assert!(
                matches!(receive(pieces, size, None).await, Err(Fault::Length { .. })),
                "{pieces:?} {size}"
            );
        }
        assert!(matches!(receive(&["abd"], 3, Some("abc")).await, Err(Fault::Checksum { .. })));
    }

    #[tokio::test]
    async fn the_last_piece_of_wrong_bytes_is_never_given_out() {
        let pieces = ["ab", "x"].map(|piece| Ok::<_, String>(Bytes::from_static(piece.as_bytes())));
        let sha256 = Some(format!("{:x}", Sha256::digest("abc")));
        let mut all = checked(stream::iter(pieces), Expected { size_bytes: 3, sha256 });
        assert_eq!(all.next().await, Some(Ok(Bytes::from_static(b"ab"))));
        assert!(matches!(all.next().await, Some(Err(Fault::Checksum { .. }))));
    }
}
