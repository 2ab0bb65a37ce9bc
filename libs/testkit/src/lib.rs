//! Clock moved by hand, scenario tables, golden files and the laws every core obeys.
