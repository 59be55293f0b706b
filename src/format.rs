//! The picture formats Lenslet knows: how to recognise each, its MIME type, and what it can hold.
//!
//! Decoding and encoding live under `picture`; this table is what everyone may know.

/// A picture file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (ISO/IEC 15948).
    Png,
    /// WebP (RFC 9649).
    Webp,
    /// GIF (87a and 89a).
    Gif,
    /// AVIF (AV1 in HEIF). Written, and recognised, but not read.
    Avif,
    /// SVG. Drawn, and not written; what it is recognised by is `picture::svg`'s business.
    Svg,
}

/// What a format is called and what it can hold.
struct Row {
    format: Format,
    name: &'static str,
    mime: &'static str,
    alpha: bool,
    sniff: fn(&[u8]) -> bool,
}

/// One row each; the order is that of sniffing.
const ROWS: [Row; 6] = [
    Row {
        format: Format::Jpeg,
        name: "jpeg",
        mime: "image/jpeg",
        alpha: false,
        sniff: |b| b.starts_with(&[0xFF, 0xD8, 0xFF]),
    },
    Row {
        format: Format::Png,
        name: "png",
        mime: "image/png",
        alpha: true,
        sniff: |b| b.starts_with(b"\x89PNG\r\n\x1a\n"),
    },
    Row {
        format: Format::Webp,
        name: "webp",
        mime: "image/webp",
        alpha: true,
        sniff: |b| b.starts_with(b"RIFF") && b.get(8..12) == Some(b"WEBP"),
    },
    Row {
        format: Format::Gif,
        name: "gif",
        mime: "image/gif",
        alpha: true,
        sniff: |b| b.starts_with(b"GIF87a") || b.starts_with(b"GIF89a"),
    },
    Row {
        format: Format::Avif,
        name: "avif",
        mime: "image/avif",
        alpha: true,
        sniff: |b| matches!(b.get(4..12), Some(b"ftypavif" | b"ftypavis")),
    },
    Row { format: Format::Svg, name: "svg", mime: "image/svg+xml", alpha: true, sniff: |_| false },
];

impl Format {
    /// The format that the first bytes of a file announce; 12 bytes are enough.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        ROWS.iter().find(|row| (row.sniff)(bytes)).map(|row| row.format)
    }

    /// The name used in URLs.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The media type.
    pub fn mime(self) -> &'static str {
        self.row().mime
    }

    /// Whether pixels may be translucent.
    pub fn holds_alpha(self) -> bool {
        self.row().alpha
    }

    fn row(self) -> &'static Row {
        match self {
            Self::Jpeg => &ROWS[0],
            Self::Png => &ROWS[1],
            Self::Webp => &ROWS[2],
            Self::Gif => &ROWS[3],
            Self::Avif => &ROWS[4],
            Self::Svg => &ROWS[5],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_at_its_format() {
        for row in &ROWS {
            assert_eq!(row.format.row().name, row.name);
        }
    }

    #[test]
    fn recognises_formats_by_their_first_bytes() {
        assert_eq!(Format::sniff(b"RIFF\0\0\0\0WEBPVP8 "), Some(Format::Webp));
        assert_eq!(Format::sniff(b"RIFF\0\0\0\0WAVEfmt "), None);
        assert_eq!(Format::sniff(b"\0\0\0\x1cftypavif"), Some(Format::Avif));
        assert_eq!(Format::sniff(b"<svg xmlns="), None);
        assert_eq!(Format::sniff(b""), None);
    }
}
