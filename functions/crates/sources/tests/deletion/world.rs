//! A product in memory, and steps that never wait.

use std::sync::LazyLock;

use habeas_local_aws::LocalAws;
use habeas_sources::Stores;
use habeas_testkit::at_once;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::answers::{Answers, FUNCTION};
use crate::files::{self, BUCKET};
use crate::tables::{Id, Row, Rows, Table};

/// Each time something has gone wrong, and there are fewer faults in a case.
const TRIES_MAX: usize = 64;

/// A clock that stands still: timers can be set, and nobody turns it.
static CLOCK: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

/// A product's tables, its function and its bucket. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) aws: LocalAws,
    pub(crate) answers: Answers,
    pub(crate) stores: Stores,
}

impl World {
    pub(crate) fn new() -> Self {
        let (aws, answers) = (LocalAws::new(), Answers::default());
        for table in Table::OF_DYNAMODB {
            aws.table().create(table.definition());
        }
        aws.create_versioned(BUCKET);
        aws.create_function(FUNCTION, answers.function());
        let clients = aws.aws();
        let stores = Stores::new(&clients);
        Self { aws, answers, stores }
    }

    /// An object that is there gets the versions that it lacks.
    pub(crate) fn put(&self, table: Table, row: &Row) {
        match table {
            Table::Answers => self.answers.put(row),
            Table::Files => files::put(&self.aws, row),
            table => {
                let put = json!({"TableName": table.name(), "Item": row});
                self.aws.table().run("PutItem", put).unwrap();
            }
        }
    }

    pub(crate) fn remove(&self, (table, key): &Id) {
        match table {
            Table::Answers => self.answers.remove(key),
            Table::Files => self.aws.remove(BUCKET, files::key_in(key)),
            table => {
                let delete = json!({"TableName": table.name(), "Key": key});
                self.aws.table().run("DeleteItem", delete).unwrap();
            }
        }
    }

    /// All rows of the tables, byte for byte.
    pub(crate) fn rows(&self, tables: &[Table]) -> Rows {
        let of = |table: Table| {
            let rows = match table {
                Table::Answers => self.answers.rows(),
                Table::Files => files::rows(&self.aws),
                table => self.aws.table().rows_of(table.name()),
            };
            rows.into_iter().map(move |row| (table.id(&row), row))
        };
        tables.iter().copied().flat_map(of).collect()
    }

    /// Does a step until it is done. One that has to wait, as it does where a source
    /// refuses to answer, is killed where it stands and begun again.
    pub(crate) fn insist<T, F: Future<Output = T>>(&self, step: impl Fn() -> F) -> T {
        let _entered = CLOCK.enter();
        let done = (0..TRIES_MAX).find_map(|_| at_once(step()));
        done.unwrap_or_else(|| panic!("the step is never done"))
    }
}
