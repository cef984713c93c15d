//! Quantities, as Kubernetes writes them in its objects.

/// A Kubernetes quantity in thousandths, rounded up.
pub fn thousandths(text: &str) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (times, over) = scale(unit)?;
    let over = power(u32::try_from(fraction.len()).ok()?)?.checked_mul(over)?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    Some(digits.checked_mul(times)?.div_ceil(over))
}

/// How many thousandths a unit has, as a fraction.
fn scale(unit: &str) -> Option<(u128, u128)> {
    const THOUSAND: u128 = 1000;
    let times = match unit {
        "n" => return Some((1, 1_000_000)),
        "u" => return Some((1, THOUSAND)),
        "m" => 1,
        "" => THOUSAND,
        "k" => power(6)?,
        "M" => power(9)?,
        "G" => power(12)?,
        "T" => power(15)?,
        "P" => power(18)?,
        "E" => power(21)?,
        "Ki" => THOUSAND << 10,
        "Mi" => THOUSAND << 20,
        "Gi" => THOUSAND << 30,
        "Ti" => THOUSAND << 40,
        "Pi" => THOUSAND << 50,
        "Ei" => THOUSAND << 60,
        _ => {
            let exponent = unit.strip_prefix(['e', 'E'])?;
            match exponent.strip_prefix('-') {
                Some(digits) => return Some((THOUSAND, power(digits.parse().ok()?)?)),
                None => power(exponent.trim_start_matches('+').parse().ok()?)?.checked_mul(THOUSAND)?,
            }
        }
    };
    Some((times, 1))
}

fn power(of_ten: u32) -> Option<u128> {
    10u128.checked_pow(of_ten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, expected) in [
            ("250m", 250),
            ("0.5", 500),
            ("2", 2000),
            ("1930000000n", 1930),
            ("1u", 1),
            ("7902632Ki", 7_902_632 * 1024 * 1000),
            ("1.5Gi", (3 << 29) * 1000),
            ("1e3", 1_000_000),
            ("12E-1", 1200),
            ("128974848000m", 128_974_848_000),
            ("1M", 1_000_000_000),
        ] {
            assert_eq!(thousandths(text), Some(expected), "{text}");
        }
        for text in ["", "m", "1 Gi", "1.2.3", "-1", "1x", "1e999"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
