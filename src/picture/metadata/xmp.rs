//! XMP (ISO 16684-1): properties read from a packet and written into a new one, so that nothing travels unseen.
//!
//! Texts and lists of texts are read. Structures are not: histories, regions, depth maps, thumbnails and typed-in places
//! stay behind. A packet that is not well formed has no properties.

use super::xml::{self, Name, Visitor};

pub(super) const DC: &str = "http://purl.org/dc/elements/1.1/";
pub(super) const RIGHTS: &str = "http://ns.adobe.com/xap/1.0/rights/";
pub(super) const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";

/// Properties, and texts of one of them.
const MOST: usize = 500;

/// Namespaces and names are kept with every property, and nobody's are longer.
const LONGEST_NAME: usize = 200;

/// The namespaces that are known, the prefixes they are written with, and which of their properties may leave whatever the
/// policy says: all (`*`) or these. Places, people, serial numbers and identifiers are not among them.
const KNOWN: [(&str, &str, &[&str]); 12] = [
    (DC, "dc", &["*"]),
    (RIGHTS, "xmpRights", &["*"]),
    (XMP, "xmp", &["CreateDate", "CreatorTool", "Label", "MetadataDate", "ModifyDate", "Rating"]),
    (
        PHOTOSHOP,
        "photoshop",
        &[
            "AuthorsPosition",
            "CaptionWriter",
            "Category",
            "Credit",
            "DateCreated",
            "Headline",
            "Instructions",
            "Source",
            "SupplementalCategories",
            "Urgency",
        ],
    ),
    (TIFF, "tiff", &["Artist", "Copyright", "DateTime", "ImageDescription", "Make", "Model", "Software"]),
    (
        EXIF,
        "exif",
        &[
            "ApertureValue",
            "BrightnessValue",
            "Contrast",
            "CustomRendered",
            "DateTimeDigitized",
            "DateTimeOriginal",
            "DigitalZoomRatio",
            "ExifVersion",
            "ExposureBiasValue",
            "ExposureMode",
            "ExposureProgram",
            "ExposureTime",
            "FNumber",
            "FocalLength",
            "FocalLengthIn35mmFilm",
            "ISOSpeedRatings",
            "LightSource",
            "MaxApertureValue",
            "MeteringMode",
            "Saturation",
            "SceneCaptureType",
            "Sharpness",
            "ShutterSpeedValue",
            "SubjectDistance",
            "WhiteBalance",
        ],
    ),
    ("http://ns.adobe.com/exif/1.0/aux/", "aux", &["Lens", "LensInfo"]),
    (
        "http://cipa.jp/exif/1.0/",
        "exifEX",
        &["LensMake", "LensModel", "LensSpecification", "PhotographicSensitivity"],
    ),
    (
        "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
        "Iptc4xmpCore",
        &["AltTextAccessibility", "ExtDescrAccessibility", "IntellectualGenre", "Scene", "SubjectCode"],
    ),
    ("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt", &["DigitalSourceType", "Event"]),
    ("http://ns.adobe.com/lightroom/1.0/", "lr", &["hierarchicalSubject"]),
    ("http://ns.useplus.org/ldf/xmp/1.0/", "plus", &[]),
];

/// What speaks of the file that was: which way up it lay, its sides, its profile, its thumbnails.
const OF_THE_FILE: [(&str, &str); 9] = [
    (TIFF, "Orientation"),
    (TIFF, "ImageWidth"),
    (TIFF, "ImageLength"),
    (EXIF, "PixelXDimension"),
    (EXIF, "PixelYDimension"),
    (EXIF, "ColorSpace"),
    (PHOTOSHOP, "ICCProfile"),
    (XMP, "Thumbnails"),
    ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP"),
];

/// What a property says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// The kind of list, and its texts with their languages.
    List(&'static str, Vec<(Option<String>, String)>),
}

/// A property: whose it is, what it is called, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    space: String,
    name: String,
    value: Value,
}

impl Property {
    pub(super) fn text(space: &str, name: &str, text: &str) -> Self {
        Self { space: space.to_owned(), name: name.to_owned(), value: Value::Text(text.to_owned()) }
    }

