//! Incoming calls as Twilio posts them, each with an id of its own.

use std::io::{BufWriter, Write, stdout};
use url::form_urlencoded;
use voxlink_adapters::switchboards::sign_form;

/// Prints them.
pub fn print(to: &str, secret: &str, url: &str, count: u64) -> anyhow::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    for n in 0..count {
        let from = format!("+1202555{:04}", n % 10_000);
        let form: Vec<(String, String)> = [
            ("AccountSid", "AC00000000000000000000000000000000"),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", &format!("CA{n:032x}")),
            ("CallStatus", "ringing"),
            ("Called", to),
            ("CalledCity", "BOSTON"),
            ("CalledCountry", "US"),
            ("CalledState", "MA"),
            ("CalledZip", "02110"),
            ("Caller", &from),
            ("CallerCity", "WASHINGTON"),
            ("CallerCountry", "US"),
            ("CallerState", "DC"),
            ("CallerZip", "20001"),
            ("Direction", "inbound"),
            ("From", &from),
            ("To", to),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        writeln!(out, "{}\t{body}", sign_form(secret, url, &form))?;
    }
    Ok(out.flush()?)
}
