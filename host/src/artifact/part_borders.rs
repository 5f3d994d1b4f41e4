//! Where parts begin and end in an artifact that is still being written.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Part;

/// A place in the artifact before compression from which on something else is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartBorder {
    /// Bytes from the start.
    pub offset: u64,
    /// The part that begins here; none between two parts.
    pub name: Option<String>,
}

/// The borders so far. One is known before the first byte behind it can be read.
#[derive(Debug, Clone, Default)]
pub struct PartBorders(Arc<Mutex<Vec<PartBorder>>>);

impl PartBorders {
    /// Those of an artifact that is complete.
    pub fn of(parts: &[Part]) -> Self {
        let mut parts: Vec<&Part> = parts.iter().collect();
        parts.sort_by_key(|part| part.offset);
        let borders = Self::default();
        let mut end = 0;
        for part in parts.into_iter().filter(|part| part.length > 0) {
            // Parts that lie in one another have no borders of their own: a part is read by its offset.
            if part.offset < end {
                continue;
            }
            borders.add(part.offset, Some(part.name.clone()));
            end = part.offset.saturating_add(part.length);
            borders.add(end, None);
        }
        borders
    }

    /// From `offset` on, the part of that name is written, or none.
    pub fn add(&self, offset: u64, name: Option<String>) {
        let mut borders = self.0.lock();
        // What has no bytes is no stretch.
        if borders.last().is_some_and(|last| last.offset == offset) {
            borders.pop();
        }
        borders.push(PartBorder { offset, name });
    }

    /// The part that `position` lies in, and the next border behind it.
    pub fn at(&self, position: u64) -> (PartBorder, Option<u64>) {
        let borders = self.0.lock();
        let next = borders.partition_point(|border| border.offset <= position);
        let within = next.checked_sub(1).map(|at| borders[at].clone());
        let start = || PartBorder {
            offset: 0,
            name: None,
        };
        (
            within.unwrap_or_else(start),
            borders.get(next).map(|border| border.offset),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, offset: u64, length: u64) -> Part {
        Part {
            name: name.to_owned(),
            offset,
            length,
            sha256: None,
        }
    }

    #[test]
    fn a_position_lies_in_a_part_or_between_two() {
        let parts = [
            part("b", 30, 10),
            part("a", 10, 20),
            part("empty", 30, 0),
            part("inner", 12, 3),
        ];
        let borders = PartBorders::of(&parts);
        for (position, offset, name, next) in [
            (0, 0, None, Some(10)),
            (10, 10, Some("a"), Some(30)),
            (29, 10, Some("a"), Some(30)),
            (30, 30, Some("b"), Some(40)),
            (45, 40, None, None),
        ] {
            let (within, behind) = borders.at(position);
            assert_eq!((within.offset, within.name.as_deref()), (offset, name));
            assert_eq!(behind, next, "{position}");
        }
        assert_eq!(PartBorders::default().at(7).1, None);
    }
}
