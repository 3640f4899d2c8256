/// Hears what a long step is doing.
pub trait Progress: Sync {
    /// A step begins, in words for a person.
    fn step(&self, message: &str);

    /// `done` of `total` rows are in; called several times a second at most.
    fn rows(&self, _done: usize, _total: usize) {}
}

impl<F: Fn(&str) + Sync> Progress for F {
    fn step(&self, message: &str) {
        self(message);
    }
}
