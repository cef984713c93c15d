//! The way to a node: keys and list positions.

use std::fmt;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of a map.
    Key(String),
    /// A position in a list, from 0.
    Index(usize),
}

/// The way from the root to a node; printed as `hosts.edge.env[0].name`, odd keys quoted (`podLabels."a.b/c"`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Segment>);

impl Path {
    /// The root.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Of plain keys; `Path::keys(["hosts", "edge"])`.
    pub fn keys<I: IntoIterator<Item = S>, S: Into<String>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| Segment::Key(key.into())).collect())
    }

    /// This path and one key more.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// This path and one list position more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The path without its last step.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, rest)| Self(rest.to_vec()))
    }

    /// Reads what [`fmt::Display`] prints; `None` when it is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let (index, after) = after.split_once(']')?;
                segments.push(Segment::Index(index.parse().ok()?));
                rest = after;
            } else {
                let after = if segments.is_empty() { rest } else { rest.strip_prefix('.')? };
                if let Some(quoted) = after.strip_prefix('"') {
                    let (key, after) = quoted.split_once('"')?;
                    segments.push(Segment::Key(key.into()));
                    rest = after;
                } else {
                    let end = after.find(['.', '[']).unwrap_or(after.len());
                    if end == 0 {
                        return None;
                    }
                    segments.push(Segment::Key(after[..end].into()));
                    rest = &after[end..];
                }
            }
        }
        Some(Self(segments))
    }

    /// RFC 6901: `/hosts/edge/env/0/name`.
    pub fn pointer(&self) -> String {
        let mut out = String::new();
        for segment in &self.0 {
            out.push('/');
            match segment {
                Segment::Key(key) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Segment::Index(index) => out.push_str(&index.to_string()),
            }
        }
        out
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    if key.is_empty() || key.contains(['.', '[', ']', '"', ' ']) {
                        write!(f, "\"{key}\"")?;
                    } else {
                        f.write_str(key)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_what_it_prints() {
        let path = Path::keys(["hosts", "edge", "podLabels", "a.b/c"]).index(2).key("name");
        assert_eq!(path.to_string(), "hosts.edge.podLabels.\"a.b/c\"[2].name");
        assert_eq!(Path::parse(&path.to_string()), Some(path.clone()));
        assert_eq!(path.pointer(), "/hosts/edge/podLabels/a.b~1c/2/name");
        assert_eq!(Path::parse("a..b"), None);
    }
}
