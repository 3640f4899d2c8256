use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::canonical::hex;
use crate::template::{Artifact, places, rewritten};
use crate::tree::files_below;
use crate::{Layout, LocalError, Progress, Result};

/// Holds what `sam package` would upload.
pub(crate) const ARTIFACTS_BUCKET: &str = "habeas-local-artifacts";
/// The same file by another recipe is another package.
const RECIPE: &str = "1";

/// Uploads what templates name, each thing under a key made from its content.
#[derive(Debug)]
pub(crate) struct Packager<'a> {
    pub(crate) s3: &'a Client,
    pub(crate) layout: &'a Layout,
    /// The folder of the functions' binaries.
    pub(crate) binaries: &'a Path,
    pub(crate) endpoint: &'a str,
}

/// A template whose artifacts are on S3.
#[derive(Debug)]
pub(crate) struct Packaged {
    pub(crate) url: String,
    /// A function's resource in the template to the name of its binary, or of its folder.
    pub(crate) functions: BTreeMap<String, String>,
}

impl Packager<'_> {
    pub(crate) async fn make_bucket(&self) -> Result<()> {
        let made = self.s3.create_bucket().bucket(ARTIFACTS_BUCKET).send().await;
        match made.map_err(|error| error.into_service_error()) {
            Err(error) if !error.is_bucket_already_owned_by_you() => {
                Err(LocalError::aws("make the bucket of packages")(error))
            }
            _ => Ok(()),
        }
    }

    /// Does for the template at `path` what `sam package` does.
    pub(crate) async fn package(&self, path: &Path, progress: &dyn Progress) -> Result<Packaged> {
        let template = fs::read_to_string(path).map_err(LocalError::file("read", path))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut uris = BTreeMap::new();
        let mut functions = BTreeMap::new();
        let mut known = Known::read(self.layout);
        for place in places(&template) {
            let key = match &place.artifact {
                Artifact::Function { resource, function } => {
                    functions.insert(resource.clone(), function.clone());
                    self.function(function, folder, &mut known, progress).await?
                }
                Artifact::Folder { resource, folder: code } => {
                    let code = folder.join(code);
                    let name = code.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    functions.insert(resource.clone(), name.clone());
                    self.code(&name, &code).await?
                }
                Artifact::Definition { file } => {
                    let file = folder.join(file);
                    let text = fs::read(&file).map_err(LocalError::file("read", &file))?;
                    self.text("definition", "json", text).await?
                }
            };
            uris.insert(place.line, format!("s3://{ARTIFACTS_BUCKET}/{key}"));
        }
        known.write(self.layout)?;
        let key = self.text("template", "yaml", rewritten(&template, &uris).into_bytes()).await?;
        Ok(Packaged { url: format!("{}/{ARTIFACTS_BUCKET}/{key}", self.endpoint), functions })
    }

    async fn function(
        &self,
        function: &str,
        folder: &Path,
        known: &mut Known,
        progress: &dyn Progress,
    ) -> Result<String> {
        let binary = self.binaries.join(function);
        if !binary.is_file() {
            return Err(LocalError::BinaryMissing { function: function.to_owned(), path: binary });
        }
        let beside = ["data-map.toml", "ai-terms.toml", "ai-terms.md"].map(|name| folder.join(name));
        let sources: Vec<_> = [binary].into_iter().chain(beside).collect();
        let stamp = stamp(&sources)?;
        if let Some(key) = known.key(function, &stamp) {
            return Ok(key);
        }
        let package = archive(&beside_bootstrap(&sources))?;
        progress.step(&format!("Uploading function {function} ({:.1} MB)", package.len() as f64 / 1e6));
        let key = self.zip(function, package).await?;
        known.insert(function, stamp, key.clone());
        Ok(key)
    }

    /// The files of a function in a language that is not compiled. They are few
    /// and small, so that they are packed each time.
    async fn code(&self, function: &str, folder: &Path) -> Result<String> {
        let names = files_below(folder)?.into_iter().filter(|name| !name.contains("__pycache__/"));
        let members: Vec<_> =
            names.map(|name| Member { path: folder.join(&name), name, mode: 0o644 }).collect();
        if members.is_empty() {
            let problem = "a CodeUri names it, and there are no files in it".to_owned();
            return Err(LocalError::Template { path: folder.to_owned(), problem });
        }
        self.zip(function, archive(&members)?).await
    }

    async fn zip(&self, function: &str, package: Vec<u8>) -> Result<String> {
        let key = format!("{function}/{}.zip", hex(&Sha256::digest(&package)[..16]));
        self.put(&key, package).await?;
        Ok(key)
    }

    async fn text(&self, name: &str, extension: &str, text: Vec<u8>) -> Result<String> {
        let key = format!("{name}/{}.{extension}", hex(&Sha256::digest(&text)[..16]));
        self.put(&key, text).await?;
        Ok(key)
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.s3
            .put_object()
            .bucket(ARTIFACTS_BUCKET)
            .key(key)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(LocalError::aws(format!("upload {key}")))?;
        Ok(())
    }
}

