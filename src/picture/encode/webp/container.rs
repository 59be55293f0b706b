//! The file around what is coded (RFC 9649, section 2.3): chunks, each with its name and length.

/// A chunk in the making: its name, and parts that stand one after the other.
pub(super) type Chunk<'a> = ([u8; 4], &'a [&'a [u8]]);

/// A file of these chunks, put together once; nothing where it is longer than it could say.
pub(super) fn file(chunks: &[Chunk<'_>]) -> Option<Vec<u8>> {
    let body: usize = 4 + chunks.iter().map(|chunk| 8 + length(chunk).next_multiple_of(2)).sum::<usize>();
    let mut file = Vec::with_capacity(8 + body);
    file.extend(b"RIFF");
    file.extend(u32::try_from(body).ok()?.to_le_bytes());
    file.extend(b"WEBP");
    for chunk in chunks {
        let (name, parts) = chunk;
        let length = length(chunk);
        file.extend(name);
        file.extend(u32::try_from(length).ok()?.to_le_bytes());
        for part in *parts {
            file.extend_from_slice(part);
        }
        if length % 2 == 1 {
            file.push(0);
        }
    }
    Some(file)
}

fn length((_, parts): &Chunk<'_>) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_chunks_are_padded_and_that_is_not_counted() {
        let file = file(&[(*b"ABCD", &[&[1, 2], &[3]]), (*b"EFGH", &[])]).unwrap();
        assert_eq!(file, b"RIFF\x18\0\0\0WEBPABCD\x03\0\0\0\x01\x02\x03\0EFGH\0\0\0\0");
    }
}
