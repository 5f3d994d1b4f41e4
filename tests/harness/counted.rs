//! What a server answers, counted to the byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stands before a server and hands everything on.
pub(crate) struct Counted {
    pub(crate) url: String,
    answered: Arc<AtomicU64>,
}

impl Counted {
    pub(crate) fn before(server: &str) -> Self {
        let upstream = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&answered);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&upstream).unwrap();
                let (asking, asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let count = Arc::clone(&count);
                std::thread::spawn(move || hand_on(asking, asked, &AtomicU64::new(0)));
                std::thread::spawn(move || hand_on(server, client, &count));
            }
        });
        Self { url, answered }
    }

    /// Bytes of all answers since the last time, heads included.
    pub(crate) fn take(&self) -> u64 {
        self.answered.swap(0, Ordering::SeqCst)
    }
}

fn hand_on(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 64 << 10];
    // Either end may hang up at any time.
    while let Ok(read) = from.read(&mut buffer)
        && read > 0
    {
        count.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
