//! What a reader has chosen so far, as the fields of a form or of an address.

use crate::config::Config;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::fields::{FormFields, encoded, exact};
use crate::frontend::http::restore::unknown_target;
use crate::service::{Manifest, Order, RestorablePart, RestoreOffer, Selection};

/// Where a backup comes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// Beside what is there, each part under a new name.
    NewNames,
    /// A target of the configuration, by its name.
    Target(String),
    /// Where it came from, if nothing is there.
    Original,
    /// Where it came from, over what is there.
    Replace,
}

impl Destination {
    /// As forms call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::NewNames => "names",
            Self::Target(_) => "target",
            Self::Original => "original",
            Self::Replace => "replace",
        }
    }
}

/// Which parts, and where to.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// Names or globs; none: everything.
    pub(super) only: Vec<String>,
    pub(super) destination: Option<Destination>,
    /// Parts, and what they are called there.
    new_names: Vec<(String, String)>,
}

impl Choice {
    /// Of the fields of any step. What was chosen is in them as [`encoded`] writes it, what was typed as it is.
    pub(super) fn of(fields: &FormFields) -> Self {
        let ticked = fields.all("only").map(exact);
        let typed = fields.all("files").flat_map(str::split_whitespace);
        let destination = match fields.get("to") {
            Some("names") => Some(Destination::NewNames),
            Some("original") => Some(Destination::Original),
            Some("replace") => Some(Destination::Replace),
            Some("target") => fields
                .get("target")
                .map(|target| Destination::Target(exact(target))),
            _ => None,
        };
        let new_names = fields.pairs().iter().filter_map(|(name, value)| {
            match (name.strip_prefix("name:"), name.strip_prefix("as:")) {
                (Some(part), _) => Some((exact(part), value.clone())),
                (_, Some(part)) => Some((exact(part), exact(value))),
                (None, None) => None,
            }
        });
        Self {
            only: ticked.chain(typed.map(str::to_owned)).collect(),
            destination,
            new_names: new_names.filter(|(_, name)| !name.is_empty()).collect(),
        }
    }

    /// The choice alone, for the address or the hidden fields of the next step.
    pub(super) fn fields(&self) -> FormFields {
        let mut fields = FormFields::default();
        for only in &self.only {
            fields = fields.with("only", &encoded(only));
        }
        fields
    }

    /// The same with where to.
    pub(super) fn all_fields(&self) -> FormFields {
        let mut fields = self.fields();
        if let Some(destination) = &self.destination {
            fields = fields.with("to", destination.name());
        }
        if let Some(Destination::Target(target)) = &self.destination {
            fields = fields.with("target", &encoded(target));
        }
        for (part, new_name) in &self.new_names {
            fields = fields.with(&format!("as:{}", encoded(part)), &encoded(new_name));
        }
        fields
    }

    /// The new name that was chosen for a part.
    pub(super) fn new_name(&self, part: &str) -> Option<&str> {
        let mut all = self.new_names.iter();
        let chosen = all.find(|(of, _)| of == part);
        chosen.map(|(_, name)| name.as_str())
    }