/// What was uploaded before: function to the stamp of its files and its key.
struct Known(BTreeMap<String, (String, String)>);

impl Known {
    fn read(layout: &Layout) -> Self {
        let text = fs::read(layout.packages_file()).unwrap_or_default();
        Self(serde_json::from_slice(&text).unwrap_or_default())
    }

    fn key(&self, function: &str, stamp: &str) -> Option<String> {
        let (found, key) = self.0.get(function)?;
        (found == stamp).then(|| key.clone())
    }

    fn insert(&mut self, function: &str, stamp: String, key: String) {
        self.0.insert(function.to_owned(), (stamp, key));
    }

    fn write(&self, layout: &Layout) -> Result<()> {
        let path = layout.packages_file();
        let text = serde_json::to_vec(&self.0)
            .map_err(|error| LocalError::unexpected("write down the packages", error))?;
        fs::write(&path, text).map_err(LocalError::file("write", &path))
    }
}

/// Sizes and times tell a new build from an old one without reading it.
fn stamp(sources: &[PathBuf]) -> Result<String> {
    let mut stamp = String::from(RECIPE);
    for path in sources {
        let read = LocalError::file("read", path);
        let facts = path.metadata().and_then(|facts| Ok((facts.len(), facts.modified()?)));
        let (len, modified) = match facts {
            Ok(facts) => facts,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(read(error)),
        };
        let age = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        stamp.push_str(&format!(" {len}@{}", age.as_nanos()));
    }
    Ok(stamp)
}

/// A file of a package.
#[derive(Debug)]
struct Member {
    name: String,
    mode: u32,
    path: PathBuf,
}

/// The first source as `bootstrap`, the others by their names where they exist.
fn beside_bootstrap(sources: &[PathBuf]) -> Vec<Member> {
    let found = sources.iter().enumerate().filter(|(_, path)| path.exists());
    let members = found.map(|(at, path)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (name, mode) = match at {
            0 => ("bootstrap".to_owned(), 0o755),
            _ => (name.into_owned(), 0o644),
        };
        Member { name, mode, path: path.clone() }
    });
    members.collect()
}

/// Times are left at zero, so that equal content gives an equal package.
fn archive(members: &[Member]) -> Result<Vec<u8>> {
    let failed = |error: zip::result::ZipError| LocalError::unexpected("write a package", error);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1));
    for Member { name, mode, path } in members {
        zip.start_file(name.as_str(), options.unix_permissions(*mode)).map_err(failed)?;
        let mut file = File::open(path).map_err(LocalError::file("read", path))?;
        std::io::copy(&mut file, &mut zip).map_err(LocalError::file("pack", path))?;
    }
    zip.flush().map_err(|error| failed(error.into()))?;
    Ok(zip.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_package_holds_an_executable_bootstrap_and_the_data_map() {
        let dir = std::env::temp_dir().join(format!("habeas-package-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let sources = [dir.join("intake"), dir.join("data-map.toml"), dir.join("absent")];
        fs::write(&sources[0], b"binary").unwrap();
        fs::write(&sources[1], b"map").unwrap();
        let package = archive(&beside_bootstrap(&sources)).unwrap();
        assert_eq!(package, archive(&beside_bootstrap(&sources)).unwrap());
        fs::remove_dir_all(&dir).unwrap();

        let mut zip = zip::ZipArchive::new(Cursor::new(package)).unwrap();
        assert_eq!(zip.len(), 2);
        let mut file = zip.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o777, 0o755);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"binary");
    }
}
