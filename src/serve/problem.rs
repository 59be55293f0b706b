//! What went wrong, and the one place where that becomes HTTP.

use http::StatusCode;

use super::config::ConfigError;
use super::rate::Exceeded;
use super::refusal::Refusal;
use super::source_error::SourceError;
use crate::picture::budget::{LARGEST_FILE_BYTES, LARGEST_GATHERED_BYTES};
use crate::picture::encode::EncodeError;
use crate::picture::probe::ProbeError;
use crate::picture::svg::SvgError;
use crate::plan::PlanError;
use crate::recipe::{RecipeError, Unbuilt};
use crate::render::RenderError;

/// Every way in which a request can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The URL is wrong.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The URL asks for what is not built.
    #[error(transparent)]
    Unbuilt(#[from] Unbuilt),
    /// A picture of pixels is asked for as a drawing.
    #[error("format=svg is for sources that are SVG")]
    NoDrawing,
    /// Somebody was turned away at the door.
    #[error("{}", .0.reason)]
    Refused(Box<Refusal>),
    /// The keys of a token's issuer are not to be had.
    #[error("the keys of the token's issuer cannot be had")]
    NoIssuerKeys,
    /// A rate limit was reached.
    #[error("more than {} pictures in {} seconds; what was made before is not counted", .0.limit, .0.period)]
    TooMany(Exceeded),
    /// The path is nothing we know.
    #[error("there is nothing here; transforms begin with /image/")]
    NoSuchPath,
    /// Not GET, HEAD or OPTIONS.
    #[error("pictures are read with GET or HEAD")]
    Method,
    /// No object of this name.
    #[error("there is no picture '{key}'")]
    NotFound {
        /// Its key.
        key: String,
    },
    /// A mark or a font that the answer is made of is not there.
    #[error("there is no {part} '{key}', and without it the picture is not shown")]
    Lacks {
        /// What it is.
        part: &'static str,
        /// Its key.
        key: String,
    },
    /// The file is too large to be read.
    #[error(
        "the file has {size_bytes} bytes; at most {LARGEST_FILE_BYTES} are read, {LARGEST_GATHERED_BYTES} of an original or of all marks together"
    )]
    FileTooLarge {
        /// Its size.
        size_bytes: u64,
    },
    /// Other transforms hold the memory that this one needs.
    #[error("this location is busy with other large pictures; try again in a moment")]
    Busy,
    /// The file is no picture we can read.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The picture cannot be transformed like this.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Decoding or encoding failed.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A source has no answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The request went through us before.
    #[error("the request went through this host before: a source leads back to it")]
    Loop,
    /// A purge cannot be carried out.
    #[error("the purge failed: {0}")]
    Purge(String),
    /// A purge cannot be understood.
    #[error("a purge names source, prefix, tag, tenant or everything=true in its query: {0}")]
    PurgeQuery(String),
    /// The deployment's settings cannot be used.
    #[error("a setting is wrong: {0}")]
    Config(#[from] ConfigError),
    /// A range that begins beyond the end.
    #[error("the range begins beyond the {length} bytes there are")]
    Range {
        /// Bytes there are.
        length: u64,
    },
    /// A defect of ours.
    #[error("a defect: {0}")]
    Defect(String),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Errors begin in lower case, so that they can stand within others; sentences do not.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A problem document (RFC 9457).
#[derive(Debug, serde::Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<&'a str>,
}

