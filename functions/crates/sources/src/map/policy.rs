use std::collections::{BTreeMap, BTreeSet};

use super::{Address, DataMap, EMAIL, Erase, Find, Identity, Source};

/// A function that goes to the sources, and so needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looks whether somebody without a login is known.
    Intake,
    /// Counts what a deletion would list.
    Preview,
    /// Learning what ids people have.
    Plan,
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
    Function(String),
}

impl Access {
    pub const ALL: [Self; 6] =
        [Self::Intake, Self::Preview, Self::Plan, Self::Collect, Self::Erase, Self::Verify];

    #[must_use]
    pub fn function(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Preview => "preview",
            Self::Plan => "plan",
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
            Self::Function(function) => {
                format!("arn:{partition}:lambda:{region}:{account}:function:{function}")
            }
        }
    }
}

/// The least that a function must be allowed for what the map has it do.
#[must_use]
pub fn policy(map: &DataMap, access: Access) -> Vec<Statement> {
    let mut needs = Needs::default();
    if matches!(access, Access::Preview | Access::Plan) {
        map.identities.iter().for_each(|identity| needs.learn(identity));
    }
    for source in map.sources() {
        match access {
            Access::Intake => {
                if source.own_field().is_some_and(|(_, id)| id == EMAIL) {
                    needs.search_own(source);
                }
            }
            // What is counted is not opened.
            Access::Preview => {
                needs.search(map, source);
                needs.list_files(source);
                needs.call(source);
            }
            Access::Plan => {}
            Access::Collect => {
                needs.search(map, source);
                needs.see_again(source);
                needs.read_files(source);
                needs.call(source);
            }
            Access::Erase => needs.erase(map, source),
            // What is retained is not looked for again.
            Access::Verify if matches!(source.erase, Erase::Retain { .. }) => {}
            Access::Verify => {
                needs.search(map, source);
                needs.lead(map, source);
                needs.files(source, &[], &["s3:ListBucketVersions"]);
                needs.call(source);
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

    fn learn(&mut self, identity: &Identity) {
        let table = identity.address.table.clone();
        let place = match identity.index.clone() {
            Some(index) => Resource::Index { table, index },
            None => Resource::Table(table),
        };
        self.allow("dynamodb:Query", place);
    }

    fn call(&mut self, source: &Source) {
        if let Address::Lambda(address) = &source.address {
            self.allow("lambda:InvokeFunction", Resource::Function(address.function.clone()));
        }
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
                Find::Through { .. } | Find::Prefix { .. } => {}
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

    /// Reading files, and finding those whose keys say whose they are: for a
    /// deletion old versions too.
    fn read_files(&mut self, source: &Source) {
        let Address::S3(address) = &source.address else { return };
        self.files(source, &["s3:GetObject"], &["s3:ListBucket"]);
        self.list_files(source);
        if address.versions {
            self.files(source, &["s3:GetObjectVersion"], &[]);
        }
        match (address.tags, address.versions) {
            (true, true) => self.files(source, &["s3:GetObjectVersionTagging"], &[]),
            (true, false) => self.files(source, &["s3:GetObjectTagging"], &[]),
            (false, _) => {}
        }
    }

    /// Finding files whose keys say whose they are, with all versions.
    fn list_files(&mut self, source: &Source) {
        if source.find.iter().any(|find| matches!(find, Find::Prefix { .. })) {
            self.files(source, &[], &["s3:ListBucketVersions"]);
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
            (Address::DynamoDb(address), rule) => {
                let table = || Resource::Table(address.table.clone());
                // What a legal hold may be on is looked at where a write refuses.
                self.allow("dynamodb:GetItem", table());
                if matches!(rule, Erase::Delete | Erase::AnonymiseShared { .. }) {
                    self.allow("dynamodb:DeleteItem", table());
                }
                if rule.mask().is_some() {
                    self.allow("dynamodb:UpdateItem", table());
                }
            }
            (Address::Lambda(_), _) => self.call(source),
            (Address::S3(_), _) => {
                self.lead(map, source);
                let objects = ["s3:DeleteObject", "s3:DeleteObjectVersion"];
                self.files(source, &objects, &["s3:ListBucketVersions"]);
            }
        }
    }

    /// Looking once more at what was held, where it counts who has a part in it.
    fn see_again(&mut self, source: &Source) {
        if let (Erase::AnonymiseShared { .. }, Address::DynamoDb(address)) = (&source.erase, &source.address)
        {
            self.allow("dynamodb:GetItem", Resource::Table(address.table.clone()));
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
mod tests;
