//! A few facts of a picture that anybody may know: with what and when it was taken, how it was exposed, who made it and who
//! may use it. Places, serial numbers and owners are not even looked at.

use super::Asides;
use super::credit::{Credit, text_of};
use super::exif::EXIF_DIRECTORY;
use super::tiff::{Field, Order, Tiff};
use super::xmp::{self, PHOTOSHOP, Property};

const MAKE: u16 = 0x010F;
const MODEL: u16 = 0x0110;
const EXPOSURE_TIME: u16 = 0x829A;
const F_NUMBER: u16 = 0x829D;
const ISO: u16 = 0x8827;
const TAKEN: u16 = 0x9003;
const TAKEN_OFFSET: u16 = 0x9011;
const FOCAL_LENGTH: u16 = 0x920A;
const FOCAL_LENGTH_35MM: u16 = 0xA405;
const LENS: u16 = 0xA434;

/// Longer texts are cut: these are names.
const MOST_LETTERS: usize = 200;

/// What a file says of itself; nothing where it does not.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Summary {
    /// Make and model, the make once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// The lens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lens: Option<String>,
    /// When it was taken, as `2024-05-01T12:30:00`, with an offset from UTC where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
    /// For how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_seconds: Option<f64>,
    /// Focal length by aperture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f_number: Option<f64>,
    /// Sensitivity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso: Option<f64>,
    /// The lens's focal length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length_mm: Option<f64>,
    /// The focal length that shows as much on film of 35 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length_35mm: Option<f64>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copyright: Option<String>,
    /// Whom to name beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
}

impl Summary {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn of(asides: &Asides) -> Self {
        let properties = xmp::read(&asides.xmp);
        let credit = Credit::of(asides, &properties);
        let named = |property: &&Property| property.is(PHOTOSHOP, "Credit");
        let text = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| name(&bytes));
        let said = Self {
            credit: credit
                .properties
                .iter()
                .find(named)
                .and_then(Property::plain)
                .and_then(|text| name(text.as_bytes())),
            artist: text(credit.artist),
            copyright: text(credit.copyright),
            ..Self::default()
        };
        let Some(tiff) = Tiff::new(&asides.exif) else { return said };
        let main = tiff.main();
        let exif = Fields { fields: tiff.below(&main, EXIF_DIRECTORY), order: tiff.order };
        let main = Fields { fields: main, order: tiff.order };
        Self {
            camera: camera(main.text(MAKE), main.text(MODEL)),
            lens: exif.text(LENS),
            taken: exif.text(TAKEN).and_then(|taken| time(&taken, exif.text(TAKEN_OFFSET).as_deref())),
            exposure_seconds: exif.number(EXPOSURE_TIME),
            f_number: exif.number(F_NUMBER),
            iso: exif.number(ISO),
            focal_length_mm: exif.number(FOCAL_LENGTH),
            focal_length_35mm: exif.number(FOCAL_LENGTH_35MM),
            ..said
        }
    }
}

/// A directory.
struct Fields<'a> {
    fields: Vec<Field<'a>>,
    order: Order,
}

impl Fields<'_> {
    fn field(&self, tag: u16) -> Option<&Field<'_>> {
        self.fields.iter().find(|field| field.tag == tag)
    }

    fn text(&self, tag: u16) -> Option<String> {
        name(self.field(tag)?.as_text()?)
    }

    /// What is not said is often 0. Fractions have no more digits than this.
    fn number(&self, tag: u16) -> Option<f64> {
        let number = self.field(tag)?.as_number(self.order).filter(|number| *number > 0.0)?;
        Some((number * 1e6).round() / 1e6)
    }
}

/// A text that is short and not empty.
fn name(bytes: &[u8]) -> Option<String> {
    let text: String = text_of(bytes).chars().take(MOST_LETTERS).collect();
    (!text.is_empty()).then_some(text)
}

/// Make and model; most models begin with their make.
fn camera(make: Option<String>, model: Option<String>) -> Option<String> {
    match (make, model) {
        (Some(make), Some(model)) => {
            let first = make.split(' ').next().unwrap_or_default().to_lowercase();
            Some(if model.to_lowercase().starts_with(&first) { model } else { format!("{make} {model}") })
        }
        (make, model) => make.or(model),
    }
}

/// `2024:05:01 12:30:00` and `+02:00` as RFC 3339 has them; nothing where they are of another form.
fn time(taken: &str, offset: Option<&str>) -> Option<String> {
    let date: Vec<char> = taken.chars().collect();
    let is_of = |text: &[char], form: &str| {
        let fits = |(letter, form): (&char, char)| {
            if form == '0' { letter.is_ascii_digit() } else { *letter == form }
        };
        text.len() == form.len() && text.iter().zip(form.chars()).all(fits)
    };
    let is_date = is_of(&date, "0000:00:00 00:00:00") && !taken.starts_with("0000");
    let (day, clock) = taken.split_once(' ').filter(|_| is_date)?;
    let is_offset = |offset: &&str| {
        let letters: Vec<char> = offset.chars().collect();
        is_of(&letters, "+00:00") || is_of(&letters, "-00:00")
    };
    let offset = offset.filter(is_offset).unwrap_or_default();
    Some(format!("{}T{clock}{offset}", day.replace(':', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        let taken = |text| time(text, Some("+02:00"));
        assert_eq!(taken("2024:05:01 12:30:00").as_deref(), Some("2024-05-01T12:30:00+02:00"));
        assert_eq!(time("2024:05:01 12:30:00", None).as_deref(), Some("2024-05-01T12:30:00"));
        assert_eq!(time("2024:05:01 12:30:00", Some("soon")).as_deref(), Some("2024-05-01T12:30:00"));
        for odd in ["", "0000:00:00 00:00:00", "2024-05-01 12:30:00", "2024:05:01", "2024:05:01 12:30:0é"] {
            assert_eq!(taken(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_make_is_said_once() {
        let camera = |make: &str, model: &str| camera(name(make.as_bytes()), name(model.as_bytes()));
        assert_eq!(camera("NIKON CORPORATION", "NIKON D750").as_deref(), Some("NIKON D750"));
        assert_eq!(camera("Canon", "EOS R5").as_deref(), Some("Canon EOS R5"));
        assert_eq!(camera("", "X100").as_deref(), Some("X100"));
        assert_eq!(camera(" ", ""), None);
    }
}
