use habeas_domain::{DataType, Digest, Filing, Request, Requests, Slots, Status, StoreError};
use habeas_local_table::LocalTable;
use habeas_testkit::address;

/// A table with an export in it that is being processed, about the person whose
/// the files are.
pub(crate) async fn filed() -> Result<(LocalTable, Request), StoreError> {
    let local = LocalTable::new();
    let request = Request {
        status: Status::Processing,
        subjects: vec![address("ana@amber.example")],
        data_types: vec![DataType::Whiteboards],
        ..habeas_testkit::request()
    };
    let filing = Filing {
        request,
        slots: Slots { answer: None, twin: Digest::of("scale"), preview: None },
        fingerprint: Digest::of("scale"),
        seen_twins: vec![],
        open_twins: vec![],
    };
    local.table().file(&filing).await?;
    Ok((local, filing.request))
}
