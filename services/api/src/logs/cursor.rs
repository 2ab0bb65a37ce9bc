//! `Cursor`: up to where each replica of a service was read. Every line carries the one that was true
//! when it was given, so whoever was interrupted goes on exactly after it, in all replicas.
//!
//! As text: `~7f3k2q.1z141z3.9ix~b2m4aa`, for each replica what its id has after the service's name, then
//! file and offset of the last line in base 36, or nothing where no line was given yet.

use std::collections::BTreeMap;

use gantry_events::{OutputFrom, OutputPlace, ReplicaId, ServiceName};

/// Before each replica, and between what is said of one. All of it may stand in a URL and in a header.
const NEXT: char = '~';
const PART: char = '.';

/// Base of numbers.
const BASE: u32 = 36;

/// Up to where each replica was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor(BTreeMap<ReplicaId, Option<OutputPlace>>);

impl Cursor {
    /// Reads the cursor of a line of this service; none where it is none.
    pub(crate) fn read(text: &str, service: &ServiceName) -> Option<Self> {
        let said = text.strip_prefix(NEXT)?;
        let replicas = said.split(NEXT).filter(|_| !said.is_empty());
        let replicas = replicas.map(|said| {
            let mut parts = said.split(PART);
            let id = replica(parts.next()?, service)?;
            let place = match (parts.next(), parts.next(), parts.next()) {
                (None, ..) => None,
                (Some(file), Some(end), None) => Some(OutputPlace {
                    file: u32::from_str_radix(file, BASE).ok()?,
                    end: u64::from_str_radix(end, BASE).ok()?,
                }),
                (Some(_), ..) => return None,
            };
            Some((id, place))
        });
        replicas.collect::<Option<_>>().map(Self)
    }

    /// The cursor as text.
    pub(crate) fn text(&self, service: &ServiceName) -> String {
        let replicas = self.0.iter().map(|(id, place)| {
            let prefix = format!("{service}-");
            let short = id.as_str().strip_prefix(&prefix);
            // Another name would be read as one of this service.
            let id = short
                .filter(|rest| !rest.contains('-'))
                .unwrap_or(id.as_str());
            match place {
                None => id.to_owned(),
                Some(place) => {
                    let (file, end) = (in_base(place.file.into()), in_base(place.end));
                    format!("{id}{PART}{file}{PART}{end}")
                }
            }
        });
        let replicas: Vec<String> = replicas.collect();
        format!("{NEXT}{}", replicas.join(&NEXT.to_string()))
    }

    /// From where on a replica is to be read.
    pub(crate) fn from(&self, replica: &ReplicaId) -> OutputFrom {
        match self.0.get(replica) {
            Some(Some(place)) => OutputFrom::After { place: *place },
            Some(None) | None => OutputFrom::beginning(),
        }
    }

    /// Replicas of which it says something.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = &ReplicaId> {
        self.0.keys()
    }

    /// A replica was read up to here.
    pub(crate) fn reached(&mut self, replica: &ReplicaId, from: &OutputFrom) {
        let place = match from {
            OutputFrom::After { place } => Some(*place),
            OutputFrom::Tail { .. } | OutputFrom::Since { .. } => None,
        };
        self.0.insert(replica.clone(), place);
    }

    /// A replica has ended and was read whole.
    pub(crate) fn close(&mut self, replica: &ReplicaId) {
        self.0.remove(replica);
    }
}

fn replica(text: &str, service: &ServiceName) -> Option<ReplicaId> {
    let id = if text.contains('-') {
        text.to_owned()
    } else {
        format!("{service}-{text}")
    };
    id.parse().ok()
}

fn in_base(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % u64::from(BASE)).unwrap_or_default();
        digits.extend(char::from_digit(digit, BASE));
        number /= u64::from(BASE);
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let web: ServiceName = "web".parse().unwrap();
        let mut cursor = Cursor::default();
        for (id, place) in [
            ("web-7f3k2q", Some((4_294_967_295, 0))),
            ("web-b2m4aa", Some((1, u64::MAX))),
            ("web-cccccc", None),
            ("other-dddddd", Some((35, 36))),
        ] {
            let place = place.map(|(file, end)| OutputPlace { file, end });
            cursor.0.insert(id.parse().unwrap(), place);
        }
        let text = cursor.text(&web);
        assert_eq!(
            text,
            "~other-dddddd.z.10~7f3k2q.1z141z3.0~b2m4aa.1.3w5e11264sgsf~cccccc"
        );
        assert_eq!(Cursor::read(&text, &web), Some(cursor));
        assert_eq!(Cursor::read("~", &web), Some(Cursor::default()));
        for wrong in ["", "yesterday", "~a.1", "~a.1.2.3", "~a.!.2", "~a.1.2~"] {
            assert_eq!(Cursor::read(wrong, &web), None, "{wrong}");
        }
    }
}
