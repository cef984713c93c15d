//! The platforms that our image is made for.

use std::{fmt, str::FromStr};

use serde_json::{Value, json};

/// A platform, as OCI names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// `linux/amd64`.
    Amd64,
    /// `linux/arm64`.
    Arm64,
}

impl Platform {
    /// All of them, in the order of the index.
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// OCI's word for the machine.
    pub const fn architecture(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// What containers on this machine run on, whatever system it has; none when we make no image for it.
    pub const fn here() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::Amd64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Arm64)
        } else {
            None
        }
    }

    /// As a descriptor in an index has it.
    pub fn json(self) -> Value {
        json!({"architecture": self.architecture(), "os": "linux"})
    }

    /// Whether a descriptor is for it. Every 64-bit ARM is `v8`, said or not.
    pub fn is(self, platform: &Value) -> bool {
        let variant = platform["variant"].as_str().unwrap_or_default();
        platform["os"] == "linux"
            && platform["architecture"] == self.architecture()
            && (variant.is_empty() || self == Self::Arm64 && variant == "v8")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "linux/{}", self.architecture())
    }
}

impl FromStr for Platform {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "linux/amd64" | "amd64" => Ok(Self::Amd64),
            "linux/arm64" | "arm64" | "linux/arm64/v8" => Ok(Self::Arm64),
            _ => Err(format!("`{text}` is none of our platforms: linux/amd64, linux/arm64")),
        }
    }
}
