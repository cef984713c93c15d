//! What a plain scalar means: to Helm, and to everybody else.
//!
//! Helm reads YAML 1.1 as go-yaml v2 does, other tools read YAML 1.2's core schema, and Ruby or Python the letter of
//! YAML 1.1. A text on which they differ is a trap for whoever wrote it, so the difference itself is the finding.

/// The largest integer that a 64-bit float carries exactly; Helm's values go through JSON floats.
pub(super) const MAX_EXACT: u64 = 1 << 53;

/// A scalar's value without its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Typed {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// The text as it stands.
    Text,
}

/// Why a reading is not to be relied on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Doubt {
    /// Helm and YAML 1.2 give different data.
    Readers(Differing),
    /// Helm and YAML 1.2 agree, but readers that follow YAML 1.1 to the letter do not, or the text would be lost.
    Letter(Differing),
    /// A number that JSON and 64-bit floats do not carry; a few words on why.
    Range(&'static str),
}

/// How strictly scalars are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// What readers differ on is an error, and its text stays in the tree.
    Strict,
    /// As Strict, but where Helm and YAML 1.2 agree that is enough: for what templates rendered.
    Rendered,
    /// As go-yaml reads it, without a word.
    Lenient,
}

impl Mode {
    /// Whether a doubt is an error.
    pub(super) const fn minds(self, doubt: &Doubt) -> bool {
        match self {
            Self::Strict => true,
            Self::Rendered => !matches!(doubt, Doubt::Letter(_)),
            Self::Lenient => false,
        }
    }
}

/// Two readings of one text, in words for a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Differing {
    /// What Helm makes of it, such as "`false`" or "text".
    pub(super) helm: String,
    /// Who differs and what it is to them.
    pub(super) other: String,
    /// How the typed reading is written without doubt, if one is likely to be meant.
    pub(super) typed: Option<String>,
}

/// A value and what speaks against it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// As go-yaml v2 and JSON see it.
    pub(super) helm: Typed,
    pub(super) doubt: Option<Doubt>,
}

impl Reading {
    const fn sure(helm: Typed) -> Self {
        Self { helm, doubt: None }
    }
}

/// Resolves a plain scalar.
pub(super) fn read(text: &str) -> Reading {
    let Some(first) = text.bytes().next() else { return Reading::sure(Typed::Null) };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number_like(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'=' if text == "=" => letter(Typed::Text, "text", "YAML 1.1 has a type of its own for it", None),
        b'<' if text == "<<" => letter(Typed::Text, "text", "YAML 1.1 calls it a merge key", None),
        _ => Reading::sure(Typed::Text),
    }
}

/// The integer that is exactly this float, if there is one: to JSON `1.0` and `1` are one number.
pub(super) fn whole(value: f64) -> Option<i64> {
    #[expect(clippy::cast_precision_loss, reason = "2^53 is exact")]
    let exact = value.fract() == 0.0 && value.abs() <= MAX_EXACT as f64 && !(value == 0.0 && value.is_sign_negative());
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within 2^53")]
    exact.then_some(value as i64)
}

fn word(text: &str) -> Reading {
    let value = match text {
        "~" | "null" | "Null" | "NULL" => return Reading::sure(Typed::Null),
        "true" | "True" | "TRUE" => return Reading::sure(Typed::Bool(true)),
        "false" | "False" | "FALSE" => return Reading::sure(Typed::Bool(false)),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => true,
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => false,
        _ => return Reading::sure(Typed::Text),
    };
    readers(Typed::Bool(value), format!("`{value}`"), "text to YAML 1.2", Some(value.to_string()))
}

fn readers(helm: Typed, said: String, other: &str, typed: Option<String>) -> Reading {
    Reading { helm, doubt: Some(Doubt::Readers(Differing { helm: said, other: other.to_owned(), typed })) }
}

fn letter(helm: Typed, said: &str, other: &str, typed: Option<String>) -> Reading {
    Reading { helm, doubt: Some(Doubt::Letter(Differing { helm: said.to_owned(), other: other.to_owned(), typed })) }
}

const fn range(helm: Typed, why: &'static str) -> Reading {
    Reading { helm, doubt: Some(Doubt::Range(why)) }
}

fn number_like(text: &str) -> Reading {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match digits {
        ".inf" | ".Inf" | ".INF" => return range(Typed::Text, "JSON has no infinity"),
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => {
            return range(Typed::Text, "JSON has no such number");
        }
        _ => {}
    }
    if is_decimal(digits) {
        return decimal(text, digits);
    }
    if is_float(digits) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Reading::sure(float(value)),
            _ => range(Typed::Text, "it is too large for a 64-bit float"),
        };
    }
    if is_date(text) {
        return letter(Typed::Text, "text", "a date to YAML 1.1", None);
    }
    if let Some(seconds) = sexagesimal(text) {
        return letter(Typed::Text, "text", "a base-60 number to YAML 1.1", seconds);
    }
    prefixed(text, digits)
}