    /// A text whose only language is the default.
    pub(super) fn by_default(space: &str, name: &str, text: &str) -> Self {
        let value = Value::List("Alt", vec![(Some("x-default".to_owned()), text.to_owned())]);
        Self { value, ..Self::text(space, name, "") }
    }

    /// Some names in their order.
    pub(super) fn names(space: &str, name: &str, texts: &[String]) -> Self {
        let value = Value::List("Seq", texts.iter().map(|text| (None, text.clone())).collect());
        Self { value, ..Self::text(space, name, "") }
    }

    pub(super) fn is(&self, space: &str, name: &str) -> bool {
        self.space == space && self.name == name
    }

    /// Its text, or all of a list's, those in order; of several languages the first.
    pub(super) fn plain(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::List("Alt", texts) => texts.first().map(|(_, text)| text.clone()),
            Value::List(_, texts) => {
                let texts: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
                (!texts.is_empty()).then(|| texts.join("; "))
            }
        }
    }

    /// Whether it is about who made a picture and who may use it.
    pub(super) fn is_credit(&self) -> bool {
        self.space == RIGHTS
            || (self.space == DC && matches!(self.name.as_str(), "rights" | "creator"))
            || self.is(PHOTOSHOP, "Credit")
    }

    /// Whether it may leave; `is_private_kept` where the policy lets everything go that is still true.
    pub(super) fn may_leave(&self, is_private_kept: bool) -> bool {
        if OF_THE_FILE.iter().any(|(space, name)| self.is(space, name)) {
            return false;
        }
        let known = KNOWN.iter().find(|(space, ..)| self.space == *space);
        let names = known.map_or(&[][..], |(.., names)| names);
        is_private_kept || names.iter().any(|name| *name == "*" || *name == self.name)
    }
}

/// Reads all properties that are texts or lists of them.
pub(super) fn read(packet: &[u8]) -> Vec<Property> {
    let Ok(packet) = str::from_utf8(packet) else { return Vec::new() };
    let packet = packet.trim_matches(['\u{FEFF}', '\0']);
    let mut reader = Reader::default();
    if xml::walk(packet, &mut reader).is_err() {
        return Vec::new();
    }
    let is_said = |property: &Property| property.plain().is_some_and(|text| !text.is_empty());
    reader.found.into_iter().filter(is_said).collect()
}

/// Where in a packet the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Rdf,
    Description,
    Property,
    List,
    Item,
    Ignored,
}

#[derive(Debug, Default)]
struct Reader {
    places: Vec<Place>,
    found: Vec<Property>,
    /// The property that is being read; nothing once it turned out to be a structure.
    current: Option<Property>,
}

impl<'a> Visitor<'a> for Reader {
    fn begin(&mut self, name: Name<'a>, attributes: &[(Name<'a>, String)]) {
        let parent = self.places.last().copied().unwrap_or(Place::Outside);
        let is_rdf = |local| name == Name { space: RDF, local };
        let place = match parent {
            Place::Outside if is_rdf("RDF") => Place::Rdf,
            Place::Outside => Place::Outside,
            Place::Rdf if is_rdf("Description") => {
                for (name, text) in attributes {
                    self.attribute(*name, text);
                }
                Place::Description
            }
            Place::Description => {
                self.current = property(name, attributes);
                Place::Property
            }
            Place::Property if ["Alt", "Bag", "Seq"].into_iter().any(is_rdf) => self.list(name),
            Place::List if is_rdf("li") => self.item(attributes),
            Place::Property | Place::List | Place::Item => {
                self.current = None;
                Place::Ignored
            }
            Place::Rdf | Place::Ignored => Place::Ignored,
        };
        self.places.push(place);
    }

    fn end(&mut self) {
        if self.places.pop() == Some(Place::Property)
            && let Some(mut property) = self.current.take()
            && self.found.len() < MOST
        {
            match &mut property.value {
                Value::Text(text) => *text = text.trim().to_owned(),
                Value::List(_, texts) => texts.retain(|(_, text)| !text.trim().is_empty()),
            }
            self.found.push(property);
        }
    }

    fn text(&mut self, more: &str) {
        let value = self.current.as_mut().map(|property| &mut property.value);
        match (self.places.last(), value) {
            (Some(Place::Property), Some(Value::Text(text))) => text.push_str(more),
            (Some(Place::Item), Some(Value::List(_, texts))) => {
                if let Some((_, text)) = texts.last_mut() {
                    text.push_str(more);
                }
            }
            _ => {}
        }
    }
}

