//! Reading pictures from where they are: in order, within time, tried twice, and with every byte counted.

use http::{HeaderName, HeaderValue, Method};

use super::Isolate;
use super::door::seconds;
use super::patience::{until, within};
use super::ports::{Blob, Fetched, StoreError, Version, World};
use super::record::{Event, Record};
use super::source_error::{Fault, SourceError};
use super::versions::Current;
use crate::address::Address;
use crate::sources::{At, Head, Http, Kind, Outgoing, Place, Source, condition};

/// What came of asking for a picture.
pub(super) enum Opened<'a, W: World> {
    /// It is there.
    File(File<'a, W>),
    /// It is still the version that is known.
    Same,
    /// Nobody has it.
    Missing,
}

/// A picture that is being read.
pub(super) struct File<'a, W: World> {
    /// What it is.
    pub current: Current,
    /// Whether its length is known before its end; else it is 0 in `current`.
    pub is_sized: bool,
    /// Its bytes.
    pub body: Body<'a, W>,
}

/// The bytes of a picture, as they come or all there.
pub(super) enum Body<'a, W: World> {
    /// They come.
    Coming(Stream<'a, W>),
    /// They are here.
    Here(Option<Vec<u8>>),
}

/// Bytes as they come in.
pub(super) struct Stream<'a, W: World> {
    world: &'a W,
    source: &'a Source,
    blob: W::Blob,
    ends_ms: f64,
    expected: Option<u64>,
    got: u64,
}

/// Who asks, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    /// `Via`: which of our hosts were asked for the picture.
    pub via: &'a str,
    /// The version that is known, if there is one.
    pub known: Option<&'a Current>,
    /// The longest wait for the head of an answer, where it is less than the source's own.
    pub patience_ms: u32,
}

impl<'a> Asking<'a> {
    /// Asks as one who knows nothing.
    pub(super) fn anew(via: &'a str) -> Self {
        Self { via, known: None, patience_ms: u32::MAX }
    }
}

/// Begins the version of what has nothing to tell versions by, and is another one each time.
pub(super) const ONCE: &str = "once:";

/// No more hops than a browser's user would wait for.
const MOST_REDIRECTS: usize = 3;

/// Asks the places in their order: the first that has the picture gives it. Only if none fails is it missing.
pub(super) async fn open<'a, W: World>(
    world: &'a W,
    places: &[Place<'a>],
    asking: Asking<'_>,
) -> Result<Opened<'a, W>, SourceError> {
    let mut failure = None;
    for place in places {
        match ask_twice(world, place, asking).await {
            Ok(Opened::Missing) => {}
            Ok(opened) => return Ok(opened),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(Opened::Missing), Err)
}

async fn ask_twice<'a, W: World>(
    world: &'a W,
    place: &Place<'a>,
    asking: Asking<'_>,
) -> Result<Opened<'a, W>, SourceError> {
    let ends_ms = world.now_ms() + f64::from(place.source.total_ms);
    admit(world, place.source)?;
    let first = ask(world, place, asking, ends_ms).await;
    if !first.as_ref().is_err_and(SourceError::is_worth_a_retry) {
        return first;
    }
    pause(world).await;
    admit(world, place.source)?;
    ask(world, place, asking, ends_ms).await
}

/// Whoever finds the source being left alone hears at once what it did last.
fn admit<W: World>(world: &W, source: &Source) -> Result<(), SourceError> {
    let admitted = world.isolate().breakers.admit(&source.name, world.now_ms());
    admitted.map_err(|fault| away(source, fault))
}

/// Waits a moment before another try, and not all for the same one.
pub(super) async fn pause<W: World>(world: &W) {
    let jitter = world.random() * 100.0;
    world.wait(50 + until(jitter, 0.0)).await;
}

/// Asks once.
async fn ask<'a, W: World>(
    world: &'a W,
    place: &Place<'a>,
    asking: Asking<'_>,
    ends_ms: f64,
) -> Result<Opened<'a, W>, SourceError> {
    let source = place.source;
    let milliseconds = source.first_byte_ms.min(asking.patience_ms).min(until(ends_ms, world.now_ms()));
    let answered = within(world, milliseconds, speak(world, place, asking, ends_ms)).await;
    let result = answered.unwrap_or_else(|| Err(away(source, Fault::TimedOut { milliseconds })));
    note(world, source, result.as_ref().err());
    result
}