/// Digits only, signed or not.
fn decimal(text: &str, digits: &str) -> Reading {
    let padded = digits.len() > 1 && digits.starts_with('0');
    if padded && digits.bytes().all(|digit| digit < b'8') {
        let negative = text.starts_with('-');
        return match i64::from_str_radix(digits, 8) {
            Ok(octal) if octal.unsigned_abs() <= MAX_EXACT => {
                let value = if negative { -octal } else { octal };
                let said = format!("`{value}`");
                let plain = text.trim_start_matches('+');
                if digits.trim_start_matches('0').len() <= 1 {
                    // `007` is seven to all, yet a file mode or a serial number would lose its zeros.
                    letter(Typed::Int(value), &said, "its leading zeros are lost", Some(value.to_string()))
                } else {
                    let other = format!("`{}` to YAML 1.2", decimal_text(plain));
                    readers(Typed::Int(value), said, &other, Some(value.to_string()))
                }
            }
            _ => range(Typed::Text, "it is beyond 2^53"),
        };
    }
    match text.parse::<i64>() {
        #[expect(clippy::cast_precision_loss, reason = "the loss is what Helm does to it, and what we refuse")]
        Ok(value) if value.unsigned_abs() > MAX_EXACT => range(Typed::Float(value as f64), "it is beyond 2^53"),
        Ok(value) if padded => {
            letter(Typed::Int(value), &format!("`{value}`"), "text to YAML 1.1", Some(value.to_string()))
        }
        Ok(value) => Reading::sure(Typed::Int(value)),
        Err(_) => range(text.parse().map_or(Typed::Text, Typed::Float), "it is beyond 2^53"),
    }
}

/// The number without the zeros in front.
fn decimal_text(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    format!("{sign}{}", digits.trim_start_matches('0'))
}

/// `0x1F`, `0b11`, `0o17`, and everything with underscores: go-yaml takes them apart as Go literals.
fn prefixed(text: &str, digits: &str) -> Reading {
    let plain;
    let digits_plain = if digits.contains('_') {
        plain = digits.replace('_', "");
        plain.as_str()
    } else {
        digits
    };
    let negative = text.starts_with('-');
    let Some(magnitude) = go_integer(digits_plain) else {
        if digits_plain.len() != digits.len() && is_float(digits_plain) && go_accepts_underscores(text) {
            return digits_plain.parse::<f64>().map_or(Reading::sure(Typed::Text), |value| {
                let value = if negative { -value } else { value };
                readers(float(value), format!("`{value}`"), "text to YAML 1.2", Some(value.to_string()))
            });
        }
        return Reading::sure(Typed::Text);
    };
    let value = match i64::try_from(magnitude) {
        Ok(value) if magnitude <= MAX_EXACT => {
            if negative {
                -value
            } else {
                value
            }
        }
        _ => return range(Typed::Text, "it is beyond 2^53"),
    };
    let (said, typed) = (format!("`{value}`"), Some(value.to_string()));
    let core = text.len() == digits.len() && digits_plain.len() == digits.len();
    match digits.as_bytes() {
        [b'0', b'x', ..] if core => Reading::sure(Typed::Int(value)),
        [b'0', b'o', ..] if core => letter(Typed::Int(value), &said, "text to YAML 1.1", typed),
        _ => readers(Typed::Int(value), said, "text to YAML 1.2", typed),
    }
}

/// go-yaml drops underscores wherever they stand, but a text that begins with a dot goes to Go's own rule: between
/// digits only.
fn go_accepts_underscores(text: &str) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    !text.starts_with('.')
        || text.match_indices('_').all(|(at, _)| at > 0 && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1)))
}

/// What Go's `strconv.ParseUint(text, 0, 64)` accepts once underscores are gone.
fn go_integer(text: &str) -> Option<u64> {
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &text[2..]),
        [b'0', b'b' | b'B', ..] => (2, &text[2..]),
        [b'0', b'o' | b'O', ..] => (8, &text[2..]),
        [b'0', _, ..] => (8, &text[1..]),
        _ => (10, text),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None;
    }
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    // Too many digits is a number all the same, only not one that we carry.
    Some(u64::from_str_radix(digits, radix).unwrap_or(u64::MAX))
}

fn float(value: f64) -> Typed {
    whole(value).map_or(Typed::Float(value), Typed::Int)
}

