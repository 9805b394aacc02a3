//! `voxlink call simulate`: plays a carrier. It calls the running server as the local carrier
//! would, follows the markup it gets, tells states doubled and out of order, and prints what
//! happened. It touches neither database nor server otherwise.

mod markup;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use markup::{Verb, read};
use std::fmt::Write;
use url::Url;
use voxlink_domain::calls::kept_times;

/// Makes the carrier's signature of a form: secret, URL, parameters.
pub type Sign = fn(&str, &str, &[(String, String)]) -> String;

/// What is played.
#[derive(Debug, Clone, clap::Args)]
pub struct Simulate {
    /// The called number of ours, +12025550123.
    #[arg(long)]
    pub to: String,
    /// The caller.
    #[arg(long, default_value = "+442079460000")]
    pub from: String,
    /// When: 2026-11-16T23:30:00-05:00, or 23:30 today in --zone; now if left out.
    #[arg(long)]
    pub at: Option<String>,
    /// The zone of a bare time of day.
    #[arg(long, default_value = "America/New_York")]
    pub zone: String,
    /// Seconds after which a rung telephone is answered; nobody answers if left out.
    #[arg(long)]
    pub answer_after: Option<u32>,
    /// Seconds spoken once it is answered, or into voicemail.
    #[arg(long, default_value_t = 60)]
    pub talk: u32,
    /// Keys pressed, one at each question.
    #[arg(long, default_value = "")]
    pub digits: String,
}

/// Where the server is and with what the local carrier signs.
#[derive(Debug, Clone)]
pub struct Line {
    /// PUBLIC_URL: what is signed.
    pub public: Url,
    /// Where the server listens, when that is not the public address.
    pub server: Url,
    /// LOCAL_CARRIER_SECRET.
    pub secret: String,
    /// The signature.
    pub sign: Sign,
}

/// Plays the call and returns what happened, a line each.
pub async fn simulate(line: &Line, call: &Simulate, now: DateTime<Utc>) -> anyhow::Result<String> {
    let began = moment(call, now)?;
    can_be_kept(began, now)?;
    #[expect(clippy::disallowed_methods, reason = "it calls from outside, as a carrier does")]
    let http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(15)).build()?;
    let mut play = Play {
        line,
        call,
        http,
        id: format!("CA{:032x}", uuid::Uuid::now_v7().as_u128()),
        clock: began,
        spoken: None,
        told: String::new(),
    };
    play.run().await?;
    Ok(play.told)
}

/// The moment the call comes in.
fn moment(call: &Simulate, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let Some(text) = &call.at else { return Ok(now) };
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    let zone: Tz = call.zone.parse().ok().context("--zone must be a zone such as Europe/Berlin")?;
    let time = NaiveTime::parse_from_str(text, "%H:%M")
        .context("--at must be 23:30 or 2026-11-16T23:30:00-05:00")?;
    let today = now.with_timezone(&zone).date_naive().and_time(time);
    let at =
        zone.from_local_datetime(&today).earliest().context("that time does not exist today")?;
    Ok(at.with_timezone(&Utc))
}

/// Refuses a time of which no record can be kept: the server would date the call by now.
fn can_be_kept(began: DateTime<Utc>, now: DateTime<Utc>) -> anyhow::Result<()> {
    let kept = kept_times(now);
    if !kept.contains(&began) {
        bail!(
            "--at is {}, but records of calls are kept from {} to before {} (UTC): choose a time between them",
            began.format("%Y-%m-%d"),
            kept.start.format("%Y-%m-%d"),
            kept.end.format("%Y-%m-%d"),
        );
    }
    Ok(())
}

struct Play<'a> {
    line: &'a Line,
    call: &'a Simulate,
    http: reqwest::Client,
    id: String,
    clock: DateTime<Utc>,
    /// When the call was answered.
    spoken: Option<DateTime<Utc>>,
    told: String,
}

