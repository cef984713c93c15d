//! What both halves of the platform share: custom resources and the flags of operator and host.
