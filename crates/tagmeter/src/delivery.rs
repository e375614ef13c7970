//! Alerts and their messages as the settings have them: where messages may go, the mail server, the source of secrets.

use crate::commands::Context;
use crate::config::Settings;
use crate::exit::Failure;
use crate::system::random_bytes;
use alerting::deliver::Outgoing;
use alerting::{Alerting, Setup};
use measure::Measure;
use notify::dial::{Connector, SystemResolver};
use notify::email::{MAIL_LIMIT, Mailer};
use notify::send::{SEND_LIMIT, Sender};
use scheduling::Scheduling;
use sharing::Sharing;
use std::sync::Arc;

/// Returns alerts on what is measured.
pub(crate) fn alerting(settings: &Settings, measure: Measure) -> Alerting {
    let setup = Setup {
        policy: settings.delivery.policy.clone(),
        has_mail: settings.delivery.smtp().is_some(),
        public_url: settings.public_url.value.as_str().to_owned(),
        chance: Arc::new(|| random_bytes().ok()),
    };
    Alerting::new(measure, setup)
}

/// Returns shares of what is measured.
pub(crate) fn sharing(measure: Measure) -> Sharing {
    Sharing::new(measure, Arc::new(|| random_bytes().ok()))
}

/// Returns schedules of reports on what is measured.
pub(crate) fn scheduling(settings: &Settings, measure: Measure) -> Scheduling {
    let setup = scheduling::Setup {
        has_mail: settings.delivery.smtp().is_some(),
        policy: settings.delivery.policy.clone(),
        public_url: settings.public_url.value.as_str().to_owned(),
        chance: Arc::new(|| random_bytes().ok()),
    };
    Scheduling::new(measure.clone(), sharing(measure), setup)
}

/// Returns what sends messages.
pub(crate) fn outgoing(context: &Context) -> Result<Outgoing, Failure> {
    let authorities = rustls_native_certs::load_native_certs().certs;
    let delivery = &context.settings.delivery;
    let connector = Connector::new(delivery.policy.clone(), Arc::new(SystemResolver), &authorities);
    let mailer = match delivery.smtp() {
        Some(smtp) => {
            let mailer = Mailer::new(&smtp, &authorities, MAIL_LIMIT);
            Some(mailer.map_err(|why| {
                Failure::usage(format_args!("smtp: {why}"))
                    .hint("the section [smtp] of the settings has them")
            })?)
        }
        None => None,
    };
    Ok(Outgoing { sender: Sender::new(connector, context.clock.clone(), SEND_LIMIT), mailer })
}
