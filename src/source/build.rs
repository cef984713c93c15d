//! Parser events → [`Node`]s. Everything that YAML allows and Helm's data model does not is found here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::rc::Rc;

use granit_parser::{Event, ScalarStyle, Span, StructureStyle, Tag};

use super::faults::{control_character, doubted, duplicate, is_text_tag, misfit, tag_fits};
use super::scalar::{self, Differing, Doubt, Mode, Typed};
use super::{Entry, Map, Node, Origin, Path, Segment, SourceId, Style, Value, codes};
use crate::diagnostics::Diagnostic;

/// Deeper than any values file or manifest; recursion over a [`Node`] is safe below it.
pub(super) const MAX_DEPTH: usize = 100;
/// What aliases may grow to: each node counts one, each 128 bytes of text one more.
pub(super) const MAX_NODES: usize = 500_000;

/// A limit was passed: nothing after it is worth reading.
pub(super) struct Stop;

/// One document of a text.
pub(super) struct Document {
    /// Its `---`, or where it begins.
    pub(super) start: Origin,
    /// What it holds; none when it is empty.
    pub(super) node: Option<Node>,
}

pub(super) struct Builder {
    source: SourceId,
    /// What to add to the parser's offsets: the text may be a part of the source's.
    base: usize,
    mode: Mode,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, Rc<Built>>,
    cost: usize,
    start: Option<Origin>,
    pub(super) documents: Vec<Document>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A finished node, what copying it costs and how deep it is.
#[derive(Clone)]
struct Built {
    node: Node,
    cost: usize,
    height: usize,
}

/// A collection under way.
struct Frame {
    origin: Origin,
    anchor: usize,
    flow: bool,
    cost: usize,
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Map, key: Option<Key>, merges: Vec<Node>, merged: Option<Origin> },
}

enum Key {
    /// Refused, with all that stands under it.
    Bad,
    Merge(Origin),
    Named(String, Origin),
}

