use std::path::{Component, Path};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use aws_sdk_s3::primitives::ByteStream;
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

use crate::canonical::Row;
use crate::rows::{Rows, STEMS};
use crate::uploads::{upload_backgrounds, upload_surveys};
use crate::{Clients, Directory, LocalError, Progress, Result};

/// DynamoDB takes no more in one BatchWriteItem.
const BATCH_ROWS_MAX: usize = 25;
/// The emulator works on one request at a time; a few more keep it busy.
const BATCHES_AT_ONCE: usize = 4;
const BATCH_TRIES_MAX: u32 = 8;
const PROGRESS_PAUSE: Duration = Duration::from_millis(200);

/// What a folder held, now in the sample application's tables and bucket.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Not stored anywhere yet: who is who is the caller's to import.
    pub directory: Directory,
    /// Of tables, and the answers in survey documents.
    pub rows: usize,
    /// Of whiteboards, and backgrounds.
    pub files: usize,
    pub seconds: f64,
}

/// Puts the folder's rows and files where the sample application keeps them.
pub(crate) async fn load(
    clients: &Clients,
    table_prefix: &str,
    bucket: &str,
    dir: &Path,
    progress: &dyn Progress,
) -> Result<Loaded> {
    let started = Instant::now();
    let directory = Directory::read(dir)?;
    let files = STEMS
        .iter()
        .map(|stem| Ok((format!("{table_prefix}{stem}"), Rows::open(dir, stem)?)))
        .collect::<Result<Vec<_>>>()?;
    let mut writer = Writer {
        clients,
        progress,
        running: JoinSet::new(),
        done: 0,
        total: files.iter().map(|(_, rows)| rows.count()).sum(),
        told: Instant::now(),
    };
    let mut objects = 0;
    for (table, rows) in &files {
        let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
        let mut first = 0;
        for row in rows.iter() {
            let (line, row) = row?;
            objects += usize::from(upload(clients, bucket, dir, rows, line, &row).await?);
            if batch.is_empty() {
                first = line;
            }
            batch.push(row);
            if batch.len() == BATCH_ROWS_MAX {
                writer.write(table, rows, first, std::mem::take(&mut batch)).await?;
            }
        }
        if !batch.is_empty() {
            writer.write(table, rows, first, batch).await?;
        }
    }
    while writer.running() > 0 {
        writer.finish_one().await?;
    }
    progress.rows(writer.done, writer.total);
    objects += upload_backgrounds(clients, bucket, dir).await?;
    let rows = writer.done + upload_surveys(clients, bucket, dir).await?;
    Ok(Loaded { directory, rows, files: objects, seconds: started.elapsed().as_secs_f64() })
}

struct Writer<'a> {
    clients: &'a Clients,
    progress: &'a dyn Progress,
    running: JoinSet<Result<usize>>,
    done: usize,
    total: usize,
    told: Instant,
}

impl Writer<'_> {
    fn running(&self) -> usize {
        self.running.len()
    }

    async fn write(&mut self, table: &str, rows: &Rows, line: u64, batch: Vec<Row>) -> Result<()> {
        if self.running() >= BATCHES_AT_ONCE {
            self.finish_one().await?;
        }
        let client = self.clients.dynamodb.clone();
        let refused = rows.error(line, "");
        self.running.spawn(put(client, table.to_owned(), batch, refused));
        // Lets the new request start while the next rows are read.
        yield_now().await;
        Ok(())
    }

    async fn finish_one(&mut self) -> Result<()> {
        let Some(ended) = self.running.join_next().await else {
            return Ok(());
        };
        self.done += ended.map_err(|error| LocalError::unexpected("write rows", error))??;
        if self.told.elapsed() > PROGRESS_PAUSE {
            self.told = Instant::now();
            self.progress.rows(self.done, self.total);
        }
        Ok(())
    }
}

/// Writes one batch, and again what DynamoDB did not get to.
async fn put(
    client: aws_sdk_dynamodb::Client,
    table: String,
    batch: Vec<Row>,
    place: LocalError,
) -> Result<usize> {
    let count = batch.len();
    let action = || format!("write 25 rows to table {table} ({place})");
    let mut requests = batch
        .into_iter()
        .map(|row| {
            let put = PutRequest::builder().set_item(Some(row)).build();
            put.map(|put| WriteRequest::builder().put_request(put).build())
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(LocalError::aws(action()))?;
    for attempt in 0..BATCH_TRIES_MAX {
        let reply = client
            .batch_write_item()
            .request_items(&table, requests)
            .send()
            .await
            .map_err(LocalError::aws(action()))?;
        let mut left = reply.unprocessed_items.unwrap_or_default();
        requests = left.remove(&table).unwrap_or_default();
        if requests.is_empty() {
            return Ok(count);
        }
        sleep(Duration::from_millis(50 << attempt)).await;
    }
    Err(LocalError::unexpected(
        action(),
        format!("{} rows were not taken after {BATCH_TRIES_MAX} tries", requests.len()),
    ))
}

/// Uploads the file that a row names in `s3_key`. True if it names one.
async fn upload(
    clients: &Clients,
    bucket: &str,
    dir: &Path,
    rows: &Rows,
    line: u64,
    row: &Row,
) -> Result<bool> {
    let Some(key) = row.get("s3_key").and_then(|value| value.as_s().ok()) else {
        return Ok(false);
    };
    let inside = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(rows.error(line, format!("s3_key {key:?} leads out of the folder")));
    }
    let bytes = std::fs::read(dir.join(key))
        .map_err(|error| rows.error(line, format!("the file of s3_key {key:?}: {error}")))?;
    clients
        .s3
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(ByteStream::from(bytes))
        .send()
        .await
        .map_err(LocalError::aws(format!("upload {key}")))?;
    Ok(true)
}
