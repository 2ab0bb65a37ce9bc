//! Which backend takes a request: the least loaded, in turn among equals.

/// What is known of a backend when a request has to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Requests in flight on it.
    pub(crate) in_flight: u64,
    /// Whether it could not be connected to a moment ago.
    pub(crate) refused: bool,
}

/// The index of the backend to use; none of no backends. `turn` counts up by one a request, so that
/// equals take turns. What refused is taken only if all did: then trying is better than giving up.
pub(crate) fn choose(loads: &[Load], turn: usize) -> Option<usize> {
    let count = loads.len();
    let order = (0..count).map(|offset| (turn + offset) % count);
    order.min_by_key(|index| (loads[*index].refused, loads[*index].in_flight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(in_flight: u64) -> Load {
        Load {
            in_flight,
            refused: false,
        }
    }

    fn down(in_flight: u64) -> Load {
        Load {
            in_flight,
            refused: true,
        }
    }

    #[test]
    fn the_least_loaded_is_chosen_and_what_refused_is_the_last_resort() {
        let rows: [(&[Load], Option<usize>); 6] = [
            (&[], None),
            (&[up(3)], Some(0)),
            (&[up(3), up(1), up(2)], Some(1)),
            (&[down(0), up(9)], Some(1)),
            (&[down(2), down(1)], Some(1)),
            (&[down(0), up(5), up(4)], Some(2)),
        ];
        for (loads, chosen) in rows {
            assert_eq!(choose(loads, 0), chosen, "{loads:?}");
        }
    }

    #[test]
    fn equals_take_turns() {
        let loads = [up(1), up(0), up(0), up(0)];
        let chosen: Vec<_> = (0..8).filter_map(|turn| choose(&loads, turn)).collect();
        assert_eq!(chosen, [1, 1, 2, 3, 1, 1, 2, 3]);
        let equal = [up(0), up(0), up(0)];
        let chosen: Vec<_> = (0..6).filter_map(|turn| choose(&equal, turn)).collect();
        assert_eq!(chosen, [0, 1, 2, 0, 1, 2]);
    }
}