impl Builder {
    pub(super) const fn new(source: SourceId, base: usize, mode: Mode) -> Self {
        Self {
            source,
            base,
            mode,
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            cost: 0,
            start: None,
            documents: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Takes the next event.
    pub(super) fn event(&mut self, event: &Event<'_>, span: &Span) -> Result<(), Stop> {
        let origin = self.origin(span);
        match event {
            Event::DocumentStart(..) => {
                self.start = Some(origin);
                self.anchors.clear();
            }
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = *style != ScalarStyle::Plain || tag.as_deref().is_some_and(is_text_tag);
                let style = if quoted { Style::Quoted } else { Style::Plain };
                // The parser says `~` where nothing is written.
                let empty = origin.start == origin.end && text.as_ref() == "~";
                let text = if empty { "" } else { text.as_ref() };
                let cost = 1 + text.len() / 128;
                let origin = trimmed(origin, text, style);
                if self.wants_key() {
                    self.charge(cost, origin)?;
                    self.check_tag(tag.as_deref(), text, origin);
                    let node = Node::new(Value::String(text.to_owned()), Style::Quoted, origin);
                    self.anchored(*anchor, &Built { node, cost, height: 0 })?;
                    self.key(text, style, origin);
                    if let Some(frame) = self.frames.last_mut() {
                        frame.cost += cost;
                    }
                } else {
                    self.check_tag(tag.as_deref(), text, origin);
                    let value = self.scalar(text, style, origin);
                    let built = Built { node: Node::new(value, style, origin), cost, height: 0 };
                    self.finished(built, *anchor)?;
                }
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", origin);
                self.open(origin, *anchor, *style, Content::List(Vec::new()))?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", origin);
                let content = Content::Map { entries: Map::new(), key: None, merges: Vec::new(), merged: None };
                self.open(origin, *anchor, *style, content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(origin))?,
            Event::Alias(id) => self.alias(*id, origin)?,
            Event::UnresolvedAlias(name) => {
                self.report(
                    Diagnostic::error(codes::REFERENCE, format!("nothing is anchored as `&{name}` above this alias"))
                        .at(origin, "")
                        .with_help(format!("anchor it first (`&{name}`), or quote the text: `\"*{name}\"`")),
                );
                self.finished(Built { node: null(origin), cost: 1, height: 0 }, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The text ended or broke off: what is open is closed with what it holds.
    pub(super) fn break_off(&mut self) {
        while !self.frames.is_empty() {
            if self.close(None).is_err() {
                self.frames.clear();
            }
        }
        self.start = None;
    }

    fn origin(&self, span: &Span) -> Origin {
        let range = span.byte_range().unwrap_or_default();
        let offset = |byte: usize| u32::try_from(byte + self.base).unwrap_or(u32::MAX);
        Origin { source: self.source, start: offset(range.start), end: offset(range.end) }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        let path = self.path();
        self.diagnostics.push(diagnostic.with_path(path));
    }

    /// Where the node under way will stand.
    fn path(&self) -> Path {
        Path(
            self.frames
                .iter()
                .filter_map(|frame| match &frame.content {
                    Content::List(items) => Some(Segment::Index(items.len())),
                    Content::Map { key: Some(Key::Named(key, _)), .. } => Some(Segment::Key(key.clone())),
                    Content::Map { key: Some(Key::Merge(_)), .. } => Some(Segment::Key("<<".to_owned())),
                    Content::Map { .. } => None,
                })
                .collect(),
        )
    }

    fn charge(&mut self, cost: usize, origin: Origin) -> Result<(), Stop> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost <= MAX_NODES {
            return Ok(());
        }
        self.diagnostics.push(
            Diagnostic::error(
                codes::LIMIT,
                format!("more than {MAX_NODES} nodes, aliases counted as what they stand for"),
            )
            .at(origin, "reading stopped here")
            .with_help("take the nested aliases apart, or split the file"),
        );
        Err(Stop)
    }

    fn wants_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }))
    }

    fn open(&mut self, origin: Origin, anchor: usize, style: StructureStyle, content: Content) -> Result<(), Stop> {
        self.charge(1, origin)?;
        if self.frames.len() >= MAX_DEPTH {
            return Err(self.too_deep(origin));
        }
        let flow = style == StructureStyle::Flow;
        self.frames.push(Frame { origin, anchor, flow, cost: 1, height: 0, content });
        Ok(())
    }

    fn too_deep(&mut self, origin: Origin) -> Stop {
        self.report(
            Diagnostic::error(codes::LIMIT, format!("nested deeper than {MAX_DEPTH} levels"))
                .at(origin, "reading stopped here")
                .with_help("no value of the chart lies that deep: look for a bracket or an indentation gone astray"),
        );
        Stop
    }

    fn close(&mut self, end: Option<Origin>) -> Result<(), Stop> {
        let Some(Frame { mut origin, anchor, flow, cost, height, content }) = self.frames.pop() else { return Ok(()) };
        if let Some(end) = end.filter(|_| flow) {
            origin.end = end.end;
        }
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map { mut entries, merges, .. } => {
                for merge in merges {
                    let Value::Map(merge) = merge.value else { continue };
                    for (key, entry) in merge {
                        entries.entry(key).or_insert(entry);
                    }
                }
                Value::Map(entries)
            }
        };
        let built = Built { node: Node::new(value, Style::Collection, origin), cost, height: height + 1 };
        self.anchored(anchor, &built)?;
        self.place(built);
        Ok(())
    }

    fn finished(&mut self, built: Built, anchor: usize) -> Result<(), Stop> {
        self.charge(built.cost, built.node.origin)?;
        self.anchored(anchor, &built)?;
        self.place(built);
        Ok(())
    }

