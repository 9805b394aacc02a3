//! `voxlink campaigns …`: an account's campaigns, their numbers, calls and cost.

use super::say;
use std::process::ExitCode;
use voxlink_domain::{
    Ctx, Platform,
    calls::{self, CallFilter},
    campaigns::{self, Campaign},
};
use voxlink_types::{
    PageRequest,
    ids::{CampaignId, TenantId},
    money::show_rate,
};

/// What is done with campaigns.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Campaigns {
    /// List an account's campaigns with their calls and cost
    List {
        /// The account's id, such as ten_0190a5c2…
        #[arg(long)]
        tenant: TenantId,
        /// Those in the archive
        #[arg(long)]
        archived: bool,
    },
    /// Make a campaign and print its id
    Create {
        /// The account's id
        #[arg(long)]
        tenant: TenantId,
        /// Its name
        #[arg(long)]
        name: String,
    },
    /// Give a campaign another name
    Rename {
        /// The account's id
        #[arg(long)]
        tenant: TenantId,
        /// The campaign's id or name
        #[arg(long)]
        campaign: String,
        /// The new name
        #[arg(long)]
        name: String,
    },
    /// Archive a campaign: its numbers are assigned to none, its calls stay to be seen
    Archive {
        /// The account's id
        #[arg(long)]
        tenant: TenantId,
        /// The campaign's id or name
        #[arg(long)]
        campaign: String,
    },
    /// Take a campaign out of the archive
    Restore {
        /// The account's id
        #[arg(long)]
        tenant: TenantId,
        /// The campaign's id
        #[arg(long)]
        campaign: CampaignId,
    },
    /// Show a campaign's numbers, its last calls and what they cost
    Show {
        /// The account's id
        #[arg(long)]
        tenant: TenantId,
        /// The campaign's id or name
        #[arg(long)]
        campaign: String,
    },
}

/// Does it.
pub(super) async fn run(platform: &Platform, what: Campaigns) -> anyhow::Result<ExitCode> {
    match what {
        Campaigns::List { tenant, archived } => {
            let mut cx = platform.work_for(tenant, "cli").await?;
            let all = campaigns::list(&mut cx, archived).await?;
            if all.is_empty() {
                say("There is none.");
            }
            for campaign in &all {
                say(&line(campaign));
            }
        }
        Campaigns::Create { tenant, name } => {
            let mut cx = platform.work_for(tenant, "cli").await?;
            let id = campaigns::create(&mut cx, &name).await?;
            cx.commit().await?;
            say(&id.to_string());
        }
        Campaigns::Rename { tenant, campaign, name } => {
            let mut cx = platform.work_for(tenant, "cli").await?;
            let id = campaigns::find(&mut cx, &campaign).await?;
            campaigns::rename(&mut cx, id, &name).await?;
            cx.commit().await?;
            say("It has its new name.");
        }
        Campaigns::Archive { tenant, campaign } => {
            let mut cx = platform.work_for(tenant, "cli").await?;
            let id = campaigns::find(&mut cx, &campaign).await?;
            campaigns::archive(&mut cx, id).await?;
            cx.commit().await?;
            say("It is archived.");
        }
        Campaigns::Restore { tenant, campaign } => {
            let mut cx = platform.work_for(tenant, "cli").await?;
            campaigns::restore(&mut cx, campaign).await?;
            cx.commit().await?;
            say("It is in use again.");
        }
        Campaigns::Show { tenant, campaign } => {
            let mut cx = platform.work_for(tenant, "cli").await?;
            let id = campaigns::find(&mut cx, &campaign).await?;
            show(&mut cx, id).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(c: &Campaign) -> String {
    format!(
        "{}  {}: {} numbers, {} a month; {} calls, {}; within 30 days {} calls, {}",
        c.id,
        c.name,
        c.numbers,
        show_rate(c.rental, c.currency),
        c.calls,
        show_rate(c.cost, c.currency),
        c.recent_calls,
        show_rate(c.recent_cost, c.currency),
    )
}

async fn show(cx: &mut Ctx, id: CampaignId) -> anyhow::Result<()> {
    let campaign = campaigns::get(cx, id).await?;
    say(&line(&campaign));
    for number in campaigns::numbers(cx, id).await? {
        let name = number.name.map(|name| format!(" {name}")).unwrap_or_default();
        say(&format!(
            "  {}{name}: {}, {} calls, {}",
            number.number,
            number.state,
            number.calls,
            show_rate(number.cost, number.currency),
        ));
    }
    let filter = CallFilter { campaign: Some(id), ..CallFilter::default() };
    for call in calls::calls(cx, &filter, PageRequest::new(1, 10)).await?.rows {
        let price = call.price.zip(call.currency).map(|(price, in_)| show_rate(price, in_));
        say(&format!(
            "  {} {} → {}: {}, {}",
            call.started_at.format("%Y-%m-%d %H:%M UTC"),
            call.from,
            call.to,
            call.status,
            price.unwrap_or_else(|| "no price yet".to_owned()),
        ));
    }
    Ok(())
}
