//! Golden files: what others depend on, kept as files whose difference is read as prose.

use std::path::Path;

/// Compares with the file, or writes it when `GANTRY_BLESS=1` is set. Panics with both texts and the
/// way to accept the new one.
pub fn check(path: &Path, actual: &str) {
    let actual = format!("{}\n", actual.trim_end());
    if std::env::var_os("GANTRY_BLESS").is_some() {
        std::fs::write(path, &actual).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        expected == actual,
        "{} differs from what the code says now.\n--- file\n{expected}\n--- now\n{actual}\nRun with GANTRY_BLESS=1 to accept it.",
        path.display()
    );
}
