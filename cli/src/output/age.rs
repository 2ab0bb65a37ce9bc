//! Moments for people: how long ago, seen from the api's clock, or when.

use gantry_events::Time;

/// How long before `now` that was: `12s`, `5m`, `3h`, `2d`; the moment itself where now is not known.
pub fn age(since: Time, now: Option<Time>) -> String {
    let Some(now) = now else {
        return moment(since);
    };
    let seconds = now.since(since).0 / 1000;
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
    }
}
