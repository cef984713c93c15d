use std::io;

use serde_json::{Value as Json, json};

use super::super::*;
use super::told;

fn no_file(_: &str) -> io::Result<Vec<u8>> {
    Err(io::Error::other("no files here"))
}

/// The user's values after flags over a file (as JSON text), and what was said.
fn over(file: &Json, defaults: &Json, flags: &[(FlagKind, &str)]) -> (Json, Vec<String>, Layers) {
    let mut sources = Sources::default();
    let defaults = sources.add(SourceKind::Default, "defaults", defaults.to_string());
    let mut layers = Layers::new(parse(&sources, defaults).node.unwrap());
    if !file.is_null() {
        let id = sources.add(SourceKind::File, "local.yaml", file.to_string());
        layers.add(parse(&sources, id).node.unwrap());
    }
    let flags: Vec<Flag> = flags
        .iter()
        .map(|(kind, text)| Flag { kind: *kind, source: sources.add(SourceKind::Flag, kind.name(), *text) })
        .collect();
    layers.set(&sources, &flags, &no_file);
    let again = layers.clone();
    let (coalesced, diagnostics) = layers.finish();
    (coalesced.user.to_json(), told(&sources, &diagnostics), again)
}

fn set(kind: FlagKind, text: &str) -> Result<Json, String> {
    let (user, told, _) = over(&Json::Null, &json!({}), &[(kind, text)]);
    told.into_iter().next().map_or(Ok(user), Err)
}

#[test]
fn values_have_helms_types() {
    assert_eq!(
        set(FlagKind::Typed, "a=1,b=TRUE,c=null,d=1.5,e=007,f=0,g=-05,h=,i=yes,j.k=x"),
        Ok(json!({"a": 1, "b": true, "c": null, "d": "1.5", "e": "007", "f": 0, "g": -5, "h": "", "i": "yes",
            "j": {"k": "x"}}))
    );
    assert_eq!(set(FlagKind::Text, "a=1,b=true,c={1,null}"), Ok(json!({"a": "1", "b": "true", "c": ["1", "null"]})));
    assert_eq!(set(FlagKind::Literal, "a.b={x},y=\\,"), Ok(json!({"a": {"b": "{x},y=\\,"}})));
    assert_eq!(
        set(FlagKind::Json, "a={\"b\":[1,2.5]},c=\"x\", d=,e=null"),
        Ok(json!({"a": {"b": [1, 2.5]}, "c": "x", " d": null, "e": null}))
    );
    assert_eq!(set(FlagKind::Json, " {\"a\":{\"b\":1}} "), Ok(json!({"a": {"b": 1}})));
    assert_eq!(set(FlagKind::Typed, ""), Ok(json!({})));
    assert_eq!(set(FlagKind::Typed, "a=1,"), Ok(json!({"a": 1})));
}

#[test]
fn lists_and_escapes_follow_helms_grammar() {
    assert_eq!(set(FlagKind::Typed, "a={x,1,null}"), Ok(json!({"a": ["x", 1, null]})));
    assert_eq!(set(FlagKind::Typed, "a={}"), Ok(json!({"a": [""]})));
    assert_eq!(
        set(FlagKind::Typed, "a={--wasm-proposal=gc\\,threads}"),
        Ok(json!({"a": ["--wasm-proposal=gc,threads"]}))
    );
    assert_eq!(set(FlagKind::Typed, "a\\.b=c\\,d,e\\=f=g"), Ok(json!({"a.b": "c,d", "e=f": "g"})));
    assert_eq!(set(FlagKind::Typed, "a[0].b=1,a[0].c=2,a[1].b=3"), Ok(json!({"a": [{"b": 1, "c": 2}, {"b": 3}]})));
    assert_eq!(set(FlagKind::Typed, "a[1]=x,a[0]=y"), Ok(json!({"a": ["y", "x"]})));
    assert_eq!(set(FlagKind::Typed, "a[0][0]=x"), Ok(json!({"a": [["x"]]})));
}

