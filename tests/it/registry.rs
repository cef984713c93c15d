//! A registry of a few lines, and the chart's way through it to Helm.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
};

use chartwright::{
    export::{Contents, artifact, chart_of, chart_reference, package, push},
    oci::{Access, Epoch, Login, Logins, Password, Quiet},
    render::Engine,
};

/// What the registry holds: by path, the media type and the bytes.
type Store = Arc<Mutex<BTreeMap<String, (String, Vec<u8>)>>>;

/// Serves the pushing and pulling half of the distribution protocol on a free port.
fn serve() -> (String, Store) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let store = Store::default();
    let kept = store.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let store = kept.clone();
            std::thread::spawn(move || while answer(stream.as_ref().unwrap(), &store).is_some() {});
        }
    });
    (address, store)
}

/// Answers one request; none when the other side is gone.
fn answer(stream: &TcpStream, store: &Store) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    let mut store = store.lock().unwrap();
    let (status, extra, content) = match (method, target.split_once("?digest=")) {
        ("POST", _) => ("202 Accepted", format!("Location: {target}1\r\n"), Vec::new()),
        ("PUT", Some((upload, digest))) => {
            let path = format!("{}{}", upload.split("uploads/").next()?, digest.replace("%3A", ":"));
            store.insert(path.clone(), ("application/octet-stream".into(), body));
            ("201 Created", format!("Location: {path}\r\n"), Vec::new())
        }
        ("PUT", None) => {
            store.insert(target.into(), (headers.get("content-type")?.clone(), body));
            ("201 Created", format!("Location: {target}\r\n"), Vec::new())
        }
        _ if target.trim_end_matches('/') == "/v2" => ("200 OK", String::new(), Vec::new()),
        _ => {
            // A manifest may be asked for by its digest, too.
            let found = store.get(target).cloned().or_else(|| {
                let digest = target.split("/manifests/").nth(1)?;
                store.values().find(|(_, bytes)| sha256(bytes) == digest).cloned()
            });
            match found {
                Some((media, bytes)) => {
                    let extra = format!("Content-Type: {media}\r\nDocker-Content-Digest: {}\r\n", sha256(&bytes));
                    ("200 OK", extra, bytes)
                }
                None => ("404 Not Found", String::new(), Vec::new()),
            }
        }
    };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status}\r\n{extra}Content-Length: {}\r\n\r\n", content.len()).ok()?;
    if method != "HEAD" {
        stream.write_all(&content).ok()?;
    }
    Some(())
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn cached_helm(version: &str) -> Option<PathBuf> {
    let helm = PathBuf::from(std::env::var_os("HOME")?).join(format!(".cache/chartwright/tools/helm-{version}/helm"));
    helm.exists().then_some(helm)
}

#[test]
fn a_pushed_chart_is_what_helm_pulls() {
    let (address, store) = serve();
    let engine = Engine::compile(&[]).unwrap();
    let chart = chart_of(&engine, &Contents { schema: "{}".into(), ..Contents::default() }).unwrap();
    let artifact = artifact(&chart, Epoch::default()).unwrap();
    let reference = chart_reference(&format!("oci://{address}/acme"), &chart.name, &artifact.tag).unwrap();
    let access = Access { plain_http: vec![address.clone()], ..Access::default() };
    let pushed = push(&artifact, &reference, access.clone(), Arc::new(Quiet)).unwrap();
    assert_eq!(pushed.digest, artifact.manifest.descriptor.digest);
    assert_eq!(store.lock().unwrap().len(), 3);
    // A second push finds the blobs there.
    assert_eq!(push(&artifact, &reference, access, Arc::new(Quiet)).unwrap(), pushed);
    for version in ["4.3.1", "3.22.0"] {
        let Some(helm) = cached_helm(version) else {
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: pulling with helm {version}: not in ~/.cache/chartwright/tools");
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(helm)
            .args(["pull", &format!("oci://{address}/acme/chartwright"), "--version", &chart.version, "--plain-http"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let pulled = fs_err::read(folder.path().join("chartwright-0.1.0.tgz")).unwrap();
        assert_eq!(pulled, package(&chart, Epoch::default()).unwrap());
    }
}

#[test]
fn a_password_does_not_leave_this_machine_in_clear() {
    let engine = Engine::compile(&[]).unwrap();
    let chart = chart_of(&engine, &Contents::default()).unwrap();
    let artifact = artifact(&chart, Epoch::default()).unwrap();
    let login = Some(Login { user: "u".into(), password: Password::new("p") });
    let plain_http = vec!["registry.example:5000".to_owned()];
    let access = Access { plain_http, logins: Logins::Given(login), ..Access::default() };
    let err = push(&artifact, "registry.example:5000/acme/chartwright:1", access, Arc::new(Quiet)).unwrap_err();
    assert!(err.to_string().contains("readable on the way"), "{err}");
}
