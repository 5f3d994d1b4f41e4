//! The names of a swap.

/// What a swap calls its databases and tables. An application's own tables are moved into the same database:
/// none of them has the id in its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mysql) struct SwapNames {
    id: String,
    /// The database that holds the state: that of the old tables, or the target itself.
    state_in: String,
}

const NEW: &str = "sidecar_new_";
const OLD: &str = "sidecar_old_";
/// The table with definitions; in a database that is filled where it is, it tells that it is not whole.
pub(in crate::mysql) const OBJECTS: &str = "sidecar_objects_";
const ID_LENGTH: usize = 10;

impl SwapNames {
    /// Those of the database with this number of a restore.
    pub(in crate::mysql) fn of(restore: &str, number: usize) -> Self {
        let digit = |value: usize| char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[value % 36]);
        let retained = restore.get(..ID_LENGTH - 3).unwrap_or(restore);
        let id = format!(
            "{retained}{}{}{}",
            digit(number / 36 / 36),
            digit(number / 36),
            digit(number)
        );
        Self::with_id(id)
    }

    /// Those of a swap whose database of old tables this is.
    pub(super) fn of_old(database: &str) -> Option<Self> {
        let id = database.strip_prefix(OLD)?;
        is_id(id).then(|| Self::with_id(id.to_owned()))
    }

    fn with_id(id: String) -> Self {
        Self {
            state_in: format!("{OLD}{id}"),
            id,
        }
    }

    /// The same, with the state in the target: nothing is swapped.
    pub(in crate::mysql) fn inside(self, target: &str) -> Self {
        Self {
            state_in: target.to_owned(),
            ..self
        }
    }

    pub(in crate::mysql) fn new_database(&self) -> String {
        format!("{NEW}{}", self.id)
    }

    pub(in crate::mysql) fn old_database(&self) -> String {
        format!("{OLD}{}", self.id)
    }

    /// The table with what the swap is for; it is the marker.
    pub(super) fn swap(&self) -> String {
        self.table("sidecar_swap_")
    }

    pub(in crate::mysql) fn objects(&self) -> String {
        self.table(OBJECTS)
    }

    /// Its name without the database's.
    pub(in crate::mysql) fn objects_table(&self) -> String {
        format!("{OBJECTS}{}", self.id)
    }

    /// Foreign keys of other databases.
    pub(super) fn keys(&self) -> String {
        self.table("sidecar_keys_")
    }

    /// Renamed to [`Self::done`] in the statement that swaps the tables.
    pub(super) fn pending(&self) -> String {
        self.table("sidecar_pending_")
    }

    pub(super) fn done(&self) -> String {
        self.table("sidecar_done_")
    }

    fn table(&self, prefix: &str) -> String {
        super::super::sql::qualified(&self.state_in, &format!("{prefix}{}", self.id))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

fn is_id(id: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    id.len() == ID_LENGTH && id.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_of_a_restore_has_names_of_its_own() {
        let names = SwapNames::of("abcdefghij", 37);
        assert_eq!(names.new_database(), "sidecar_new_abcdefg011");
        assert_eq!(SwapNames::of_old("sidecar_old_abcdefg011"), Some(names));
        for other in [
            "sidecar_old_",
            "sidecar_old_abc",
            "sidecar_new_abcdefg011",
            "shop",
        ] {
            assert_eq!(SwapNames::of_old(other), None);
        }
    }
}
