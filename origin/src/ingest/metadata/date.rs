//! Times as EXIF and XMP write them.

use chrono::{NaiveDate, NaiveDateTime};

/// `2024:05:06 07:08:09` with an offset such as `+02:00`, if there is one; in milliseconds since 1970.
pub(super) fn exif(text: &str, offset: Option<&str>) -> Option<i64> {
    let local = NaiveDateTime::parse_from_str(text.trim(), "%Y:%m:%d %H:%M:%S").ok()?;
    in_ms(local, offset.and_then(|offset| minutes(offset.trim())).unwrap_or(0))
}

/// ISO 8601 as XMP has it: as much of `2024-05-06T07:08:09.5+02:00` as is known, from the year on.
pub(super) fn iso(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let mut parts = date.splitn(3, '-').map(str::parse::<u32>);
    let year = i32::try_from(parts.next()?.ok()?).ok()?;
    let [month, day] = [parts.next(), parts.next()].map(|part| part.unwrap_or(Ok(1)));
    let date = NaiveDate::from_ymd_opt(year, month.ok()?, day.ok()?)?;
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut parts = whole.split(':').map(|part| if part.is_empty() { Ok(0) } else { part.parse::<u32>() });
    let mut next = || parts.next().unwrap_or(Ok(0)).ok();
    let local = date.and_hms_opt(next()?, next()?, next()?)?;
    in_ms(local, minutes(zone).unwrap_or(0))
}

/// Of `+02:00`, or of `Z`.
fn minutes(offset: &str) -> Option<i64> {
    if offset == "Z" {
        return Some(0);
    }
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 60 + minutes))
}

/// Cameras whose clock was never set say 1970 or worse; so does nobody who knows.
fn in_ms(local: NaiveDateTime, offset_minutes: i64) -> Option<i64> {
    const FIRST_PHOTOGRAPH_MS: i64 = -4_512_000_000_000;
    const YEAR_2200_MS: i64 = 7_258_118_400_000;
    let ms = local.and_utc().timestamp_millis().checked_sub(offset_minutes * 60_000)?;
    (FIRST_PHOTOGRAPH_MS..YEAR_2200_MS).contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_offsets() {
        const NOON: i64 = 1_714_996_800_000;
        assert_eq!(exif("2024:05:06 12:00:00", None), Some(NOON));
        assert_eq!(exif("2024:05:06 14:00:00", Some("+02:00")), Some(NOON));
        assert_eq!(exif("2024:05:06 12:00:00", Some("rubbish")), Some(NOON));
        assert_eq!(iso("2024-05-06T06:30:00.25-05:30"), Some(NOON));
        assert_eq!(iso("2024-05-06T12:00Z"), Some(NOON));
        assert_eq!(iso("2024-05-06"), Some(NOON - 12 * 3_600_000));
        assert_eq!(iso("2024"), Some(1_704_067_200_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "0000:00:00 00:00:00", "    :  :     :  :  ", "2024:13:01 00:00:00", "9999:01:01 00:00:00"]
        {
            assert_eq!(exif(text, None), None, "{text}");
        }
        for text in ["", "T", "-", "2024-13", "2024-05-06Tx", "99999999999", "2024-05-06T25:00"] {
            assert_eq!(iso(text), None, "{text}");
        }
    }
}
