//! The program: everything is in the library.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "for now"
)]
fn walk(dir: &std::path::Path, root: &std::path::Path, out: &mut Vec<(String, String)>) {
    for e in std::fs::read_dir(dir).unwrap() {
        let p = e.unwrap().path();
        if p.is_dir() {
            walk(&p, root, out)
        } else {
            out.push((p.strip_prefix(root).unwrap().to_str().unwrap().into(), std::fs::read_to_string(&p).unwrap()))
        }
    }
}
fn main() {
    let mut t = Vec::new();
    let root = std::path::Path::new("chart-templates");
    walk(root, root, &mut t);
    t.sort();
    let refs: Vec<(&str, &str)> =
        t.iter().filter(|(p, _)| p.ends_with(".j2")).map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut map = chartwright::values::defaults();
    if let Some(f) = std::env::args().nth(1) {
        let user = chartwright::source::parse_plain(&std::fs::read_to_string(f).unwrap()).unwrap();
        fn m(a: &mut serde_json::Map<String, serde_json::Value>, b: &serde_json::Map<String, serde_json::Value>) {
            for (k, v) in b {
                match (a.get_mut(k), v) {
                    (Some(serde_json::Value::Object(x)), serde_json::Value::Object(y)) => m(x, y),
                    _ => {
                        a.insert(k.clone(), v.clone());
                    }
                }
            }
        }
        m(&mut map, user.as_object().unwrap());
    }
    let release = chartwright::render::Release { name: "wc".into(), namespace: "ns".into() };
    let out = chartwright::render::Engine::compile(&refs).and_then(|e| {
        let r = e.refusals(&map, &release, &[])?;
        for r in r {
            eprintln!("{r:?}");
        }
        e.render(&map, &release, &[])
    });
    match out {
        Ok(out) => {
            print!("{}", chartwright::render::to_stream(&out.objects));
            if std::env::var("HOOKS").is_ok() {
                print!("{}", chartwright::render::to_stream(&out.hooks));
            }
        }
        Err(e) => eprintln!("{e}"),
    }
}
