//! Law 9, the map is the land: what the pages say of crates, settings and problems is what the code has.

mod crates;
mod problems;
mod settings;

use super::Breach;
use crate::project::Project;

pub(super) fn check(project: &Project) -> Vec<Breach> {
    [
        crates::check(project),
        settings::check(project),
        problems::check(project),
    ]
    .concat()
}
