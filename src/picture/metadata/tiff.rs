//! The structure that EXIF is written in (TIFF 6.0, section 2): directories of fields, read with care and written anew.
//!
//! Directories are looked at where somebody asks for them and never followed by themselves, so that none leads in a
//! circle. Fields whose value lies outside of the block are passed over.

use std::borrow::Cow;

/// Fields of one directory that are looked at; cameras write a tenth of it.
const MOST_FIELDS: usize = 512;
const ENTRY_BYTES: usize = 12;

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

impl Order {
    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    fn of_u16(self, number: u16) -> [u8; 2] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    fn of_u32(self, number: u32) -> [u8; 4] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }
}

/// A field: values of one type, in the byte order of their block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) tag: u16,
    kind: u16,
    count: u32,
    value: Cow<'a, [u8]>,
}

impl Field<'_> {
    /// A text, closed by a zero as the standard wants it.
    pub(super) fn text(tag: u16, text: &[u8]) -> Self {
        let value: Vec<u8> = text.iter().copied().chain([0]).collect();
        let count = u32::try_from(value.len()).unwrap_or(0);
        Self { tag, kind: ASCII, count, value: value.into() }
    }

    /// One number of 16 bits.
    pub(super) fn short(tag: u16, number: u16, order: Order) -> Self {
        Self { tag, kind: SHORT, count: 1, value: order.of_u16(number).to_vec().into() }
    }

    fn long(tag: u16, number: u32, order: Order) -> Self {
        Self { tag, kind: LONG, count: 1, value: order.of_u32(number).to_vec().into() }
    }

    /// The bytes of a text up to the zeros and blanks at its end; texts of Unicode (EXIF 3.0) are texts, too.
    pub(super) fn as_text(&self) -> Option<&[u8]> {
        const UTF8: u16 = 129;
        let is_text = matches!(self.kind, ASCII | UTF8);
        let end = self.value.iter().rposition(|byte| !matches!(byte, 0 | b' '))?;
        self.value.get(..=end).filter(|_| is_text)
    }

    /// The first number, whole or a fraction; nothing where it is none.
    pub(super) fn as_number(&self, order: Order) -> Option<f64> {
        let [a, b] =
            [self.array(0), self.array(4)].map(|bytes| bytes.map(|bytes| f64::from(order.u32(bytes))));
        let number = match self.kind {
            SHORT => f64::from(order.u16(self.array(0)?)),
            LONG => a?,
            RATIONAL => a? / b?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.value.get(at..at + N)?.try_into().ok()
    }

    /// The one number that is an offset.
    fn as_offset(&self, order: Order) -> Option<u32> {
        let bytes = (*self.value).try_into().ok()?;
        (self.kind == LONG).then(|| order.u32(bytes))
    }

    /// Bytes that it takes in a block.
    fn bytes(&self) -> usize {
        let value = if self.value.len() > 4 { self.value.len().next_multiple_of(2) } else { 0 };
        ENTRY_BYTES + value
    }
}

/// A block that begins as it must.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    pub(super) order: Order,
}

impl<'a> Tiff<'a> {
    /// `bytes` start at the byte-order mark.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let order = match bytes.get(..4)? {
            b"II*\0" => Order::Little,
            b"MM\0*" => Order::Big,
            _ => return None,
        };
        Some(Self { bytes, order })
    }

    /// The fields of the first directory.
    pub(super) fn main(self) -> Vec<Field<'a>> {
        let at = self.array(4).map(|bytes| self.order.u32(bytes));
        at.map_or_else(Vec::new, |at| self.directory(at))
    }

    /// The fields of the directory that a field of `fields` leads to.
    pub(super) fn below(self, fields: &[Field<'_>], tag: u16) -> Vec<Field<'a>> {
        let field = fields.iter().find(|field| field.tag == tag);
        let at = field.and_then(|field| field.as_offset(self.order));
        at.map_or_else(Vec::new, |at| self.directory(at))
    }

    fn directory(self, at: u32) -> Vec<Field<'a>> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let count = self.array(at).map_or(0, |bytes| usize::from(self.order.u16(bytes)));
        let entries = (0..count.min(MOST_FIELDS)).map_while(|index| {
            let entry = at.checked_add(2 + index * ENTRY_BYTES)?;
            self.bytes.get(entry..entry.checked_add(ENTRY_BYTES)?)
        });
        entries.filter_map(|entry| self.field(entry)).collect()
    }

    fn field(self, entry: &'a [u8]) -> Option<Field<'a>> {
        let &[t0, t1, k0, k1, c0, c1, c2, c3, v0, v1, v2, v3] = entry else { return None };
        let (tag, kind) = (self.order.u16([t0, t1]), self.order.u16([k0, k1]));
        let count = self.order.u32([c0, c1, c2, c3]);
        let length = kind_bytes(kind)?.checked_mul(usize::try_from(count).ok()?)?;
        let value = if length <= 4 {
            entry.get(8..8 + length)?
        } else {
            let at = usize::try_from(self.order.u32([v0, v1, v2, v3])).ok()?;
            self.bytes.get(at..at.checked_add(length)?)?
        };
        Some(Field { tag, kind, count, value: value.into() })
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }
}

/// Bytes of one value of a type (TIFF 6.0, page 15; EXIF 3.0 adds UTF-8).
fn kind_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 | 129 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

/// A directory that the first one leads to, and by which tag.
pub(super) struct Below<'a> {
    pub(super) tag: u16,
    pub(super) fields: Vec<Field<'a>>,
}

