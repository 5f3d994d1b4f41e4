//! The rules by which a store itself deletes what is old.

use serde_json::Value;

use super::backend::LifecycleRules;
use super::objects::Store;
use crate::error::{Error, Kind, Result};

impl Store {
    /// The bucket's lifecycle configuration: `{"Rules": […]}`, in which elements have the names of the
    /// XML. Null if it has none.
    pub async fn lifecycle(&self) -> Result<Value> {
        self.rules()?.read_rules().await
    }

    /// Puts a configuration of that shape in place of the bucket's; one without rules deletes it.
    pub async fn set_lifecycle(&self, configuration: &Value) -> Result<()> {
        self.rules()?.write_rules(configuration).await
    }

    fn rules(&self) -> Result<&dyn LifecycleRules> {
        self.backend.lifecycle_rules().ok_or_else(|| {
            let message = format!("store `{}` is no bucket", self.name());
            Error::new(Kind::BadRequest, "no-bucket", message)
                .hint("`sidecar prune` applies the retention in every store")
        })
    }
}
