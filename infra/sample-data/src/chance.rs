/// Any number will do, as long as it stays: the recorded digest hangs on it.
const SEED: u64 = 0x4861_6265_6173;

/// The only source of chance, the same sequence in every run.
///
/// Only widths that are the same everywhere are drawn, never a `usize`. The
/// sequence is that of the locked version of `fastrand`: should another one draw
/// differently, the test of the recorded digest tells.
#[derive(Debug)]
pub(crate) struct Chance(fastrand::Rng);

impl Chance {
    pub(crate) fn new() -> Self {
        Self(fastrand::Rng::with_seed(SEED))
    }

    /// From 0 to `end`, `end` not included; `end` is above 0.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0.u32(..end)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.u32(low..=high)
    }

    pub(crate) fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// Lower-case hexadecimal of `digits` digits, 16 at most.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let all = format!("{:016x}", self.0.u64(..));
        all.chars().take(digits).collect()
    }
}