    fn anchored(&mut self, anchor: usize, built: &Built) -> Result<(), Stop> {
        if anchor > 0 {
            self.charge(built.cost, built.node.origin)?;
            self.anchors.insert(anchor, Rc::new(built.clone()));
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, origin: Origin) -> Result<(), Stop> {
        let Some(target) = self.anchors.get(&id).cloned() else {
            self.report(
                Diagnostic::error(codes::REFERENCE, "the alias stands inside the node that it names")
                    .at(origin, "would contain itself")
                    .with_help("write the value out"),
            );
            return self.finished(Built { node: null(origin), cost: 1, height: 0 }, 0);
        };
        // Charged before it is copied: nested aliases grow exponentially.
        self.charge(target.cost, origin)?;
        if self.frames.len() + target.height > MAX_DEPTH {
            return Err(self.too_deep(origin));
        }
        if self.wants_key() {
            if let Value::String(text) = &target.node.value {
                self.key(text, Style::Quoted, origin);
            } else {
                self.bad_key(origin);
            }
            return Ok(());
        }
        self.place(Built::clone(&target));
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, built: Built) {
        let Built { node, cost, height } = built;
        let Some(frame) = self.frames.last_mut() else {
            self.document(node);
            return;
        };
        frame.cost = frame.cost.saturating_add(cost);
        frame.height = frame.height.max(height);
        let inside = node.origin.source == frame.origin.source && node.origin.start >= frame.origin.start;
        if inside {
            frame.origin.end = frame.origin.end.max(node.origin.end);
        }
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map { key, .. } => match key.take() {
                None => self.bad_key(node.origin),
                Some(Key::Bad) => {}
                Some(Key::Merge(origin)) => self.merge(node, origin),
                Some(Key::Named(name, origin)) => self.insert(name, Entry { key: origin, node }),
            },
        }
    }

    fn document(&mut self, node: Node) {
        let start = self.start.take().unwrap_or(node.origin);
        let written = node.value != Value::Null || node.origin.start != node.origin.end;
        self.documents.push(Document { start, node: written.then_some(node) });
    }

