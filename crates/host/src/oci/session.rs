//! One pull's conversation with a registry: who we are is answered when it asks, and what broke under way is repeated.

use bytes::{Bytes, BytesMut};
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use sha2::{Digest as _, Sha256};

use super::{
    artifact::{self, Layer},
    auth::{self, Challenge},
    errors::Cause,
    login::Found,
    reference::{Image, Version, digest_of, finish, is_digest},
    transport::{self, Transport},
};

/// No manifest of a component comes near this; it is what registries accept at most.
const MOST_MANIFEST: usize = 4 * 1024 * 1024;

/// Tokens are a few KiB.
const MOST_TOKEN: usize = 256 * 1024;

/// How often a pull repeats what broke, all its requests together.
const REPETITIONS: u32 = 2;

pub(super) struct Session<'a> {
    transport: &'a Transport,
    image: &'a Image,
    found: Found,
    plain: bool,
    authorization: Option<HeaderValue>,
    repetitions: u32,
}

/// Where something is below `/v2/`.
struct Place {
    method: Method,
    path: String,
    accept: Option<&'static str>,
    what: &'static str,
}

impl<'a> Session<'a> {
    pub(super) fn new(transport: &'a Transport, image: &'a Image, found: Found) -> Self {
        let plain = transport.is_plain(image);
        Self { transport, image, found, plain, authorization: None, repetitions: 0 }
    }

    /// The manifest's digest, if the registry says it without sending the manifest.
    pub(super) async fn manifest_digest(&mut self) -> Result<Option<String>, Cause> {
        match self.request(&self.manifest_place(Method::HEAD)).await {
            Ok(response) => Ok(digest_header(&response)),
            // Not every registry knows HEAD; what is wrong is told better by the answer to GET.
            Err(Cause::NotFound { .. }) => Ok(None),
            Err(Cause::Status { status, .. }) if status < 500 => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// The manifest and its digest, verified.
    pub(super) async fn manifest(&mut self) -> Result<(Bytes, String), Cause> {
        let place = self.manifest_place(Method::GET);
        let (body, said) = loop {
            let mut response = self.request(&place).await?;
            let said = digest_header(&response);
            match read(&mut response, MOST_MANIFEST).await {
                Ok(Some(body)) => break (body, said),
                Ok(None) => return Err(self.answer("its manifest is longer than 4 MiB")),
                Err(error) => self.repeat(&error).await?,
            }
        };
        let actual = digest_of(&body);
        let expected = match &self.image.version {
            Version::Digest(digest) => Some(digest.clone()),
            Version::Tag(_) => said,
        };
        match expected {
            Some(expected) if expected != actual => Err(Cause::Digest { what: "manifest", expected, actual }),
            _ => Ok((body, actual)),
        }
    }

    /// The content of a layer, verified. More than `limit` is refused before it is read.
    pub(super) async fn blob(&mut self, layer: &Layer, limit: u64) -> Result<Bytes, Cause> {
        if layer.size > limit {
            return Err(Cause::TooLarge { size: layer.size, limit });
        }
        let path = format!("{}/blobs/{}", self.image.repository, layer.digest);
        let place = Place { method: Method::GET, path, accept: None, what: "component" };
        loop {
            let response = self.request(&place).await?;
            match read_blob(response, layer, limit).await {
                Ok(outcome) => return outcome,
                Err(error) => self.repeat(&error).await?,
            }
        }
    }

    fn manifest_place(&self, method: Method) -> Place {
        let path = format!("{}/manifests/{}", self.image.repository, self.image.version());
        Place { method, path, accept: Some(artifact::ACCEPT), what: "manifest" }
    }

    fn url(&self, path: &str) -> String {
        format!("{}://{}/v2/{path}", if self.plain { "http" } else { "https" }, self.image.host)
    }

    /// A successful answer.
    async fn request(&mut self, place: &Place) -> Result<Response, Cause> {
        let mut introduced = false;
        loop {
            let response = match self.send(place).await {
                Ok(response) => response,
                Err(error) => {
                    self.repeat(&error).await?;
                    continue;
                }
            };
            if response.status().is_success() {
                return Ok(response);
            }
            if response.status().is_server_error() && self.may_repeat().await {
                continue;
            }
            // Only the registry itself is told who we are, never a place it sent us on to.
            if !introduced && self.is_registry(&response) && auth::may_want_login(&response) {
                introduced = true;
                if self.introduce(&response).await? {
                    continue;
                }
            }
            return Err(self.refusal(&response, place));
        }
    }

    async fn send(&self, place: &Place) -> Result<Response, reqwest::Error> {
        let mut request = self.transport.client(self.plain).request(place.method.clone(), self.url(&place.path));
        if let Some(accept) = place.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        request.send().await
    }

    /// Waits before a repetition, or says what the error means.
    async fn repeat(&mut self, error: &reqwest::Error) -> Result<(), Cause> {
        if transport::is_transient(error) && self.may_repeat().await {
            return Ok(());
        }
        Err(transport::cause_of(error, &self.image.registry))
    }

    /// Waits, if a repetition is left.
    async fn may_repeat(&mut self) -> bool {
        if self.repetitions == REPETITIONS {
            return false;
        }
        let pause = self.transport.pause * 4_u32.pow(self.repetitions);
        self.repetitions += 1;
        tracing::debug!(registry = self.image.registry, repetition = self.repetitions, "a request is repeated");
        tokio::time::sleep(pause).await;
        true
    }

    fn is_registry(&self, response: &Response) -> bool {
        let (asked, answered) = (self.url("").parse::<reqwest::Url>(), response.url());
        asked.is_ok_and(|asked| asked.origin() == answered.origin())
    }

    /// Answers the registry's question. Whether to ask again.
    async fn introduce(&mut self, response: &Response) -> Result<bool, Cause> {
        let challenge = if response.status() == StatusCode::UNAUTHORIZED {
            auth::challenge_of(response.headers())
        } else if self.found.login.is_some() && self.authorization.is_none() {
            // "Not found" may be what strangers hear. The registry's root asks for the login that it did not ask here.
            let root = Place { method: Method::GET, path: String::new(), accept: None, what: "login" };
            match self.send(&root).await {
                Ok(root) if root.status() == StatusCode::UNAUTHORIZED => auth::challenge_of(root.headers()),
                _ => None,
            }
        } else {
            None
        };
        let authorization = match challenge {
            None => return Ok(false),
            Some(Challenge::Basic) => match &self.found.login {
                None => return Ok(false),
                Some((login, _)) => auth::basic(login)?,
            },
            Some(Challenge::Bearer { realm, service }) => self.token(&realm, service.as_deref()).await?,
        };
        self.authorization = Some(authorization);
        Ok(true)
    }

    /// Buys a token; without a login too, many registries want one from everybody.
    async fn token(&mut self, realm: &str, service: Option<&str>) -> Result<HeaderValue, Cause> {
        let image = self.image;
        let url = auth::token_url(realm, service, &image.repository, self.plain, &image.registry)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut response = loop {
            let mut request = self.transport.client(self.plain).get(url.clone());
            if let Some((login, _)) = &self.found.login {
                request = request.header(AUTHORIZATION, auth::basic(login)?);
            }
            match request.send().await {
                Ok(response) if response.status().is_server_error() && self.may_repeat().await => {}
                Ok(response) => break response,
                Err(error) => self.repeat(&error).await?,
            }
        };
        match response.status() {
            status if status.is_success() => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.unwelcome()),
            StatusCode::TOO_MANY_REQUESTS => return Err(Cause::TooManyRequests { host }),
            status => return Err(Cause::Status { host, status: status.as_u16(), what: "login" }),
        }
        match read(&mut response, MOST_TOKEN).await {
            Ok(Some(body)) => auth::bearer(&body, &host),
            Ok(None) => Err(Cause::Answer { host, problem: "its token is longer than 256 KiB" }),
            Err(error) => Err(transport::cause_of(&error, &host)),
        }
    }

    fn refusal(&self, response: &Response, place: &Place) -> Cause {
        let what = place.what;
        let registry = self.image.registry.clone();
        let itself = self.is_registry(response);
        let host = match response.url().host_str() {
            Some(host) if !itself => host.to_owned(),
            _ => registry.clone(),
        };
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if itself => self.unwelcome(),
            StatusCode::NOT_FOUND => Cause::NotFound { registry, what, anonymous: self.found.login.is_none() },
            StatusCode::TOO_MANY_REQUESTS => Cause::TooManyRequests { host },
            status => Cause::Status { host, status: status.as_u16(), what },
        }
    }

