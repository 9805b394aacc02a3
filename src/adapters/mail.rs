//! Letters: an SMTP server, or none.

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use voxlink_gateways::{Letter, MailError, Mailer};

/// No mail server is set: says so and pretends nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    fn is_on(&self) -> bool {
        false
    }

    async fn send(&self, _: &Letter) -> Result<(), MailError> {
        Err(MailError::NotConfigured)
    }

    async fn check(&self) -> Result<(), MailError> {
        Err(MailError::NotConfigured)
    }
}

/// Hands letters to an SMTP server.
#[derive(Debug, Clone)]
pub struct SmtpMail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMail {
    /// `url` is `smtp://host:25` (plain, loopback or a trusted net), `smtp://user:password@host:587?tls=required`
    /// (STARTTLS) or `smtps://user:password@host:465`; `from` is `VoxLink <numbers@example.com>`.
    ///
    /// Call it inside a Tokio runtime: the pool of connections belongs to it.
    ///
    /// # Errors
    /// A sentence naming what is wrong with either.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, String> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .map_err(|e| format!("MAIL_URL is not an SMTP address such as smtps://user:password@mail.example.com:465: {e}"))?
            .timeout(Some(Duration::from_secs(20)))
            .build();
        let from = from.parse().map_err(|e| {
            format!("MAIL_FROM is not an address such as VoxLink <numbers@example.com>: {e}")
        })?;
        Ok(Self { transport, from })
    }
}

#[async_trait]
impl Mailer for SmtpMail {
    fn is_on(&self) -> bool {
        true
    }

    async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let refused = |e: &dyn std::fmt::Display| MailError::Refused(e.to_string());
        let to: Mailbox = letter.to.parse().map_err(|e| refused(&e))?;
        let message = Message::builder().from(self.from.clone()).to(to).subject(&letter.subject);
        let message = match &letter.html {
            Some(html) => message
                .multipart(MultiPart::alternative_plain_html(letter.text.clone(), html.clone())),
            None => message.body(letter.text.clone()),
        };
        self.transport.send(message.map_err(|e| refused(&e))?).await.map(drop).map_err(told)
    }

    async fn check(&self) -> Result<(), MailError> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Transient("the server closed the connection".to_owned())),
            Err(error) => Err(told(error)),
        }
    }
}

/// A permanent answer (5xx) is final, everything else may pass.
fn told(error: smtp::Error) -> MailError {
    if error.is_permanent() {
        MailError::Refused(error.to_string())
    } else {
        MailError::Transient(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    /// An SMTP server that takes one letter, answering `RCPT TO` with `verdict`.
    async fn server(verdict: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("smtp://{}", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let (read, mut write) = socket.into_split();
            let (mut lines, mut heard, mut data) =
                (BufReader::new(read).lines(), String::new(), false);
            write.write_all(b"220 test\r\n").await.unwrap();
            while let Some(line) = lines.next_line().await.unwrap() {
                heard.push_str(&line);
                heard.push('\n');
                let answer = match (data, line.as_str()) {
                    (true, ".") => {
                        data = false;
                        "250 taken\r\n"
                    }
                    (true, _) => continue,
                    (_, "DATA") => {
                        data = true;
                        "354 go on\r\n"
                    }
                    (_, "QUIT") => break,
                    (_, l) if l.starts_with("RCPT") => verdict,
                    _ => "250 ok\r\n",
                };
                write.write_all(answer.as_bytes()).await.unwrap();
            }
            heard
        });
        (address, heard)
    }

    fn letter() -> Letter {
        let (to, subject, text) =
            ("Ann <ann@example.com>".into(), "Grüße".into(), "Hello\n".into());
        Letter { to, subject, text, html: Some("<p>Hello</p>".into()) }
    }

    #[tokio::test]
    async fn a_letter_is_taken_with_both_bodies() {
        let (url, heard) = server("250 ok\r\n").await;
        let mail = SmtpMail::new(&url.into(), "VoxLink <numbers@example.com>").unwrap();
        mail.send(&letter()).await.unwrap();
        drop(mail);
        let heard = heard.await.unwrap();
        for part in [
            "MAIL FROM:<numbers@example.com>",
            "RCPT TO:<ann@example.com>",
            "text/plain",
            "<p>Hello</p>",
        ] {
            assert!(heard.contains(part), "{part} in {heard}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_final_and_a_full_box_is_not() {
        for (verdict, is_final) in [("550 no such person\r\n", true), ("452 full\r\n", false)] {
            let (url, _heard) = server(verdict).await;
            let mail = SmtpMail::new(&url.into(), "numbers@example.com").unwrap();
            let error = mail.send(&letter()).await.unwrap_err();
            assert_eq!(matches!(error, MailError::Refused(_)), is_final, "{error}");
        }
    }

    #[tokio::test]
    async fn a_wrong_setting_is_named() {
        assert!(
            SmtpMail::new(&"http://x".into(), "a@b.example").unwrap_err().starts_with("MAIL_URL")
        );
        assert!(
            SmtpMail::new(&"smtp://localhost".into(), "nobody")
                .unwrap_err()
                .starts_with("MAIL_FROM")
        );
    }
}
