use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Talks with everybody who connects to a free port of this machine, with each in
/// a thread of its own, until the program ends.
pub(crate) fn serve<T>(talk: T) -> io::Result<SocketAddr>
where
    T: Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let talk = Arc::clone(&talk);
            thread::spawn(move || {
                let talked = stream.set_nodelay(true).and_then(|()| talk(stream));
                if let Err(error) = talked
                    && !has_hung_up(&error)
                {
                    eprintln!("a connection ended early: {error}");
                }
            });
        }
    });
    Ok(address)
}

/// A function that is done with an answer before its end closes the connection,
/// and so does one that is killed.
fn has_hung_up(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}
