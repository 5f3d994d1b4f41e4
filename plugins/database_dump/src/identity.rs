//! Which server is at the other end. Its address does not say it: a server has many.

use serde::{Deserialize, Serialize};

/// What a server tells of itself. What an engine's servers do not have is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Identity {
    /// What one server has from its start to its end, and no other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<String>,
    /// What stays through restarts; a copy of its disk has the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// What all servers with the same data have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cluster: Option<String>,
    /// What its replicas call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Whose replica it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) follows: Vec<String>,
    /// Whether it only follows another one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replica: bool,
}

/// What two servers have to do with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// They are one.
    Same,
    /// What is changed in the one is changed in the other.
    Linked,
    /// One was made of a copy of the other's disk.
    Copy,
    /// Nothing.
    Other,
}

impl Identity {
    /// What this one has to do with another one that was asked at the same time.
    pub(crate) fn relation(&self, other: &Self) -> Relation {
        if shared(&self.instance, &other.instance) {
            return Relation::Same;
        }
        let same_disk = shared(&self.server, &other.server);
        let follows = |replica: &Self, of: &Self| {
            let id = of.id.as_ref();
            id.is_some_and(|id| replica.follows.contains(id))
        };
        let linked = shared(&self.cluster, &other.cluster)
            || follows(self, other)
            || follows(other, self)
            || same_disk && (self.replica || other.replica);
        match (linked, same_disk) {
            (true, _) => Relation::Linked,
            (false, true) => Relation::Copy,
            (false, false) => Relation::Other,
        }
    }

    /// Whether another one may be this one, which was asked long ago and cannot be asked now.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        self.relation(other) != Relation::Other
    }
}

fn shared(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_some() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(instance: &str, server: &str) -> Identity {
        Identity {
            instance: Some(instance.to_owned()),
            server: Some(server.to_owned()),
            ..Identity::default()
        }
    }

    #[test]
    fn a_server_is_itself_whatever_it_is_called() {
        let one = server("1", "a");
        assert_eq!(one.relation(&one), Relation::Same);
        assert_eq!(one.relation(&server("2", "b")), Relation::Other);
        let nothing = Identity::default();
        assert_eq!(nothing.relation(&nothing), Relation::Other);
    }

    #[test]
    fn a_copy_is_another_server_unless_one_feeds_the_other() {
        let (one, copy) = (server("1", "a"), server("2", "a"));
        assert_eq!(one.relation(&copy), Relation::Copy);
        assert!(one.may_be(&copy), "it may have been restarted since");
        let replica = Identity {
            replica: true,
            ..copy
        };
        assert_eq!(one.relation(&replica), Relation::Linked);
        assert_eq!(replica.relation(&one), Relation::Linked);
    }

    #[test]
    fn servers_of_a_cluster_and_a_replica_with_its_source_have_the_same_data() {
        let node = |instance: &str| Identity {
            cluster: Some("c".to_owned()),
            ..server(instance, instance)
        };
        assert_eq!(node("1").relation(&node("2")), Relation::Linked);
        let source = Identity {
            id: Some("7".to_owned()),
            ..server("1", "a")
        };
        let replica = Identity {
            follows: vec!["7".to_owned()],
            ..server("2", "b")
        };
        assert_eq!(source.relation(&replica), Relation::Linked);
        assert_eq!(replica.relation(&source), Relation::Linked);
    }
}
