//! The changes that an Update may make.

use serde_json::Value;

/// The first field of `transcoder` that differs and that an Update may not change.
pub(crate) fn refused_change(old: &Value, new: &Value) -> Option<String> {
    let fields = members(old).chain(members(new));
    fields.filter_map(|field| refused_field(field, field_of(old, field), field_of(new, field))).next()
}

fn refused_field(field: &str, old: &Value, new: &Value) -> Option<String> {
    match field {
        "audioInputs" => refused_input(field, old, new, &[]),
        "videoInputs" => refused_input(field, old, new, &["region"]),
        "outputs" => {
            let (old, new) = (list(old), list(new));
            let changed = |(i, (old, new))| {
                let member = refused_member(old, new, &["audioOption", "videoOption"])?;
                Some(format!("outputs[{i}].{member}"))
            };
            let count = (old.len() != new.len()).then(|| field.to_owned());
            count.or_else(|| old.iter().zip(new).enumerate().find_map(changed))
        }
        "idleTimeout" => differ(old, new, &300.into()).then(|| field.to_owned()),
        "streamProcessMode" => differ(old, new, &"mix".into()).then(|| field.to_owned()),
        _ => differ(old, new, &Value::Null).then(|| field.to_owned()),
    }
}

/// Checks the inputs. Members with `rtc` may be added and removed, but their other fields may not change, except `free`. Members
/// without `rtc` may not change.
fn refused_input(field: &str, old: &Value, new: &Value, free: &[&str]) -> Option<String> {
    let others = |of| list(of).iter().filter(|input| source(input).is_none()).collect::<Vec<_>>();
    if others(old) != others(new) {
        return Some(format!("{field}[].streamUrl"));
    }
    for input in list(new).iter().filter(|input| source(input).is_some()) {
        let stays = list(old).iter().find(|it| source(it) == source(input));
        let free: Vec<&str> = free.iter().copied().chain(["rtc"]).collect();
        if let Some(member) = stays.and_then(|old| refused_member(old, input, &free)) {
            return Some(format!("{field}[].{member}"));
        }
    }
    None
}

/// The channel and uid of an input. Its token may differ.
fn source(input: &Value) -> Option<(&Value, &Value)> {
    let rtc = input.get("rtc").filter(|rtc| rtc.is_object())?;
    Some((field_of(rtc, "rtcChannel"), field_of(rtc, "rtcUid")))
}

fn refused_member(old: &Value, new: &Value, free: &[&str]) -> Option<String> {
    let fields = members(old).chain(members(new)).filter(|field| !free.contains(field));
    fields
        .filter(|field| differ(field_of(old, field), field_of(new, field), &Value::Null))
        .map(str::to_owned)
        .next()
}

/// A missing value, `null` and an empty array count as the default.
fn differ(old: &Value, new: &Value, default: &Value) -> bool {
    fn given<'a>(value: &'a Value, default: &'a Value) -> &'a Value {
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        if value.is_null() || is_empty { default } else { value }
    }
    given(old, default) != given(new, default)
}

fn members(of: &Value) -> impl Iterator<Item = &str> {
    of.as_object().into_iter().flat_map(|members| members.keys().map(String::as_str))
}

fn field_of<'a>(of: &'a Value, field: &str) -> &'a Value {
    of.get(field).unwrap_or(&Value::Null)
}

fn list(of: &Value) -> &[Value] {
    of.as_array().map_or(&[], Vec::as_slice)
}
