//! Who may read metrics: whoever the API server knows by his token, and lets `get` the path `/metrics`.
//!
//! The right is one of RBAC's for paths that are no resources (`nonResourceURLs: [/metrics]`, `verbs: [get]`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chartwright_program::pages::StatusCode;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// For how long a token that was let in is not asked about again, and one that was refused.
const ADMITTED: Duration = Duration::from_mins(1);
const REFUSED: Duration = Duration::from_secs(10);
/// How many tokens are known at a time: few scrape, and whoever guesses shall not fill the memory.
const KNOWN: usize = 512;
/// How many questions are asked at a time: nor shall he keep the API server busy through us.
const QUESTIONS: usize = 4;
/// How long a request waits for its answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often it is said that the API server does not answer.
const SAID: Duration = Duration::from_mins(1);

/// What the API server said of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Admitted,
    Unknown,
    /// Known by this name, and not allowed.
    Forbidden(String),
}

impl Verdict {
    fn lasts(&self) -> Duration {
        if *self == Self::Admitted { ADMITTED } else { REFUSED }
    }

    fn answer(self) -> Result<(), (StatusCode, String)> {
        match self {
            Self::Admitted => Ok(()),
            Self::Unknown => Err((StatusCode::UNAUTHORIZED, "the API server does not know this token\n".into())),
            Self::Forbidden(name) => Err((
                StatusCode::FORBIDDEN,
                format!("{name} may not `get` /metrics; a ClusterRole with `nonResourceURLs: [/metrics]` lets it\n"),
            )),
        }
    }
}

/// Asks the API server, and remembers for a moment what it said.
pub(super) struct Guard {
    client: Client,
    /// By the hash of a token: tokens themselves are kept nowhere.
    known: Mutex<HashMap<[u8; 32], (Verdict, Instant)>>,
    questions: Semaphore,
    said: Mutex<Option<Instant>>,
}

impl Guard {
    pub(super) fn new(client: Client) -> Self {
        Self { client, known: Mutex::default(), questions: Semaphore::new(QUESTIONS), said: Mutex::default() }
    }

    /// Whether a request with these headers is let in; if not, what it is answered.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
        let Some(token) = bearer(headers) else {
            let why = "metrics are for those who show a token: `Authorization: Bearer …`\n";
            return Err((StatusCode::UNAUTHORIZED, why.into()));
        };
        let hash = <[u8; 32]>::from(Sha256::digest(token));
        if let Some(verdict) = self.remembered(&hash) {
            return verdict.answer();
        }
        match tokio::time::timeout(PATIENCE, self.ask(token, hash)).await {
            Ok(Ok(verdict)) => verdict.answer(),
            Ok(Err(why)) => Err(self.unanswered(&why)),
            Err(_) => Err(self.unanswered("it does not answer in time")),
        }
    }

    async fn ask(&self, token: &str, hash: [u8; 32]) -> Result<Verdict, String> {
        // The semaphore is never closed.
        let _turn = self.questions.acquire().await.map_err(|err| err.to_string())?;
        // Another request with this token may have been answered meanwhile.
        if let Some(verdict) = self.remembered(&hash) {
            return Ok(verdict);
        }
        let verdict = match self.user(token).await? {
            Some(user) => self.may_read(user).await?,
            None => Verdict::Unknown,
        };
        self.remember(hash, &verdict);
        Ok(verdict)
    }

    /// Whose token it is.
    async fn user(&self, token: &str) -> Result<Option<UserInfo>, String> {
        let spec = TokenReviewSpec { token: Some(token.to_owned()), ..TokenReviewSpec::default() };
        let review = TokenReview { spec, ..TokenReview::default() };
        let answer = Api::all(self.client.clone()).create(&PostParams::default(), &review).await;
        let answer: TokenReview = answer.map_err(|err| format!("no TokenReview: {err}"))?;
        let status = answer.status.unwrap_or_default();
        Ok(status.user.filter(|_| status.authenticated == Some(true)))
    }

    async fn may_read(&self, user: UserInfo) -> Result<Verdict, String> {
        let name = user.username.clone().unwrap_or_default();
        let path = NonResourceAttributes { path: Some("/metrics".into()), verb: Some("get".into()) };
        let spec = SubjectAccessReviewSpec {
            user: user.username,
            uid: user.uid,
            groups: user.groups,
            extra: user.extra,
            non_resource_attributes: Some(path),
            ..SubjectAccessReviewSpec::default()
        };
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let answer = Api::all(self.client.clone()).create(&PostParams::default(), &review).await;
        let answer: SubjectAccessReview = answer.map_err(|err| format!("no SubjectAccessReview: {err}"))?;
        let allowed = answer.status.is_some_and(|status| status.allowed);
        Ok(if allowed { Verdict::Admitted } else { Verdict::Forbidden(name) })
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<Verdict> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|(_, until)| Instant::now() < *until).map(|(verdict, _)| verdict.clone())
    }

    fn remember(&self, hash: [u8; 32], verdict: &Verdict) {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.retain(|_, (verdict, until)| now < *until && *verdict == Verdict::Admitted);
        }
        if known.len() < KNOWN {
            known.insert(hash, (verdict.clone(), now + verdict.lasts()));
        }
    }

    /// Nobody is let in unasked. The log says why, and not for each request.
    fn unanswered(&self, why: &str) -> (StatusCode, String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() > SAID) {
            *said = Some(Instant::now());
            tracing::error!(
                why,
                "--metrics-secure: the API server cannot be asked who may read metrics; the ClusterRole `…-metrics-auth` of \
                 the chart lets this operator create tokenreviews and subjectaccessreviews"
            );
        }
        (StatusCode::SERVICE_UNAVAILABLE, "the API server cannot be asked who you are; see the operator's log\n".into())
    }
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_a_token() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, text.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!((of("Bearer abc").as_deref(), of("bearer  abc ").as_deref()), (Some("abc"), Some("abc")));
        assert_eq!((of("Basic abc"), of("Bearer "), of("Bearer"), bearer(&HeaderMap::new())), (None, None, None, None));
    }

    #[tokio::test]
    async fn whoever_guesses_tokens_fills_no_memory_and_pushes_nobody_out() {
        _ = rustls::crypto::ring::default_provider().install_default();
        let config = kube::Config::new("http://127.0.0.1:9".parse().unwrap());
        let guard = Guard::new(Client::try_from(config).unwrap());
        guard.remember([255; 32], &Verdict::Admitted);
        for number in 0..2000_u32 {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            guard.remember(hash, &Verdict::Unknown);
        }
        assert!(guard.known.lock().unwrap().len() <= KNOWN);
        assert_eq!(guard.remembered(&[255; 32]), Some(Verdict::Admitted));
    }

    #[tokio::test]
    async fn without_an_api_server_nobody_is_let_in() {
        _ = rustls::crypto::ring::default_provider().install_default();
        let config = kube::Config::new("http://127.0.0.1:9".parse().unwrap());
        let guard = Guard::new(Client::try_from(config).unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer abc".parse().unwrap());
        let (status, _) = guard.admit(&headers).await.unwrap_err();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(guard.known.lock().unwrap().is_empty(), "what was not answered is not remembered");
    }
}
