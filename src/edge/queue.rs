//! Messages of the queue, each carried out by itself.

use std::rc::Rc;

use js_sys::JSON;
use worker::wasm_bindgen::JsValue;
use worker::{Context, Env, MessageBatch, MessageExt, event};

use super::world::{self, Edge};
use super::{ISOLATE, deployment};
use crate::serve::{self, Event, MessageError, Record};

/// Carries out a batch. What may succeed another time comes again; what never will is in the log.
#[event(queue)]
async fn queue(batch: MessageBatch<JsValue>, env: Env, context: Context) -> worker::Result<()> {
    let deployment = deployment(&env).map_err(|error| worker::Error::RustError(error.to_string()))?;
    let edge = Edge::new(&env, &Rc::new(context), ISOLATE.with(Rc::clone));
    for message in batch.raw_iter() {
        let body = message.body();
        let json = body.as_string().or_else(|| JSON::stringify(&body).ok().map(String::from));
        match serve::carry_out(&json.unwrap_or_default(), &deployment.config, &edge).await {
            Ok(()) => message.ack(),
            Err(error) => {
                let reason = format!("a message of the queue was not carried out: {error}");
                world::log(&Record { event: Event::Failed { reason }, request: None });
                match error {
                    MessageError::Hopeless(_) => message.ack(),
                    MessageError::Later(_) => message.retry(),
                }
            }
        }
    }
    Ok(())
}
