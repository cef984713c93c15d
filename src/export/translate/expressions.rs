//! Expressions as Go pipelines.

use super::statements::Go;
use chartwright_dialect::{Arithmetic, Comparison, Context, Expr, Kind, Op, Ty};

/// A call longer than this gets a line for each argument.
const WIDTH: usize = 100;

impl<'s> Go<'_, 's> {
    /// As one argument: in parentheses unless it is a name or a literal.
    pub(super) fn arg(&mut self, expr: &Expr<'s>) -> String {
        let bare = self.bare(expr);
        match expr.kind {
            Kind::Nil | Kind::Bool(_) | Kind::Int(_) | Kind::Str(_) | Kind::Var(_) | Kind::Context(_) => bare,
            _ => format!("({bare})"),
        }
    }

    /// As one argument that is certainly a string: nil becomes the empty one.
    pub(super) fn text_arg(&mut self, expr: &Expr<'s>) -> String {
        match expr.ty() {
            Ty::Str => self.arg(expr),
            _ => format!("(list {} | join \"\")", self.arg(expr)),
        }
    }

    /// As one argument that is no empty thing but an empty map or list.
    pub(super) fn or_empty(&mut self, expr: &Expr<'s>, empty: &str) -> String {
        match expr.ty() {
            Ty::List | Ty::Map => self.arg(expr),
            _ => format!("({} | default {empty})", self.bare(expr)),
        }
    }

    fn int_arg(&mut self, expr: &Expr<'s>) -> String {
        match expr.ty() {
            Ty::Int => self.arg(expr),
            _ => format!("(int64 {})", self.arg(expr)),
        }
    }

    fn bool_arg(&mut self, expr: &Expr<'s>) -> String {
        match expr.ty() {
            Ty::Bool => self.arg(expr),
            _ => format!("(not (not {}))", self.arg(expr)),
        }
    }

    /// As a whole pipeline, without parentheses.
    pub(super) fn bare(&mut self, expr: &Expr<'s>) -> String {
        match &expr.kind {
            Kind::Nil => "nil".into(),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(value) => value.to_string(),
            Kind::Str(text) => literal(text),
            Kind::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.arg(item)).collect();
                call("list", &items)
            }
            Kind::Map(entries) => {
                let parts: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{} {}", literal(key), self.arg(value))).collect();
                call("dict", &parts)
            }
            Kind::Var(var) => format!("${}", var.name),
            Kind::Context(context) => self.context(*context),
            Kind::Field(parent, key) => format!("index {} {}", self.or_empty(parent, "dict"), literal(key)),
            Kind::Index(parent, key) => format!("index {} {}", self.or_empty(parent, "dict"), self.text_arg(key)),
            Kind::Not(value) => format!("not {}", self.arg(value)),
            Kind::And(a, b) => format!("and {} {}", self.arg(a), self.arg(b)),
            Kind::Or(a, b) => format!("or {} {}", self.arg(a), self.arg(b)),
            Kind::Compare(op, a, b) => self.compare(*op, a, b),
            Kind::Arithmetic(op, a, b) => {
                let name = match op {
                    Arithmetic::Add => "add",
                    Arithmetic::Subtract => "sub",
                    Arithmetic::Multiply => "mul",
                };
                format!("{name} {} {}", self.arg(a), self.arg(b))
            }
            Kind::Concat(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.arg(part)).collect();
                format!("{} | join \"\"", call("list", &parts))
            }
            Kind::Ternary(parts) => {
                let [test, yes, no] = &**parts;
                let (yes, no) = (self.arg(yes), self.arg(no));
                format!("ternary {yes} {no} {}", self.bool_arg(test))
            }
            Kind::Op(op, args) => self.op(op, args),
            Kind::Call(callee, args) => {
                self.uses_root = true;
                let callee = &self.program.macros[*callee];
                let mut parts = vec!["\"root\" $root".to_owned()];
                for (param, arg) in callee.params.iter().zip(args) {
                    let arg = match (arg, &param.default) {
                        (Some(arg), _) | (None, Some(arg)) => self.arg(arg),
                        (None, None) => "nil".into(),
                    };
                    parts.push(format!("\"{}\" {arg}", param.name));
                }
                format!("include \"cw.{}\" ({})", callee.name, call("dict", &parts))
            }
        }
    }

    fn context(&mut self, context: Context) -> String {
        if context == Context::Values {
            self.uses_values = true;
            return "$values".into();
        }
        self.uses_root = true;
        match context {
            Context::Values => "$values",
            Context::ReleaseName => "$root.Release.Name",
            Context::ReleaseNamespace => "$root.Release.Namespace",
            Context::ChartName => "$root.Chart.Name",
            Context::ChartVersion => "$root.Chart.Version",
            Context::ChartAppVersion => "$root.Chart.AppVersion",
        }
        .into()
    }

    /// Equality is equality of JSON, since Go refuses to compare a float with an integer; order is for integers.
    fn compare(&mut self, op: Comparison, a: &Expr<'s>, b: &Expr<'s>) -> String {
        let name = match op {
            Comparison::Equal => "eq",
            Comparison::Unequal => "ne",
            Comparison::Less => "lt",
            Comparison::LessOrEqual => "le",
            Comparison::Greater => "gt",
            Comparison::GreaterOrEqual => "ge",
            Comparison::In => return self.has(a, b),
            Comparison::NotIn => return format!("not ({})", self.has(a, b)),
        };
        if matches!(op, Comparison::Equal | Comparison::Unequal) {
            if a.ty() == b.ty() && matches!(a.ty(), Ty::Str | Ty::Int | Ty::Bool) {
                return format!("{name} {} {}", self.arg(a), self.arg(b));
            }
            return format!("{name} (toJson {}) (toJson {})", self.arg(a), self.arg(b));
        }
        format!("{name} {} {}", self.int_arg(a), self.int_arg(b))
    }

    /// Sprig's `has` tells `1` from `1.0`; it serves where strings are looked for.
    fn has(&mut self, item: &Expr<'s>, list: &Expr<'s>) -> String {
        let only_strings = matches!(&list.kind, Kind::List(items) if items.iter().all(|item| item.ty() == Ty::Str));
        if item.ty() == Ty::Str || only_strings {
            return format!("has {} {}", self.arg(item), self.or_empty(list, "list"));
        }
        format!("eq (include \"cw.has\" (dict \"item\" {} \"list\" {})) \"true\"", self.arg(item), self.arg(list))
    }

    fn op(&mut self, op: &Op, args: &[Expr<'s>]) -> String {
        let Some((subject, rest)) = args.split_first() else { return "nil".into() };
        let text = |go: &mut Self, position: usize| rest.get(position).map_or_else(String::new, |arg| go.text_arg(arg));
        match op {
            Op::Quote => format!("{} | quote", self.bare(subject)),
            Op::Text => match subject.ty() {
                Ty::Str => self.bare(subject),
                _ => format!("list {} | join \"\"", self.arg(subject)),
            },
            Op::ToYaml => format!("include \"cw.yaml\" (dict \"v\" {})", self.arg(subject)),
            Op::ToJson => format!("toJson {}", self.arg(subject)),
            Op::RawJson => format!("toRawJson {}", self.arg(subject)),
            Op::Indent(width) => format!("{} | indent {width}", self.bare(subject)),
            Op::Nindent(width) => format!("{} | nindent {width}", self.bare(subject)),
            Op::Sha256 => format!("{} | sha256sum", self.text_arg(subject)),
            Op::Join => format!("join {} {}", text(self, 0), self.arg(subject)),
            Op::Replace => format!("replace {} {} {}", text(self, 0), text(self, 1), self.text_arg(subject)),
            Op::Trunc(width) => format!("{} | trunc {width} | trimSuffix \"-\"", self.text_arg(subject)),
            Op::B64enc => format!("{} | b64enc", self.text_arg(subject)),
            Op::Lower => format!("{} | lower", self.text_arg(subject)),
            Op::Trim => format!("{} | trim", self.text_arg(subject)),
            Op::Basename => format!("{} | base", self.text_arg(subject)),
            Op::Find(pattern) => format!("regexFind {} {}", literal(pattern.as_str()), self.text_arg(subject)),
            Op::Int => match subject.ty() {
                Ty::Int => self.bare(subject),
                _ => format!("{} | int64", self.bare(subject)),
            },
            Op::Bool => match subject.ty() {
                Ty::Bool => self.bare(subject),
                _ => format!("not (not {})", self.arg(subject)),
            },
            Op::Default => {
                let default = rest.first().map_or_else(String::new, |arg| self.arg(arg));
                format!("{} | default {default}", self.bare(subject))
            }
            Op::First => format!("first {}", self.or_empty(subject, "list")),
            Op::Last => format!("last {}", self.or_empty(subject, "list")),
            Op::Length => match subject.ty() {
                Ty::Str => format!("len {}", self.arg(subject)),
                _ => format!("len {}", self.or_empty(subject, "list")),
            },
            Op::Keys => format!("keys {} | sortAlpha", self.or_empty(subject, "dict")),
            Op::IsSet => format!("not (kindIs \"invalid\" {})", self.arg(subject)),
            Op::IsString => format!("kindIs \"string\" {}", self.arg(subject)),
            Op::IsMapping => format!("kindIs \"map\" {}", self.arg(subject)),
            Op::IsSequence => format!("kindIs \"slice\" {}", self.arg(subject)),
            Op::IsBoolean => format!("kindIs \"bool\" {}", self.arg(subject)),
            Op::StartsWith => format!("hasPrefix {} {}", text(self, 0), self.text_arg(subject)),
            Op::EndsWith => format!("hasSuffix {} {}", text(self, 0), self.text_arg(subject)),
            Op::Containing if subject.ty() == Ty::Str => {
                format!("contains {} {}", text(self, 0), self.arg(subject))
            }
            Op::Containing => {
                let what = rest.first().map_or_else(String::new, |arg| self.arg(arg));
                let inside = self.arg(subject);
                format!("eq (include \"cw.contains\" (dict \"in\" {inside} \"what\" {what})) \"true\"")
            }
            Op::Matching(pattern) => format!("regexMatch {} {}", literal(pattern.as_str()), self.text_arg(subject)),
            Op::HasApi => {
                self.uses_root = true;
                format!("$root.Capabilities.APIVersions.Has {}", self.text_arg(subject))
            }
            Op::VersionAtLeast => {
                // `-0` is the lowest pre-release: with it a pre-release counts as the release.
                let version = match subject.ty() {
                    Ty::Str => format!("({} | default \"0.0.0\")", self.bare(subject)),
                    _ => format!("(list ({} | default \"0.0.0\") | join \"\")", self.bare(subject)),
                };
                match rest.first().map(|least| &least.kind) {
                    Some(Kind::Str(least)) => format!("semverCompare {} {version}", literal(&format!(">={least}-0"))),
                    _ => format!("semverCompare (print \">=\" {} \"-0\") {version}", text(self, 0)),
                }
            }
            Op::Concat => {
                // Sprig's `concat` of nothing is a nil list, which prints as null.
                let lists: Vec<String> = args.iter().map(|arg| self.or_empty(arg, "list")).collect();
                format!("concat {} | default list", lists.join(" "))
            }
            Op::Append => {
                let item = rest.first().map_or_else(String::new, |arg| self.arg(arg));
                format!("append {} {item}", self.or_empty(subject, "list"))
            }
            Op::Nulls => {
                let maps: Vec<String> = args.iter().map(|arg| self.arg(arg)).collect();
                format!("include \"cw.nulls\" (list {}) | fromJsonArray", maps.join(" "))
            }
        }
    }
}

fn call(name: &str, parts: &[String]) -> String {
    let line = std::iter::once(name).chain(parts.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    if line.len() <= WIDTH || parts.len() < 3 {
        return line;
    }
    let mut out = name.to_owned();
    for part in parts {
        out.push_str("\n    ");
        out.push_str(&part.replace('\n', "\n    "));
    }
    out
}

/// JSON's escapes are Go's, too.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
