//! A spanned tree for tests, from YAML that is well-formed and has no anchors.

use granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::source::{Entry, Map, Node, Origin, SourceId, Style, Value};

type Events<'a> = std::iter::Peekable<std::vec::IntoIter<(Event<'a>, Span)>>;

pub(super) fn parse(text: &str, source: SourceId) -> Node {
    let events: Vec<_> = Parser::new_from_str(text)
        .map(|event| event.unwrap())
        .filter(|(event, _)| {
            matches!(
                event,
                Event::Scalar(..)
                    | Event::SequenceStart(..)
                    | Event::MappingStart(..)
                    | Event::SequenceEnd
                    | Event::MappingEnd
            )
        })
        .collect();
    node(&mut events.into_iter().peekable(), source)
}

fn node(events: &mut Events<'_>, source: SourceId) -> Node {
    let (event, span) = events.next().unwrap();
    let mut origin = origin(span, source);
    let (value, style) = match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) => (plain(&text), Style::Plain),
        Event::Scalar(text, ..) => (Value::String(text.into_owned()), Style::Quoted),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            while !matches!(events.peek().unwrap().0, Event::SequenceEnd) {
                list.push(node(events, source));
            }
            origin.end = end(events, source);
            (Value::List(list), Style::Collection)
        }
        Event::MappingStart(..) => {
            let mut map = Map::new();
            while !matches!(events.peek().unwrap().0, Event::MappingEnd) {
                let key = node(events, source);
                let Value::String(name) = &key.value else { panic!("a key is a string: {key:?}") };
                map.insert(name.clone(), Entry { key: key.origin, node: node(events, source) });
            }
            origin.end = end(events, source);
            (Value::Map(map), Style::Collection)
        }
        other => panic!("unexpected {other:?}"),
    };
    Node::new(value, style, origin)
}

fn end(events: &mut Events<'_>, source: SourceId) -> u32 {
    let (_, span) = events.next().unwrap();
    origin(span, source).end
}

fn origin(span: Span, source: SourceId) -> Origin {
    let range = span.byte_range().unwrap();
    Origin { source, start: u32::try_from(range.start).unwrap(), end: u32::try_from(range.end).unwrap() }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" | "on" => Value::Bool(true),
        "false" | "off" => Value::Bool(false),
        _ => text
            .parse()
            .map(Value::Int)
            .or_else(|_| text.parse().map(Value::Float))
            .unwrap_or_else(|_| Value::String(text.into())),
    }
}
