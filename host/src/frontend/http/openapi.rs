//! `GET /openapi.json`: the API, described by the operations that the router is made of and the types
//! that the handlers answer with.

use axum::http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::error_response::ErrorBody;
use super::operation::{Operation, ResponseContent};

/// Headers of a response that is an artifact. Of a body that is still being written, size and
/// checksum are trailers.
const ARTIFACT_HEADERS: [(&str, &str); 8] = [
    (
        "Content-Disposition",
        "attachment, with artifact.filename (RFC 6266)",
    ),
    ("ETag", "the SHA-256"),
    ("X-Backup-Format", "artifact.format"),
    ("X-Backup-Id", "the job's id"),
    (
        "X-Checksum-Sha256",
        "of all bytes, in lower-case hex; a trailer when the body is streamed",
    ),
    ("X-Drive-Folder-Id", "as it was given"),
    ("X-Format", "artifact.format"),
    ("X-Size", "bytes; a trailer when the body is streamed"),
];

/// The document: OpenAPI 3.1.
pub(super) fn document(operations: &[Operation]) -> Value {
    // Version 3.1 uses plain JSON Schema: only the place of the definitions differs.
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let described = describe(operation, &mut schemas);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "sidecar", "version": env!("CARGO_PKG_VERSION")},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas.take_definitions(true),
        },
    })
}

fn describe(operation: &Operation, schemas: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, content) in &operation.responses {
        responses.insert(status.to_string(), response(*status, content, schemas));
    }
    let mut described = json!({"summary": operation.summary});
    if let Some(scope) = operation.needs {
        described["security"] = json!([{"token": [scope.as_str()]}]);
        for status in [401, 403, 429] {
            responses.insert(
                status.to_string(),
                response(status, &ResponseContent::Error, schemas),
            );
        }
    } else {
        described["security"] = json!([]);
    }
    let parameters = parameters(operation, schemas);
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(schema_of) = operation.body {
        described["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": schema_of(schemas)}},
        });
    }
    described["responses"] = responses.into();
    described
}

fn parameters(operation: &Operation, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let text = json!({"type": "string"});
    let mut all = Vec::new();
    if operation.path.contains("{id}") {
        all.push(json!({"name": "id", "in": "path", "required": true, "schema": text}));
    }
    let query = operation
        .query
        .map(|schema_of| schema_of(schemas).to_value());
    for (name, schema) in query
        .iter()
        .filter_map(|query| query["properties"].as_object())
        .flatten()
    {
        let mut schema = schema.clone();
        let meaning = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        all.push(json!({"name": name, "in": "query", "description": meaning, "schema": schema}));
    }
    for (name, meaning) in &operation.headers {
        all.push(json!({"name": name, "in": "header", "description": meaning, "schema": text}));
    }
    all
}

fn response(status: u16, content: &ResponseContent, schemas: &mut SchemaGenerator) -> Value {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let mut response = json!({"description": reason.unwrap_or_default()});
    match content {
        ResponseContent::Json(schema_of) => {
            response["content"] = json!({"application/json": {"schema": schema_of(schemas)}});
        }
        ResponseContent::Text(content_type) => {
            response["content"] = json!({*content_type: {"schema": {"type": "string"}}});
        }
        ResponseContent::Bytes => {
            response["content"] = json!({"*/*": {}});
            for (name, meaning) in ARTIFACT_HEADERS {
                let header = json!({"description": meaning, "schema": {"type": "string"}});
                response["headers"][name] = header;
            }
        }
        ResponseContent::Nothing => {}
        ResponseContent::Error => {
            let schema = schemas.subschema_for::<ErrorBody>();
            response["content"] = json!({"application/json": {"schema": schema}});
        }
    }
    response
}
