//! Moments for people: how long ago, seen from the api's clock, or when. All are UTC.

use gantry_events::{Millis, Time};

/// How long before `now` that was: `12s`, `5m`, `3h`, `2d`; the moment itself where now is not known.
pub fn age(since: Time, now: Option<Time>) -> String {
    now.map_or_else(|| moment(since), |now| span(now.since(since)))
}

/// A time that passed or passes, in the unit that fits: `12s`, `5m`, `3h`, `2d`.
pub fn span(time: Millis) -> String {
    let seconds = time.0 / 1000;
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// `2026-01-31 12:00:00`, UTC.
pub fn moment(time: Time) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// `12:00:00 UTC`
pub fn clock(time: Time) -> String {
    let text = time.to_string();
    format!("{} UTC", text.get(11..19).unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        let began = Time::from_unix_millis(1_700_000_000_000);
        let rows = [
            (0, "0s"),
            (119_999, "119s"),
            (120_000, "2m"),
            (7_200_000, "2h"),
            (172_800_000, "2d"),
        ];
        for (later, text) in rows {
            let now = Time::from_unix_millis(1_700_000_000_000 + later);
            assert_eq!(age(began, Some(now)), text);
        }
        assert_eq!(age(began, None), "2023-11-14 22:13:20");
        assert_eq!(clock(began), "22:13:20 UTC");
    }
}