    fn insert(&mut self, name: String, entry: Entry) {
        let Some(Frame { content: Content::Map { entries, .. }, .. }) = self.frames.last_mut() else { return };
        match entries.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => {
                let name = slot.key().clone();
                let first = std::mem::replace(slot.get_mut(), entry.clone()).key;
                let mut path = self.path();
                path.0.push(Segment::Key(name.clone()));
                self.diagnostics.push(duplicate(&name, entry.key, first).with_path(path));
            }
        }
    }

    /// `<<: *base` or `<<: [*a, *b]`: keys that are not there yet; the first map of a list wins.
    fn merge(&mut self, node: Node, origin: Origin) {
        let maps = match node.value {
            Value::Map(_) => vec![node],
            Value::List(items) if items.iter().all(|item| item.as_map().is_some()) => items,
            _ => {
                let kind = node.value.kind();
                self.report(
                    Diagnostic::error(codes::REFERENCE, format!("`<<` merges a map or a list of maps, not {kind}"))
                        .at(node.origin, "")
                        .and_at(origin, "merged here"),
                );
                return;
            }
        };
        let lenient = self.mode == Mode::Lenient;
        let mut overridden = Vec::new();
        let Some(Frame { content: Content::Map { entries, merges, .. }, .. }) = self.frames.last_mut() else { return };
        for (key, merged) in maps.iter().rev().filter_map(Node::as_map).flatten() {
            let Some(written) = entries.get_mut(key) else { continue };
            if written.node.to_json() == merged.node.to_json() {
                continue;
            }
            if lenient {
                // go-yaml v2 goes through the keys in order, and the merge comes later.
                *written = merged.clone();
            } else {
                overridden.push((key.clone(), written.key));
            }
        }
        merges.extend(maps);
        for (key, written) in overridden {
            self.report(
                Diagnostic::error(codes::AMBIGUOUS, format!("`{key}` is written above a `<<` that brings it too"))
                    .at(written, "Helm takes the merged value, YAML 1.2 this one")
                    .and_at(origin, "merged here")
                    .with_help(format!("move `<<` above `{key}`: then this value wins for all readers")),
            );
        }
    }

    /// A scalar in key position.
    fn key(&mut self, text: &str, style: Style, origin: Origin) {
        if style == Style::Plain && text == "<<" {
            let Some(Frame { content: Content::Map { key, merged, .. }, .. }) = self.frames.last_mut() else { return };
            *key = Some(Key::Merge(origin));
            if let Some(first) = merged.replace(origin) {
                let diagnostic =
                    duplicate("<<", origin, first).with_help("merge several maps as a list: `<<: [*a, *b]`");
                self.diagnostics.push(diagnostic);
            }
            return;
        }
        let mut name = text.to_owned();
        if style == Style::Plain {
            let reading = scalar::read(text);
            let helm = match reading.helm {
                Typed::Null => {
                    self.bad_key(origin);
                    return;
                }
                Typed::Text => name.clone(),
                Typed::Bool(value) => value.to_string(),
                Typed::Int(value) => value.to_string(),
                Typed::Float(value) => value.to_string(),
            };
            if self.mode == Mode::Lenient {
                name = helm;
            } else if reading.doubt.as_ref().is_some_and(|doubt| self.mode.minds(doubt)) || helm != name {
                let said = match reading.doubt {
                    Some(
                        Doubt::Readers(Differing { helm, other, .. }) | Doubt::Letter(Differing { helm, other, .. }),
                    ) => {
                        format!("the key `{text}` is {helm} to Helm (YAML 1.1), {other}")
                    }
                    _ => format!("Helm turns the key `{text}` into `{helm}`"),
                };
                self.set_key(Key::Named(name.clone(), origin));
                self.report(
                    Diagnostic::error(codes::AMBIGUOUS, said)
                        .at(origin, "")
                        .with_help(format!("write `\"{text}\"` with quotes")),
                );
            }
        }
        self.check_characters(&name, origin);
        self.set_key(Key::Named(name, origin));
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Frame { content: Content::Map { key, .. }, .. }) = self.frames.last_mut() {
            *key = Some(new);
        }
    }

    fn bad_key(&mut self, origin: Origin) {
        self.report(
            Diagnostic::error(codes::KEY, "a key must be text").at(origin, "null, a list or a map here").with_help(
                "quote it; braces of a template (`{{ … }}`) in front of a text need quotes around the whole text",
            ),
        );
        self.set_key(Key::Bad);
    }

    fn scalar(&mut self, text: &str, style: Style, origin: Origin) -> Value {
        if style == Style::Quoted {
            self.check_characters(text, origin);
            return Value::String(text.to_owned());
        }
        let reading = scalar::read(text);
        if let Some(doubt) = reading.doubt.filter(|doubt| self.mode.minds(doubt)) {
            self.report(doubted(text, doubt, origin));
            return Value::String(text.to_owned());
        }
        match reading.helm {
            Typed::Null => Value::Null,
            Typed::Bool(value) => Value::Bool(value),
            Typed::Int(value) => Value::Int(value),
            Typed::Float(value) => Value::Float(value),
            Typed::Text => {
                self.check_characters(text, origin);
                Value::String(text.to_owned())
            }
        }
    }

    fn check_characters(&mut self, text: &str, origin: Origin) {
        if let Some(diagnostic) = control_character(text, origin) {
            self.report(diagnostic);
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, text: &str, origin: Origin) {
        if let Some(tag) = tag.filter(|tag| !tag_fits(tag, text)) {
            self.bad_tag(tag, origin);
        }
    }

    fn check_collection_tag(&mut self, tag: Option<&Tag>, name: &str, origin: Origin) {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema_tag(name)) {
            self.bad_tag(tag, origin);
        }
    }

    fn bad_tag(&mut self, tag: &Tag, origin: Origin) {
        if self.mode != Mode::Lenient {
            self.report(misfit(tag, origin));
        }
    }
}

fn null(origin: Origin) -> Node {
    Node::new(Value::Null, Style::Plain, origin)
}

/// A block scalar's span runs on over the blank lines behind it.
fn trimmed(origin: Origin, text: &str, style: Style) -> Origin {
    if style == Style::Quoted && text.ends_with('\n') && origin.end > origin.start + 1 {
        Origin { end: origin.end - 1, ..origin }
    } else {
        origin
    }
}
