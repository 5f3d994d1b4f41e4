//! One operation of the API: its route and handler, and its documentation.

use std::sync::Arc;

use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::state::ApiState;
use crate::config::TokenScope;

/// An operation of the API.
pub(super) struct Operation {
    /// The HTTP method, in lower case.
    pub(super) method: &'static str,
    /// As axum and OpenAPI both write it.
    pub(super) path: &'static str,
    pub(super) handler: MethodRouter<Arc<ApiState>>,
    pub(super) summary: &'static str,
    /// What a token must have; none: the operation is for all.
    pub(super) needs: Option<TokenScope>,
    /// A type with a field for each parameter of the query.
    pub(super) query: Option<SchemaOf>,
    /// The type of the request's body, in JSON.
    pub(super) body: Option<SchemaOf>,
    /// Headers of the request: name, meaning.
    pub(super) headers: Vec<(&'static str, &'static str)>,
    /// The responses, by status.
    pub(super) responses: Vec<(u16, ResponseContent)>,
}

/// Adds a type to the schemas of the document.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a response holds.
pub(super) enum ResponseContent {
    Json(SchemaOf),
    Text(&'static str),
    /// An artifact, with its headers.
    Bytes,
    Nothing,
    Error,
}

impl Operation {
    pub(super) fn new(
        method: &'static str,
        path: &'static str,
        handler: MethodRouter<Arc<ApiState>>,
    ) -> Self {
        Self {
            method,
            path,
            handler,
            summary: "",
            needs: Some(TokenScope::Admin),
            query: None,
            body: None,
            headers: Vec::new(),
            responses: Vec::new(),
        }
    }

    pub(super) fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(super) fn without_token(mut self) -> Self {
        self.needs = None;
        self
    }

    /// Tokens of this scope may do it; of an operation that says nothing, only those for everything.
    pub(super) fn needs(mut self, scope: TokenScope) -> Self {
        self.needs = Some(scope);
        self
    }

    /// `POST /backup/restore`
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
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
        self.response(
            status,
            ResponseContent::Json(SchemaGenerator::subschema_for::<T>),
        )
    }

    pub(super) fn text(self, status: u16, content_type: &'static str) -> Self {
        self.response(status, ResponseContent::Text(content_type))
    }

    pub(super) fn bytes(self, status: u16) -> Self {
        self.response(status, ResponseContent::Bytes)
    }

    pub(super) fn nothing(self, status: u16) -> Self {
        self.response(status, ResponseContent::Nothing)
    }

    pub(super) fn fails(self, statuses: &[u16]) -> Self {
        let with =
            |operation: Self, status: &u16| operation.response(*status, ResponseContent::Error);
        statuses.iter().fold(self, with)
    }

    fn response(mut self, status: u16, content: ResponseContent) -> Self {
        self.responses.push((status, content));
        self
    }
}
