//! Images and who may pull them.

use super::section::{choice, section};

choice! {
    /// When the kubelet pulls an image.
    pub enum PullPolicy {
        /// At every start of a container.
        Always = "Always",
        /// When the node does not have it.
        IfNotPresent = "IfNotPresent",
        /// Never: the image has to be on the node already.
        Never = "Never",
    }
}

section! {
    /// An image. Without a `repository` it is the one that the implementation (or server) is published as.
    pub struct Image {
        /// Registry, such as `registry.example:5000`. `global.image.registry` wins over it; empty never wins over a default.
        registry: String,
        /// Repository, such as `acme/host`.
        repository: String,
        /// Tag. Without one: the version of the implementation.
        tag: String,
        /// Digest, `sha256:` and 64 hexadecimal digits; then `tag` must not be set.
        #[schemars(regex(pattern = r"^(sha256:[0-9a-f]{64})?$"))]
        digest: String,
        /// When the kubelet pulls it.
        pull_policy: PullPolicy,
    }
}

section! {
    /// What holds for every image.
    pub struct GlobalImage {
        /// Registry of a mirror: takes the place of every image's registry, the bundled NATS's too.
        registry: String,
        /// Names of Secrets of type `kubernetes.io/dockerconfigjson`, given to every pod, each in the pod's own namespace.
        pull_secrets: Vec<PullSecret>,
    }
}

section! {
    /// What holds for every component.
    pub struct Global {
        /// What holds for every image.
        image: GlobalImage,
    }
}

section! {
    /// A Secret by name.
    pub struct PullSecret {
        /// The Secret's name.
        name: String,
    }
}
