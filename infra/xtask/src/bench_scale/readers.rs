use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use super::figures::Measured;
use crate::{Outcome, root, verify_archive};

/// What became of opening an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    Whole,
    /// The program is not on this machine.
    NotHere,
    Broken(String),
}

/// Programs with their arguments, by which every byte of an archive is read. The
/// archive's path is one more.
fn readers() -> Vec<(&'static str, Command)> {
    let scripts = root().join("infra/bench-scale/readers");
    let with = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments);
        command
    };
    let mut python = Command::new("python3");
    python.arg(scripts.join("read.py"));
    let mut java = Command::new("java");
    java.arg(scripts.join("Read.java"));
    vec![
        ("unzip", with("unzip", &["-tqq"])),
        ("7z", with("7z", &["t", "-bso0", "-bsp0"])),
        ("bsdtar", with("bsdtar", &["-x", "-O", "-f"])),
        ("Python", python),
        ("Java", java),
    ]
}

/// Opens an archive by everybody, after holding it and its manifest together.
pub(super) fn open_by_all(archive: &Path) -> Outcome<Vec<(&'static str, Opened)>> {
    eprintln!("verifying it");
    let verified = verify_archive::verify(BufReader::new(File::open(archive)?), &|_, _| {})?;
    if let Some(flaw) = verified.flaws.first() {
        return Err(format!("the archive is not what its manifest says: {flaw}").into());
    }
    let mut opened = Vec::new();
    for (name, mut command) in readers() {
        eprintln!("opening it by {name}");
        opened.push((name, open(command.arg(archive))?));
    }
    Ok(opened)
}

fn open(command: &mut Command) -> Outcome<Opened> {
    // Some write all that they unpack.
    match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output() {
        Ok(output) if output.status.success() => Ok(Opened::Whole),
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr);
            let error = error.lines().last().unwrap_or_default();
            Ok(Opened::Broken(format!("{} {error}", output.status)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Opened::NotHere),
        Err(error) => Err(error.into()),
    }
}

/// Says who has opened what, and fails where somebody could not.
pub(super) fn print(measured: &[Measured]) -> Outcome {
    let mut broken = 0;
    for export in measured {
        let archive = export.shape.name();
        for (reader, opened) in &export.opened {
            match opened {
                Opened::Whole => println!("{archive}: {reader} reads all of it"),
                Opened::NotHere => println!("{archive}: {reader} is not on this machine"),
                Opened::Broken(error) => {
                    broken += 1;
                    println!("{archive}: {reader} does not read it: {error}");
                }
            }
        }
    }
    if broken > 0 { Err(format!("{broken} readers could not read an archive").into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_fails_is_told_from_one_that_is_not_there() {
        assert_eq!(open(&mut Command::new("true")).unwrap(), Opened::Whole);
        assert_eq!(open(&mut Command::new("no-such-reader")).unwrap(), Opened::NotHere);
        let failed = open(Command::new("sh").args(["-c", "echo a >&2; echo why >&2; exit 3"])).unwrap();
        assert_eq!(failed, Opened::Broken("exit status: 3 why".to_owned()));
    }
}
