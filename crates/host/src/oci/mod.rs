//! Components from OCI registries, kept on disk by their digest.