impl Reader {
    /// A property written as an attribute of the description.
    fn attribute(&mut self, name: Name<'_>, text: &str) {
        if is_property(name) && self.found.len() < MOST {
            self.found.push(Property::text(name.space, name.local, text.trim()));
        }
    }

    fn list(&mut self, name: Name<'_>) -> Place {
        let kind = ["Alt", "Bag", "Seq"].into_iter().find(|kind| *kind == name.local).unwrap_or("Seq");
        match &mut self.current {
            Some(Property { value: Value::Text(text), .. }) if text.trim().is_empty() => {}
            _ => self.current = None,
        }
        if let Some(property) = &mut self.current {
            property.value = Value::List(kind, Vec::new());
        }
        Place::List
    }

    fn item(&mut self, attributes: &[(Name<'_>, String)]) -> Place {
        let language = attributes.iter().find(|(name, _)| *name == Name { space: "xml", local: "lang" });
        let is_plain = attributes.len() == usize::from(language.is_some());
        match &mut self.current {
            Some(Property { value: Value::List(_, texts), .. }) if is_plain && texts.len() < MOST => {
                texts.push((language.map(|(_, language)| language.clone()), String::new()));
            }
            _ => self.current = None,
        }
        Place::Item
    }
}

/// A property that begins; nothing where its attributes make it a structure. An address may stand in one of them.
fn property(name: Name<'_>, attributes: &[(Name<'_>, String)]) -> Option<Property> {
    let is = |found: &Name<'_>, space, local| *found == Name { space, local };
    let text = match attributes {
        [] => "",
        [(found, _)] if is(found, "xml", "lang") => "",
        [(found, address)] if is(found, RDF, "resource") => address,
        _ => return None,
    };
    is_property(name).then(|| Property::text(name.space, name.local, text))
}

fn is_property(name: Name<'_>) -> bool {
    !matches!(name.space, "" | "xml" | RDF) && name.space.len() + name.local.len() <= LONGEST_NAME
}

/// A packet of these properties, no longer than `most_bytes`: those for which there is no room are left out. Nothing where
/// there are none.
pub(super) fn write<'p>(
    properties: impl IntoIterator<Item = &'p Property>,
    most_bytes: usize,
) -> Option<Vec<u8>> {
    const START: &str = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
        <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
        <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\"";
    const END: &str = "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>";
    let (mut spaces, mut body): (Vec<(String, &str)>, String) = (Vec::new(), String::new());
    let mut head = START.to_owned();
    for property in properties {
        let space = property.space.as_str();
        let known = spaces.iter().find(|(_, known)| *known == space).map(|(prefix, _)| prefix.clone());
        let prefix = known.clone().unwrap_or_else(|| prefix_of(space, spaces.len()));
        let mut declaration = String::new();
        if known.is_none() {
            declaration = format!(" xmlns:{prefix}=\"");
            xml::escape(space, &mut declaration);
            declaration.push('"');
        }
        let element = element(&prefix, property);
        if head.len() + declaration.len() + body.len() + element.len() + END.len() < most_bytes {
            head.push_str(&declaration);
            body.push_str(&element);
            spaces.extend(known.is_none().then_some((prefix, space)));
        }
    }
    (!body.is_empty()).then(|| [&head, ">", &body, END].concat().into_bytes())
}

fn prefix_of(space: &str, index: usize) -> String {
    let known = KNOWN.iter().find(|(known, ..)| *known == space);
    known.map_or_else(|| format!("ns{index}"), |(_, prefix, _)| (*prefix).to_owned())
}

