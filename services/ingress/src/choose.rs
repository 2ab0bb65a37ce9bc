//! Which backend takes a request: the least loaded, in turn among equals.

/// What is known of a backend when a request has to be placed. The lesser is the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Load {
    /// Whether it refused, failed or kept silent a moment ago.
    pub(crate) doubted: bool,
    /// Requests in flight on it.
    pub(crate) in_flight: u64,
}

/// The backend to use; none if none may be. `load` says what is known of one, or none where it was tried
/// already; `turn` counts up by one a request, so that equals take turns. What is doubted is taken only if
/// all are: then trying is better than giving up.
pub(crate) fn choose<T>(all: &[T], turn: usize, load: impl Fn(&T) -> Option<Load>) -> Option<&T> {
    let count = all.len();
    let order = (0..count).map(|offset| &all[(turn.wrapping_add(offset)) % count]);
    order
        .filter_map(|backend| Some((load(backend)?, backend)))
        .min_by_key(|(load, _)| *load)
        .map(|(_, backend)| backend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(in_flight: u64) -> Load {
        Load {
            doubted: false,
            in_flight,
        }
    }

    fn down(in_flight: u64) -> Load {
        Load {
            doubted: true,
            in_flight,
        }
    }

    /// The index of what is chosen of these; none stands for one that was tried.
    fn index(loads: &[Option<Load>], turn: usize) -> Option<usize> {
        let all: Vec<usize> = (0..loads.len()).collect();
        choose(&all, turn, |index| loads[*index]).copied()
    }

    #[test]
    fn the_least_loaded_is_chosen_and_what_is_doubted_is_the_last_resort() {
        let (up, down) = (|n| Some(up(n)), |n| Some(down(n)));
        let rows: [(&[Option<Load>], Option<usize>); 8] = [
            (&[], None),
            (&[up(3)], Some(0)),
            (&[up(3), up(1), up(2)], Some(1)),
            (&[down(0), up(9)], Some(1)),
            (&[down(2), down(1)], Some(1)),
            (&[down(0), up(5), up(4)], Some(2)),
            (&[None, up(5), down(0)], Some(1)),
            (&[None, None], None),
        ];
        for (loads, chosen) in rows {
            assert_eq!(index(loads, 0), chosen, "{loads:?}");
        }
    }

    #[test]
    fn equals_take_turns() {
        let loads = [up(1), up(0), up(0), up(0)].map(Some);
        let chosen: Vec<_> = (0..8).filter_map(|turn| index(&loads, turn)).collect();
        assert_eq!(chosen, [1, 1, 2, 3, 1, 1, 2, 3]);
        let equal = [up(0), up(0), up(0)].map(Some);
        let chosen: Vec<_> = (0..6).filter_map(|turn| index(&equal, turn)).collect();
        assert_eq!(chosen, [0, 1, 2, 0, 1, 2]);
    }
}
