//! OPTIONS, the one SIP request that we send ourselves (RFC 3261, section 11): whether somebody is
//! there who speaks SIP. One request and the head of one answer; a SIP library would be a stack for
//! a dozen lines. By UDP, where it is sent again until it is answered, or by TCP, where the network
//! sees to that; TLS is not tried.

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::{Instant, timeout},
};
use voxlink_gateways::sip::{Answered, Endpoint, Unanswered};
use voxlink_types::sip::Transport;

/// How long an answer is waited for in all.
const PATIENCE: Duration = Duration::from_secs(4);
/// The first pause before the request is sent again; each is twice the one before (timer E,
/// section 17.1.2.2).
const T1: Duration = Duration::from_millis(500);
/// The largest datagram, and the most that is read of a stream.
const LARGEST: usize = 65_535;

/// Asks `at`.
pub(super) async fn ask(at: &Endpoint) -> Result<Answered, Unanswered> {
    if at.transport == Transport::Tls {
        return Err(Unanswered::NotTried(at.transport));
    }
    let nobody = || Unanswered::NoSuchHost(at.host.clone());
    let mut found = lookup_host((at.host.as_str(), at.port)).await.map_err(|_| nobody())?;
    let peer = found.next().ok_or_else(nobody)?;
    let call = format!("{:032x}", rand::random::<u128>());
    if at.transport == Transport::Tcp {
        let silent = Err(Unanswered::Silent(PATIENCE.as_secs()));
        return timeout(PATIENCE, by_stream(at, peer, &call)).await.unwrap_or(silent);
    }
    by_datagrams(at, peer, &call).await
}

async fn by_datagrams(at: &Endpoint, peer: SocketAddr, call: &str) -> Result<Answered, Unanswered> {
    let unreachable = |error: std::io::Error| Unanswered::Unreachable(error.to_string());
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.map_err(unreachable)?;
    // Connected, it hears of refused ports and takes answers of this peer alone.
    socket.connect(peer).await.map_err(unreachable)?;
    let own = socket.local_addr().map_err(unreachable)?.to_string();
    let request = written("UDP", &super::host(at), &own, call);
    let began = Instant::now();
    let mut pause = T1;
    let mut buffer = vec![0; LARGEST];
    while began.elapsed() < PATIENCE {
        socket.send(request.as_bytes()).await.map_err(unreachable)?;
        let wait = pause.min(PATIENCE.saturating_sub(began.elapsed()));
        pause *= 2;
        let Ok(heard) = timeout(wait, socket.recv(&mut buffer)).await else { continue };
        let length = heard.map_err(unreachable)?;
        let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
        let took = began.elapsed();
        match read(&text, call) {
            // 100 Trying and its like: the answer follows.
            Ok(answer) if answer.code < 200 => {}
            Ok(answer) => return Ok(Answered { took, ..answer }),
            Err(why) => return Err(Unanswered::NotSip(why)),
        }
    }
    Err(Unanswered::Silent(PATIENCE.as_secs()))
}

/// By a connection of its own, which ends with the answer's head.
async fn by_stream(at: &Endpoint, peer: SocketAddr, call: &str) -> Result<Answered, Unanswered> {
    const END: &[u8] = b"\r\n\r\n";
    let unreachable = |error: std::io::Error| Unanswered::Unreachable(error.to_string());
    let began = Instant::now();
    let mut stream = TcpStream::connect(peer).await.map_err(unreachable)?;
    let own = stream.local_addr().map_err(unreachable)?.to_string();
    let request = written("TCP", &super::host(at), &own, call);
    stream.write_all(request.as_bytes()).await.map_err(unreachable)?;
    let mut heard: Vec<u8> = Vec::with_capacity(4096);
    while heard.len() <= LARGEST {
        if let Some(end) = heard.windows(END.len()).position(|four| four == END) {
            let head: Vec<u8> = heard.drain(..end + END.len()).collect();
            match read(&String::from_utf8_lossy(&head), call) {
                // 100 Trying and its like have no body: the answer follows.
                Ok(answer) if answer.code < 200 => continue,
                Ok(answer) => return Ok(Answered { took: began.elapsed(), ..answer }),
                Err(why) => return Err(Unanswered::NotSip(why)),
            }
        }
        if stream.read_buf(&mut heard).await.map_err(unreachable)? == 0 {
            let ended = "the connection was ended without an answer".to_owned();
            return Err(Unanswered::Unreachable(ended));
        }
    }
    Err(Unanswered::NotSip("an answer without an end".to_owned()))
}

/// The request. `call` makes it one: transaction, dialogue and call are told apart by it.
fn written(via: &str, host: &str, own: &str, call: &str) -> String {
    [
        format!("OPTIONS sip:{host} SIP/2.0"),
        // The magic cookie of section 8.1.1.7; rport asks for the answer through NAT (RFC 3581).
        format!("Via: SIP/2.0/{via} {own};branch=z9hG4bK{call};rport"),
        "Max-Forwards: 70".to_owned(),
        format!("From: <sip:voxlink@{own}>;tag={}", call.get(..16).unwrap_or(call)),
        format!("To: <sip:{host}>"),
        format!("Call-ID: {call}"),
        "CSeq: 1 OPTIONS".to_owned(),
        format!("Contact: <sip:voxlink@{own}>"),
        "Accept: application/sdp".to_owned(),
        "User-Agent: VoxLink".to_owned(),
        "Content-Length: 0".to_owned(),
        "\r\n".to_owned(),
    ]
    .join("\r\n")
}

