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

/// A sentence of the api's, its moments as people read them: without the day, where that is the day of
/// `near`.
pub fn spoken(text: &str, near: Time) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';']);
        let Ok(time) = bare.parse::<Time>() else {
            return word.to_owned();
        };
        let is_same_day = moment(time).get(..10) == moment(near).get(..10);
        let said = if is_same_day {
            clock(time)
        } else {
            format!("{} UTC", moment(time))
        };
        format!("{said}{}", word.strip_prefix(bare).unwrap_or_default())
    });
    words.collect::<Vec<_>>().join(" ")
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

    #[test]
    fn moments_in_a_sentence_have_a_day_only_where_it_is_another() {
        let says = "n1 is silent since 2026-01-31T11:59:57.512Z; lost at 2026-01-31T12:00:12.512Z";
        let rows = [
            (
                "2026-01-31T12:00:00.000Z",
                "n1 is silent since 11:59:57 UTC; lost at 12:00:12 UTC",
            ),
            (
                "2026-02-01T12:00:00.000Z",
                "n1 is silent since 2026-01-31 11:59:57 UTC; lost at 2026-01-31 12:00:12 UTC",
            ),
        ];
        for (near, said) in rows {
            assert_eq!(spoken(says, near.parse().unwrap()), said);
        }
    }
}
