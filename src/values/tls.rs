//! Certificates of the platform: NATS, its clients, HTTPS of host groups.

use super::section::{choice, section};

section! {
    /// Certificates of the platform.
    pub struct Tls {
        /// Whether the bundled NATS and its clients speak TLS.
        enabled: bool,
        /// Who makes the certificates.
        provider: TlsProvider,
        /// Hours that leaf certificates last.
        #[schemars(range(min = 1))]
        validity_hours: i32,
        /// Hours that the authority lasts.
        #[schemars(range(min = 1))]
        ca_validity_hours: i32,
        /// Names of the Secrets; made from the release's name without them. With provider `existing` they are yours.
        secrets: TlsSecrets,
        /// cert-manager's part.
        cert_manager: CertManager,
        /// When the CronJob of provider `job` looks at the certificates.
        schedule: String,
    }
}

choice! {
    /// Who makes certificates.
    pub enum TlsProvider {
        /// Our operator makes and renews them.
        Operator = "operator",
        /// A hook Job and a CronJob of our image do.
        Job = "job",
        /// cert-manager does.
        CertManager = "certManager",
        /// They exist already.
        Existing = "existing",
    }
}

section! {
    /// Names of Secrets with certificates, each with `tls.crt`, `tls.key` and `ca.crt`.
    pub struct TlsSecrets {
        /// The authority.
        ca: String,
        /// NATS.
        nats: String,
        /// The operator.
        operator: String,
        /// Hosts on the control plane.
        host_control: String,
        /// Hosts on the data plane.
        host_data: String,
    }
}

section! {
    /// cert-manager's part.
    pub struct CertManager {
        /// An issuer that exists; without one a self-signed authority is made.
        issuer_ref: IssuerRef,
    }
}

section! {
    /// An issuer of cert-manager.
    pub struct IssuerRef {
        /// Name.
        name: String,
        /// `Issuer` or `ClusterIssuer`.
        kind: IssuerKind,
        /// Group; `cert-manager.io` by default.
        group: String,
    }
}

choice! {
    /// Kinds of issuer.
    pub enum IssuerKind {
        /// Of one namespace.
        Issuer = "Issuer",
        /// Of the cluster.
        ClusterIssuer = "ClusterIssuer",
    }
}
