//! What a request brings to show that it may be made: one signature, or one token, or nothing.

use super::signature::{SignatureError, Tail, own_parameter};

/// What a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// Nothing.
    None,
    /// The query ends with a signature.
    Signature {
        /// The key it names.
        kid: &'a str,
    },
    /// A token, and how it came.
    Token {
        /// As it stood.
        token: &'a str,
        /// The header that it came in; nothing where it stood in the URL.
        header: Option<&'static str>,
    },
}

/// Credentials that are no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// The parts of a signature are not where they belong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Two cookies of the one name: somebody may have slipped one in.
    #[error("there are two cookies with a token")]
    Several,
    /// `Authorization` is of another kind.
    #[error("Authorization must be 'Bearer' and a token")]
    Scheme,
    /// `token` does not end the query.
    #[error("'token' must be the last parameter of the query")]
    Place,
}

impl<'a> Credentials<'a> {
    /// Those of a URL's query; also answers what of the query is the source's.
    pub fn in_query(query: Option<&'a str>) -> Result<(Self, Option<&'a str>), CredentialsError> {
        let (found, rest) = Self::split(query.unwrap_or_default())?;
        Ok((found, Some(rest).filter(|rest| !rest.is_empty())))
    }

    /// These, or else the token in the values of `Authorization` or `Cookie`. What a URL brings comes first: browsers add
    /// cookies by themselves.
    pub fn or_in_headers(
        self,
        authorization: Option<&'a str>,
        cookie: Option<&'a str>,
        cookie_name: &str,
    ) -> Result<Self, CredentialsError> {
        if self != Self::None {
            return Ok(self);
        }
        let found = match authorization {
            Some(value) => Some((bearer(value)?, "Authorization")),
            None => cookie_named(cookie.unwrap_or_default(), cookie_name)?.map(|token| (token, "Cookie")),
        };
        Ok(found.map_or(Self::None, |(token, header)| Self::Token { token, header: Some(header) }))
    }

    fn split(query: &'a str) -> Result<(Self, &'a str), CredentialsError> {
        let (before, last) = query.rsplit_once('&').unwrap_or(("", query));
        let (found, rest) = if let Some(token) = last.strip_prefix("token=") {
            (Self::Token { token, header: None }, before)
        } else if last.starts_with("sig=") {
            let (rest, tail) = Tail::split(query)?;
            (Self::Signature { kid: tail.kid() }, rest)
        } else {
            (Self::None, query)
        };
        match own_parameter(rest) {
            None => Ok((found, rest)),
            Some("token") => Err(CredentialsError::Place),
            Some(_) => Err(SignatureError::Malformed.into()),
        }
    }
}

/// The token of an `Authorization` header (RFC 6750, section 2.1).
fn bearer(value: &str) -> Result<&str, CredentialsError> {
    let (scheme, token) = value.split_once(' ').ok_or(CredentialsError::Scheme)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(CredentialsError::Scheme) }
}

/// The value of a cookie; two of one name are an error.
fn cookie_named<'a>(cookies: &'a str, name: &str) -> Result<Option<&'a str>, CredentialsError> {
    let pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(named, _)| *named == name).map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() { Err(CredentialsError::Several) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(
        query: &'a str,
        authorization: Option<&'a str>,
        cookie: Option<&'a str>,
    ) -> Result<(Credentials<'a>, Option<&'a str>), CredentialsError> {
        let (found, rest) = Credentials::in_query(Some(query))?;
        Ok((found.or_in_headers(authorization, cookie, "lenslet")?, rest))
    }

    fn token<'a>(token: &'a str, header: Option<&'static str>) -> Credentials<'a> {
        Credentials::Token { token, header }
    }

    #[test]
    fn finds_the_one_that_is_there() {
        assert_eq!(find("", None, None), Ok((Credentials::None, None)));
        assert_eq!(find("v=2&expires=1", None, None), Ok((Credentials::None, Some("v=2&expires=1"))));
        let signed = find("v=2&exp=1&kid=a&sig=x", None, None);
        assert_eq!(signed, Ok((Credentials::Signature { kid: "a" }, Some("v=2"))));
        assert_eq!(find("v=2&token=t", None, None), Ok((token("t", None), Some("v=2"))));
        assert_eq!(find("", Some("bearer t"), None), Ok((token("t", Some("Authorization")), None)));
        let cookie = find("", None, Some("a=b; lenslet=t; c=lenslet=u"));
        assert_eq!(cookie, Ok((token("t", Some("Cookie")), None)));
    }

    #[test]
    fn the_url_comes_before_headers_and_those_before_cookies() {
        let (auth, cookie) = (Some("Bearer a"), Some("lenslet=c"));
        assert_eq!(find("token=t", auth, cookie), Ok((token("t", None), None)));
        assert_eq!(find("kid=a&sig=x", auth, cookie), Ok((Credentials::Signature { kid: "a" }, None)));
        assert_eq!(find("", auth, cookie), Ok((token("a", Some("Authorization")), None)));
    }

    #[test]
    fn refuses_strays_and_doubles() {
        for (query, authorization, cookie) in [
            ("", None, Some("lenslet=t; lenslet=t")),
            ("", Some("Basic dXNlcjpwYXNz"), None),
            ("", Some("Bearer"), None),
            ("token=t&v=2", None, None),
            ("token=t&token=t", None, None),
            ("token=t&kid=a&sig=x", None, None),
            ("sig=x&kid=a", None, None),
            ("kid=a&sig=x&v=2", None, None),
            ("sig=x", None, None),
            ("exp=1&v=2", None, None),
            ("exp=1&v=2&kid=a&sig=x", None, None),
            ("exp=1&exp=1&kid=a&sig=x", None, None),
            ("exp=01&kid=a&sig=x", None, None),
        ] {
            assert!(find(query, authorization, cookie).is_err(), "{query} {authorization:?} {cookie:?}");
        }
    }
}
