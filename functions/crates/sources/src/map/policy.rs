use std::collections::{BTreeMap, BTreeSet};

use super::{Address, DataMap, Erase, Find, Source};

/// A function that goes to the sources, and so needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looks whether somebody without a login is known.
    Intake,
    Collect,
    Erase,
    /// Reads again after a deletion.
    Verify,
}

/// A statement of IAM that allows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub actions: Vec<&'static str>,
    pub resources: Vec<Resource>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    Table(String),
    Index {
        table: String,
        index: String,
    },
    Bucket(String),
    /// Everything in a bucket.
    Objects(String),
}

impl Access {
    pub const ALL: [Self; 4] = [Self::Intake, Self::Collect, Self::Erase, Self::Verify];

    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Collect => "collect",
            Self::Erase => "erase",
            Self::Verify => "verify",
        }
    }
}

impl Resource {
    /// The ARN, where these stand for partition, region and account.
    #[must_use]
    pub fn arn(&self, partition: &str, region: &str, account: &str) -> String {
        let tables = format!("arn:{partition}:dynamodb:{region}:{account}:table");
        match self {
            Self::Table(table) => format!("{tables}/{table}"),
            Self::Index { table, index } => format!("{tables}/{table}/index/{index}"),
            Self::Bucket(bucket) => format!("arn:{partition}:s3:::{bucket}"),
            Self::Objects(bucket) => format!("arn:{partition}:s3:::{bucket}/*"),
        }
    }
}

/// The least that a function must be allowed for what the map has it do.
#[must_use]
pub fn policy(map: &DataMap, access: Access) -> Vec<Statement> {
    let mut needs = Needs::default();
    for source in map.sources() {
        match access {
            Access::Intake => needs.search_own(source),
            Access::Collect => {
                needs.search(map, source);
                needs.files(source, &["s3:GetObject"], &["s3:ListBucket"]);
            }
            Access::Erase => needs.erase(map, source),
            // What is retained is not looked for again.
            Access::Verify if matches!(source.erase, Erase::Retain { .. }) => {}
            Access::Verify => {
                needs.search(map, source);
                needs.lead(map, source);
                needs.files(source, &[], &["s3:ListBucketVersions"]);
            }
        }
    }
    needs.statements()
}

