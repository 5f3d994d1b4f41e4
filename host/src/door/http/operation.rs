//! One thing that can be asked: where it goes, and what the documentation says of it.

use std::sync::Arc;

use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::App;

/// A row of the API.
pub(super) struct Operation {
    /// In lower case.
    pub(super) method: &'static str,
    /// As axum and OpenAPI both write it.
    pub(super) path: &'static str,
    pub(super) handler: MethodRouter<Arc<App>>,
    pub(super) summary: &'static str,
    pub(super) needs_token: bool,
    /// Its fields are the query's.
    pub(super) query: Option<Shape>,
    /// The request's body, in JSON.
    pub(super) body: Option<Shape>,
    /// Headers of the request: name, meaning.
    pub(super) headers: Vec<(&'static str, &'static str)>,
    /// By status.
    pub(super) answers: Vec<(u16, Content)>,
}

/// Adds a type to the schemas of the document.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// What an answer holds.
pub(super) enum Content {
    Json(Shape),
    Text(&'static str),
    /// An artifact, with all that its headers say.
    Bytes,
    Nothing,
    Error,
}

impl Operation {
    pub(super) fn new(
        method: &'static str,
        path: &'static str,
        handler: MethodRouter<Arc<App>>,
    ) -> Self {
        Self {
            method,
            path,
            handler,
            summary: "",
            needs_token: true,
            query: None,
            body: None,
            headers: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(super) fn without_token(mut self) -> Self {
        self.needs_token = false;
        self
    }

    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(T::json_schema);
        self
    }

    pub(super) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    pub(super) fn header(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.headers.push((name, meaning));
        self
    }

    pub(super) fn json<T: JsonSchema>(self, status: u16) -> Self {
        self.answers(status, Content::Json(SchemaGenerator::subschema_for::<T>))
    }

    pub(super) fn text(self, status: u16, content_type: &'static str) -> Self {
        self.answers(status, Content::Text(content_type))
    }

    pub(super) fn bytes(self, status: u16) -> Self {
        self.answers(status, Content::Bytes)
    }

    pub(super) fn nothing(self, status: u16) -> Self {
        self.answers(status, Content::Nothing)
    }

    pub(super) fn fails(self, statuses: &[u16]) -> Self {
        let with = |operation: Self, status: &u16| operation.answers(*status, Content::Error);
        statuses.iter().fold(self, with)
    }

    fn answers(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }
}