/// Lets the circuit breaker know how it went.
fn note<W: World>(world: &W, source: &Source, error: Option<&SourceError>) {
    let Isolate { breakers, .. } = world.isolate();
    match error {
        Some(SourceError::Away { fault, .. }) => {
            if breakers.failed(&source.name, fault, world.now_ms()) {
                let reason = format!("the source '{}' {fault}; it is left alone for a while", source.name);
                world.log(&Record { event: Event::Failed { reason }, request: None });
            }
        }
        _ => breakers.succeeded(&source.name),
    }
}

fn away(source: &Source, fault: Fault) -> SourceError {
    SourceError::Away { source_name: source.name.clone(), fault }
}

async fn speak<'a, W: World>(
    world: &'a W,
    place: &Place<'a>,
    asking: Asking<'_>,
    ends_ms: f64,
) -> Result<Opened<'a, W>, SourceError> {
    let source = place.source;
    if source.is_locked {
        let name = source.credentials.as_deref().unwrap_or_default();
        return Err(wrong(source, format!("its secret {name} is not set")));
    }
    let known = asking.known.filter(|known| known.place == place.name());
    let failed = |StoreError(reason)| away(source, Fault::Failed(reason));
    let found = match (&source.kind, &place.at) {
        (Kind::R2 { binding, .. }, At::Key(key)) => {
            if let Some(known) = known {
                match world.head(binding, key).await.map_err(failed)? {
                    None => return Ok(Opened::Missing),
                    Some(version) if is_known(&version, &known.version) => return Ok(Opened::Same),
                    Some(_) => {}
                }
            }
            let found = world.get(binding, key).await.map_err(failed)?;
            found.map(|(version, blob)| (version, true, blob))
        }
        (Kind::S3 { s3, credentials: Some(credentials) }, At::Key(key)) => {
            let signed = s3.request(&Method::GET, key, credentials, seconds(world.now_ms()));
            let Some(signed) = signed else { return Ok(Opened::Missing) };
            let request = Outgoing::signed(signed.clone(), known.and_then(condition_of));
            let answer = fetch(world, source, None, request).await?;
            // Whoever writes other words beside the same bytes stores them anew, under the same entity tag.
            let is_old = |answer: &Fetched<W::Blob>, known: &Current| {
                answer.status == 304 && is_stored_anew(&Head::read(&answer.headers), &known.version)
            };
            let answer = match (answer, known) {
                (Some(answer), Some(known)) if is_old(&answer, known) => {
                    fetch(world, source, None, Outgoing::signed(signed, None)).await?
                }
                (answer, _) => answer,
            };
            match answer {
                None => return Ok(Opened::Missing),
                Some(answer) if answer.status == 304 => return Ok(Opened::Same),
                Some(answer) => Some(read_head(world, source, answer)?),
            }
        }
        (Kind::Http { http, .. }, At::Address(address)) => {
            let request = http.request(address, known.and_then(condition_of), asking.via);
            match fetch(world, source, Some((http, address.clone())), request).await? {
                None => return Ok(Opened::Missing),
                Some(answer) if answer.status == 304 && known.is_some() => return Ok(Opened::Same),
                Some(answer) => Some(read_head(world, source, answer)?),
            }
        }
        _ => return Err(wrong(source, "the place is none of this source's".to_owned())),
    };
    let Some((version, is_sized, blob)) = found else { return Ok(Opened::Missing) };
    let expected = is_sized.then_some(version.size_bytes);
    let current = Current { place: place.name(), version };
    let body = Body::Coming(Stream { world, source, blob, ends_ms, expected, got: 0 });
    Ok(Opened::File(File { current, is_sized, body }))
}

/// Whether it is the same version, in its bytes and in what is written beside them.
fn is_known(version: &Version, known: &Version) -> bool {
    version.etag == known.etag && version.focus == known.focus
}

fn is_stored_anew(head: &Head, known: &Version) -> bool {
    head.modified_seconds > 0 && head.modified_seconds != known.modified_seconds
}