impl Play<'_> {
    async fn run(&mut self) -> anyhow::Result<()> {
        self.say(format!("{} calls {} ({})", self.call.from, self.call.to, self.id));
        let mut keys = self.call.digits.clone().chars().collect::<std::collections::VecDeque<_>>();
        let mut url = self.line.public.join("callbacks/local/voice")?.to_string();
        let mut more: Vec<(String, String)> = Vec::new();
        let mut ended = "completed";
        'call: for _ in 0..40 {
            let mut form = self.form("ringing");
            form.append(&mut more);
            let verbs = read(&self.ask(&url, &form).await?)?;
            for verb in verbs {
                match verb {
                    Verb::Say(text) => {
                        self.answered();
                        self.clock += TimeDelta::seconds(2);
                        self.say(format!("hears “{text}”"));
                    }
                    Verb::Gather { prompt, timeout, action } => {
                        self.answered();
                        for text in prompt {
                            self.say(format!("hears “{text}”"));
                        }
                        if let Some(key) = keys.pop_front() {
                            self.clock += TimeDelta::seconds(3);
                            self.say(format!("presses {key}"));
                            more = vec![("Digits".to_owned(), key.to_string())];
                            url = action;
                            continue 'call;
                        }
                        self.clock += TimeDelta::seconds(timeout);
                        self.say("presses no key".to_owned());
                    }
                    Verb::Dial { targets, timeout, action } => {
                        let status = self.dial(&targets.join(", "), timeout);
                        more = vec![("DialCallStatus".to_owned(), status.to_owned())];
                        if status != "completed" && self.spoken.is_none() {
                            ended = "no-answer";
                        }
                        url = action;
                        continue 'call;
                    }
                    Verb::Record { action, callback, longest } => {
                        self.answered();
                        ended = "completed";
                        let seconds = i64::from(self.call.talk).min(longest);
                        self.clock += TimeDelta::seconds(seconds);
                        self.say(format!("leaves a message of {seconds} seconds"));
                        self.recording(&callback, seconds).await?;
                        more = vec![("RecordingDuration".to_owned(), seconds.to_string())];
                        url = action;
                        continue 'call;
                    }
                    Verb::Redirect(to) => {
                        url = to;
                        continue 'call;
                    }
                    Verb::Reject(reason) => {
                        self.say(format!("is refused ({reason})"));
                        ended = if reason == "busy" { "busy" } else { "failed" };
                        break 'call;
                    }
                    Verb::Hangup => {
                        self.say("the call ends".to_owned());
                        break 'call;
                    }
                }
            }
            break;
        }
        if self.spoken.is_some() {
            ended = "completed";
        }
        self.states(ended).await
    }

    /// Rings; what the carrier then says of the leg.
    fn dial(&mut self, targets: &str, timeout: i64) -> &'static str {
        match self.call.answer_after.map(i64::from) {
            Some(after) if after <= timeout => {
                self.clock += TimeDelta::seconds(after);
                self.answered();
                self.say(format!("{targets} rings and is answered after {after} seconds"));
                self.clock += TimeDelta::seconds(self.call.talk.into());
                self.say(format!("they speak for {} seconds", self.call.talk));
                "completed"
            }
            _ => {
                self.clock += TimeDelta::seconds(timeout);
                self.say(format!("{targets} rings for {timeout} seconds, nobody answers"));
                "no-answer"
            }
        }
    }

    fn answered(&mut self) {
        self.spoken.get_or_insert(self.clock);
    }

    fn say(&mut self, text: String) {
        let zone: Tz = self.call.zone.parse().unwrap_or(Tz::UTC);
        let time = self.clock.with_timezone(&zone).format("%a %H:%M:%S");
        let _ = writeln!(self.told, "{time}  {text}");
    }

    fn form(&self, status: &str) -> Vec<(String, String)> {
        [
            ("CallSid", self.id.as_str()),
            ("AccountSid", "ACsimulated"),
            ("From", &self.call.from),
            ("To", &self.call.to),
            ("CallStatus", status),
            ("Direction", "inbound"),
            ("Timestamp", &self.clock.to_rfc2822()),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .to_vec()
    }

    async fn ask(&self, url: &str, form: &[(String, String)]) -> anyhow::Result<String> {
        let signature = (self.line.sign)(&self.line.secret, url, form);
        // The signed address is the public one; the request goes where the server listens.
        let signed: Url = url.parse()?;
        let mut target = self.line.server.clone();
        target.set_path(signed.path());
        target.set_query(signed.query());
        let response = self
            .http
            .post(target)
            .header("x-twilio-signature", signature)
            .form(form)
            .send()
            .await
            .context("the server does not answer: is it running?")?;
        let status = response.status();
        let body = response.text().await?;
        if status == reqwest::StatusCode::FORBIDDEN {
            bail!(
                "the server does not believe the signature: LOCAL_CARRIER_SECRET or PUBLIC_URL differ"
            );
        }
        if !status.is_success() {
            bail!("the server answered {status}");
        }
        Ok(body)
    }

    async fn recording(&mut self, callback: &str, seconds: i64) -> anyhow::Result<()> {
        let id = self.id.replacen("CA", "RE", 1);
        let url = self.line.public.join(&format!("recordings/{id}"))?.to_string();
        let form = [
            ("CallSid", self.id.clone()),
            ("AccountSid", "ACsimulated".to_owned()),
            ("RecordingSid", id),
            ("RecordingUrl", url),
            ("RecordingDuration", seconds.to_string()),
            ("RecordingStatus", "completed".to_owned()),
        ]
        .map(|(k, v)| (k.to_owned(), v));
        self.ask(callback, &form).await.map(drop)
    }

    /// Tells the states as careless carriers do: the end first, everything twice.
    async fn states(&mut self, ended: &str) -> anyhow::Result<()> {
        let url = self.line.public.join("callbacks/local/status")?.to_string();
        let end = self.clock;
        let seconds = self.spoken.map_or(0, |at| (end - at).num_seconds());
        let mut events = vec![(ended.to_owned(), end, 2, Some(seconds))];
        if let Some(at) = self.spoken {
            events.push(("in-progress".to_owned(), at, 1, None));
        }
        events.push(("ringing".to_owned(), end, 0, None));
        for _ in 0..2 {
            for (status, at, sequence, duration) in &events {
                self.clock = *at;
                let mut form = self.form(status);
                form.push(("SequenceNumber".to_owned(), sequence.to_string()));
                if let Some(duration) = duration {
                    form.push(("CallDuration".to_owned(), duration.to_string()));
                }
                self.ask(&url, &form).await?;
            }
        }
        self.clock = end;
        self.say(format!("{ended}, {seconds} seconds; states told doubled and out of order"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::can_be_kept;

    #[test]
    fn a_call_is_played_only_at_a_time_that_has_records() {
        let at = |text: &str| text.parse().unwrap();
        let now = at("2026-11-16T15:00:00Z");
        assert!(can_be_kept(now, now).is_ok());
        for far in ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
            let told = can_be_kept(at(far), now).unwrap_err().to_string();
            assert!(told.contains("from 2025-12-01 to before 2027-02-01"), "{told}");
        }
    }
}
