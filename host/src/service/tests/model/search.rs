//! All schedules with so many interruptions.

use std::collections::HashMap;

use super::execution::ModelExecution;
use super::schedule::ModelSchedule;
use super::sidecar::ModelWorld;

pub(super) struct Search<'w> {
    world: &'w ModelWorld,
    /// States that were searched, each with how many more interruptions.
    searched: HashMap<u64, usize>,
    schedules: usize,
    longest: usize,
}

impl<'w> Search<'w> {
    pub(super) fn new(world: &'w ModelWorld) -> Self {
        Self {
            world,
            searched: HashMap::new(),
            schedules: 0,
            longest: 0,
        }
    }

    /// Fails with the first schedule that breaks a promise.
    pub(super) fn try_all(&mut self, interruptions: usize) -> Result<(), String> {
        self.search_from(&ModelSchedule::default(), interruptions)
    }

    fn search_from(&mut self, schedule: &ModelSchedule, more: usize) -> Result<(), String> {
        self.schedules += 1;
        let searched = &mut self.searched;
        let is_known = |state| {
            let known = searched.get(&state).is_some_and(|known| *known >= more);
            if !known {
                searched.insert(state, more);
            }
            known
        };
        let moments = ModelExecution::new(self.world).follow(schedule, is_known)?;
        self.longest = self.longest.max(moments.len());
        if more == 0 {
            return Ok(());
        }
        for moment in moments {
            for interruption in moment.interruptions() {
                self.search_from(&schedule.with(moment.request, interruption), more - 1)?;
            }
        }
        Ok(())
    }

    /// What was tried, for people.
    pub(super) fn counts(&self) -> String {
        format!(
            "{} schedules, {} states, up to {} requests",
            self.schedules,
            self.searched.len(),
            self.longest
        )
    }

    /// A model in which nothing happens breaks no promise.
    pub(super) fn reaches_enough(&self) -> bool {
        self.longest > 100 && self.searched.len() > 300
    }
}
