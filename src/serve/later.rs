//! What goes on once the answer is on its way, and what comes without a request.

use super::config::Config;
use super::make::{IN_TIME, Making};
use super::ports::World;
use super::purges;
use super::reading::{self, Asking, Opened};
use super::record::{Event, Record};
use super::versions::{self, Known};
use super::work::{Task, Work, WorkFile};

/// Something to go on with after the answer.
#[derive(Debug, Clone)]
pub enum Later {
    /// Ask the sources whether the files of a task are still what they were.
    Refresh(Box<Task>),
    /// Make what nobody waited for.
    Make(Box<Task>),
    /// Look for purges of other data centres.
    LookForPurges,
}

/// Goes on with it.
pub async fn carry_on<W: World>(later: &Later, config: &Config, world: &W) {
    match later {
        Later::Refresh(task) => refresh(task, config, world).await,
        Later::Make(task) => make(task, config, world).await,
        Later::LookForPurges => purges::look_afar(world, config).await,
    }
}

async fn refresh<W: World>(task: &Task, config: &Config, world: &W) {
    let (purges, _) = purges::current(world, config).await;
    let work = Work::new(task, config, &purges);
    let making = Making { world, config, work: &work, is_patient: true, meter: None };
    let known = making.known().await;
    for (file, known) in work.files.iter().zip(&known) {
        let Known::Fresh { current, is_due: true, .. } = known else { continue };
        let refreshes = &world.isolate().refreshes;
        // One is enough, and nobody waits for it.
        if refreshes.has(&file.places_name, world.now_ms()) {
            continue;
        }
        let asking = Asking { known: Some(current), ..Asking::anew(&task.via) };
        refreshes
            .join(world, &file.places_name, |()| false, async || ask(file, asking, config, world).await)
            .await;
    }
}

/// Makes a variant that was too slow to be waited for. One at a time is enough.
async fn make<W: World>(task: &Task, config: &Config, world: &W) {
    let (purges, _) = purges::current(world, config).await;
    let work = Work::new(task, config, &purges);
    let making = Making { world, config, work: &work, is_patient: true, meter: None };
    if making.is_under_way(IN_TIME) {
        return;
    }
    let landed = making.join(IN_TIME).await;
    if let Some(Err(problem)) = landed.map(|landed| landed.outcome)
        && problem.is_internal()
    {
        let reason = format!("what was to be made later was not: {problem}");
        world.log(&Record { event: Event::Failed { reason }, request: None });
    }
}

/// Remembers what a source says now. While it is away, what is known counts as long as it does.
async fn ask<W: World>(file: &WorkFile<'_>, asking: Asking<'_>, config: &Config, world: &W) {
    let asked_ms = world.now_ms();
    let current = match reading::open(world, &file.places, asking).await {
        Ok(Opened::Same) => asking.known.cloned(),
        Ok(Opened::File(opened)) => Some(opened.current.clone()),
        Ok(Opened::Missing) => None,
        Err(_) => return,
    };
    versions::remember(world, &file.places_name, current.as_ref(), asked_ms, &config.freshness);
}
