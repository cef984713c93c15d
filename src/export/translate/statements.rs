//! Statements as Go actions.
//!
//! The text between actions is kept to the byte. Where two actions meet without text, the first ends with `-}}` and a
//! new line: the trim marker takes that line break away again and can take nothing else.

use std::fmt::Write as _;

use chartwright_dialect::{Expr, Macro, Program, Role, SetValue, Stmt};

/// Writes one file or macro.
pub(super) struct Go<'p, 's> {
    pub(super) program: &'p Program<'s>,
    out: String,
    /// The last action is not closed yet.
    open: bool,
    depth: usize,
    pub(super) uses_root: bool,
    pub(super) uses_values: bool,
}

impl<'p, 's> Go<'p, 's> {
    pub(super) const fn new(program: &'p Program<'s>) -> Self {
        Self { program, out: String::new(), open: false, depth: 0, uses_root: false, uses_values: false }
    }

    /// A macro as a named template.
    pub(super) fn define(mut self, one: &Macro<'s>) -> String {
        self.body(&one.body);
        self.action("end");
        self.close();
        let mut header = vec![format!("define \"cw.{}\"", one.name)];
        if self.uses_root {
            header.push("$root := .root".into());
        }
        if self.uses_values {
            header.push("$values := .root.Values".into());
        }
        header.extend(one.params.iter().map(|param| format!("${0} := .{0}", param.name)));
        self.with_header(&header) + "\n\n"
    }

    /// The rules of one file as a named template.
    pub(super) fn rules(mut self, name: &str, body: &[Stmt<'s>]) -> String {
        self.body(body);
        self.action("end");
        self.close();
        let mut header = vec![format!("define \"{name}\"")];
        header.extend(self.file_header());
        self.with_header(&header) + "\n\n"
    }

    /// A file that Helm renders.
    pub(super) fn file(mut self, body: &[Stmt<'s>], role: Role) -> String {
        self.body(body);
        self.close();
        let end = if role == Role::Objects { "\n" } else { "" };
        let header = self.file_header();
        self.with_header(&header) + end
    }

    fn file_header(&self) -> Vec<String> {
        let mut header = Vec::new();
        if self.uses_root {
            header.push("$root := .".into());
        }
        if self.uses_values {
            header.push("$values := .Values".into());
        }
        header
    }

    /// Puts actions in front of what was written, without adding text.
    fn with_header(self, header: &[String]) -> String {
        let mut out = String::new();
        for (position, action) in header.iter().enumerate() {
            let last = position + 1 == header.len() && !self.out.starts_with("{{");
            let _ = write!(out, "{{{{ {action} {}", if last { "}}" } else { "-}}\n" });
        }
        out + &self.out
    }

    fn action(&mut self, code: &str) {
        if self.open {
            self.out.push_str(" -}}\n");
            self.out.push_str(&"  ".repeat(self.depth));
        }
        self.out.push_str("{{ ");
        self.out.push_str(code);
        self.open = true;
    }

    fn close(&mut self) {
        if self.open {
            self.out.push_str(" }}");
            self.open = false;
        }
    }

    fn text(&mut self, text: &str) {
        self.close();
        let text = text.replace("{{", "{{ \"{{\" }}");
        // A brace at the end would join the next action's braces.
        match text.strip_suffix('{') {
            Some(text) => {
                self.out.push_str(text);
                self.out.push_str("{{ \"{\" }}");
            }
            None => self.out.push_str(&text),
        }
    }

    fn block(&mut self, body: &[Stmt<'s>]) {
        self.depth += 1;
        self.body(body);
        self.depth -= 1;
    }

    fn body(&mut self, body: &[Stmt<'s>]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt<'s>) {
        match stmt {
            Stmt::Text(text) => self.text(text),
            Stmt::Print(expr) => {
                let code = self.bare(expr);
                self.action(&code);
            }
            Stmt::Object(text) => {
                self.uses_root = true;
                let code = format!("include \"cw.object\" (dict \"root\" $root \"text\" {})", self.arg(text));
                self.text("\n---\n");
                self.action(&code);
            }
            Stmt::Fail(message) => {
                let code = format!("fail {}", self.text_arg(message));
                self.action(&code);
            }
            Stmt::Refuse { code, path, message } => {
                let [code, path, message] = [code, path, message].map(|part| self.text_arg(part));
                self.action(&format!("fail (printf \"%s %s: %s\" {code} {path} {message})"));
            }
            Stmt::If { test, then, otherwise } => self.conditional("if", test, then, otherwise),
            Stmt::For { key, value, over, body, otherwise } => {
                let names = format!("${}, ${}", key.map_or("_", |key| key.name), value.name);
                let over = if key.is_some() { self.or_empty(over, "dict") } else { self.or_empty(over, "list") };
                self.action(&format!("range {names} := {over}"));
                self.block(body);
                if !otherwise.is_empty() {
                    self.action("else");
                    self.block(otherwise);
                }
                self.action("end");
            }
            Stmt::Set { var, declares, value } => {
                let sign = if *declares { ":=" } else { "=" };
                match value {
                    SetValue::Expr(expr) => {
                        let code = format!("${} {sign} {}", var.name, self.bare(expr));
                        self.action(&code);
                    }
                    SetValue::Merge(parts) => {
                        // The old value may be one of the parts: a new map is filled before the name takes it.
                        let target = if *declares { var.name } else { "_merged" };
                        self.action(&format!("${target} := dict"));
                        for part in parts {
                            let part = self.or_empty(part, "dict");
                            self.action(&format!("$_ := include \"cw.merge\" (dict \"dst\" ${target} \"src\" {part})"));
                        }
                        if !declares {
                            self.action(&format!("${} = $_merged", var.name));
                        }
                    }
                }
            }
        }
    }

    fn conditional(&mut self, word: &str, test: &Expr<'s>, then: &[Stmt<'s>], otherwise: &[Stmt<'s>]) {
        let code = format!("{word} {}", self.bare(test));
        self.action(&code);
        self.block(then);
        match otherwise {
            [] => self.action("end"),
            // An `elif`: its own `end` closes both.
            [Stmt::If { test, then, otherwise }] => self.conditional("else if", test, then, otherwise),
            _ => {
                self.action("else");
                self.block(otherwise);
                self.action("end");
            }
        }
    }
}
