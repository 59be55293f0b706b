//! EXIF (JEITA CP-3451), through the `kamadak-exif` crate.

use ::exif::{Context, Exif, In, Reader, Tag, Value as Field};
use serde_json::{Value, json};

use super::text::clean_bytes;
use super::{Facts, date};

/// What a TIFF structure says.
pub(super) fn read(tiff: &[u8]) -> Facts {
    let read = Reader::new().continue_on_error(true).read_raw(tiff.to_vec());
    read.or_else(|error| error.distill_partial_result(|_| ())).map(|exif| facts(&exif)).unwrap_or_default()
}

fn facts(exif: &Exif) -> Facts {
    let mut facts = Facts {
        caption: text(exif, Tag::ImageDescription),
        taken_ms: text(exif, Tag::DateTimeOriginal)
            .and_then(|taken| date::exif(&taken, text(exif, Tag::OffsetTimeOriginal).as_deref())),
        camera: camera(exif),
        lens: text(exif, Tag::LensModel),
        ..Facts::default()
    };
    let public = [
        ("exposure_seconds", number(exif, Tag::ExposureTime)),
        ("f_number", number(exif, Tag::FNumber)),
        ("iso", number(exif, Tag::PhotographicSensitivity)),
        ("focal_length_mm", number(exif, Tag::FocalLength)),
        ("focal_length_35mm", number(exif, Tag::FocalLengthIn35mmFilm)),
        ("artist", text(exif, Tag::Artist).map(Value::from)),
        ("copyright", text(exif, Tag::Copyright).map(Value::from)),
        ("software", text(exif, Tag::Software).map(Value::from)),
    ];
    let private = [
        ("gps", gps(exif)),
        ("camera_serial_number", text(exif, Tag::BodySerialNumber).map(Value::from)),
        ("lens_serial_number", text(exif, Tag::LensSerialNumber).map(Value::from)),
        ("owner", text(exif, Tag::CameraOwnerName).map(Value::from)),
        ("picture_id", text(exif, Tag::ImageUniqueID).map(Value::from)),
    ];
    let known = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    facts.public = public.into_iter().filter_map(known).collect();
    facts.private = private.into_iter().filter_map(known).collect();
    facts
}

/// Make and model, the make once.
fn camera(exif: &Exif) -> Option<String> {
    match (text(exif, Tag::Make), text(exif, Tag::Model)) {
        (Some(make), Some(model)) => {
            let first = make.split(' ').next().unwrap_or_default().to_lowercase();
            Some(if model.to_lowercase().starts_with(&first) { model } else { format!("{make} {model}") })
        }
        (make, model) => make.or(model),
    }
}

fn field(exif: &Exif, tag: Tag) -> Option<&Field> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match field(exif, tag)? {
        Field::Ascii(lines) => clean_bytes(&lines.join(&b' ')),
        _ => None,
    }
}

fn number(exif: &Exif, tag: Tag) -> Option<Value> {
    let number = match field(exif, tag)? {
        Field::Rational(list) => list.first()?.to_f64(),
        Field::Short(list) => f64::from(*list.first()?),
        Field::Long(list) => f64::from(*list.first()?),
        _ => return None,
    };
    let is_said = number.is_finite() && number > 0.0;
    // Rationals have no more digits than this.
    is_said.then(|| json!((number * 1e6).round() / 1e6))
}

/// In degrees, north and east, and metres above the sea.
fn gps(exif: &Exif) -> Option<Value> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S', 90.0)?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W', 180.0)?;
    let mut place = json!({ "latitude": latitude, "longitude": longitude });
    if let (Some(Field::Rational(list)), Some(place)) = (field(exif, Tag::GPSAltitude), place.as_object_mut())
    {
        let is_below =
            matches!(field(exif, Tag::GPSAltitudeRef), Some(Field::Byte(flag)) if flag.first() == Some(&1));
        if let Some(metres) = list.first().map(::exif::Rational::to_f64).filter(|metres| metres.is_finite()) {
            place.insert("altitude_m".to_owned(), json!(if is_below { -metres } else { metres }));
        }
    }
    Some(place)
}

fn degrees(exif: &Exif, tag: Tag, side: Tag, negative: u8, most: f64) -> Option<f64> {
    debug_assert_eq!(tag.context(), Context::Gps);
    let Field::Rational(list) = field(exif, tag)? else { return None };
    let parts = list.iter().take(3).zip([1.0, 60.0, 3_600.0]);
    let degrees: f64 = parts.map(|(part, of)| part.to_f64() / of).sum();
    let is_negative = matches!(field(exif, side), Some(Field::Ascii(lines)) if lines.first().is_some_and(|line| line.first() == Some(&negative)));
    let degrees = (degrees * 1e7).round() / 1e7;
    (degrees.is_finite() && degrees <= most).then_some(if is_negative { -degrees } else { degrees })
}