impl Problem {
    /// Status, stable type and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Recipe(_) => (StatusCode::BAD_REQUEST, "recipe", "The transform URL is wrong"),
            Self::NoDrawing => (StatusCode::BAD_REQUEST, "no-drawing", "The source is not SVG"),
            Self::Unbuilt(_)
            | Self::Render(RenderError::Svg(SvgError::LeftOut | SvgError::PixelsLeftOut)) => {
                (StatusCode::NOT_IMPLEMENTED, "not-built", "An option is not built yet")
            }
            Self::Render(RenderError::Svg(SvgError::NotDrawn(_))) => {
                (StatusCode::NOT_IMPLEMENTED, "not-drawn", "Something in the drawing is not drawn")
            }
            Self::Render(RenderError::Svg(SvgError::TooMuch { .. }))
            | Self::Plan(PlanError::TooMuchToDraw { .. }) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "too-much-to-draw",
                "The drawing takes too long to be drawn",
            ),
            Self::Refused(refusal) => {
                let told = refusal.told();
                (told.status, told.kind, told.title)
            }
            Self::NoIssuerKeys => {
                (StatusCode::SERVICE_UNAVAILABLE, "no-issuer-keys", "Tokens cannot be checked now")
            }
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many new pictures"),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "no-such-path", "There is nothing here"),
            Self::Method => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed")
            }
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found", "There is no such picture"),
            Self::Lacks { .. } => {
                (StatusCode::FAILED_DEPENDENCY, "lacks", "A part of the picture is missing")
            }
            Self::Render(RenderError::Text(_)) => {
                (StatusCode::FAILED_DEPENDENCY, "font", "A font cannot be used")
            }
            Self::FileTooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "file-too-large", "The file is too large")
            }
            Self::Plan(PlanError::FileTooLarge { .. }) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "file-too-large", "The file is too large for its coding")
            }
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much is going on here"),
            Self::Probe(ProbeError::NotAPicture) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-picture", "The source is not a picture")
            }
            Self::Probe(ProbeError::Unsupported(_)) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", "The source's coding is not supported")
            }
            Self::Render(RenderError::Svg(SvgError::TooLong { .. })) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "file-too-large", "The drawing is too large")
            }
            Self::Probe(ProbeError::Broken(_))
            | Self::Render(RenderError::Decode(_) | RenderError::Svg(SvgError::Broken(_))) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "broken", "The source is broken")
            }
            Self::Plan(PlanError::SourceTooLarge { .. } | PlanError::TooManyPixels { .. }) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "source-too-large", "The source has too many pixels")
            }
            Self::Plan(PlanError::OutputTooLarge { .. } | PlanError::SideTooLong { .. })
            | Self::Render(RenderError::Encode(EncodeError::TooLong { .. } | EncodeError::NoneFits { .. })) => {
                (StatusCode::BAD_REQUEST, "output-too-large", "The output would be too large")
            }
            Self::Plan(PlanError::NothingLeft { .. }) => {
                (StatusCode::BAD_REQUEST, "nothing-left", "Nothing would be left of the picture")
            }
            Self::Source(error) if error.is_late() => {
                (StatusCode::GATEWAY_TIMEOUT, "store-late", "The store did not answer in time")
            }
            Self::Source(_) => (StatusCode::BAD_GATEWAY, "store", "The store answered badly"),
            Self::Loop => (StatusCode::LOOP_DETECTED, "loop", "The request goes round in circles"),
            Self::Purge(_) => (StatusCode::BAD_GATEWAY, "purge", "The purge failed"),
            Self::PurgeQuery(_) => (StatusCode::BAD_REQUEST, "purge-query", "The purge is wrong"),
            Self::Range { .. } => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "range", "The range is outside the picture")
            }
            Self::Config(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "config", "This deployment is set up wrongly")
            }
            Self::Render(
                RenderError::Encode(EncodeError::Refused { .. })
                | RenderError::Panic(_)
                | RenderError::Defect,
            )
            | Self::Plan(PlanError::Unseen)
            | Self::Defect(_) => (StatusCode::INTERNAL_SERVER_ERROR, "defect", "Something broke on our side"),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// Whether the cause is ours or a source's, so that it is logged and not shown.
    pub fn is_internal(&self) -> bool {
        self.status().is_server_error()
            && !matches!(self, Self::Unbuilt(_) | Self::Busy | Self::Render(RenderError::Svg(_)))
    }

    /// Whether `onerror=redirect` may send the client to the source: never past the door.
    pub fn is_of_transform(&self) -> bool {
        match self {
            Self::Unbuilt(_)
            | Self::NoDrawing
            | Self::FileTooLarge { .. }
            | Self::Busy
            | Self::Probe(_)
            | Self::Plan(_)
            | Self::Render(_)
            | Self::Source(_)
            | Self::Defect(_) => true,
            Self::Recipe(_)
            | Self::Refused(_)
            | Self::NoIssuerKeys
            | Self::TooMany(_)
            | Self::NoSuchPath
            | Self::Method
            | Self::NotFound { .. }
            // The source would be what the mark was to lie on.
            | Self::Lacks { .. }
            | Self::Loop
            | Self::Purge(_)
            | Self::PurgeQuery(_)
            | Self::Config(_)
            | Self::Range { .. } => false,
        }
    }

    /// The problem document as JSON.
    pub fn document(&self) -> Vec<u8> {
        let (status, kind, title) = self.kind();
        let detail = match self {
            Self::Refused(refusal) => sentence(&refusal.told().detail),
            _ if self.is_internal() => "The cause was logged.".to_owned(),
            _ => sentence(&self.to_string()),
        };
        let option = match self {
            Self::Refused(refusal) => refusal.option(),
            Self::Recipe(error) => error.option(),
            Self::NoDrawing => Some("format"),
            Self::Unbuilt(unbuilt) => Some(unbuilt.option.as_str()),
            _ => None,
        };
        let r#type = format!("urn:lenslet:problem:{kind}");
        let document = Document { r#type, title, status: status.as_u16(), detail, option };
        // Strings and numbers always serialise.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}
