use std::path::Path;
use std::process::Command;

use crate::Outcome;

const GIB: u64 = 1 << 30;

/// Fails where the disk has no room for an archive of so many GiB.
///
/// There are its segments and the archive that is made of them, and then the
/// archive and the copy that readers open.
pub(super) fn check(dir: &Path, gib: u64) -> Outcome {
    let needed = 2 * gib * GIB + gib * GIB / 10 + GIB;
    let output = Command::new("df").args(["-P", "-k"]).arg(dir).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let free = free_bytes(&text).ok_or("`df` does not say how much room there is")?;
    if free < needed {
        return Err(format!(
            "an archive of {gib} GiB takes {:.1} GiB on disk, and there are {:.1} below {}: choose a smaller one with `--gib`",
            in_gib(needed),
            in_gib(free),
            dir.display()
        )
        .into());
    }
    Ok(())
}

/// The fourth column of the second line, in KiB: so POSIX has it.
fn free_bytes(df: &str) -> Option<u64> {
    let kib: u64 = df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib * 1024)
}

fn in_gib(bytes: u64) -> f64 {
    bytes as f64 / GIB as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_is_available_and_not_what_is_free_for_root() {
        let df = "Filesystem 1024-blocks     Used Available Capacity Mounted on\n\
                  /dev/sda1   263174212 51000000  42000000      54% /\n";
        assert_eq!(free_bytes(df), Some(42_000_000 * 1024));
        assert_eq!(free_bytes("df: no such directory\n"), None);
    }
}
