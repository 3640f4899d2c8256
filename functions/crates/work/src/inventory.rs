use habeas_domain::Digest;
use habeas_sources::Target;
use serde::{Deserialize, Serialize};

/// What one step of a unit found of a person to be deleted: keys and keyed
/// digests, no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    pub unit: String,
    pub step: u32,
    pub last: bool,
    pub targets: Vec<Listed>,
}

/// A target, and which of the unit's tasks found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub task: usize,
    pub target: Target,
    /// What stands for it in the receipt.
    pub digest: Digest,
}

/// Where something is listed: the step that did, and the position in what it listed.
pub type ListedAt = (u32, usize);

impl Inventory {
    /// What a unit's inventories list, in their order. An object whose versions two
    /// steps have listed is one thing, and stands where the first has listed it.
    #[must_use]
    pub fn each_once(inventories: Vec<Self>) -> Vec<(ListedAt, Listed)> {
        let placed = |Self { step, targets, .. }: Self| {
            targets.into_iter().enumerate().map(move |(position, listed)| ((step, position), listed))
        };
        let mut all: Vec<_> = inventories.into_iter().flat_map(placed).collect();
        all.dedup_by(|(_, later), (_, earlier)| later == earlier);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_two_steps_have_listed_is_one_thing_and_stands_where_it_was_first() {
        let file = |key: &str| Listed {
            task: 0,
            target: Target::File { key: key.into(), lead: None },
            digest: Digest::of(key),
        };
        let inventory = |step, keys: &[&str]| Inventory {
            unit: "0001".into(),
            step,
            last: step == 4,
            targets: keys.iter().copied().map(file).collect(),
        };
        let steps = vec![
            inventory(1, &["a", "b"]),
            inventory(2, &[]),
            inventory(3, &["b"]),
            inventory(4, &["b", "c", "a"]),
        ];
        let listed = Inventory::each_once(steps);
        let expected = [((1, 0), "a"), ((1, 1), "b"), ((4, 1), "c"), ((4, 2), "a")];
        assert_eq!(listed, expected.map(|(place, key)| (place, file(key))));
    }
}
