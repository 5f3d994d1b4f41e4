//! What a plain scalar is, by YAML 1.2's core schema: `no` and `1:30` are text, `0o17` is a number.

use serde_json::{Number, Value};

/// What does not fit a number exactly stays text: 64 decimal digits.
pub(in crate::config) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let positive = text.strip_prefix('+').unwrap_or(text);
        return positive
            .parse::<u64>()
            .map(Number::from)
            .or_else(|_| positive.parse::<i64>().map(Number::from))
            .ok();
    }
    is_float(unsigned).then(|| text.parse().ok().and_then(Number::from_f64))?
}

fn radix(digits: &str, radix: u32) -> Option<Number> {
    let signed = digits.starts_with(['+', '-']);
    if signed {
        None
    } else {
        u64::from_str_radix(digits, radix).ok().map(Number::from)
    }
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_number = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent_is_number
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn follows_the_core_schema() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("True", json!(true)),
            ("no", json!("no")),
            ("on", json!("on")),
            ("12", json!(12)),
            ("+12", json!(12)),
            ("-12", json!(-12)),
            ("007", json!(7)),
            ("0o17", json!(15)),
            ("0xff", json!(255)),
            ("0x-1", json!("0x-1")),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("1:30", json!("1:30")),
            ("1_000", json!("1_000")),
            ("2023-12-01", json!("2023-12-01")),
            (".", json!(".")),
            ("-", json!("-")),
            ("e5", json!("e5")),
            (".inf", json!(".inf")),
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!("18446744073709551616")),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