fn element(prefix: &str, property: &Property) -> String {
    let name = &property.name;
    let mut out = format!("<{prefix}:{name}>");
    match &property.value {
        Value::Text(text) => xml::escape(text, &mut out),
        Value::List(kind, texts) => {
            out.extend(["<rdf:", *kind, ">"]);
            for (language, text) in texts {
                out.push_str("<rdf:li");
                if let Some(language) = language {
                    out.push_str(" xml:lang=\"");
                    xml::escape(language, &mut out);
                    out.push('"');
                }
                out.push('>');
                xml::escape(text, &mut out);
                out.push_str("</rdf:li>");
            }
            out.extend(["</rdf:", *kind, ">"]);
        }
    }
    out.extend(["</", prefix, ":", name, ">"]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:e="http://ns.adobe.com/exif/1.0/"
   xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:mm="http://ns.adobe.com/xap/1.0/mm/"
   xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
   e:GPSLatitude="52,31.2N" aux:SerialNumber='123' tiff:Orientation="6" e:FNumber="28/10">
  <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">&#169; A &amp; B</rdf:li></rdf:Alt></dc:rights>
  <dc:creator><rdf:Seq><rdf:li>A</rdf:li><rdf:li>B</rdf:li></rdf:Seq></dc:creator>
  <e:GPSLongitude>13,24E</e:GPSLongitude>
  <xmpRights:WebStatement rdf:resource="https://example.org/?a=1&amp;b=2"/>
  <mm:History><rdf:Seq><rdf:li rdf:parseType="Resource"><mm:who>me</mm:who></rdf:li></rdf:Seq></mm:History>
 </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"#;

    fn names(properties: &[Property]) -> Vec<&str> {
        properties.iter().map(|property| property.name.as_str()).collect()
    }

    #[test]
    fn reads_texts_and_lists_and_no_structures() {
        let found = read(PACKET.as_bytes());
        let expected = [
            "GPSLatitude",
            "SerialNumber",
            "Orientation",
            "FNumber",
            "rights",
            "creator",
            "GPSLongitude",
            "WebStatement",
        ];
        assert_eq!(names(&found), expected);
        assert_eq!(found[4].plain().unwrap(), "© A & B");
        assert_eq!(found[5].plain().unwrap(), "A; B");
        assert_eq!(found[7].plain().unwrap(), "https://example.org/?a=1&b=2");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let found = read(PACKET.as_bytes());
        assert_eq!(read(&write(&found, 60_000).unwrap()), found);
        assert_eq!(write([], 60_000), None);
        let short = read(&write(&found, 520).unwrap());
        assert!(!short.is_empty() && short.len() < found.len(), "{short:?}");
    }

    #[test]
    fn places_and_numbers_leave_where_the_policy_says_so_only() {
        let found = read(PACKET.as_bytes());
        let leave = |is_private_kept| -> Vec<Property> {
            found.iter().filter(|property| property.may_leave(is_private_kept)).cloned().collect()
        };
        assert_eq!(names(&leave(false)), ["FNumber", "rights", "creator", "WebStatement"]);
        assert_eq!(leave(true).len(), found.len() - 1);
        assert!(!names(&leave(true)).contains(&"Orientation"));
    }

    #[test]
    fn what_is_not_well_formed_says_nothing() {
        for (from, to) in [
            ("</dc:rights>", "</dc:right>"),
            ("&amp; B", "& B"),
            ("<?xpacket begin", "<!DOCTYPE a [<!ENTITY b 'c'>]><?xpacket begin"),
            ("xmlns:dc=", "xmlns:cd="),
            ("&#169;", "&#0;"),
            ("13,24E", "\u{1}"),
        ] {
            assert_eq!(read(PACKET.replace(from, to).as_bytes()), [], "{from} as {to}");
        }
        for end in (0..PACKET.len()).filter(|&end| PACKET.is_char_boundary(end)) {
            let _ = read(&PACKET.as_bytes()[..end]);
        }
        assert_eq!(read("<a>".repeat(100_000).as_bytes()), []);
    }
}
