//! XMP (ISO 16684-1): the few properties that people look for, out of RDF read event by event.
//!
//! Nothing is expanded: a document with a DTD says nothing, and entities other than XML's own five are left out.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};
use serde_json::Value;

use super::text::clean;
use super::{Facts, MOST_TAGS, date};

/// More is not read.
const MOST_EVENTS: usize = 20_000;
const DEEPEST: usize = 64;
/// Of the text of one property.
const LONGEST_TEXT: usize = 4_096;

/// A property that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Title,
    Caption,
    Tag,
    Taken,
    Created,
    Lens,
    Public(&'static str),
    Private(&'static str),
}

/// Namespace, name, what it is.
const PROPERTIES: &[(&str, &str, Property)] = &[
    (DC, "title", Property::Title),
    (DC, "description", Property::Caption),
    (DC, "subject", Property::Tag),
    (DC, "creator", Property::Public("artist")),
    (DC, "rights", Property::Public("copyright")),
    (PHOTOSHOP, "Headline", Property::Public("headline")),
    (PHOTOSHOP, "Credit", Property::Public("credit")),
    (PHOTOSHOP, "Source", Property::Public("source")),
    (PHOTOSHOP, "DateCreated", Property::Taken),
    (PHOTOSHOP, "City", Property::Private("city")),
    (PHOTOSHOP, "State", Property::Private("state")),
    (PHOTOSHOP, "Country", Property::Private("country")),
    (IPTC_CORE, "Location", Property::Private("location")),
    ("http://ns.adobe.com/exif/1.0/", "DateTimeOriginal", Property::Taken),
    ("http://ns.adobe.com/exif/1.0/", "GPSLatitude", Property::Private("gps_latitude")),
    ("http://ns.adobe.com/exif/1.0/", "GPSLongitude", Property::Private("gps_longitude")),
    ("http://ns.adobe.com/xap/1.0/", "CreateDate", Property::Created),
    ("http://ns.adobe.com/xap/1.0/rights/", "UsageTerms", Property::Public("usage_terms")),
    ("http://ns.adobe.com/exif/1.0/aux/", "Lens", Property::Lens),
    ("http://ns.adobe.com/exif/1.0/aux/", "SerialNumber", Property::Private("camera_serial_number")),
    ("http://ns.adobe.com/exif/1.0/aux/", "OwnerName", Property::Private("owner")),
];
const DC: &str = "http://purl.org/dc/elements/1.1/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const IPTC_CORE: &str = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/";

/// What an XMP packet says, as far as it can be read.
pub(super) fn read(packet: &[u8]) -> Facts {
    let Ok(text) = std::str::from_utf8(packet) else { return Facts::default() };
    let mut reader = NsReader::from_str(text);
    let mut found = Found::default();
    for _ in 0..MOST_EVENTS {
        let Ok(event) = reader.read_event() else { break };
        if matches!(event, Event::DocType(_)) {
            return Facts::default();
        }
        if !found.take(&reader, &event) {
            break;
        }
    }
    found.finish()
}

#[derive(Default)]
struct Found {
    facts: Facts,
    created_ms: Option<i64>,
    /// What each open element is, if it is looked for.
    open: Vec<Option<Property>>,
    text: String,
}

impl Found {
    /// Takes an event; answers whether more are wanted.
    fn take(&mut self, reader: &NsReader<&[u8]>, event: &Event<'_>) -> bool {
        match event {
            Event::Start(start) => {
                self.open(reader, start);
                return self.open.len() <= DEEPEST;
            }
            Event::Empty(start) => self.attributes(reader, start),
            Event::End(_) => {
                self.note_text();
                self.open.pop();
            }
            Event::Text(text) => self.add(&text.decode().unwrap_or_default()),
            Event::CData(text) => self.add(&text.decode().unwrap_or_default()),
            Event::GeneralRef(name) => {
                let letter = name.resolve_char_ref().ok().flatten().or(match name.as_ref() {
                    b"amp" => Some('&'),
                    b"lt" => Some('<'),
                    b"gt" => Some('>'),
                    b"quot" => Some('"'),
                    b"apos" => Some('\''),
                    _ => None,
                });
                if let Some(letter) = letter {
                    self.add(letter.encode_utf8(&mut [0; 4]));
                }
            }
            Event::Eof => return false,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        true
    }

    fn open(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) {
        self.attributes(reader, start);
        let (space, name) = reader.resolver().resolve_element(start.name());
        // Lists stand within their property.
        let property = property(&space, name.as_ref()).or(self.open.last().copied().flatten());
        self.open.push(property);
        self.text.clear();
    }

    /// Simple properties may stand as attributes.
    fn attributes(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) {
        for attribute in start.attributes().with_checks(false).filter_map(Result::ok) {
            let (space, name) = reader.resolver().resolve_attribute(attribute.key);
            if let Some(property) = property(&space, name.as_ref())
                && let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0)
            {
                self.note(property, &value);
            }
        }
    }

    fn add(&mut self, text: &str) {
        if self.open.last().is_some_and(Option::is_some) && self.text.len() + text.len() <= LONGEST_TEXT {
            self.text.push_str(text);
        }
    }

    fn note_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        if let Some(Some(property)) = self.open.last() {
            self.note(*property, &text);
        }
    }

    /// Of what is said several times, as in several languages, the first counts.
    fn note(&mut self, property: Property, text: &str) {
        let Some(text) = clean(text) else { return };
        let facts = &mut self.facts;
        match property {
            Property::Title => drop(facts.title.get_or_insert(text)),
            Property::Caption => drop(facts.caption.get_or_insert(text)),
            Property::Lens => drop(facts.lens.get_or_insert(text)),
            Property::Tag if facts.tags.len() < MOST_TAGS => facts.tags.push(text),
            Property::Tag => {}
            Property::Taken => facts.taken_ms = facts.taken_ms.or_else(|| date::iso(&text)),
            Property::Created => self.created_ms = self.created_ms.or_else(|| date::iso(&text)),
            Property::Public(name) => drop(facts.public.entry(name).or_insert(Value::from(text))),
            Property::Private(name) => drop(facts.private.entry(name).or_insert(Value::from(text))),
        }
    }

    fn finish(mut self) -> Facts {
        self.facts.taken_ms = self.facts.taken_ms.or(self.created_ms);
        self.facts
    }
}

