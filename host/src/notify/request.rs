//! What to send to which receiver.

use serde_json::Value;

use super::event::RunEvent;
use crate::config::{Event, Receiver, Secret, Target};

/// One HTTP request, before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyRequest {
    /// How.
    pub method: NotifyMethod,
    /// Where to; never to be shown.
    pub url: Secret,
    /// JSON.
    pub body: Option<Value>,
}

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyMethod {
    /// Without a body.
    Get,
    /// With a body.
    Post,
}

/// What `receiver` gets of `run`; `None` if it has not asked for such events.
pub fn request(receiver: &Receiver, run: &RunEvent) -> Option<NotifyRequest> {
    let event = run.event();
    if !receiver.on.contains(&event) {
        return None;
    }
    Some(match &receiver.target {
        Target::Webhook(url) => NotifyRequest {
            method: NotifyMethod::Post,
            url: url.clone(),
            body: Some(run.body()),
        },
        Target::Healthcheck(url) => NotifyRequest {
            method: NotifyMethod::Get,
            url: Secret::new(ping(url.reveal(), event)),
            body: None,
        },
    })
}

/// The URL with the event's word behind its path.
fn ping(url: &str, event: Event) -> String {
    let word = match event {
        Event::Start => "/start",
        Event::Success => return url.to_owned(),
        Event::Failure => "/fail",
    };
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (path, query) = url.split_at(end);
    format!("{}{word}{query}", path.trim_end_matches('/'))
}

impl Target {
    /// What may be shown of the URL: "https://hooks.example.com:8443".
    pub fn origin(&self) -> String {
        let (Self::Webhook(url) | Self::Healthcheck(url)) = self;
        let shown = url.reveal().parse::<http::Uri>().ok().and_then(|uri| {
            let port = uri.port_u16().map(|port| format!(":{port}"));
            Some(format!(
                "{}://{}{}",
                uri.scheme_str()?,
                uri.host()?,
                port.unwrap_or_default()
            ))
        });
        shown.unwrap_or_else(|| "what is not a URL".to_owned())
    }
}
