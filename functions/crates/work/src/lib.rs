//! What the workflow's tasks hand each other: units of work, inventories, and
//! the common ground that every task starts from.

mod digests;
mod expiry;
mod failure;
mod folder;
mod ground;
mod holds;
mod inventory;
mod outcomes;
mod previewed;
mod unit;

pub use digests::digests;
pub use expiry::Expiry;
pub use failure::Failure;
pub use folder::{Folder, Step};
pub use ground::{Ground, People, load_map, source_error};
pub use holds::{HeldTarget, Holds};
pub use inventory::{Inventory, Listed, ListedAt};
pub use outcomes::{Outcome, Outcomes};
pub use previewed::still_as_previewed;
pub use unit::{RequestInput, Unit, UnitInput, UnitOutput, UnitTask};