fn is_decimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`: the same in YAML 1.2's core schema and in go-yaml.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let exponent_fits =
        exponent.is_none_or(|exponent| is_decimal(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => is_decimal(fraction),
        Some((integer, fraction)) => is_decimal(integer) && (fraction.is_empty() || is_decimal(fraction)),
        None => is_decimal(mantissa),
    };
    exponent_fits && mantissa_fits
}

/// `2024-01-31` with or without a time behind it.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let day = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let mut after = rest[day..].chars();
    year.len() == 4
        && is_decimal(year)
        && matches!(month.len(), 1 | 2)
        && is_decimal(month)
        && matches!(day, 1 | 2)
        && match after.next() {
            None => true,
            Some('T' | 't' | ' ' | '\t') => {
                after.as_str().trim_start_matches([' ', '\t']).starts_with(|c: char| c.is_ascii_digit())
            }
            _ => false,
        }
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`; inside, the number itself unless it has a fraction.
#[expect(clippy::option_option, reason = "outside: is it one; inside: can it be offered as an integer")]
fn sexagesimal(text: &str) -> Option<Option<String>> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut places = whole.split(':');
    let head = places.next()?;
    let starts = head.starts_with(|c: char| c.is_ascii_digit());
    if !starts || !head.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    if !fraction.is_none_or(|fraction| fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')) {
        return None;
    }
    let mut value = head.replace('_', "").parse::<i64>().ok();
    let mut count = 0;
    for place in places {
        let sixtieth = place.parse::<i64>().ok().filter(|_| is_decimal(place) && place.len() <= 2)?;
        if sixtieth > 59 {
            return None;
        }
        value = value.and_then(|value| value.checked_mul(60)?.checked_add(sixtieth));
        count += 1;
    }
    if count == 0 {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    Some(value.filter(|_| fraction.is_none()).map(|value| format!("{sign}{value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubtful(text: &str) -> (Typed, String) {
        let reading = read(text);
        let kind = match reading.doubt {
            None => "sure".to_owned(),
            Some(Doubt::Readers(differing)) => format!("readers {}", differing.typed.unwrap_or_default()),
            Some(Doubt::Letter(differing)) => format!("letter {}", differing.typed.unwrap_or_default()),
            Some(Doubt::Range(_)) => "range".to_owned(),
        };
        (reading.helm, kind.trim_end().to_owned())
    }

    #[test]
    fn what_all_readers_agree_on_is_sure() {
        for (text, value) in [
            ("", Typed::Null),
            ("~", Typed::Null),
            ("null", Typed::Null),
            ("True", Typed::Bool(true)),
            ("false", Typed::Bool(false)),
            ("0", Typed::Int(0)),
            ("-0", Typed::Int(0)),
            ("+1", Typed::Int(1)),
            ("0x1F", Typed::Int(31)),
            ("1.0", Typed::Int(1)),
            ("2.10", Typed::Float(2.1)),
            (".5", Typed::Float(0.5)),
            ("1e3", Typed::Int(1000)),
            ("-0.0", Typed::Float(-0.0)),
            ("9007199254740992", Typed::Int(1 << 53)),
            ("text", Typed::Text),
            ("nope", Typed::Text),
            ("10.0.0.1", Typed::Text),
            ("8080:80", Typed::Text),
            ("1.2.3-rc.1", Typed::Text),
            ("100m", Typed::Text),
            ("-", Typed::Text),
            ("+", Typed::Text),
            (".", Typed::Text),
            ("...", Typed::Text),
            ("2024-01", Typed::Text),
            ("0x", Typed::Text),
            ("--flag", Typed::Text),
            ("12e", Typed::Text),
            ("a_1", Typed::Text),
        ] {
            assert_eq!(doubtful(text), (value, "sure".to_owned()), "{text}");
        }
    }

    #[test]
    fn what_helm_reads_otherwise_than_yaml_1_2_is_in_doubt() {
        for (text, value, kind) in [
            ("off", Typed::Bool(false), "readers false"),
            ("YES", Typed::Bool(true), "readers true"),
            ("y", Typed::Bool(true), "readers true"),
            ("0755", Typed::Int(493), "readers 493"),
            ("-0755", Typed::Int(-493), "readers -493"),
            ("1_000", Typed::Int(1000), "readers 1000"),
            ("1_000.5", Typed::Float(1000.5), "readers 1000.5"),
            ("0b11", Typed::Int(3), "readers 3"),
            ("-0x1F", Typed::Int(-31), "readers -31"),
            ("0X1F", Typed::Int(31), "readers 31"),
            ("0x_1F", Typed::Int(31), "readers 31"),
            ("0_", Typed::Int(0), "readers 0"),
            (".7_9", Typed::Float(0.79), "readers 0.79"),
            ("._79", Typed::Text, "sure"),
            ("0o755", Typed::Int(493), "letter 493"),
            ("08", Typed::Int(8), "letter 8"),
            ("007", Typed::Int(7), "letter 7"),
            ("1:30", Typed::Text, "letter 90"),
            ("1:30.5", Typed::Text, "letter"),
            ("2024-01-31", Typed::Text, "letter"),
            ("2024-1-31T10:00:00Z", Typed::Text, "letter"),
            ("=", Typed::Text, "letter"),
            ("<<", Typed::Text, "letter"),
        ] {
            assert_eq!(doubtful(text), (value, kind.to_owned()), "{text}");
        }
    }

    #[test]
    fn numbers_that_json_does_not_carry_are_out_of_range() {
        for text in [
            "9007199254740993",
            "-9007199254740993",
            "99999999999999999999",
            "0xFFFFFFFFFFFFFFFF",
            "1e400",
            ".inf",
            "-.Inf",
            ".nan",
            "07777777777777777777777",
        ] {
            assert_eq!(doubtful(text).1, "range", "{text}");
        }
    }
}
