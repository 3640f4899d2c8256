use std::env;
use std::path::{Path, PathBuf};

use habeas_domain::{Publication, Terms};

use crate::StartError;

/// The terms of AI training that the operator has published, as they lie beside
/// the function's binary.
pub fn published_terms() -> Result<Terms, StartError> {
    let folder = env::var_os("LAMBDA_TASK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    read_terms(&folder)
}

fn read_terms(folder: &Path) -> Result<Terms, StartError> {
    let read = |name: &str| {
        let file = folder.join(name);
        std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let publication: Publication =
        toml::from_str(&read("ai-terms.toml")?).map_err(|error| format!("ai-terms.toml: {error}"))?;
    Ok(publication.of_text(&read("ai-terms.md")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_that_the_project_ships_can_be_read() {
        let terms = read_terms(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../infra")).unwrap();
        let classes: Vec<_> = terms.classes.iter().map(|class| class.as_str()).collect();
        assert_eq!(classes, ["audio", "chat", "meeting_summaries", "transcripts", "video", "whiteboards"]);
        assert_eq!(terms.sha256.as_str().len(), 64);
    }

    #[test]
    fn a_folder_without_terms_is_named() {
        let error = read_terms(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/ai-terms.toml: "), "{error}");
    }
}
