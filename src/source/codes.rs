//! The codes of this room and what `explain` says about them.

use crate::diagnostics::{Code, Rule, Severity};

/// No YAML.
pub const SYNTAX: Code = Code("CW0101");
/// A second document in a values file.
pub const SECOND_DOCUMENT: Code = Code("CW0102");
/// A key twice in one map.
pub const DUPLICATE: Code = Code("CW0103");
/// A scalar, key or merge that readers of YAML differ on.
pub const AMBIGUOUS: Code = Code("CW0104");
/// A number that does not arrive as written.
pub const NUMBER: Code = Code("CW0105");
/// Too large, too deep, too many.
pub const LIMIT: Code = Code("CW0106");
/// A key that is no text.
pub const KEY: Code = Code("CW0107");
/// An alias, merge or tag that leads nowhere.
pub const REFERENCE: Code = Code("CW0108");
/// A file without values.
pub const EMPTY: Code = Code("CW0109");
/// A control character in a text.
pub const CONTROL: Code = Code("CW0110");
/// Values that are no map.
pub const NO_MAP: Code = Code("CW0111");
/// A `--set` argument that cannot be read.
pub const SET_GRAMMAR: Code = Code("CW0301");
/// `--set` below a scalar.
pub const SET_BELOW_SCALAR: Code = Code("CW0302");
/// `--set` on a list that would lose its defaults.
pub const SET_LIST: Code = Code("CW0303");
/// `--set-file` on a file that cannot be read.
pub const SET_FILE: Code = Code("CW0304");
/// A key under its name of before.
pub const RENAMED: Code = Code("CW0305");
/// A change of a locked value.
pub const LOCKED: Code = Code("CW0310");
/// A lock that is no path.
pub const LOCK_PATH: Code = Code("CW0311");

const fn rule(code: Code, name: &'static str, docs: &'static str) -> Rule {
    Rule { code, severity: Severity::Error, name, docs }
}

