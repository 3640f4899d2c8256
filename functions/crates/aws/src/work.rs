use habeas_domain::RequestId;

/// The keys under which a request's intermediate objects lie in the work
/// bucket. Everything starts with [`WorkKeys::prefix`], so that one deletion by
/// prefix leaves nothing behind.
#[derive(Debug, Clone)]
pub struct WorkKeys {
    prefix: String,
}

impl WorkKeys {
    #[must_use]
    pub fn new(id: RequestId) -> Self {
        Self { prefix: format!("work/{id}/") }
    }

    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// One unit of work per line.
    #[must_use]
    pub fn units(&self) -> String {
        format!("{}units.jsonl", self.prefix)
    }

    /// The key of the request's pseudonyms.
    #[must_use]
    pub fn pseudonyms(&self) -> String {
        format!("{}pseudonyms.key", self.prefix)
    }

    /// What else stands for each person of the request.
    #[must_use]
    pub fn identities(&self) -> String {
        format!("{}identities.json", self.prefix)
    }

    #[must_use]
    pub fn failures(&self) -> String {
        format!("{}failure/", self.prefix)
    }

    /// Why a source could not be read, in a step of a unit.
    #[must_use]
    pub fn failure(&self, unit: &str, step: u32) -> String {
        format!("{}failure/{unit}-{step:06}.json", self.prefix)
    }

    #[must_use]
    pub fn segments(&self) -> String {
        format!("{}segment/", self.prefix)
    }

    /// What a step of a unit found. Written last and once, it makes the step's
    /// segments count.
    #[must_use]
    pub fn index(&self, unit: &str, step: u32) -> String {
        format!("{}index/{unit}-{step:06}.json", self.prefix)
    }

    /// Numbered within its unit. Named by content as well: a late twin of a step
    /// never changes what the index points to.
    #[must_use]
    pub fn segment(&self, unit: &str, number: u32, digest: &str) -> String {
        format!("{}segment/{unit}-{number:06}-{digest}", self.prefix)
    }

    #[must_use]
    pub fn inventories(&self) -> String {
        format!("{}inventory/", self.prefix)
    }

    /// Which records of a subject a deletion is about: keys only.
    #[must_use]
    pub fn inventory(&self, unit: &str, step: u32) -> String {
        format!("{}inventory/{unit}-{step:06}.json", self.prefix)
    }

    /// The legal holds that a deletion goes by, of a version of the account's.
    #[must_use]
    pub fn holds(&self, version: u64) -> String {
        format!("{}holds/{version:012}.json", self.prefix)
    }

    #[must_use]
    pub fn outcomes(&self) -> String {
        format!("{}outcome/", self.prefix)
    }

    /// What a step of erasing a unit did.
    #[must_use]
    pub fn outcome(&self, unit: &str, step: u32) -> String {
        format!("{}outcome/{unit}-{step:06}.json", self.prefix)
    }

    /// How far a step of looking again came, and what it found.
    #[must_use]
    pub fn look(&self, step: u32) -> String {
        format!("{}look/{step:06}.json", self.prefix)
    }

    /// The key of the finished archive, in the archive bucket.
    #[must_use]
    pub fn archive(id: RequestId) -> String {
        format!("{}.zip", Self::archives(id))
    }

    /// What the keys of the archive begin with, wherever it was moved.
    #[must_use]
    pub fn archives(id: RequestId) -> String {
        format!("archives/{id}")
    }
}