    fn unwelcome(&self) -> Cause {
        let registry = self.image.registry.clone();
        match &self.found.login {
            Some((_, from)) => Cause::CredentialsRefused { registry, from: from.clone() },
            None => Cause::CredentialsMissing { registry, why: self.found.problem.clone() },
        }
    }

    fn answer(&self, problem: &'static str) -> Cause {
        Cause::Answer { host: self.image.registry.clone(), problem }
    }
}

/// The digest a registry names beside the content. One by another algorithm is passed over: ours is computed anyway.
fn digest_header(response: &Response) -> Option<String> {
    let text = response.headers().get("docker-content-digest")?.to_str().ok()?;
    is_digest(text).then(|| text.to_owned())
}

/// A body up to a length; none when it is longer.
async fn read(response: &mut Response, most: usize) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// A layer's content; the outer error is the network's.
async fn read_blob(mut response: Response, layer: &Layer, limit: u64) -> Result<Result<Bytes, Cause>, reqwest::Error> {
    let wrong = |actual: u64| {
        if actual > limit {
            Cause::TooLarge { size: actual, limit }
        } else {
            Cause::Length { expected: layer.size, actual }
        }
    };
    if let Some(announced) = response.content_length().filter(|announced| *announced != layer.size) {
        return Ok(Err(wrong(announced)));
    }
    // The manifest's size is only a claim: memory is taken as content comes.
    let mut content = BytesMut::with_capacity(usize::try_from(layer.size.min(1 << 20)).unwrap_or_default());
    let mut hasher = Sha256::new();
    while let Some(chunk) = response.chunk().await? {
        let length = content.len() as u64 + chunk.len() as u64;
        if length > layer.size {
            return Ok(Err(wrong(length)));
        }
        hasher.update(&chunk);
        content.extend_from_slice(&chunk);
    }
    let actual = finish(hasher);
    if actual != layer.digest {
        return Ok(Err(Cause::Digest { what: "component", expected: layer.digest.clone(), actual }));
    }
    if content.len() as u64 != layer.size {
        return Ok(Err(wrong(content.len() as u64)));
    }
    Ok(Ok(content.freeze()))
}
