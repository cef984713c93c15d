//! Paths in the host's container: upstream mounts certificates elsewhere than we do.

/// Folders of upstream's chart and ours with the same files.
const MOVED: [(&str, &str); 4] = [
    ("/runtime-cert/", "/etc/nats/control/"),
    ("/data-cert/", "/etc/nats/data/"),
    ("/operator-cert/", "/etc/nats/operator/"),
    ("/tls-cert/", "/etc/chartwright/http/"),
];

/// Volumes of upstream's chart and ours with the same content.
pub(super) const VOLUMES: [(&str, &str); 3] =
    [("runtime-cert", "nats-control"), ("data-cert", "nats-data"), ("tls-cert", "http-tls")];

/// A text with upstream's folders replaced by ours.
pub(super) fn moved(text: &str) -> String {
    MOVED.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}
