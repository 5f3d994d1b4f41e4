//! Small objects that were read before: a listing says whether they are still the same.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::backend::Object;

/// Bytes that are remembered of one store at most.
const MOST: usize = 32 << 20;

/// Manifests and verdicts of one store, for a reader that lists it again and again.
#[derive(Debug, Default)]
pub struct KnownObjects(Mutex<HashMap<String, KnownObject>>);

#[derive(Debug)]
struct KnownObject {
    size: u64,
    mark: String,
    bytes: Arc<Vec<u8>>,
}

impl KnownObjects {
    /// What was read of it, if it is still the same.
    pub(super) fn get(&self, object: &Object) -> Option<Arc<Vec<u8>>> {
        let known = self.0.lock();
        let found = known.get(&object.key)?;
        let is_same = found.size == object.size && Some(&found.mark) == object.mark.as_ref();
        is_same.then(|| found.bytes.clone())
    }

    pub(super) fn put(&self, object: &Object, bytes: Arc<Vec<u8>>) {
        let Some(mark) = object.mark.clone() else {
            return;
        };
        let mut known = self.0.lock();
        let held: usize = known.values().map(|one| one.bytes.len()).sum();
        if held + bytes.len() <= MOST {
            let size = object.size;
            known.insert(object.key.clone(), KnownObject { size, mark, bytes });
        }
    }

    /// Forgets what is not among `listed`, which are all objects of a folder.
    pub(super) fn forget_others(&self, folder: &str, listed: &[Object]) {
        let listed: HashSet<&str> = listed.iter().map(|object| object.key.as_str()).collect();
        let mut known = self.0.lock();
        known.retain(|key, _| !key.starts_with(folder) || listed.contains(key.as_str()));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn object(key: &str, mark: Option<&str>) -> Object {
        Object {
            key: key.to_owned(),
            size: 3,
            mark: mark.map(str::to_owned),
        }
    }

    #[test]
    fn only_the_same_object_is_known() {
        let known = KnownObjects::default();
        let bytes = Arc::new(b"abc".to_vec());
        known.put(&object("daily/a", Some("1")), bytes.clone());
        known.put(&object("daily/b", None), bytes.clone());
        assert_eq!(known.get(&object("daily/a", Some("1"))), Some(bytes));
        assert_eq!(known.get(&object("daily/a", Some("2"))), None);
        assert_eq!(known.get(&object("daily/b", None)), None);
        known.forget_others("monthly/", &[]);
        assert!(known.get(&object("daily/a", Some("1"))).is_some());
        known.forget_others("daily/", &[]);
        assert_eq!(known.get(&object("daily/a", Some("1"))), None);
    }
}