/// All rules of this room.
pub const RULES: &[Rule] = &[
    rule(
        SYNTAX,
        "yaml-syntax",
        "\
The text is not YAML.

**Why.** Nothing behind the fault can be read with certainty; what was found before it is reported as well.

**Example.**

```yaml
image: {{ .Values.image }}
```

**Write instead.** Values files are no templates: write the value, and quote texts that contain `: `, ` #`, or that
start with one of `{ [ * & ! | > % @` or a backtick.
",
    ),
    rule(
        SECOND_DOCUMENT,
        "second-document",
        "\
A values file holds a second document behind a `---`.

**Why.** Helm 3 reads only the first, Helm 4 merges both: the same file would install two different things.

**Example.**

```yaml
gateway:
  enabled: false
---
nats:
  enabled: false
```

**Write instead.** One document, or two files: `-f first.yaml -f second.yaml`. A leading `---` and an empty document at
the end are fine.
",
    ),
    rule(
        DUPLICATE,
        "duplicate-key",
        "\
A key is written twice in one map.

**Why.** Helm keeps the last one and drops the first with all below it, without a word.

**Example.**

```yaml
operator:
  resources: { limits: { memory: 1Gi } }
operator:
  replicas: 2
```

**Write instead.**

```yaml
operator:
  resources: { limits: { memory: 1Gi } }
  replicas: 2
```
",
    ),
    rule(
        AMBIGUOUS,
        "ambiguous-scalar",
        "\
A text without quotes that readers of YAML take for different things: `yes`, `off`, `0755`, `1_000`, `1:30`,
`2024-01-31`, a key `on:`; or a key above a `<<` that brings the same key.

**Why.** Helm reads YAML 1.1, where `off` is `false` and `0755` is 493; most other tools read YAML 1.2, where the one is
text and the other 755. Whatever was meant, one of them gets it wrong.

**Example.**

```yaml
env:
  FEATURE_MIRROR: off
  FILE_MODE: 0755
```

**Write instead.** `\"off\"` for the text or `false` for the boolean; `\"0755\"` for the text or `493` for the number.
`import` does not raise it: it keeps the text of the file it reads.
",
    ),
    rule(
        NUMBER,
        "inexact-number",
        "\
A number that would not arrive as it is written: an integer beyond 2^53, a float that is infinite or no number.

**Why.** Helm carries numbers as 64-bit floats: 9007199254740993 becomes 9007199254740992.

**Example.**

```yaml
accountId: 123456789012345678
```

**Write instead.** `accountId: \"123456789012345678\"`.
",
    ),
    rule(
        LIMIT,
        "yaml-limit",
        "\
The text is larger than 16 MiB, nested deeper than 100 levels, or has more than 500,000 nodes once its aliases are
written out.

**Why.** No values file comes near it; a file made to exhaust a reader does, such as aliases of aliases of aliases.

**Write instead.** Look for the wrong file, for brackets gone astray, or take nested aliases apart.
",
    ),
    rule(
        KEY,
        "key-not-text",
        "\
A key is null, a list or a map.

**Why.** Helm's values know text keys only. Most often it is a template's braces, which YAML takes for a map.

**Example.**

```yaml
? [a, b]
: value
```

**Write instead.** `\"a,b\": value`.
",
    ),
    rule(
        REFERENCE,
        "dangling-reference",
        "\
An alias (`*name`) without an anchor above it or inside its own node, a `<<` on something that is no map, or a tag
(`!name`) that does not fit the value.

**Why.** Helm refuses the first two, and ignores unknown tags without a word.

**Example.**

```yaml
podLabels: *common
```

**Write instead.** Anchor first (`x-common: &common {…}`), or quote text that starts with `*`, `&` or `!`.
",
    ),
    rule(
        EMPTY,
        "empty-file",
        "\
A values file holds nothing.

**Why.** Nothing was checked: usually the wrong file, or a template that rendered to nothing.

**Write instead.** `{}` says that no value is to be changed.
",
    ),
    rule(
        CONTROL,
        "control-character",
        "\
A text contains a control character other than a line feed or a tab, or an invisible line separator.

**Why.** Helm's functions print them differently from how they were read, and most fields of Kubernetes refuse them.
Most often it is a carriage return of a file that was saved on Windows.

**Example.** `motd: \"a\\rb\"`

**Write instead.** The text with LF line ends; base64 for binary data.
",
    ),
    rule(
        NO_MAP,
        "values-not-a-map",
        "\
A values file holds a list or a scalar where keys are wanted.

**Why.** Values are looked up by key; Helm refuses such a file too.

**Example.** `- enabled: false`

**Write instead.** `gateway: { enabled: false }`.
",
    ),
    rule(
        SET_GRAMMAR,
        "set-grammar",
        "\
The argument of a `--set` flag cannot be read. Nothing of it was applied.

**Why.** A comma ends a value in `--set`, `--set-string` and `--set-file`; a key needs a `=`, an index needs `]`.

**Example.** `--set nats.url=nats://a:4222,nats://b:4222`

**Write instead.** One of

```
--set 'nats.url=nats://a:4222\\,nats://b:4222'
--set 'nats.urls={nats://a:4222,nats://b:4222}'
--set-literal 'nats.url=nats://a:4222,nats://b:4222'
```
",
    ),
    rule(
        SET_BELOW_SCALAR,
        "set-below-scalar",
        "\
A `--set` flag names a key below a value that has none, or an index of something that is no list.

**Why.** Helm stops with `interface conversion: interface {} is string, not map[string]interface {}`.

**Example.** `-f` a file with `image: nginx`, and `--set image.tag=1.2`

**Write instead.** Replace the whole value: `--set-json 'image={\"repository\":\"nginx\",\"tag\":\"1.2\"}'`.
",
    ),
    rule(
        SET_LIST,
        "set-list-element",
        "\
A `--set` flag changes one element of a list that no file sets, or leaves holes in a list.

**Why.** Defaults are added after the flags, and a list replaces a list as a whole. `--set a[1]=x` over three default
elements gives `[null, x]`; `--set a[0].replicas=1` loses every other field of the default's first element.

**Example.** `--set 'hosts[0].replicas=1'`

**Write instead.** The whole list in a values file; then the flag changes the element of that list. Or
`--set-json 'hosts=[{…}]'`.
",
    ),
    rule(
        SET_FILE,
        "set-file-unreadable",
        "\
A file named by `--set-file` cannot be read, or is no UTF-8 text.

**Why.** Its content would become a value, and values are text.

**Write instead.** The right path; for binary data base64 in a file.
",
    ),
    Rule {
        code: RENAMED,
        severity: Severity::Warning,
        name: "renamed-value",
        docs: "\
A key has another name since a version. The old name is taken for two versions more, in files, flags and what a release was stored with.

**Why.** A value that is not known is refused, and an upgrade should not be what finds that out. The exported chart knows the new
name alone: Helm refuses the old one by its schema.

**Write instead.** The new name, which the message has. `chartwright upgrade` stores it with the release.
",
    },
    rule(
        LOCKED,
        "locked-value",
        "\
A later file or flag changes a value that an earlier one locks with `policy.locked`.

**Why.** Later layers win, so a tenant's file could take back what the platform's file fixes. A lock holds for files,
flags, `null`, and for replacing a map around the value. The list of locks may only grow.

**Example.**

```yaml
# base.yaml
operator: { allowSharedHosts: false }
policy: { locked: [operator.allowSharedHosts] }
# tenant.yaml
operator: { allowSharedHosts: true }
```

**Write instead.** Leave the value out, or have it changed in the file that locks it.
",
    ),
    rule(
        LOCK_PATH,
        "lock-not-a-path",
        "\
An entry of `policy.locked` is no path.

**Why.** A lock that locks nothing is worse than none.

**Example.** `locked: [operator..allowSharedHosts]`

**Write instead.** Keys joined by dots, indexes in brackets, odd keys in quotes: `podLabels.\"a.b/c\"`.
",
    ),
];
