use habeas_domain::{Difference, Request, Tally};
use habeas_lambda::{TaskError, names};

/// Longer lists than these end with how many there are besides.
const SOURCES_MAX: usize = 10;

/// Whether a deletion would erase what its requestor was shown. `totals` is what
/// it has listed in each source, of all its people together. Who was shown
/// nothing is not asked again.
pub fn still_as_previewed(request: &Request, totals: &Tally) -> Result<(), TaskError> {
    let Some(preview) = &request.preview else { return Ok(()) };
    let differences = preview.differences(totals);
    if differences.is_empty() {
        return Ok(());
    }
    let mut told: Vec<_> = differences.iter().take(SOURCES_MAX).map(Difference::to_string).collect();
    if differences.len() > SOURCES_MAX {
        told.push(format!("and {} sources more", differences.len() - SOURCES_MAX));
    }
    let message = format!(
        "What would be erased has changed since it was previewed: {}. Nothing was erased. \
         Preview again and file a new deletion.",
        told.join("; ")
    );
    Err(TaskError::new(names::CHANGED_SINCE_PREVIEW, message))
}

#[cfg(test)]
mod tests {
    use habeas_domain::{Digest, Kind, Previewed};
    use habeas_testkit::request;

    use super::*;

    fn tally(counts: &[(&str, u64)]) -> Tally {
        counts.iter().map(|(source, count)| ((*source).to_owned(), *count)).collect()
    }

    fn deletion(previewed: &[(&str, u64)]) -> Request {
        let preview = Previewed { digest: Digest::of("any"), totals: tally(previewed) };
        Request { kind: Kind::Delete, preview: Some(preview), ..request() }
    }

    #[test]
    fn a_deletion_that_has_changed_a_lot_says_what_and_what_to_do() {
        let request = deletion(&[("chat_messages", 12), ("meetings", 7), ("whiteboards", 40)]);
        let now = tally(&[("chat_messages", 400), ("meetings", 8)]);
        let error = still_as_previewed(&request, &now).unwrap_err();
        assert_eq!(error.name(), names::CHANGED_SINCE_PREVIEW);
        assert_eq!(
            error.to_string(),
            "What would be erased has changed since it was previewed: `chat_messages` 12 then, 400 now; \
             `whiteboards` 40 then, 0 now. Nothing was erased. Preview again and file a new deletion."
        );
    }

    #[test]
    fn a_deletion_that_has_hardly_changed_goes_on_and_so_does_one_without_a_preview() {
        let request = deletion(&[("chat_messages", 12)]);
        assert!(still_as_previewed(&request, &tally(&[("chat_messages", 14)])).is_ok());
        let unseen = Request { preview: None, ..request };
        assert!(still_as_previewed(&unseen, &tally(&[("chat_messages", 400)])).is_ok());
    }

    #[test]
    fn more_sources_than_anybody_reads_are_counted() {
        let names: Vec<_> = (10..25).map(|number| format!("s{number}")).collect();
        let previewed: Vec<_> = names.iter().map(|name| (name.as_str(), 100)).collect();
        let error = still_as_previewed(&deletion(&previewed), &Tally::new()).unwrap_err().to_string();
        assert!(error.contains("`s19`") && !error.contains("`s20`"), "{error}");
        assert!(error.contains("; and 5 sources more. Nothing was erased."), "{error}");
    }
}
