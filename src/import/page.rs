//! The page "coming from the upstream chart": an introduction, and the table as users read it.

use std::fmt::Write as _;

use super::table::{How, ROWS, Row};

const INTRODUCTION: &str = "\
# Coming from the upstream chart

You run the chart `runtime-operator` and have a values file for it. `chartwright import` makes a values file of ours
out of it that keeps what you have: the same programs in the same versions, the same names of objects, the same
settings, written out wherever our defaults differ.

```console
$ helm get values platform -n wasmcloud -o yaml > upstream.yaml
$ chartwright import upstream.yaml --chart-version 2.7.0 -n wasmcloud > values.yaml
$ chartwright validate values.yaml
$ chartwright adopt --release platform -n wasmcloud -f values.yaml --dry-run
```

1. **Import.** Every key is accounted for: carried over, without effect upstream, or without counterpart. What is not
   carried over stands at the top of the new file and in the report. Errors mean that the file would do something
   else than it says; nothing is written then.
2. **Look.** `adopt --dry-run` shows what would change in the cluster. Objects keep their names because the import sets
   `naming.scheme: upstream`.
3. **Adopt.** `chartwright adopt --release platform -n wasmcloud -f values.yaml` takes the release over in place: Helm's history goes on,
   and `helm rollback` leads back. Without a file it imports the stored values by itself; from then on `upgrade` changes the release.
4. **Move on, one value at a time.** `operator.implementation` and `hostDefaults.implementation` say whose programs
   run; take them away, and the images with them, to run ours. With our operator set `tls.provider: operator`.
   `naming.scheme: release` gives objects the names of the release; that makes new objects.

What an import always says: `naming.scheme: upstream`; `implementation` of operator and hosts (a tag that is a version
counts for the program it stands at); the operator's log as upstream has it; five seconds of grace for hosts before
2.9, which do not hear SIGTERM; the resources and the NATS image of the upstream chart; `tls.provider: job` where upstream's
templates made certificates, `existing` where they did not. A release without operator gets no hook for CRDs.
Pull policy `Always` is kept for tags that move; for others `IfNotPresent` is the same and needs no registry.

Three things differ by design: the bundled NATS is a StatefulSet; control and data plane have an account each in it, so
that neither reads the other; and its protocol trace, which prints secrets, is off.

Scalars keep the text you wrote: `tag: 2.10` is `2.10` here, where Helm makes `2.1` of it; you are told.

Values of the v1 chart `wasmcloud-platform` are recognised; `--from v1` takes over what has a counterpart.

";

/// The whole page, for `docs/coming-from-upstream.md`.
pub fn page() -> String {
    let mut out = INTRODUCTION.to_owned();
    out.push_str("## Every key\n\n| upstream | since | here | |\n|---|---|---|---|\n");
    for row in ROWS.iter() {
        let Row { path, since, .. } = row;
        let _ = writeln!(out, "| `{path}` | {since} | {} | {} |", here(row), note(row));
    }
    out
}

fn here(row: &Row) -> String {
    let keys: Vec<String> = row.to.split(", ").filter(|key| !key.is_empty()).map(|key| format!("`{key}`")).collect();
    match row.how {
        How::Dead => "no effect".into(),
        How::NotNeeded => "not needed".into(),
        How::Unsupported => "no counterpart".into(),
        How::Copy(_) | How::Worked(_) if keys.is_empty() => "no counterpart".into(),
        How::Copy(_) | How::Worked(_) => keys.join(", "),
    }
}

fn note(row: &Row) -> String {
    match row.wired {
        Some(wired) => format!("no template reads it before {wired}"),
        None => row.note.replace('|', "\\|"),
    }
}