#[test]
fn a_comma_in_a_value_is_marked_and_three_ways_out_are_offered() {
    let mut sources = Sources::default();
    let text = "global.nats.schedulerUrl=nats://a:4222,nats://b:4222";
    let flag = Flag { kind: FlagKind::Typed, source: sources.add(SourceKind::Flag, "--set", text) };
    let mut layers = Layers::new(Node::new(Value::Map(Map::new()), Style::Collection, no_origin()));
    layers.set(&sources, &[flag], &no_file);
    let (coalesced, diagnostics) = layers.finish();
    assert_eq!(coalesced.user.to_json(), json!({}), "nothing is applied in part");
    let fault = &diagnostics[0];
    assert_eq!((fault.code, fault.message.as_str()), (codes::SET_GRAMMAR, "key `nats://b:4222` has no value"));
    assert_eq!(sources.text(fault.primary.as_ref().unwrap().origin), ",");
    assert_eq!(sources.text(fault.secondary[0].origin), "nats://b:4222");
    let help = fault.help.as_ref().unwrap();
    assert!(help.contains("--set 'global.nats.schedulerUrl=nats://a:4222\\,nats://b:4222'"), "{help}");
    assert!(help.contains("'global.nats.schedulerUrl={nats://a:4222,nats://b:4222}'"), "{help}");
    assert!(help.contains("--set-literal 'global.nats.schedulerUrl=nats://a:4222,nats://b:4222'"), "{help}");
}

fn no_origin() -> Origin {
    Origin { source: SourceId(0), start: 0, end: 0 }
}

#[test]
fn what_helm_ignores_or_dies_of_is_an_error() {
    for (kind, text) in [
        (FlagKind::Typed, "a"),
        (FlagKind::Typed, "=x"),
        (FlagKind::Typed, "a..b=1"),
        (FlagKind::Typed, "a[0"),
        (FlagKind::Typed, "a[0]"),
        (FlagKind::Typed, "a[-1]=1"),
        (FlagKind::Typed, "a[65537]=1"),
        (FlagKind::Typed, "a[0]b=1"),
        (FlagKind::Typed, "a={x"),
        (FlagKind::Typed, "a=x\\"),
        (FlagKind::Typed, ",a=1"),
        (FlagKind::Json, "a=x"),
        (FlagKind::Json, "a=1b=2"),
        (FlagKind::Json, "{\"a\":1} x"),
        (FlagKind::Literal, "a"),
    ] {
        let fault = set(kind, text).unwrap_err();
        assert!(fault.starts_with("CW0301"), "{text}: {fault}");
    }
    let deep = vec!["a"; 32].join(".");
    assert!(set(FlagKind::Typed, &format!("{deep}=1")).unwrap_err().starts_with("CW0301"));
    assert!(set(FlagKind::Typed, &format!("{}=1", &deep[2..])).is_ok());
    assert!(set(FlagKind::Typed, "a=9007199254740993").unwrap_err().starts_with("CW0105"));
    assert!(set(FlagKind::Json, "a={\"b\":1,\"b\":2}").unwrap_err().starts_with("CW0103"));
    assert!(set(FlagKind::Text, "a=\u{7}").unwrap_err().starts_with("CW0110"));
}

#[test]
fn nothing_can_be_set_below_a_scalar() {
    let file = json!({"image": "nginx", "none": null, "map": {}, "list": ["x"]});
    for (text, message) in [
        ("image.tag=1", "CW0302 --set image.tag=1 `image` is a string, which cannot have a key `tag`"),
        ("none.a=1", "CW0302 --set none.a=1 `none` is null, which cannot have a key `a`"),
        ("map[0]=1", "CW0302 --set map[0]=1 `map` is a map, which cannot have an element [0]"),
        ("list[0].a=1", "CW0302 --set list[0].a=1 `list[0]` is a string, which cannot have a key `a`"),
    ] {
        assert_eq!(over(&file, &json!({}), &[(FlagKind::Typed, text)]).1, [message]);
    }
}

