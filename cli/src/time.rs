//! Times on the command line: durations as people write them, and the clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    // A clock before 1970 is as good as one at it.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Reads a duration such as `90s`, `15m`, `24h` or `30d`, in seconds.
pub(crate) fn duration_seconds(text: &str) -> Result<u64, String> {
    let read = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit_seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
        // Ten thousand years: what is longer is a slip of the keyboard.
        number.checked_mul(unit_seconds).filter(|seconds| *seconds < 315_360_000_000)
    };
    read().ok_or_else(|| "write a number and s, m, h or d, such as 90s, 15m, 24h or 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000)] {
            assert_eq!(duration_seconds(text), Ok(seconds), "{text}");
        }
        for text in ["", "h", "0s", "-1h", "1.5h", "24", "24 h", "1w", "1é", "99999999999999999999d"] {
            assert!(duration_seconds(text).is_err(), "{text}");
        }
    }
}
