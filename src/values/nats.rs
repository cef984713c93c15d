//! NATS as operator and hosts see it: one connection type, used for the control and the data plane.

use super::section::{choice, section};

section! {
    /// NATS: two connections and the server we bring along.
    pub struct Nats {
        /// Control plane: operator and hosts.
        control: Connection,
        /// Data plane: messaging, key-value and blob stores of the workloads; of hosts only.
        data: Connection,
        /// The bundled server.
        server: super::nats_server::Server,
    }
}

section! {
    /// A connection to NATS. A host group's own `nats.control` and `nats.data` are laid over these.
    pub struct Connection {
        /// Which server: the `bundled` one, an `external` one by `urls`, or the bundled one as a `leaf` of another system.
        mode: Mode,
        /// Fills in what a service needs: `synadia` sets URL, system certificates and credentials of Synadia Cloud.
        provider: Provider,
        /// Servers of mode `external`, such as `tls://nats.example:4222`; never with user or password in it.
        urls: Vec<String>,
        /// TLS.
        tls: ConnectionTls,
        /// Who we are.
        auth: Auth,
        /// JetStream of this connection.
        jetstream: ConnectionJetstream,
        /// Prefix of reply subjects, such as `_INBOX_hosts`; needed where permissions forbid `_INBOX`.
        #[schemars(regex(pattern = r"^[A-Za-z0-9_.-]*$"))]
        inbox_prefix: String,
        /// Seconds to wait for a connection before it is tried anew.
        #[schemars(range(min = 1))]
        connect_timeout_seconds: i64,
        /// Seconds between pings.
        #[schemars(range(min = 1))]
        ping_interval_seconds: i64,
    }
}

choice! {
    /// Which server a connection goes to.
    pub enum Mode {
        /// The server of this release.
        Bundled = "bundled",
        /// Servers that exist already.
        External = "external",
        /// The server of this release, which is a leaf node of another system (`nats.server.leaf.remotes`).
        Leaf = "leaf",
    }
}

choice! {
    /// A service whose needs we know.
    pub enum Provider {
        /// Any NATS.
        Generic = "generic",
        /// Synadia Cloud.
        Synadia = "synadia",
    }
}

section! {
    /// TLS of a connection.
    pub struct ConnectionTls {
        /// Which certificates are trusted. Without it: `private` for the bundled server, else by the URLs' scheme.
        mode: TlsMode,
        /// The private certificate authority.
        ca: CaSource,
        /// Our own certificate.
        client: ClientCertificate,
        /// TLS before the server says its INFO (`handshake_first` of the server).
        handshake_first: bool,
        /// Name expected in the server's certificate.
        server_name: String,
    }
}

choice! {
    /// Which certificates a connection trusts.
    pub enum TlsMode {
        /// No TLS; written with quotes, `"off"`, since YAML 1.1 reads the bare word as `false`.
        Off = "off",
        /// Those of the system.
        System = "system",
        /// Those of a private authority.
        Private = "private",
    }
}

section! {
    /// Where a private certificate authority is kept; without a name it is the one of `tls`.
    pub struct CaSource {
        /// Secret that holds it.
        secret_name: String,
        /// ConfigMap that holds it.
        config_map_name: String,
        /// Key of it; `ca.crt` by default.
        key: String,
    }
}

section! {
    /// Our certificate towards NATS; without a name it is the one of `tls`.
    pub struct ClientCertificate {
        /// Secret of type `kubernetes.io/tls`.
        secret_name: String,
        /// Key of the certificate; `tls.crt` by default.
        cert_key: String,
        /// Key of its private key; `tls.key` by default.
        key_key: String,
    }
}

section! {
    /// How a connection says who it is; secrets are named, never written here.
    pub struct Auth {
        /// Kind. Without it: `mtls` for the bundled server with TLS, `credentials` for Synadia, else `none`.
        r#type: AuthType,
        /// Secret that holds the credentials, key, password or token.
        secret_name: String,
        /// Key in the Secret. By default `nats.creds`, `nkey.seed`, `password` or `token`, after the kind.
        secret_key: String,
        /// Key of the user's name in the Secret (kind `userPassword`); `username` by default.
        user_key: String,
        /// Audience of the token (kind `serviceAccountToken`); `nats` by default.
        audience: String,
    }
}

choice! {
    /// Kinds of authentication.
    pub enum AuthType {
        /// Nobody asks.
        None = "none",
        /// The client certificate says it.
        Mtls = "mtls",
        /// A credentials file: user JWT and seed.
        Credentials = "credentials",
        /// A bare nkey seed.
        Nkey = "nkey",
        /// Name and password.
        UserPassword = "userPassword",
        /// A token.
        Token = "token",
        /// The pod's own ServiceAccount token, for an auth callout.
        ServiceAccountToken = "serviceAccountToken",
    }
}

section! {
    /// JetStream as this connection uses it.
    pub struct ConnectionJetstream {
        /// JetStream domain.
        #[schemars(regex(pattern = r"^[A-Za-z0-9_-]*$"))]
        domain: String,
        /// Largest size of a bucket that a workload opens, such as `256Mi`; some accounts insist on it.
        #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?)?$"))]
        max_bytes: String,
    }
}
