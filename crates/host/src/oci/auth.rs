//! The registry's question who we are, and our answer: a password (Basic) or a token bought with it (Bearer).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    Response, StatusCode, Url,
    header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use serde::Deserialize;

use super::{errors::Cause, login::Login};

/// What a registry wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

/// The challenge of an answer; a token is preferred to sending the password again and again.
pub(super) fn challenge_of(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = false;
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let Ok(text) = value.to_str() else { continue };
        // One that cannot be parsed ends the header; those before it count.
        for challenge in http_auth::ChallengeParser::new(text).map_while(Result::ok) {
            let parameter = |name: &str| {
                challenge
                    .params
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = parameter("realm")
            {
                return Some(Challenge::Bearer { realm, service: parameter("service") });
            }
            basic |= challenge.scheme.eq_ignore_ascii_case("basic");
        }
    }
    basic.then_some(Challenge::Basic)
}

/// The header of a password.
pub(super) fn basic(login: &Login) -> Result<HeaderValue, Cause> {
    let pair = format!("{}:{}", login.username, login.password.reveal());
    sensitive(&format!("Basic {}", STANDARD.encode(pair))).map_err(|_| Cause::Internal("no header".into()))
}

/// A header that no log of the HTTP library shows.
fn sensitive(text: &str) -> Result<HeaderValue, reqwest::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where to buy a token for pulling from a repository. Refused in plain HTTP, unless the registry itself is plain.
pub(super) fn token_url(
    realm: &str,
    service: Option<&str>,
    repository: &str,
    plain: bool,
    registry: &str,
) -> Result<Url, Cause> {
    let broken = || Cause::Answer { host: registry.to_owned(), problem: "the place of its tokens is no URL" };
    let mut url: Url = realm.parse().map_err(|_| broken())?;
    let host = url.host_str().ok_or_else(broken)?;
    match url.scheme() {
        "https" => {}
        "http" if plain => {}
        "http" => return Err(Cause::LoginInClear { registry: registry.to_owned(), realm: format!("http://{host}") }),
        _ => return Err(broken()),
    }
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &format!("repository:{repository}:pull"));
    }
    Ok(url)
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// The header of a token, out of the answer of who sells them.
pub(super) fn bearer(answer: &[u8], host: &str) -> Result<HeaderValue, Cause> {
    let broken = || Cause::Answer { host: host.to_owned(), problem: "its answer to a login holds no token" };
    let token: Token = serde_json::from_slice(answer).map_err(|_| broken())?;
    let token = token.token.or(token.access_token).filter(|token| !token.is_empty()).ok_or_else(broken)?;
    sensitive(&format!("Bearer {token}")).map_err(|_| broken())
}

/// Whether an answer asks who we are, or may hide something from those it does not know.
pub(super) fn may_want_login(response: &Response) -> bool {
    matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(headers: &[&str]) -> Option<Challenge> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, header.parse().unwrap());
        }
        challenge_of(&map)
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        let bearer = Challenge::Bearer { realm: "https://registry.example/token".into(), service: Some("s,1".into()) };
        let text = r#"bearer Realm="https://registry.example/token",service="s,1",scope="repository:a:pull""#;
        assert_eq!(challenge(&[r#"Basic realm="x""#, text]), Some(bearer));
        assert_eq!(challenge(&["Basic"]), Some(Challenge::Basic));
        assert_eq!(challenge(&["Bearer", "Negotiate"]), None);
        assert_eq!(challenge(&[]), None);
    }

    #[test]
    fn tokens_are_not_bought_in_plain_http() {
        let url = |realm, plain| token_url(realm, Some("s"), "acme/web", plain, "registry.example");
        let found = url("https://auth.registry.example/token?a=1", false).unwrap();
        assert_eq!(found.query(), Some("a=1&service=s&scope=repository%3Aacme%2Fweb%3Apull"));
        assert!(matches!(url("http://auth.registry.example/", false), Err(Cause::LoginInClear { .. })));
        assert!(url("http://auth.registry.example/", true).is_ok());
        assert!(matches!(url("file:///etc/passwd", true), Err(Cause::Answer { .. })));
    }

    #[test]
    fn a_token_that_is_no_header_is_an_error_and_no_panic() {
        assert!(bearer(br#"{"token": "a\nb"}"#, "h").is_err());
        assert!(bearer(br#"{"token": ""}"#, "h").is_err());
        let header = bearer(br#"{"access_token": "MARKER"}"#, "h").unwrap();
        assert!(!format!("{header:?}").contains("MARKER"));
    }
}