#[test]
fn an_element_of_a_default_list_is_refused_and_names_what_would_be_lost() {
    let group = json!({"name": "default", "replicas": 3, "service": {"type": "ClusterIP"}, "http": {"port": 9191}});
    let values = json!({"runtime": {"hostGroups": [group]}});
    let flag = (FlagKind::Typed, "runtime.hostGroups[0].replicas=1");
    let (_, told, layers) = over(&Json::Null, &values, &[flag]);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("CW0303") && told[0].contains("`runtime.hostGroups` would be replaced"), "{told:?}");
    let note = &layers.finish().1[0].notes[0];
    for lost in ["http", "name", "service"] {
        assert!(note.contains(&format!("`runtime.hostGroups[0].{lost}`")), "{note}");
    }
    let (user, told, _) = over(&values, &values, &[flag]);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(user["runtime"]["hostGroups"][0]["replicas"], 1);
    assert_eq!(user["runtime"]["hostGroups"][0]["name"], "default");
}

#[test]
fn holes_are_refused_unless_another_flag_fills_them() {
    let (_, told, _) = over(&Json::Null, &json!({}), &[(FlagKind::Typed, "a[1]=x")]);
    assert_eq!(told, ["CW0303 --set a[1]=x `a[0]` would be null: nothing sets it"]);
    let (user, told, _) = over(&json!({"a": ["x"]}), &json!({}), &[(FlagKind::Typed, "a[2]=z,a[1]=y")]);
    assert_eq!((user, told.len()), (json!({"a": ["x", "y", "z"]}), 0));
    let (_, told, _) = over(&Json::Null, &json!({"a": ["x", "y", "z"]}), &[(FlagKind::Typed, "a[1]=x")]);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("the default list `a`"));
    let (_, told, _) = over(&Json::Null, &json!({"a": ["x"]}), &[(FlagKind::Typed, "a[0]=y")]);
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn flags_apply_by_kind_and_not_by_position() {
    let flags = [
        (FlagKind::Literal, "a=literal"),
        (FlagKind::Text, "b=text"),
        (FlagKind::Typed, "a=1,b=2,c=3"),
        (FlagKind::Json, "a=0,b=0,c=0,d=0"),
    ];
    let (user, told, _) = over(&json!({"d": 9, "e": 9}), &json!({}), &flags);
    assert_eq!(user, json!({"a": "literal", "b": "text", "c": 3, "d": 0, "e": 9}));
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn files_become_text_or_a_fault_with_the_path() {
    let mut sources = Sources::default();
    let mut flag =
        |text: &str| Flag { kind: FlagKind::File, source: sources.add(SourceKind::Flag, "--set-file", text) };
    let flags = [flag("a=ca.pem,b={ca.pem}"), flag("c=gone"), flag("d=binary")];
    let mut layers = Layers::new(Node::new(Value::Map(Map::new()), Style::Collection, no_origin()));
    layers.set(&sources, &flags, &|path| match path {
        "ca.pem" => Ok(b"PEM\n".to_vec()),
        "binary" => Ok(vec![0xFF]),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    });
    let (coalesced, diagnostics) = layers.finish();
    assert_eq!(coalesced.user.to_json(), json!({"a": "PEM\n", "b": ["PEM\n"]}));
    assert!(diagnostics.len() == 2 && diagnostics.iter().all(|diagnostic| diagnostic.code == codes::SET_FILE));
}

#[test]
fn places_lie_inside_the_argument() {
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::Flag, "--set-json", "a.b={\"c\": [1, \"x\"]}");
    let mut layers = Layers::new(Node::new(Value::Map(Map::new()), Style::Collection, no_origin()));
    layers.set(&sources, &[Flag { kind: FlagKind::Json, source }], &no_file);
    let user = layers.finish().0.user;
    let at = |path: &str| user.at(&Path::parse(path).unwrap()).unwrap();
    assert_eq!(sources.text(at("a").entry("b").unwrap().key), "b");
    assert_eq!(sources.text(at("a.b.c[1]").origin), "\"x\"");
    assert_eq!(sources.text(at("a.b").entry("c").unwrap().key), "\"c\"");
}
