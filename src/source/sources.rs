//! The texts that values come from, and positions in them.

/// Names one text of a [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// What kind of text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A file that the user named.
    File,
    /// Standard input (`-f -`).
    Stdin,
    /// A flag such as `--set a.b=c`; the text is the flag's argument.
    Flag,
    /// One of our profiles.
    Profile,
    /// The defaults of the chart.
    Default,
}

/// A text and its name as a user would say it (`prod.yaml`, `--set`, `profile ha`, `defaults`).
#[derive(Clone, Debug)]
pub struct Source {
    /// What kind of text it is.
    pub kind: SourceKind,
    /// The name to print.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A byte range of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Whose text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Line and column, both from 1; the column counts characters, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// All texts of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Keeps a text and names it.
    pub fn add(&mut self, kind: SourceKind, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Source { kind, name: name.into(), text: text.into() });
        id
    }

    /// The source of that id; ids come from [`Sources::add`] of the same value.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0 as usize]
    }

    /// All of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.0)
    }

    /// The text an origin covers.
    pub fn text(&self, origin: Origin) -> &str {
        self.get(origin.source).text.get(origin.start as usize..origin.end as usize).unwrap_or_default()
    }

    /// Where an origin starts.
    pub fn position(&self, origin: Origin) -> Position {
        self.position_at(origin.source, origin.start)
    }

    /// Where an origin ends.
    pub fn end_position(&self, origin: Origin) -> Position {
        self.position_at(origin.source, origin.end)
    }

    fn position_at(&self, source: SourceId, byte: u32) -> Position {
        let text = &self.get(source).text;
        let mut byte = (byte as usize).min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &text[..byte];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// `prod.yaml:12:5`, or `--set` for a flag.
    pub fn place(&self, origin: Origin) -> String {
        let source = self.get(origin.source);
        match source.kind {
            SourceKind::Flag => format!("{} {}", source.name, source.text),
            SourceKind::Default => source.name.clone(),
            _ => {
                let Position { line, column } = self.position(origin);
                format!("{}:{line}:{column}", source.name)
            }
        }
    }
}
