//! Requests, and where their archives are when all is in order.

use habeas_domain::{Archive, EventKind, Place, Request, RequestId, Residency, Status};
use habeas_testkit::{account, at, request};

use crate::shelf::{Archives, Begun};
use crate::world::LATER;

/// All requests, and all archives, finished and begun.
pub(crate) type Everything = (Vec<Request>, Archives, Begun);

pub(crate) fn filed(of: &str, number: u32) -> Request {
    let id = RequestId::parse(&format!("019b8d3a-0000-7000-8000-{number:012}")).unwrap();
    Request { id, account: account(of).id, ..request() }.as_filed()
}

/// A request that was completed, with its archive in the US.
pub(crate) fn completed(of: &str, number: u32) -> Request {
    let filed = filed(of, number);
    let archive = Archive {
        key: format!("archives/{}.zip", filed.id),
        residency: Residency::Us,
        bytes: bytes_of(filed.id).len() as u64,
        expires_at: at("2026-04-05T11:00:00Z"),
        removed_at: None,
        withdrawn_by: None,
    };
    let started = filed.with_event(at("2026-01-05T10:05:00Z"), EventKind::Started, None, None);
    let end = at("2026-01-05T11:00:00Z");
    let ended = started.with_event(end, EventKind::Completed, None, None);
    Request { status: Status::Completed, ended_at: Some(end), archive: Some(archive), ..ended }
}

/// A completed request with something else about its archive.
pub(crate) fn completed_with(number: u32, change: impl FnOnce(&mut Archive)) -> Request {
    let mut request = completed("amber", number);
    change(request.archive.as_mut().unwrap());
    request
}

/// The request when its archive has been moved.
pub(crate) fn moved(request: &Request, entry: u64, to: Residency) -> Request {
    let key = format!("archives/{}-{entry}.zip", request.id);
    request.clone().with_archive_at(&Place { residency: to, key }, at(LATER)).unwrap()
}

fn bytes_of(id: RequestId) -> Vec<u8> {
    format!("the archive of {id}").into_bytes()
}

/// Every archive that is still kept is once where its row says, and nothing
/// else is anywhere.
pub(crate) fn in_order(requests: &[Request]) -> Everything {
    let mut archives = Archives::new();
    for request in requests {
        if let Some(archive) = request.archive.as_ref().filter(|archive| archive.removed_at.is_none()) {
            archives.insert((archive.residency, archive.key.clone()), bytes_of(request.id));
        }
    }
    (requests.to_vec(), archives, Begun::new())
}
