//! The reference entries of this room's codes.

use crate::diagnostics::{Code, Rule, Severity};

pub(super) const WRONG_TYPE: Code = Code("CW0201");
pub(super) const NOT_ONE_OF: Code = Code("CW0202");
pub(super) const NO_MATCH: Code = Code("CW0203");
pub(in crate::validate) const UNKNOWN_KEY: Code = Code("CW0204");
pub(super) const MISSING_KEY: Code = Code("CW0205");
pub(super) const OUT_OF_RANGE: Code = Code("CW0206");
pub(super) const UNQUOTED: Code = Code("CW0207");
pub(super) const TOO_MANY_OR_FEW: Code = Code("CW0208");

/// What a schema can find wrong.
pub const RULES: &[Rule] = &[
    error(
        WRONG_TYPE,
        "wrong-type",
        "\
A value of another type than the key takes.

Plain Helm lets it pass: in a template a non-empty string is true, so that `enabled: \"false\"` switches on.

```yaml
gateway:
  enabled: \"false\"
```

Write `enabled: false`. With flags, `--set` reads numbers and booleans and `--set-string` does not.",
    ),
    error(
        NOT_ONE_OF,
        "not-one-of",
        "\
A value that is not among those the key allows.

```yaml
service:
  type: NodePorts
```

Write one of the values that the message lists, such as `type: NodePort`.",
    ),
    error(
        NO_MATCH,
        "wrong-form",
        "\
A text, or a name of a group, that does not have the form it needs. The cluster would refuse it later.

```yaml
hosts:
  Edge_1: {}
```

Write a name such as `edge-1`.",
    ),
    error(
        UNKNOWN_KEY,
        "unknown-key",
        "\
A key that nothing reads: a typing error, a key of another version, or one that belongs elsewhere.

Plain Helm ignores it without a word, and the setting simply does not happen. The API server drops unknown fields too.

```yaml
hosts:
  tolerations: []
```

Write the key that the help names; here `hosts.<name>.tolerations`.",
    ),
    error(
        MISSING_KEY,
        "missing-key",
        "\
A key without which its map means nothing.

```yaml
extraEnv:
  - value: \"1\"
```

Add the key: `name: A`. A key whose value is `null` counts as missing.",
    ),
    error(
        OUT_OF_RANGE,
        "out-of-range",
        "\
A number outside its bounds, or a text that is too long or too short.

```yaml
service:
  nodePort: 80
```

Write a value within the bounds that the message names; node ports are 30000 to 32767.",
    ),
    error(
        UNQUOTED,
        "unquoted-string",
        "\
A number or boolean where text is wanted. YAML reads `2.10` as the number 2.1 and `off` as false: the text is lost
before anyone sees it.

```yaml
image:
  tag: 2.10
```

Write `tag: \"2.10\"`; with flags, use `--set-string`.",
    ),
    error(
        TOO_MANY_OR_FEW,
        "wrong-count",
        "\
Too many or too few items or keys, an item that is in a list twice, or alternatives given together.

```yaml
accessModes: [ReadWriteOnce, ReadWriteOnce]
```

Remove what is too much; of alternatives keep one.",
    ),
];

const fn error(code: Code, name: &'static str, docs: &'static str) -> Rule {
    Rule { code, severity: Severity::Error, name, docs }
}
