//! axum's extractors, with problems as their rejections: [`Json`], [`Query`], [`Path`].
//!
//! What they give is free of NUL characters, which PostgreSQL's texts cannot hold. A detail says what is wrong and quotes
//! no more than a name or two of what was sent.

use std::collections::BTreeSet;

use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use crate::error::ApiError;

/// A body of JSON, in and out. Its type should refuse unknown fields (`#[serde(deny_unknown_fields)]`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

/// A body of JSON that may be an array.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonOrArray<T>(pub T);

/// The query: each parameter at most once. Its type should refuse unknown fields.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

/// The parameters of the path. A path that cannot be read names nothing that exists: 404.
#[derive(Debug, Clone, Copy, Default)]
pub struct Path<T>(pub T);

/// Of a route that takes no query parameters: `_: Query<Nothing>`.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        parsed(&json(request, state).await?)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOrArray<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        value(&json(request, state).await?).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    /// Nothing where there is no body, or it is `null`.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        if axum::body::HttpBody::is_end_stream(request.body()) {
            return Ok(None);
        }
        let body = json(request, state).await?;
        if body.trim_ascii() == b"null" { Ok(None) } else { parsed(&body).map(Some) }
    }
}

/// The bytes of a body that says it is JSON.
async fn json<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(is_json) {
        return Err(ApiError::unsupported_media_type("send the body as application/json"));
    }
    Bytes::from_request(request, state).await.map_err(|rejection| unread(&rejection))
}

/// Reads an object.
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<Json<T>, ApiError> {
    let value = value(body)?;
    // What is derived would take an array of an object's fields in their order, too.
    if body.trim_ascii_start().first() == Some(&b'{') {
        Ok(Json(value))
    } else {
        Err(ApiError::invalid("the body is no JSON object"))
    }
}

fn value<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if has_nul_escape(body) {
        return Err(ApiError::invalid("the body has a NUL character"));
    }
    axum::Json::from_bytes(body).map(|axum::Json(value)| value).map_err(|rejection| unparsed(&rejection))
}

/// Reads a whole number as JSON Schema means it, to which `75.0` is one, too: `#[serde(deserialize_with = "whole")]`.
pub(crate) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(number: D) -> Result<T, D::Error> {
    Number::deserialize(number).and_then(|number| integer(&number))
}

/// One that may be left out, or be `null`: with `#[serde(default)]`.
pub(crate) fn whole_or_none<'de, D: Deserializer<'de>, T: TryFrom<i64>>(
    number: D,
) -> Result<Option<T>, D::Error> {
    Option::<Number>::deserialize(number)?.map(|number| integer(&number)).transpose()
}

fn integer<T: TryFrom<i64>, E: serde::de::Error>(number: &Number) -> Result<T, E> {
    let whole = number.as_i64().or_else(|| number.as_f64().and_then(exact));
    let whole = whole.and_then(|whole| T::try_from(whole).ok());
    whole.ok_or_else(|| E::custom(format_args!("{number} is not a whole number of the size that is taken")))
}

/// A float that is a whole number, and exactly that one.
fn exact(number: f64) -> Option<i64> {
    /// From here on not every whole number is a float.
    const MOST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number below 2^53")]
    (number.fract() == 0.0 && number.abs() < MOST).then_some(number as i64)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        check_query(parts.uri.query().unwrap_or_default())?;
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| ApiError::invalid(&format!("the query: {}", reason(&rejection.body_text()))))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let nowhere = || ApiError::not_found("there is nothing at this path");
        if parts.uri.path().contains("%00") {
            return Err(nowhere());
        }
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(nowhere()),
            // A route whose code wants other parameters than its path has.
            Err(rejection) => Err(ApiError::internal(&rejection)),
        }
    }
}

/// `application/json`, or a type that ends in `+json`; parameters are of no matter.
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unread(rejection: &BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::too_large("the body is longer than this route takes")
        }
        _ => ApiError::invalid("the body broke off"),
    }
}

fn unparsed(rejection: &JsonRejection) -> ApiError {
    ApiError::invalid(&format!("the body: {}", reason(&rejection.body_text())))
}

/// What axum says without the sentence that it begins with.
fn reason(text: &str) -> String {
    shortened(text.split_once(": ").map_or(text, |(_, cause)| cause))
}

/// Not all of what a client made us quote.
fn shortened(text: &str) -> String {
    const MOST_CHARACTERS: usize = 200;
    let mut short: String =
        text.chars().filter(|letter| !letter.is_control()).take(MOST_CHARACTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether a text of JSON holds `\u0000`: the escape, not a backslash that is itself escaped. Bare control characters
/// are no JSON anyway.
fn has_nul_escape(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// Refuses repeated parameters, and what is no text.
fn check_query(query: &str) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name)?;
        decoded(value)?;
        if let Some(name) = seen.replace(name) {
            return Err(ApiError::invalid(&format!("the query has {:?} twice", shortened(&name))));
        }
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, ApiError> {
    let plain = text.replace('+', " ");
    match percent_decode_str(&plain).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        Ok(_) => Err(ApiError::invalid("the query has a NUL character")),
        Err(_) => Err(ApiError::invalid("the query is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{check_query, has_nul_escape, is_json, whole, whole_or_none};

    #[derive(Debug, PartialEq, Deserialize)]
    struct Numbers {
        #[serde(deserialize_with = "whole")]
        a: u32,
        #[serde(default, deserialize_with = "whole_or_none")]
        b: Option<i64>,
    }

    #[test]
    fn whole_numbers_may_be_written_as_floats() {
        let numbers = |a, b| Some(Numbers { a, b });
        for (json, read) in [
            (r#"{"a":75}"#, numbers(75, None)),
            (r#"{"a":75.0,"b":null}"#, numbers(75, None)),
            (r#"{"a":0,"b":562949953421312.0}"#, numbers(0, Some(562_949_953_421_312))),
            (r#"{"a":1e2,"b":-9223372036854775808}"#, numbers(100, Some(i64::MIN))),
            (r#"{"a":75.5}"#, None),
            (r#"{"a":-1}"#, None),
            (r#"{"a":4294967296}"#, None),
            (r#"{"a":1e300}"#, None),
            (r#"{"a":"75"}"#, None),
            (r#"{"a":1,"b":9223372036854775808}"#, None),
            (r#"{"a":null}"#, None),
        ] {
            assert_eq!(serde_json::from_str(json).ok(), read, "{json}");
        }
    }

    #[test]
    fn repeated_and_unreadable_parameters_are_refused() {
        for (query, is_fine) in [
            ("", true),
            ("a=1&b=2&", true),
            ("a=a%20b+c", true),
            ("a=1&a=2", false),
            ("a=1&%61=2", false),
            ("a=%00", false),
            ("%00=a", false),
            ("a=%ff", false),
        ] {
            assert_eq!(check_query(query).is_ok(), is_fine, "{query}");
        }
    }

    #[test]
    fn an_escaped_nul_is_seen_and_an_escaped_backslash_is_not_one() {
        for (json, has_one) in [
            (r#"{"a":"\u0000"}"#, true),
            (r#"{"a":"\\\u0000"}"#, true),
            (r#"{"a":"\\u0000"}"#, false),
            (r#"{"a":"u0000"}"#, false),
            (r#"{"a":"\"#, false),
        ] {
            assert_eq!(has_nul_escape(json.as_bytes()), has_one, "{json}");
        }
    }

    #[test]
    fn types_of_json_are_known() {
        for (media_type, is_one) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("text/json", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type), is_one, "{media_type}");
        }
    }
}