    /// The parts that are chosen, if nothing else is.
    pub(super) fn parts<'r>(&self, offers: &'r [RestoreOffer]) -> Option<Vec<&'r RestorablePart>> {
        let each = offers.iter().flat_map(|one| &one.parts);
        match (self.only.as_slice(), offers) {
            ([], [one]) if one.strategy.is_none() && one.is_complete => Some(each.collect()),
            ([], _) => None,
            (only, _) => {
                let named = only
                    .iter()
                    .map(|name| each.clone().find(|one| one.name == *name));
                named.collect()
            }
        }
    }

    /// How many members of a set are chosen; of one strategy, that one.
    pub(super) fn members(&self, offers: &[RestoreOffer]) -> usize {
        let is_chosen = |one: &&RestoreOffer| {
            let strategy = one.strategy.as_deref();
            let mut only = self.only.iter().map(|name| name.split('/').next());
            strategy.is_none() || self.only.is_empty() || only.any(|first| first == strategy)
        };
        offers.iter().filter(is_chosen).count()
    }

    /// What is asked of the service. Fails for what only the command line may do.
    pub(super) fn order(
        &self,
        config: &Config,
        manifest: &Manifest,
        offers: &[RestoreOffer],
    ) -> Result<Order, ErrorResponse> {
        let destination = self.destination.as_ref().ok_or_else(no_destination)?;
        let into = match destination {
            Destination::Target(name) => {
                let target = config.restore_target(name).ok_or_else(unknown_target)?;
                Some(target.to_owned())
            }
            _ => None,
        };
        let only = match destination {
            Destination::NewNames => self.renamed(offers)?,
            _ => self.only.iter().map(|name| select(name, None)).collect(),
        };
        Ok(Order {
            only,
            into,
            replace: *destination == Destination::Replace,
            ..Order::all_of(&manifest.id)
        })
    }

    /// Every part with its new name, and those that can have none as they are.
    fn renamed(&self, offers: &[RestoreOffer]) -> Result<Vec<Selection>, ErrorResponse> {
        let parts = self.parts(offers).ok_or_else(no_new_names)?;
        if !parts.iter().any(|part| part.renames) {
            return Err(no_new_names());
        }
        let each = parts.into_iter().map(|part| match part.renames {
            true => Ok(select(&part.name, Some(self.plain_name(&part.name)?))),
            false => Ok(select(&part.name, None)),
        });
        each.collect()
    }

    /// A path would be written to a place that the configuration may not list.
    fn plain_name(&self, part: &str) -> Result<String, ErrorResponse> {
        let name = self.new_name(part).ok_or_else(|| bad_name(part))?;
        match name.contains('/') || name == ".." {
            true => Err(bad_name(part)),
            false => Ok(name.to_owned()),
        }
    }
}

fn select(name: &str, new_name: Option<String>) -> Selection {
    Selection {
        name: name.to_owned(),
        new_name,
        written_as_one: false,
    }
}

fn no_destination() -> ErrorResponse {
    ErrorResponse::bad_request("it was not said where the backup is to come back to")
        .hint("go back, and choose a place")
}

fn no_new_names() -> ErrorResponse {
    ErrorResponse::bad_request("what is chosen has no parts that could get new names")
        .hint("go back, and choose single parts, or another place")
}

fn bad_name(part: &str) -> ErrorResponse {
    ErrorResponse::bad_request(format!("{part} needs a new name, without a folder"))
        .hint("go back, and write one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_survives_the_steps() {
        let fields = FormFields::parse(
            "only=app1&files=a/**+b&to=names&name%3Aapp1=app1_copy&plan=x&typed=y",
        );
        let choice = Choice::of(&fields);
        assert_eq!(choice.only, ["app1", "a/**", "b"]);
        assert_eq!(choice.destination, Some(Destination::NewNames));
        let again = Choice::of(&choice.all_fields());
        assert_eq!(again.only, choice.only);
        assert_eq!(again.new_name("app1"), Some("app1_copy"));
        assert_eq!(again.all_fields().get("plan"), None);
        assert_eq!(Choice::of(&choice.fields()).destination, None);
    }

    #[test]
    fn a_name_that_no_page_shows_as_it_is_survives_them_too() {
        let (part, new_name) = ("p\u{200d}ay%41\n", "می\u{200c}خواهم");
        let fields = FormFields::default()
            .with("only", &encoded(part))
            .with("to", "names")
            .with(&format!("name:{}", encoded(part)), new_name);
        let mut choice = Choice::of(&fields);
        for _ in 0..3 {
            assert_eq!(choice.only, [part]);
            assert_eq!(choice.new_name(part), Some(new_name));
            let fields = choice.all_fields();
            assert!(fields.body().is_ascii());
            choice = Choice::of(&fields);
        }
    }
}
