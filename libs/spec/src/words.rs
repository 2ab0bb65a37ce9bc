//! Every key of the file by name: those read now, those not supported yet, and those that other
//! programs use. How a foreign value becomes ours is left to `foreign`.

mod parts;
mod project;
mod service;

pub(crate) use parts::{CONTENT, DOMAIN, HEALTH, PLACE, RESOURCES, ROLLOUT};
pub(crate) use project::{ENVIRONMENT, FILE};
pub(crate) use service::SERVICE;

use crate::foreign::Ours;

/// The keys of one kind of mapping.
pub(crate) struct Words {
    /// The mapping in a sentence.
    pub what: &'static str,
    /// The keys that are read, in the order they are shown.
    pub known: &'static [&'static str],
    /// Keys of the language that are refused for now, and what to do until then.
    not_yet: &'static [(&'static str, &'static str)],
    foreign: &'static [(&'static str, Ours)],
}

/// What a key is to a mapping.
#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    Known,
    NotYet(&'static str),
    Foreign(Ours),
    Unknown,
}

impl Words {
    pub(crate) fn judge(&self, key: &str) -> Verdict {
        if self.known.contains(&key) {
            return Verdict::Known;
        }
        if let Some((_, instead)) = self.not_yet.iter().find(|(name, _)| *name == key) {
            return Verdict::NotYet(instead);
        }
        self.foreign
            .iter()
            .find(|(name, _)| *name == key)
            .map_or(Verdict::Unknown, |(_, ours)| Verdict::Foreign(*ours))
    }

    /// The key that was meant, else all there are.
    pub(crate) fn nearest(&self, key: &str) -> String {
        let not_yet = self.not_yet.iter().map(|(name, _)| *name);
        match near(key, self.known.iter().copied().chain(not_yet)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("its keys are {}", self.known.join(", ")),
        }
    }
}

/// The name that was meant: at most two slips away, and less than half of the word.
pub(crate) fn near<'n>(meant: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let slips = |name: &str| strsim::osa_distance(name, &meant.to_lowercase());
    names
        .filter(|name| meant.len() <= 40 && slips(name) <= 2 && slips(name) * 2 < name.len())
        .min_by_key(|name| slips(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&Words; 9] = [
        &FILE,
        &ENVIRONMENT,
        &SERVICE,
        &DOMAIN,
        &HEALTH,
        &ROLLOUT,
        &RESOURCES,
        &PLACE,
        &CONTENT,
    ];

    #[test]
    fn a_key_means_one_thing_in_its_mapping() {
        for words in ALL {
            let not_yet = words.not_yet.iter().map(|(name, _)| name);
            let all: Vec<_> = words
                .known
                .iter()
                .chain(not_yet)
                .chain(words.foreign.iter().map(|(name, _)| name))
                .collect();
            let distinct: std::collections::BTreeSet<_> = all.iter().collect();
            assert_eq!(all.len(), distinct.len(), "{}", words.what);
        }
    }

    #[test]
    fn the_nearest_key_is_offered_and_a_far_one_is_not() {
        let rows = [
            ("prot", "did you mean `port`?"),
            ("Image", "did you mean `image`?"),
            ("replica", "did you mean `replicas`?"),
            ("comand", "did you mean `command`?"),
            ("domain", "did you mean `domains`?"),
            ("en", "did you mean `env`?"),
            (
                "colour",
                "its keys are image, command, entrypoint, port, replicas, domains, health, rollout, resources, place, env, files",
            ),
        ];
        for (key, suggestion) in rows {
            assert_eq!(SERVICE.nearest(key), suggestion, "{key}");
        }
    }
}
