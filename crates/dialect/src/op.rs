//! The closed list of filters, tests and functions.

use serde::{Deserialize, Serialize};

use super::Pattern;

/// A filter, test or function that both sides have.
#[derive(Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "each is named after what the template says")]
pub enum Op {
    // Filters that make text.
    Quote,
    Text,
    ToYaml,
    ToJson,
    RawJson,
    Indent(usize),
    Nindent(usize),
    Sha256,
    Join,
    Replace,
    Trunc(usize),
    B64enc,
    Lower,
    Trim,
    Basename,
    Find(Pattern),
    // Filters that make other values.
    Int,
    Bool,
    Default,
    First,
    Last,
    Length,
    Keys,
    // Tests.
    IsSet,
    IsString,
    IsMapping,
    IsSequence,
    IsBoolean,
    StartsWith,
    EndsWith,
    Containing,
    Matching(Pattern),
    // Functions.
    HasApi,
    VersionAtLeast,
    Concat,
    Append,
    Nulls,
}

/// What is known of a value before it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Ty {
    Any,
    Bool,
    Int,
    Str,
    List,
    Map,
}

impl Op {
    /// The filter of that name that takes only expressions, and how many besides its subject.
    pub(super) fn filter(name: &str) -> Option<(Self, usize)> {
        Some(match name {
            "quote" => (Self::Quote, 0),
            "text" => (Self::Text, 0),
            "toYaml" => (Self::ToYaml, 0),
            "toJson" => (Self::ToJson, 0),
            "rawJson" => (Self::RawJson, 0),
            "sha256" => (Self::Sha256, 0),
            "join" => (Self::Join, 1),
            "replace" => (Self::Replace, 2),
            "b64enc" => (Self::B64enc, 0),
            "lower" => (Self::Lower, 0),
            "trim" => (Self::Trim, 0),
            "basename" => (Self::Basename, 0),
            "int" => (Self::Int, 0),
            "bool" => (Self::Bool, 0),
            "default" => (Self::Default, 1),
            "first" => (Self::First, 0),
            "last" => (Self::Last, 0),
            "length" => (Self::Length, 0),
            "keys" => (Self::Keys, 0),
            _ => return None,
        })
    }

    /// The filter of that name whose one argument is a number written in the template.
    pub(super) fn numbered_filter(name: &str, number: usize) -> Option<Self> {
        Some(match name {
            "indent" => Self::Indent(number),
            "nindent" => Self::Nindent(number),
            "trunc" => Self::Trunc(number),
            _ => return None,
        })
    }

    /// The test of that name, and how many arguments it takes.
    pub(super) fn test(name: &str) -> Option<(Self, usize)> {
        Some(match name {
            "set" => (Self::IsSet, 0),
            "string" => (Self::IsString, 0),
            "mapping" => (Self::IsMapping, 0),
            "sequence" => (Self::IsSequence, 0),
            "boolean" => (Self::IsBoolean, 0),
            "startingwith" => (Self::StartsWith, 1),
            "endingwith" => (Self::EndsWith, 1),
            "containing" => (Self::Containing, 1),
            _ => return None,
        })
    }

    /// What it makes.
    pub const fn ty(&self) -> Ty {
        match self {
            Self::Quote | Self::Text | Self::ToYaml | Self::ToJson | Self::Indent(_) | Self::Nindent(_) => Ty::Str,
            Self::RawJson | Self::Sha256 | Self::Join | Self::Replace | Self::Trunc(_) | Self::B64enc => Ty::Str,
            Self::Lower | Self::Trim | Self::Basename | Self::Find(_) => Ty::Str,
            Self::Int | Self::Length => Ty::Int,
            Self::Bool | Self::IsSet | Self::IsString | Self::IsMapping | Self::IsSequence | Self::IsBoolean => {
                Ty::Bool
            }
            Self::StartsWith | Self::EndsWith | Self::Containing | Self::Matching(_) | Self::HasApi => Ty::Bool,
            Self::VersionAtLeast => Ty::Bool,
            Self::Keys | Self::Concat | Self::Append | Self::Nulls => Ty::List,
            Self::Default | Self::First | Self::Last => Ty::Any,
        }
    }

    /// Whether `{{ x|op }}` prints the same text on both sides and is safe in YAML.
    pub(super) const fn prints(&self) -> bool {
        matches!(
            self,
            Self::Quote
                | Self::Text
                | Self::Int
                | Self::Bool
                | Self::Length
                | Self::ToYaml
                | Self::ToJson
                | Self::RawJson
                | Self::Indent(_)
                | Self::Nindent(_)
                | Self::B64enc
                | Self::Sha256
        )
    }
}
