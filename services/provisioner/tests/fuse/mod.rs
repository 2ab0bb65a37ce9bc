//! A fuse: every place where a process may be killed, counted; at one of them it burns.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::sync::{Arc, Mutex};

/// The process is dead: nothing after this point happens in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed;

/// Counts the points that a run passes, and burns at one. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Fuse(Arc<Mutex<Points>>);

#[derive(Debug, Default)]
struct Points {
    passed: Vec<String>,
    burns_at: Option<usize>,
    burnt: bool,
    burns: u32,
}

impl Fuse {
    /// Burns at the point of this number, from 0; every later point is dead as well.
    pub fn at(point: usize) -> Self {
        let fuse = Self::default();
        fuse.0.lock().unwrap().burns_at = Some(point);
        fuse
    }

    /// A point is reached.
    pub fn point(&self, name: impl Into<String>) -> Result<(), Killed> {
        let mut points = self.0.lock().unwrap();
        let number = points.passed.len();
        points.passed.push(name.into());
        if points.burns_at == Some(number) {
            points.burnt = true;
            points.burns += 1;
        }
        if points.burnt {
            return Err(Killed);
        }
        Ok(())
    }

    /// A process is born: it lives for good.
    pub fn replace(&self) {
        let mut points = self.0.lock().unwrap();
        (points.burns_at, points.burnt) = (None, false);
    }

    /// The points passed so far.
    pub fn passed(&self) -> Vec<String> {
        self.0.lock().unwrap().passed.clone()
    }

    /// Whether it is burnt, and nobody has replaced it.
    pub fn is_burnt(&self) -> bool {
        self.0.lock().unwrap().burnt
    }

    /// Whether it has still to burn.
    pub fn is_armed(&self) -> bool {
        let points = self.0.lock().unwrap();
        points.burns_at.is_some() && !points.burnt
    }

    /// How often it has burnt.
    pub fn burns(&self) -> u32 {
        self.0.lock().unwrap().burns
    }
}