fn property(space: &ResolveResult<'_>, name: &[u8]) -> Option<Property> {
    let ResolveResult::Bound(space) = space else { return None };
    let is_it =
        |row: &&(&str, &str, Property)| row.0.as_bytes() == space.as_ref() && row.1.as_bytes() == name;
    PROPERTIES.iter().find(is_it).map(|(_, _, property)| *property)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(inside: &str) -> String {
        format!(
            r#"<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
            <rdf:Description xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
              xmlns:xmp="http://ns.adobe.com/xap/1.0/" photoshop:Credit="A &amp; B" xmp:CreateDate="2024-05-06T12:00:00Z">
            {inside}</rdf:Description></rdf:RDF></x:xmpmeta>"#
        )
    }

    #[test]
    fn properties_are_found_as_elements_lists_and_attributes() {
        let facts = read(
            packet(
                "<d:title><rdf:Alt><rdf:li xml:lang='x-default'>Fish &amp; <![CDATA[chips]]></rdf:li><rdf:li>Poisson</rdf:li></rdf:Alt></d:title>
                <d:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>food</rdf:li></rdf:Bag></d:subject>
                <photoshop:City>Hull</photoshop:City>",
            )
            .as_bytes(),
        );
        assert_eq!(facts.title.as_deref(), Some("Fish & chips"));
        assert_eq!(facts.tags, ["sea", "food"]);
        assert_eq!(facts.taken_ms, Some(1_714_996_800_000));
        assert_eq!((&facts.public["credit"], &facts.private["city"]), (&"A & B".into(), &"Hull".into()));
        assert!(!facts.public.contains_key("city"));
    }

    #[test]
    fn entities_and_depth_are_not_followed() {
        let bomb = format!("<!DOCTYPE x [<!ENTITY a 'aaaa'>]>{}", packet("<d:title>&a;</d:title>"));
        assert_eq!(read(bomb.as_bytes()), Facts::default());
        assert_eq!(read(packet("<d:title>&a;</d:title>").as_bytes()).title, None);
        let deep = packet(&"<d:title>".repeat(100_000));
        assert_eq!(read(deep.as_bytes()).title, None);
    }
}