fn condition_of(known: &Current) -> Option<(HeaderName, HeaderValue)> {
    condition(&known.version.etag, known.version.modified_seconds)
}

fn wrong(source: &Source, reason: String) -> SourceError {
    SourceError::Wrong { source_name: source.name.clone(), reason }
}

/// An answer that is not an error, after all redirects that may be; nothing where there is no such picture.
async fn fetch<W: World>(
    world: &W,
    source: &Source,
    mut redirects: Option<(&Http, Address)>,
    mut request: Outgoing,
) -> Result<Option<Fetched<W::Blob>>, SourceError> {
    for _ in 0..=MOST_REDIRECTS {
        let fetched = world.fetch(&request).await;
        let answer = fetched.map_err(|StoreError(reason)| away(source, Fault::Failed(reason)))?;
        match answer.status {
            200 | 304 => return Ok(Some(answer)),
            404 | 410 => return Ok(None),
            301 | 302 | 303 | 307 | 308 => {
                let Some((http, address)) = &mut redirects else {
                    return Err(wrong(source, "it redirects; look at its endpoint and region".to_owned()));
                };
                *address = http
                    .follow(address, &answer.headers)
                    .map_err(|error| wrong(source, error.to_string()))?;
                request.url = address.to_string();
            }
            status @ (401 | 403 | 407) => return Err(denied(source, status)),
            status @ (429 | 500..) => return Err(away(source, Fault::Status(status))),
            status => return Err(wrong(source, format!("it answers {status}"))),
        }
    }
    Err(wrong(source, format!("it redirects more than {MOST_REDIRECTS} times")))
}

fn denied(source: &Source, status: u16) -> SourceError {
    let credentials = source.credentials.as_ref().map_or_else(
        || "it was asked without credentials".to_owned(),
        |name| format!("look at the credentials in {name}, and at what they may read"),
    );
    SourceError::Denied { source_name: source.name.clone(), status, credentials }
}

/// What the head of an answer of 200 says of the picture. One that has nothing to tell versions by is new each time.
fn read_head<W: World>(
    world: &W,
    source: &Source,
    answer: Fetched<W::Blob>,
) -> Result<(Version, bool, W::Blob), SourceError> {
    if answer.status != 200 {
        return Err(wrong(source, format!("it answers {} to a plain question", answer.status)));
    }
    let Head { etag, modified_seconds, size_bytes, focus } = Head::read(&answer.headers);
    let etag = etag.unwrap_or_else(|| format!("{ONCE}{}", world.now_ms()));
    let version = Version { etag, modified_seconds, size_bytes: size_bytes.unwrap_or(0), focus };
    Ok((version, size_bytes.is_some(), answer.blob))
}

impl<W: World> File<'_, W> {
    /// One that was kept.
    pub(super) fn kept(current: Current, bytes: Vec<u8>) -> Self {
        Self { current, is_sized: true, body: Body::Here(Some(bytes)) }
    }
}

impl<W: World> Body<'_, W> {
    /// For so long it was not read: that is no fault of its source, which has so much longer.
    pub(super) fn excuse(&mut self, milliseconds: f64) {
        match self {
            Self::Coming(stream) => stream.ends_ms += milliseconds,
            Self::Here(_) => {}
        }
    }

    /// The next piece, not empty; nothing at the end, which is where it should be.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        match self {
            Self::Coming(stream) => stream.next().await,
            Self::Here(bytes) => Ok(bytes.take().filter(|bytes| !bytes.is_empty())),
        }
    }
}

impl<W: World> Stream<'_, W> {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        let piece = self.piece().await.map_err(|fault| away(self.source, fault));
        if let Err(error) = &piece {
            note(self.world, self.source, Some(error));
        }
        piece
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let late = Fault::TimedOut { milliseconds: self.source.total_ms };
        let left_ms = until(self.ends_ms, self.world.now_ms());
        let come = within(self.world, left_ms, self.blob.next()).await.ok_or(late)?;
        let piece = come.map_err(|StoreError(reason)| Fault::BrokeOff(reason))?;
        self.got += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        match self.expected {
            Some(expected) if self.got > expected || (piece.is_none() && self.got < expected) => {
                Err(Fault::Length { expected, got: self.got })
            }
            _ => Ok(piece),
        }
    }
}
