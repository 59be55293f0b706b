//! Messages of the queue: purge these pictures, or make the presets of a new one before anybody asks.

use http::{HeaderMap, Method};
use serde::Deserialize;

use super::Request;
use super::config::Config;
use super::door;
use super::make::{IN_TIME, Making};
use super::ports::World;
use super::problem::Problem;
use super::purges::{self, Purge};
use super::work::{Task, Work};
use crate::negotiate::Target;
use crate::recipe::{Recipe, Source};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Message {
    /// Purge.
    Purge(Purge),
    /// Make these presets of a picture, in every format that clients may be given.
    Warm(Warm),
}

/// A picture to be made in advance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warm {
    /// The picture, as clients call it.
    pub source: String,
    /// The presets.
    pub presets: Vec<String>,
    /// Whose picture it is.
    pub tenant: Option<String>,
    /// The host that clients will ask, where policies look at it.
    #[serde(default)]
    pub host: String,
}

/// Why a message was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It never will be: it cannot be understood, or asks for what cannot be.
    #[error("{0}")]
    Hopeless(String),
    /// Another time it may be.
    #[error("{0}")]
    Later(String),
}

/// Carries out a message, given as JSON.
pub async fn carry_out<W: World>(json: &str, config: &Config, world: &W) -> Result<(), MessageError> {
    let message = serde_json::from_str(json)
        .map_err(|error| MessageError::Hopeless(format!("the message cannot be understood: {error}")))?;
    match message {
        Message::Purge(purge) if purge.is_empty() => {
            Err(MessageError::Hopeless("the purge names nothing".to_owned()))
        }
        Message::Purge(purge) => {
            let purged = purges::purge(world, config, &purge).await;
            purged.map(|_| ()).map_err(|error| MessageError::Later(error.to_string()))
        }
        Message::Warm(warm) => warm_up(&warm, config, world).await,
    }
}

async fn warm_up<W: World>(warm: &Warm, config: &Config, world: &W) -> Result<(), MessageError> {
    for preset in &warm.presets {
        for task in tasks(warm, preset, config).map_err(|problem| sort(&problem))? {
            let (purges, _) = purges::current(world, config).await;
            let work = Work::new(&task, config, &purges);
            let making = Making { world, config, work: &work, is_patient: true, meter: None };
            let landed = making.join(IN_TIME).await;
            let outcome = landed.map_or(Err(Problem::Busy), |landed| landed.outcome);
            outcome.map_err(|problem| sort(&problem))?;
        }
    }
    Ok(())
}

/// A task for every format that a client may be given.
fn tasks(warm: &Warm, preset: &str, config: &Config) -> Result<Vec<Task>, Problem> {
    let source = Source::parse(&warm.source, None)?;
    let permit = door::unattended(&warm.host, &source, config);
    // Of a client nothing is known: what depends on hints is made as for one that sends none.
    let nobody = Request { host: warm.host.clone(), ..Request::new(Method::GET, "", HeaderMap::new()) };
    let (recipe, _) = permit.recipe(Recipe::parse(&format!("preset={preset}"))?, &nobody)?;
    if let Some(unbuilt) = recipe.unbuilt() {
        return Err(unbuilt.into());
    }
    let tenant = warm.tenant.as_deref().or(permit.tenant()).map(str::to_owned);
    let task = |target| Task {
        tenant: tenant.clone(),
        via: nobody.via(),
        recipe: Task::recipe_for(recipe.clone(), target),
        source: source.clone(),
        target,
        tags: permit.tags().to_vec(),
        private_metadata: permit.lets_private_metadata_leave(),
    };
    Ok(Target::all(&recipe).into_iter().map(task).collect())
}

fn sort(problem: &Problem) -> MessageError {
    let text = problem.to_string();
    let may_pass = matches!(
        problem,
        Problem::Source(_) | Problem::Busy | Problem::NotFound { .. } | Problem::Lacks { .. }
    );
    if may_pass { MessageError::Later(text) } else { MessageError::Hopeless(text) }
}
