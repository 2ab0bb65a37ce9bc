//! What a user changes: files, and by hand what runs already.

mod actions;
mod files;
mod told;
