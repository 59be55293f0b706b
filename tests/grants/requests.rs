//! Tokens in requests: changed ones, and valid ones that are brought twice or in the wrong place.

use lenslet::grant::{Algorithm, Credentials, sign_token, verify_token};
use serde_json::json;

use super::NOW;
use super::edits::{bit_flips, random_edit};
use super::ring::{jwk, key_set, signing};
use super::tally::Tally;
use crate::support::bytes::Dice;

pub(super) fn forge(tally: &mut Tally) {
    let jwks = [jwk(Algorithm::EdDsa, 5, "e"), jwk(Algorithm::Hs256, 6, "h")];
    let keys = key_set(&jwks);
    // A request's query, Authorization and Cookie, a line each.
    let accepts = |request: &str| {
        let mut lines = request.split('\n').map(|line| Some(line).filter(|line| !line.is_empty()));
        let [query, authorization, cookie] = [(); 3].map(|()| lines.next().flatten());
        let found = Credentials::in_query(query).map(|(found, _)| found);
        let found = found.and_then(|found| found.or_in_headers(authorization, cookie, "lenslet"));
        matches!(found, Ok(Credentials::Token { token, .. }) if verify_token(&keys, token, NOW).is_ok())
    };
    for key in jwks.iter().map(signing) {
        let token = sign_token(&key, &json!({ "exp": NOW + 60 }));
        let other = sign_token(&key, &json!({ "exp": NOW + 61 }));
        let mut valid = vec![
            format!("token={token}\n\n"),
            format!("v=2&token={token}\n\n"),
            format!("\nBearer {token}\n"),
            format!("v=2\nbearer {token}\na=b"),
            format!("\n\nlenslet={token}"),
            format!("\n\na=b; lenslet={token}; c=d"),
            // What the URL brings comes first, and cookies last: browsers add those by themselves.
            format!("token={token}\nBearer x\nlenslet=x"),
            format!("\nBearer {token}\nlenslet=x"),
        ];
        for request in &valid {
            tally.valid(request, accepts);
        }
        let refused = [
            format!("token={token}&v=2\n\n"),
            format!("token={token}&token={token}\n\n"),
            format!("token={token}&token={other}\n\n"),
            format!("\n\nlenslet={token}; lenslet={token}"),
            format!("\n\nlenslet={token}; lenslet="),
            format!("\n\nlenslet={token}; lenslet={other}"),
            format!("token={token}&kid=a&sig=x\n\n"),
            format!("kid=a&sig=x&token={token}\n\n"),
            format!("exp=1&token={token}\n\n"),
            format!("any=width.1&token={token}\n\n"),
            format!("sig&token={token}\n\n"),
            format!("token&token={token}\n\n"),
            format!("kid=a&sig=x\nBearer {token}\n"),
            format!("kid=a&sig=x\n\nlenslet={token}"),
            format!("sig=x\nBearer {token}\n"),
            format!("token=\nBearer {token}\n"),
            format!("\nBasic {token}\n"),
            format!("\nBearer{token}\n"),
            format!("\nBearer\t{token}\n"),
            format!("\n{token}\n"),
            format!("\nToken {token}\n"),
            format!("\nBearer {token}, Bearer {token}\n"),
            format!("\nBearer Bearer {token}\n"),
            format!("\nBearer {token}; charset=utf-8\n"),
            format!("\nBearer token={token}\n"),
            format!("\nBearer \"{token}\"\n"),
            format!("\nBasic x\nlenslet={token}"),
            format!("TOKEN={token}\n\n"),
            format!("Token={token}\n\n"),
            format!("%74oken={token}\n\n"),
            format!("token%3D{token}\n\n"),
            format!("token[]={token}\n\n"),
            format!("token=Bearer%20{token}\n\n"),
            format!("token=\"{token}\"\n\n"),
            format!("token={token}#\n\n"),
            format!("token={token};v=2\n\n"),
            format!("v=2;token={token}\n\n"),
            format!("access_token={token}\n\n"),
            format!("\n\nLenslet={token}"),
            format!("\n\nlenslet2={token}"),
            format!("\n\nxlenslet={token}"),
            format!("\n\nlenslet=\"{token}\""),
            format!("\n\nlenslet={token},a=b"),
            format!("\n\na=b, lenslet={token}"),
            format!("\n\n__Host-lenslet={token}"),
        ];
        for changed in refused {
            tally.changed("tokens: brought twice or elsewhere", changed, accepts);
        }
        let mut dice = Dice::new(7);
        valid.retain(|request| !request.contains(' '));
        for request in valid {
            let (before, rest) = request.split_at(request.find(&token).unwrap());
            let after = &rest[token.len()..];
            for changed in bit_flips(&token).chain((0..500).map(|_| random_edit(&token, &mut dice))) {
                // What ends a line, a parameter or a cookie leaves something else and not a changed token.
                if changed.contains(['\n', '&', ';', ' ', '\t', '\r', '\u{b}', '\u{c}']) {
                    continue;
                }
                tally.changed("tokens: changed in requests", format!("{before}{changed}{after}"), accepts);
            }
        }
    }
}
