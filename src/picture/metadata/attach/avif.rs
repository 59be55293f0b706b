//! EXIF and XMP as items of an AVIF (ISO 14496-12, 8.11; ISO 23008-12, annex A), in a file as `avif-serialize` builds it:
//! boxes of version 0 or 2 as below, offsets and lengths of four bytes. What is built otherwise is refused.

use crate::picture::metadata::Kept;

/// Item numbers that no encoder uses.
const EXIF_ID: u16 = 0x7001;
const XMP_ID: u16 = 0x7002;
/// The picture's own item.
const PICTURE_ID: u16 = 1;
/// A box's length and name; version and flags besides.
const BOX_BYTES: usize = 8;
const FULL_BOX_BYTES: usize = 12;
/// Number, data reference, count of extents, and one of these.
const LOCATION_BYTES: usize = 14;

struct Item {
    id: u16,
    /// Its entry in the list of items.
    entry: Vec<u8>,
    data: Vec<u8>,
}

pub(super) fn attach(file: &[u8], kept: &Kept) -> Option<Vec<u8>> {
    let items = items(kept)?;
    let (ftyp, rest) = split_box(file, *b"ftyp")?;
    let (meta, rest) = split_box(rest, *b"meta")?;
    let mut boxes = Vec::new();
    let mut inside = meta.get(FULL_BOX_BYTES..)?;
    while !inside.is_empty() {
        let (name, one, after) = next_box(inside)?;
        boxes.push((name, one.to_vec()));
        inside = after;
    }
    if !boxes.iter().any(|(name, _)| name == b"iref") {
        boxes.push((*b"iref", full_box(*b"iref", &[])?));
    }
    let grown: usize =
        items.iter().map(|item| item.entry.len() + LOCATION_BYTES + reference(item.id).len()).sum();
    let had_bytes: usize = FULL_BOX_BYTES + boxes.iter().map(|(_, one)| one.len()).sum::<usize>();
    let meta_bytes = had_bytes + grown;
    let shift = u32::try_from(meta_bytes.checked_sub(meta.len())?).ok()?;
    // What is added lies in a box of its own at the end.
    let mut data_at = ftyp.len() + meta_bytes + rest.len() + BOX_BYTES;
    let mut data = Vec::new();
    for (name, one) in &mut boxes {
        match &*name {
            b"iinf" => add_entries(one, &items)?,
            b"iref" => add_references(one, &items)?,
            b"iloc" => {
                move_extents(one, shift)?;
                for item in &items {
                    add_location(one, item, data_at)?;
                    data_at += item.data.len();
                    data.extend(&item.data);
                }
            }
            _ => continue,
        }
        set_length(one)?;
    }
    let boxes: Vec<u8> = boxes.into_iter().flat_map(|(_, one)| one).collect();
    let whole = [ftyp, &full_box(*b"meta", &boxes)?, rest, &plain_box(*b"mdat", &data)?].concat();
    (boxes.len() + FULL_BOX_BYTES == meta_bytes).then_some(whole)
}

fn items(kept: &Kept) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    if let Some(exif) = &kept.exif {
        // Before the block stands how far behind these four bytes it begins.
        let data = [&[0; 4], &exif[..]].concat();
        items.push(Item { id: EXIF_ID, entry: entry(EXIF_ID, b"Exif\0")?, data });
    }
    if let Some(xmp) = &kept.xmp {
        let entry = entry(XMP_ID, b"mime\0application/rdf+xml\0")?;
        items.push(Item { id: XMP_ID, entry, data: xmp.clone() });
    }
    Some(items)
}

/// An entry of version 2: number, no protection, kind and name.
fn entry(id: u16, kind: &[u8]) -> Option<Vec<u8>> {
    let mut entry = full_box(*b"infe", &[&id.to_be_bytes(), &[0, 0], kind].concat())?;
    *entry.get_mut(BOX_BYTES)? = 2;
    Some(entry)
}

/// That an item describes the picture.
fn reference(id: u16) -> Vec<u8> {
    let body = [id, 1, PICTURE_ID].map(u16::to_be_bytes).concat();
    [&14_u32.to_be_bytes(), &b"cdsc"[..], &body].concat()
}

fn add_entries(iinf: &mut Vec<u8>, items: &[Item]) -> Option<()> {
    is_version_0(iinf)?;
    add_to_count(iinf, FULL_BOX_BYTES, items.len())?;
    iinf.extend(items.iter().flat_map(|item| &item.entry));
    Some(())
}

fn add_references(iref: &mut Vec<u8>, items: &[Item]) -> Option<()> {
    is_version_0(iref)?;
    iref.extend(items.iter().flat_map(|item| reference(item.id)));
    Some(())
}

/// Everything behind the list of boxes moves by so many bytes.
fn move_extents(iloc: &mut [u8], shift: u32) -> Option<()> {
    is_version_0(iloc)?;
    if iloc.get(FULL_BOX_BYTES..FULL_BOX_BYTES + 2)? != [0x44, 0] {
        return None;
    }
    let mut at = FULL_BOX_BYTES + 4;
    for _ in 0..u16_at(iloc, FULL_BOX_BYTES + 2)? {
        let extents = u16_at(iloc, at + 4)?;
        at += 6;
        for _ in 0..extents {
            let offset: &mut [u8; 4] = iloc.get_mut(at..at + 4)?.try_into().ok()?;
            *offset = u32::from_be_bytes(*offset).checked_add(shift)?.to_be_bytes();
            at += 8;
        }
    }
    (at == iloc.len()).then_some(())
}

fn add_location(iloc: &mut Vec<u8>, item: &Item, at: usize) -> Option<()> {
    add_to_count(iloc, FULL_BOX_BYTES + 2, 1)?;
    iloc.extend([item.id, 0, 1].map(u16::to_be_bytes).concat());
    for number in [at, item.data.len()] {
        iloc.extend(u32::try_from(number).ok()?.to_be_bytes());
    }
    Some(())
}

fn is_version_0(one: &[u8]) -> Option<()> {
    (*one.get(BOX_BYTES)? == 0).then_some(())
}

fn add_to_count(one: &mut [u8], at: usize, more: usize) -> Option<()> {
    let count: &mut [u8; 2] = one.get_mut(at..at + 2)?.try_into().ok()?;
    *count = u16::from_be_bytes(*count).checked_add(u16::try_from(more).ok()?)?.to_be_bytes();
    Some(())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn set_length(one: &mut [u8]) -> Option<()> {
    let length = u32::try_from(one.len()).ok()?;
    one.get_mut(..4)?.copy_from_slice(&length.to_be_bytes());
    Some(())
}

fn plain_box(name: [u8; 4], body: &[u8]) -> Option<Vec<u8>> {
    let mut one = [&[0; 4], &name[..], body].concat();
    set_length(&mut one)?;
    Some(one)
}

fn full_box(name: [u8; 4], body: &[u8]) -> Option<Vec<u8>> {
    plain_box(name, &[&[0; 4], body].concat())
}

/// A box that must come next, whole, and what comes after it.
fn split_box(bytes: &[u8], name: [u8; 4]) -> Option<(&[u8], &[u8])> {
    next_box(bytes).filter(|(found, ..)| *found == name).map(|(_, one, after)| (one, after))
}

fn next_box(bytes: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let &[l0, l1, l2, l3, n0, n1, n2, n3] = bytes.first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).ok()?;
    let (one, after) = bytes.split_at_checked(length).filter(|_| length >= BOX_BYTES)?;
    Some(([n0, n1, n2, n3], one, after))
}