/// What may be done with each resource.
#[derive(Default)]
struct Needs(BTreeMap<Resource, BTreeSet<&'static str>>);

impl Needs {
    fn allow(&mut self, action: &'static str, resource: Resource) {
        self.0.entry(resource).or_default().insert(action);
    }

    /// Finding a person's records by their address, but for reading whole tables.
    fn search_own(&mut self, source: &Source) {
        let Address::DynamoDb(address) = &source.address else { return };
        let table = &address.table;
        for find in source.find.iter().filter(|find| !source.scans(find)) {
            match find {
                Find::Subject { index: Some(index), .. } => {
                    let (table, index) = (table.clone(), index.clone());
                    self.allow("dynamodb:Query", Resource::Index { table, index });
                }
                Find::Subject { index: None, .. } => {
                    self.allow("dynamodb:Query", Resource::Table(table.clone()));
                }
                Find::Through { .. } => {}
            }
        }
    }

    /// Finding everything: by whole tables too, and through other sources.
    fn search(&mut self, map: &DataMap, source: &Source) {
        self.search_own(source);
        for find in &source.find {
            if let Find::Through { through, .. } = find
                && let Some(parent) = map.source(through)
            {
                self.search_own(parent);
            }
            let Address::DynamoDb(address) = &source.address else { continue };
            if source.scans(find) {
                self.allow("dynamodb:Scan", Resource::Table(address.table.clone()));
            } else if matches!(find, Find::Through { .. }) {
                self.allow("dynamodb:Query", Resource::Table(address.table.clone()));
            }
        }
    }

    fn files(&mut self, source: &Source, objects: &[&'static str], bucket: &[&'static str]) {
        let Address::S3(address) = &source.address else { return };
        for action in objects {
            self.allow(action, Resource::Objects(address.bucket.clone()));
        }
        for action in bucket {
            self.allow(action, Resource::Bucket(address.bucket.clone()));
        }
    }

    /// Whether a file is the person's, the record says that leads to it.
    fn lead(&mut self, map: &DataMap, source: &Source) {
        if !matches!(source.address, Address::S3(_)) || matches!(source.erase, Erase::Retain { .. }) {
            return;
        }
        for find in &source.find {
            if let Find::Through { through, .. } = find
                && let Some(Address::DynamoDb(address)) = map.source(through).map(|parent| &parent.address)
            {
                self.allow("dynamodb:GetItem", Resource::Table(address.table.clone()));
            }
        }
    }

    fn erase(&mut self, map: &DataMap, source: &Source) {
        match (&source.address, &source.erase) {
            (_, Erase::Retain { .. }) => {}
            (Address::DynamoDb(address), Erase::Delete) => {
                self.allow("dynamodb:DeleteItem", Resource::Table(address.table.clone()));
            }
            (Address::DynamoDb(address), Erase::Mask { .. }) => {
                self.allow("dynamodb:UpdateItem", Resource::Table(address.table.clone()));
            }
            (Address::S3(_), _) => {
                self.lead(map, source);
                let objects = ["s3:DeleteObject", "s3:DeleteObjectVersion"];
                self.files(source, &objects, &["s3:ListBucketVersions"]);
            }
        }
    }

    /// Resources with which the same may be done share a statement.
    fn statements(self) -> Vec<Statement> {
        let mut by_actions: BTreeMap<Vec<&'static str>, Vec<Resource>> = BTreeMap::new();
        for (resource, actions) in self.0 {
            by_actions.entry(actions.into_iter().collect()).or_default().push(resource);
        }
        by_actions.into_iter().map(|(actions, resources)| Statement { actions, resources }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"
        version = 1
        [[source]]
        name = "boards"
        data_type = "whiteboards"
        account_field = "account_id"
        dynamodb = { table = "boards", key = ["id"] }
        find = [{ subject_field = "owner", index = "by-owner" }]
        erase = { rule = "mask", remove = ["owner"] }
        [[source]]
        name = "files"
        data_type = "whiteboards"
        s3 = { bucket = "files" }
        find = [{ through = "boards", field = "file" }]
        erase = { rule = "delete" }
        [[source]]
        name = "notes"
        data_type = "whiteboards"
        account_field = "account_id"
        allow_scan = true
        dynamodb = { table = "notes", key = ["id"] }
        find = [{ subject_field = "author" }, { through = "boards", field = "id" }]
        erase = { rule = "retain", reason = "§ 147 AO" }
    "#;

    /// What a function may do, as "action place".
    fn allowed(access: Access) -> Vec<String> {
        let map = DataMap::parse(MAP, "123456789012", "eu-central-1").unwrap();
        let mut allowed = Vec::new();
        for statement in policy(&map, access) {
            for resource in &statement.resources {
                let arn = resource.arn("aws", "eu-central-1", "123456789012");
                let place = arn.rsplit(':').next().unwrap();
                allowed.extend(statement.actions.iter().map(|action| format!("{action} {place}")));
            }
        }
        allowed.sort();
        allowed
    }

    #[test]
    fn each_function_may_do_what_the_map_has_it_do_and_no_more() {
        assert_eq!(allowed(Access::Intake), ["dynamodb:Query table/boards/index/by-owner"]);
        assert_eq!(
            allowed(Access::Collect),
            [
                "dynamodb:Query table/boards/index/by-owner",
                "dynamodb:Query table/notes",
                "dynamodb:Scan table/notes",
                "s3:GetObject files/*",
                "s3:ListBucket files",
            ]
        );
        assert_eq!(
            allowed(Access::Erase),
            [
                "dynamodb:GetItem table/boards",
                "dynamodb:UpdateItem table/boards",
                "s3:DeleteObject files/*",
                "s3:DeleteObjectVersion files/*",
                "s3:ListBucketVersions files",
            ]
        );
        assert_eq!(
            allowed(Access::Verify),
            [
                "dynamodb:GetItem table/boards",
                "dynamodb:Query table/boards/index/by-owner",
                "s3:ListBucketVersions files",
            ]
        );
    }
}
