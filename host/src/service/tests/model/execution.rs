//! One schedule, from the first request to the last.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use super::promises::{ModelPromises, leaves_nothing_half_done};
use super::schedule::{Interruption, ModelMoment, ModelSchedule};
use super::sidecar::{ModelRun, ModelWorld};
use crate::digest::Digest;
use crate::store::Store;
use crate::store::tests::stepwise::{
    self, MemoryObjects, RequestFate, RequestGate, WaitingRequest,
};

/// A sidecar, and the request that it waits for.
struct ModelSidecar {
    gate: Arc<RequestGate>,
    /// None once it has ended or was killed.
    run: Option<ModelRun>,
    waits: Option<WaitingRequest>,
}

pub(super) struct ModelExecution<'w> {
    world: &'w ModelWorld,
    objects: Arc<Mutex<MemoryObjects>>,
    /// Answers at once.
    seen: Store,
    sidecars: Vec<ModelSidecar>,
    promises: ModelPromises,
    /// For people: what happened.
    story: Vec<String>,
    /// Timers and tasks want one; what runs in it would be renewals, which a paused sidecar does not send.
    runtime: Runtime,
}

impl<'w> ModelExecution<'w> {
    pub(super) fn new(world: &'w ModelWorld) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let entered = runtime.enter();
        let (objects, earlier) = world.objects();
        drop(entered);
        let mut promises = ModelPromises::default();
        for id in earlier {
            promises.acknowledge(id);
        }
        let sidecars = world.clocks_ahead.iter().enumerate().map(|(number, skew)| {
            let gate = Arc::new(RequestGate::default());
            let store = stepwise::store(&objects, Some(gate.clone()), *skew);
            ModelSidecar {
                gate,
                run: Some(world.run(number, store)),
                waits: None,
            }
        });
        Self {
            sidecars: sidecars.collect(),
            seen: stepwise::store(&objects, None, 0),
            objects,
            promises,
            story: Vec::new(),
            runtime,
            world,
        }
    }

    /// Follows a schedule to its end. `is_known` is asked once the last interruption is over, with all that what
    /// follows depends on: then the execution may end. Returns the moments after that.
    pub(super) fn follow(
        &mut self,
        schedule: &ModelSchedule,
        is_known: impl FnOnce(u64) -> bool,
    ) -> Result<Vec<ModelMoment>, String> {
        let followed = self.follow_to_the_end(schedule, is_known);
        followed.map_err(|wrong| format!("{wrong}:\n{}", self.story.join("\n")))
    }

    fn follow_to_the_end(
        &mut self,
        schedule: &ModelSchedule,
        is_known: impl FnOnce(u64) -> bool,
    ) -> Result<Vec<ModelMoment>, String> {
        let mut is_known = Some(is_known);
        let (mut running, mut moments) = (0, Vec::new());
        self.is_right()?;
        for number in 0..self.sidecars.len() {
            self.advance(number)?;
        }
        for request in 0.. {
            if self.sidecars[running].run.is_none() {
                match self.sidecars.iter().position(|one| one.run.is_some()) {
                    Some(next) => running = next,
                    None => break,
                }
            }
            if request == schedule.undisturbed_from()
                && is_known
                    .take()
                    .is_some_and(|is_known| is_known(self.fingerprint(running)))
            {
                return Ok(Vec::new());
            }
            if is_known.is_none() {
                moments.push(self.moment(request, running));
            }
            running = self.meet(running, schedule.at(request))?;
        }
        self.recovers()?;
        Ok(moments)
    }

    fn moment(&self, request: usize, running: usize) -> ModelMoment {
        let others = self.sidecars.iter().enumerate();
        let others = others.filter(|(number, one)| *number != running && one.run.is_some());
        let waits = self.sidecars[running].waits.as_ref();
        ModelMoment {
            request,
            changes: waits.is_some_and(|waits| waits.changes),
            others: others.map(|(number, _)| number).collect(),
        }
    }

    /// Lets the request meet its fate. Returns who goes on.
    fn meet(
        &mut self,
        running: usize,
        interruption: Option<Interruption>,
    ) -> Result<usize, String> {
        let sidecar = &mut self.sidecars[running];
        let waits = sidecar
            .waits
            .as_ref()
            .map_or("", |waits| waits.name.as_str());
        let told = interruption.map_or(String::new(), |interruption| format!(": {interruption}"));
        self.story.push(format!("sidecar {running}: {waits}{told}"));
        let fate = match interruption {
            Some(Interruption::Pause { next }) => return Ok(next),
            Some(Interruption::Kill) => {
                (sidecar.run, sidecar.waits) = (None, None);
                return Ok(running);
            }
            Some(Interruption::AnswerLost) => RequestFate::AnswerLost,
            Some(Interruption::Refused) => RequestFate::Refused,
            None => RequestFate::Answered,
        };
        if let Some(waits) = sidecar.waits.take() {
            let changes = waits.changes;
            waits.meets(fate);
            self.advance(running)?;
            if changes {
                self.is_right()?;
            }
        }
        Ok(running)
    }

    /// Lets a sidecar go on up to its next request, or its end.
    fn advance(&mut self, number: usize) -> Result<(), String> {
        let _entered = self.runtime.enter();
        let sidecar = &mut self.sidecars[number];
        let Some(run) = &mut sidecar.run else {
            return Ok(());
        };
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => {
                // It may wait for the answers of several.
                sidecar.waits = sidecar.gate.next();
                match sidecar.waits {
                    Some(_) => Ok(()),
                    None => Err(format!("sidecar {number} waits for nothing")),
                }
            }
            Poll::Ready(ended) => {
                sidecar.run = None;
                if let Ok(Some(id)) = ended {
                    self.story
                        .push(format!("sidecar {number} calls {id:?} made"));
                    self.promises.acknowledge(id);
                }
                Ok(())
            }
        }
    }

    fn is_right(&mut self) -> Result<(), String> {
        let objects = self.objects.clone();
        let digest = |wanted: &str| {
            let objects = objects.lock();
            let mut found = objects.in_tiers().filter(|(key, _)| *key == wanted);
            found.next().map(|(_, bytes)| Digest::of_bytes(bytes))
        };
        self.promises.check(&self.seen, digest)
    }

    /// The next run, which meets no interruption, makes its backup and leaves nothing half done.
    fn recovers(&mut self) -> Result<(), String> {
        let next = self.sidecars.len();
        self.story
            .push(format!("sidecar {next} makes a backup undisturbed"));
        let mut run = self.world.run(next, self.seen.clone());
        let entered = self.runtime.enter();
        let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(entered);
        match polled {
            Poll::Ready(Ok(Some(id))) => self.promises.acknowledge(id),
            Poll::Ready(ended) => return Err(format!("the next run ends with {ended:?}")),
            Poll::Pending => return Err("the next run waits".to_owned()),
        }
        self.is_right()?;
        leaves_nothing_half_done(&self.objects.lock())
    }

    /// All that what follows depends on, as a number.
    fn fingerprint(&self, running: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        (running, &self.promises, self.objects.lock().fingerprint("")).hash(&mut hasher);
        for sidecar in &self.sidecars {
            let learnt = sidecar.run.as_ref().map(|_| sidecar.gate.fingerprint());
            learnt.hash(&mut hasher);
        }
        hasher.finish()
    }
}