/// Writes a block of one directory and those below it, no longer than `most_bytes`: fields for which there is no room are
/// left out. Nothing where there are no fields.
pub(super) fn write<'a>(
    order: Order,
    mut main: Vec<Field<'a>>,
    mut below: Vec<Below<'a>>,
    most_bytes: usize,
) -> Option<Vec<u8>> {
    // Two numbers for each directory, and the pointer to it.
    let mut left = most_bytes.saturating_sub(8 + (below.len() + 1) * (6 + ENTRY_BYTES));
    std::iter::once(&mut main).chain(below.iter_mut().map(|one| &mut one.fields)).for_each(|fields| {
        put_in_order(fields);
        fields.dedup_by_key(|field| field.tag);
        fields.retain(|field| left.checked_sub(field.bytes()).map(|rest| left = rest).is_some());
    });
    below.retain(|one| !one.fields.is_empty());
    if main.is_empty() && below.is_empty() {
        return None;
    }
    let mut at = 8 + directory_bytes(&main) + below.len() * ENTRY_BYTES;
    for one in &below {
        main.push(Field::long(one.tag, u32::try_from(at).ok()?, order));
        at += directory_bytes(&one.fields);
    }
    put_in_order(&mut main);
    let mut block = match order {
        Order::Little => b"II*\0".to_vec(),
        Order::Big => b"MM\0*".to_vec(),
    };
    block.extend(order.of_u32(8));
    for fields in std::iter::once(&main).chain(below.iter().map(|one| &one.fields)) {
        write_directory(order, fields, &mut block)?;
    }
    Some(block)
}

/// By their tags, as they must stand. There are few, and mostly they do: a sort for many would be a tenth of all this code.
fn put_in_order(fields: &mut [Field<'_>]) {
    let is_behind = |fields: &[Field<'_>], at: usize| match fields.get(at - 1..=at) {
        Some([one, other]) => one.tag > other.tag,
        _ => false,
    };
    for next in 1..fields.len() {
        let mut at = next;
        while at > 0 && is_behind(fields, at) {
            fields.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Bytes of a directory with its values.
fn directory_bytes(fields: &[Field<'_>]) -> usize {
    6 + fields.iter().map(Field::bytes).sum::<usize>()
}

fn write_directory(order: Order, fields: &[Field<'_>], block: &mut Vec<u8>) -> Option<()> {
    let mut value_at = block.len() + 6 + fields.len() * ENTRY_BYTES;
    block.extend(order.of_u16(u16::try_from(fields.len()).ok()?));
    for field in fields {
        block.extend(order.of_u16(field.tag));
        block.extend(order.of_u16(field.kind));
        block.extend(order.of_u32(field.count));
        if field.value.len() > 4 {
            block.extend(order.of_u32(u32::try_from(value_at).ok()?));
            value_at += field.value.len().next_multiple_of(2);
        } else {
            block.extend(field.value.iter().copied().chain([0; 4]).take(4));
        }
    }
    // No directory follows.
    block.extend([0; 4]);
    for field in fields.iter().filter(|field| field.value.len() > 4) {
        block.extend_from_slice(&field.value);
        block.extend(vec![0; field.value.len() % 2]);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for order in [Order::Little, Order::Big] {
            let main = || vec![Field::text(0x8298, b"(c) somebody"), Field::text(0x013B, b"me")];
            let below = Below { tag: 0x8769, fields: vec![Field::short(0xA001, 1, order)] };
            let block = write(order, main(), vec![below], 60_000).unwrap();
            let tiff = Tiff::new(&block).unwrap();
            let fields = tiff.main();
            let tags: Vec<u16> = fields.iter().map(|field| field.tag).collect();
            assert_eq!(tags, [0x013B, 0x8298, 0x8769], "{order:?}");
            assert_eq!(fields[1].as_text(), Some(&b"(c) somebody"[..]));
            assert_eq!(tiff.below(&fields, 0x8769), [Field::short(0xA001, 1, order)]);
            assert_eq!(tiff.below(&fields, 0x8298), []);
        }
    }

    #[test]
    fn fields_without_room_are_left_out() {
        let main = vec![Field::text(1, &[b'a'; 100]), Field::text(2, b"b")];
        let block = write(Order::Big, main, Vec::new(), 60).unwrap();
        assert_eq!(Tiff::new(&block).unwrap().main(), [Field::text(2, b"b")]);
        assert_eq!(write(Order::Big, vec![Field::text(1, &[b'a'; 100])], Vec::new(), 60), None);
        assert_eq!(write(Order::Big, Vec::new(), Vec::new(), 60_000), None);
    }

    #[test]
    fn values_that_lie_elsewhere_are_passed_over() {
        let mut block = write(Order::Big, vec![Field::text(7, b"a long one")], Vec::new(), 999).unwrap();
        assert_eq!(Tiff::new(&block).unwrap().main().len(), 1);
        // The count, and then where the value lies.
        for at in [14, 18] {
            let kept = std::mem::replace(&mut block[at], 0xFF);
            assert_eq!(Tiff::new(&block).unwrap().main(), [], "{at}");
            block[at] = kept;
        }
        for end in 0..block.len() {
            let _ = Tiff::new(&block[..end]).map(Tiff::main);
        }
    }
}
