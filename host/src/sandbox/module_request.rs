//! A restore as an export of a module takes it. Each such export has records of its own with the same fields: an
//! interface that is exported cannot use the types of another one that is.

/// The `Request` of the export whose types `$exported` has, of a [`RestoreRequest`](super::restore::RestoreRequest)
/// and the strategy's configuration.
macro_rules! module_request {
    ($exported:ident, $request:expr, $config:expr) => {{
        let request = $request;
        let parts = request.parts.iter().map(|part| $exported::Part {
            name: part.name.clone(),
            offset: part.offset,
            length: part.length,
        });
        let only = request.only.iter().map(|selection| $exported::Selection {
            name: selection.name.clone(),
            new_name: selection.new_name.clone(),
        });
        $exported::Request {
            config: String::from($config),
            format: request.format.clone(),
            size: request.size,
            parts: parts.collect(),
            only: only.collect(),
            into: request.into.clone(),
            replace: request.replace,
        }
    }};
}

pub(super) use module_request;