/// The head of an answer to the request with this Call-ID.
fn read(text: &str, call: &str) -> Result<Answered, String> {
    let mut lines = text.split("\r\n").flat_map(|part| part.split('\n'));
    let first = lines.next().unwrap_or_default();
    let shown = || cut(first);
    let rest = first.strip_prefix("SIP/2.0 ").ok_or_else(shown)?;
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let code: u16 = code.parse().map_err(|_| shown())?;
    if !(100..700).contains(&code) {
        return Err(shown());
    }
    let (mut ours, mut server) = (false, None);
    for line in lines.take_while(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            // Names may be short (section 7.3.3).
            "call-id" | "i" => ours = value == call,
            "server" => server = Some(cut(value)),
            "user-agent" if server.is_none() => server = Some(cut(value)),
            _ => {}
        }
    }
    if !ours {
        return Err("an answer to another request".to_owned());
    }
    Ok(Answered { code, reason: cut(reason), server, took: Duration::ZERO })
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn the_request_is_whole() {
        let call = "0123456789abcdef0123456789abcdef";
        let text = written("UDP", "gw.example.com:5060", "192.0.2.7:40000", call);
        assert!(text.starts_with(
            "OPTIONS sip:gw.example.com:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:40000;"
        ));
        assert!(text.ends_with("Content-Length: 0\r\n\r\n"));
        for needed in ["branch=z9hG4bK", "Max-Forwards: 70", ";tag=", "CSeq: 1 OPTIONS"] {
            assert!(text.contains(needed), "{needed}");
        }
    }

    #[test]
    fn any_answer_to_the_request_counts_and_no_other() {
        let good = "SIP/2.0 404 Not here\r\nVia: SIP/2.0/UDP x\r\ni: abc\r\nServer: kamailio (5.6.3)\r\n\r\nServer: body";
        let answer = read(good, "abc").unwrap();
        assert_eq!((answer.code, answer.reason.as_str()), (404, "Not here"));
        assert_eq!(answer.server.as_deref(), Some("kamailio (5.6.3)"));
        assert!(read(good, "other").is_err());
        let strange = read("HTTP/1.1 \u{1b}[31m200\u{9b}m", "abc").unwrap_err();
        assert_eq!(strange, "HTTP/1.1 [31m200m");
        let coloured = read("SIP/2.0 200 \u{1b}[31mOK\r\nCall-ID: abc\r\n\r\n", "abc").unwrap();
        assert_eq!(coloured.reason, "[31mOK");
        for bad in ["", "HTTP/1.1 200 OK\r\n\r\n", "SIP/2.0 OK\r\nCall-ID: abc", "SIP/2.0 999 x"] {
            assert!(read(bad, "abc").is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn who_answers_is_told_and_who_does_not_too() {
        let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = peer.local_addr().unwrap().port();
        let at = Endpoint { host: "127.0.0.1".into(), port, transport: Transport::Udp };
        let answering = tokio::spawn(async move {
            let mut buffer = [0; 2048];
            // The first is lost: it is sent again.
            peer.recv_from(&mut buffer).await.unwrap();
            let (length, from) = peer.recv_from(&mut buffer).await.unwrap();
            let asked = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let call = asked.lines().find_map(|l| l.strip_prefix("Call-ID: ")).unwrap();
            let answer = format!("SIP/2.0 200 OK\r\nCall-ID: {call}\r\nServer: sipp\r\n\r\n");
            peer.send_to(answer.as_bytes(), from).await.unwrap();
        });
        let answer = ask(&at).await.unwrap();
        assert_eq!((answer.code, answer.server.as_deref()), (200, Some("sipp")));
        answering.await.unwrap();
        assert!(ask(&at).await.is_err(), "nobody is there any more");
        let tls = Endpoint { transport: Transport::Tls, ..at };
        assert_eq!(ask(&tls).await, Err(Unanswered::NotTried(Transport::Tls)));
    }

    #[tokio::test]
    async fn a_stream_is_read_to_the_blank_line_however_it_comes() {
        let peer = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = peer.local_addr().unwrap().port();
        let at = Endpoint { host: "127.0.0.1".into(), port, transport: Transport::Tcp };
        let answering = tokio::spawn(async move {
            let (mut stream, _) = peer.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                assert!(stream.read_buf(&mut asked).await.unwrap() > 0);
            }
            let asked = String::from_utf8(asked).unwrap();
            assert!(asked.contains("Via: SIP/2.0/TCP 127.0.0.1:"), "{asked}");
            let call = asked.lines().find_map(|l| l.strip_prefix("Call-ID: ")).unwrap();
            let first = format!("SIP/2.0 100 Trying\r\nCall-ID: {call}\r\n\r\nSIP/2.0 200 O");
            stream.write_all(first.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            let rest = format!("K\r\nCall-ID: {call}\r\nContent-Length: 4\r\n\r\nbody");
            stream.write_all(rest.as_bytes()).await.unwrap();
            // The next one hangs up at once.
            drop(peer.accept().await.unwrap());
        });
        let answer = ask(&at).await.unwrap();
        assert_eq!((answer.code, answer.reason.as_str()), (200, "OK"));
        assert!(matches!(ask(&at).await, Err(Unanswered::Unreachable(_))));
        answering.await.unwrap();
        assert!(matches!(ask(&at).await, Err(Unanswered::Unreachable(_))), "nobody listens");
    }
}
