use std::collections::{HashMap, HashSet};

/// Makes names unique on file systems that do not tell `A` from `a`.
///
/// Names are answered in the order in which they are asked for, so the same
/// names in the same order are always named the same. A unit that goes on in a
/// later step starts from the names its earlier steps have used.
#[derive(Debug, Default)]
pub struct UniqueNames {
    taken: HashSet<String>,
    /// Where the search goes on, so that a thousand equal names are not a
    /// million comparisons.
    next: HashMap<String, u64>,
}

impl UniqueNames {
    /// The name itself when it is free, else with `~2`, `~3` and so on in front
    /// of its extension. Takes a component or a whole path, ASCII as
    /// [`component`](crate::component) makes it.
    pub fn claim(&mut self, name: &str) -> String {
        let folded = name.to_ascii_lowercase();
        if self.taken.insert(folded.clone()) {
            return name.to_owned();
        }
        let (stem, extension) = split(name);
        let next = self.next.entry(folded).or_insert(2);
        loop {
            let candidate = format!("{stem}~{next}{extension}");
            *next += 1;
            if self.taken.insert(candidate.to_ascii_lowercase()) {
                return candidate;
            }
        }
    }
}

/// Names that are in use already, as they were answered.
impl<'a> FromIterator<&'a str> for UniqueNames {
    fn from_iter<T: IntoIterator<Item = &'a str>>(names: T) -> Self {
        Self { taken: names.into_iter().map(str::to_ascii_lowercase).collect(), next: HashMap::new() }
    }
}

fn split(name: &str) -> (&str, &str) {
    let component = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[component..].rfind('.') {
        Some(dot) if dot > 0 => name.split_at(component + dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_that_differs_only_in_case_is_numbered_before_its_extension() {
        let mut names = UniqueNames::default();
        assert_eq!(names.claim("Plan.png"), "Plan.png");
        assert_eq!(names.claim("plan.PNG"), "plan~2.PNG");
        assert_eq!(names.claim("PLAN.png"), "PLAN~3.png");
        assert_eq!(names.claim("plan"), "plan");
        assert_eq!(names.claim("Plan"), "Plan~2");
    }

    #[test]
    fn a_dot_in_a_folder_is_no_extension() {
        let mut names: UniqueNames = ["a@b.example/x"].into_iter().collect();
        assert_eq!(names.claim("a@b.example/X"), "a@b.example/X~2");
    }

    #[test]
    fn a_number_that_somebody_chose_is_stepped_over() {
        let mut names: UniqueNames = ["a.txt", "A~2.txt"].into_iter().collect();
        assert_eq!(names.claim("a.txt"), "a~3.txt");
    }

    proptest! {
        #[test]
        fn claimed_names_never_collide_and_depend_on_order_only(
            asked in proptest::collection::vec("[aA]{1,2}(~2)?(\\.[bB])?", 0..40),
        ) {
            let claim = || {
                let mut names = UniqueNames::default();
                asked.iter().map(|name| names.claim(name)).collect::<Vec<_>>()
            };
            let claimed = claim();
            let folded: HashSet<_> = claimed.iter().map(|n| n.to_ascii_lowercase()).collect();
            prop_assert_eq!(folded.len(), asked.len());
            prop_assert_eq!(claimed, claim());
        }
    }
}
