//! Law 10, the project speaks of itself alone: a clone works on any machine, so no file names a folder or a package
//! mirror of the one it was written on; and every source file says at its top what it is.

use super::Breach;
use crate::project::Project;
use crate::source::Source;

/// Put together here, or this file would break its own law.
const FOLDERS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/ho", "me/"),
];
const MIRRORS: [&str; 9] = [
    concat!("arti", "factory"),
    concat!("jf", "rog"),
    concat!("code", "artifact"),
    concat!("replace-", "with"),
    concat!("sparse+", "http"),
    concat!("registry+", "https"),
    concat!("index-", "url"),
    concat!("npm_config_", "registry"),
    concat!("go", "proxy"),
];
/// The index that cargo names in a lock file by itself.
const INDEX: &str = concat!("registry+", "https://github.com/rust-lang/crates.io-index");

pub(super) fn check(project: &Project) -> Vec<Breach> {
    project
        .files
        .iter()
        .flat_map(|file| [folders(file), mirrors(file), silent(file)].concat())
        .collect()
}

fn folders(file: &Source) -> Vec<Breach> {
    let hits = FOLDERS
        .iter()
        .flat_map(|folder| file.text.match_indices(folder));
    let absolute = hits.filter(|(at, _)| begins_a_path(&file.text[..*at]));
    let way_out = "say it relative to the project, or make it a setting";
    absolute
        .map(|(at, folder)| Breach::at(file, at, format!("names `{folder}…`"), way_out))
        .collect()
}

fn begins_a_path(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric() || "_-.~/}*$)>".contains(last))
}

fn mirrors(file: &Source) -> Vec<Breach> {
    let lines = file
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| names_mirror(line));
    let way_out = "leave where packages come from to the machine";
    let breaches = lines.map(|(index, _)| Breach {
        line: Some(index + 1),
        ..Breach::of(
            &file.path,
            String::from("names a place that packages come from"),
            way_out,
        )
    });
    breaches.collect()
}

fn names_mirror(line: &str) -> bool {
    let line = line.replace(INDEX, "").to_lowercase();
    MIRRORS.iter().any(|mirror| line.contains(mirror))
}

fn silent(file: &Source) -> Vec<Breach> {
    let speaks = !file.is_rust() || file.text.trim_start().starts_with("//!");
    let way_out = "open it with `//!`: what it is, what it leaves to others";
    let breach =
        (!speaks).then(|| Breach::at(file, 0, String::from("does not say what it is"), way_out));
    breach.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Project::of(&[(path, text)]))
            .into_iter()
            .map(|breach| breach.what)
            .collect()
    }

    #[test]
    fn no_file_names_a_folder_of_one_machine() {
        let folder = FOLDERS[0];
        assert_eq!(
            found("README.md", &format!("see `{folder}main`")),
            [format!("names `{folder}…`")]
        );
        assert_eq!(
            found(
                "README.md",
                &format!("see docs{folder}main and ./docs{folder}b")
            ),
            [""; 0]
        );
    }

    #[test]
    fn no_file_names_a_mirror() {
        let complaint = ["names a place that packages come from"];
        assert_eq!(
            found("pip.conf", &format!("{} = https://x", MIRRORS[6])),
            complaint
        );
        assert_eq!(
            found(
                "Cargo.lock",
                &format!("source = \"{}\"", INDEX.replace("github.com", "x.example"))
            ),
            complaint
        );
        assert_eq!(
            found("Cargo.lock", &format!("source = \"{INDEX}\"")),
            [""; 0]
        );
    }

    #[test]
    fn every_source_file_opens_with_what_it_is() {
        assert_eq!(found("a.rs", "use b;"), ["does not say what it is"]);
        assert_eq!(found("a.rs", "//! B.\nuse b;"), [""; 0]);
    }
}
