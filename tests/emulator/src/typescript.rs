//! Generates `src/js/emulator/contract.ts`, the TypeScript declarations of the emulator's types with docs and defaults, and
//! `src/js/cli/emulator/reference.ts`, the same as text. The source is JSON Schema, which reflects serde's attributes.

use std::{collections::BTreeSet, env, fs};

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::Value;

use super::{Call, Command, Delivery, Profile, Reply, State};
use crate::json::TARGET;

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../src/js/");

const HEAD: &str =
    "// Generated from the emulator's Rust types: STEADYMIX_GENERATE=1 cargo test -p steadymix-emulator typescript
/** The types of the emulator's inputs and outputs. */
";

/// The longest line, including its indent.
const WIDTH: usize = 120;

const HEAD_OF_REFERENCE: &str =
    "// Generated from the emulator's Rust types: STEADYMIX_GENERATE=1 cargo test -p steadymix-emulator typescript
/** Commands, fault rules, effects, profile and state. */
export const REFERENCE = `";

/// The longest line of the reference.
const WIDTH_OF_REFERENCE: usize = 100;

#[test]
fn typescript_declarations_are_up_to_date() {
    let mut schemas = generator();
    schemas.subschema_for::<Profile>();
    schemas.subschema_for::<Command>();
    schemas.subschema_for::<Call>();
    schemas.subschema_for::<Reply>();
    schemas.subschema_for::<State<'_>>();
    schemas.subschema_for::<Delivery>();
    let mut file = HEAD.to_owned();
    for (name, schema) in schemas.take_definitions(true) {
        file += &format!("\n{}export {}", comment("", docs(&schema)), declaration(&name, &schema));
    }
    is_up_to_date("emulator/contract.ts", &file);
}

#[test]
fn typescript_reference_is_up_to_date() {
    let mut shown = BTreeSet::new();
    let mut text = String::new();
    for (root, mut definitions) in
        [definitions_of::<Command>(), definitions_of::<Profile>(), definitions_of::<State<'_>>()]
    {
        definitions.sort_by_key(|(name, _)| *name != root);
        for (name, schema) in definitions {
            if shown.insert(name.clone()) {
                text += &entry(&name, &schema);
            }
        }
    }
    is_up_to_date("cli/emulator/reference.ts", &format!("{HEAD_OF_REFERENCE}{}`;\n", text.trim_start()));
}

fn is_up_to_date(name: &str, file: &str) {
    let path = format!("{PACKAGE}{name}");
    if env::var_os("STEADYMIX_GENERATE").is_some() {
        fs::write(&path, file).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        file,
        "generate it: STEADYMIX_GENERATE=1 cargo test -p steadymix-emulator typescript"
    );
}

/// In schemas for serialization, `required` lists every field in Rust's order; `properties` are sorted by name.
fn generator() -> SchemaGenerator {
    SchemaSettings::default().for_serialize().into_generator()
}

/// The name of a type, and that type with all that it refers to.
fn definitions_of<T: JsonSchema>() -> (String, Vec<(String, Value)>) {
    let mut schemas = generator();
    schemas.subschema_for::<T>();
    (T::schema_name().into_owned(), schemas.take_definitions(true).into_iter().collect())
}

/// A type in the reference.
fn entry(name: &str, schema: &Value) -> String {
    let mut text = format!("\n{}", wrapped("", &format!("{name}: {}", docs(schema))));
    let Some(variants) = schema["oneOf"].as_array() else { return text + &fields_of("  ", schema) };
    for variant in variants {
        let tag = variant.get("const").unwrap_or(&variant["properties"]["type"]["const"]).as_str().unwrap();
        text += &wrapped("  ", &format!("{tag}: {}", docs(variant)));
        text += &fields_of("    ", variant);
    }
    text
}

fn fields_of(indent: &str, schema: &Value) -> String {
    let properties = &schema["properties"];
    let mut text = String::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let property = &properties[name];
        if name == TARGET {
            text += &wrapped(indent, &format!("The fields of {}.", typed(property)));
        } else if property.get("const").is_none() {
            let (docs, default, typed) = documented(property);
            let mark = if property.get("default").is_some() { ", optional" } else { "" };
            text +=
                &wrapped(indent, &format!("{name} ({typed}{mark}): {docs} {}", default.unwrap_or_default()));
        }
    }
    text
}

/// A paragraph with a hanging indent, without marks of code.
fn wrapped(indent: &str, text: &str) -> String {
    let (mut lines, mut line) = (String::new(), indent.to_owned());
    let text = text.replace('`', "");
    for word in text.split_whitespace() {
        if line.trim().is_empty() {
            line += word;
        } else if line.len() + 1 + word.len() > WIDTH_OF_REFERENCE {
            lines += &format!("{line}\n");
            line = format!("{indent}    {word}");
        } else {
            line += &format!(" {word}");
        }
    }
    format!("{lines}{line}\n")
}

fn declaration(name: &str, schema: &Value) -> String {
    let variants: String = if let Some(variants) = schema["oneOf"].as_array() {
        variants.iter().map(|it| format!("\n{}  | {}", comment("  ", docs(it)), variant(it))).collect()
    } else if schema["minProperties"] == 1 {
        fields(schema).map(|present| format!("\n  | {}", object("    ", schema, present))).collect()
    } else {
        return format!("interface {name} {}\n", object("", schema, ""));
    };
    format!("type {name} ={variants};\n")
}

fn variant(schema: &Value) -> String {
    if schema.get("const").is_some() {
        return typed(schema);
    }
    let object = object("    ", schema, "");
    match schema["properties"].get(TARGET) {
        Some(target) => format!("({object} & {})", typed(target)),
        None => object,
    }
}

fn fields(schema: &Value) -> impl Iterator<Item = &str> {
    let names = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str);
    names.filter(|name| *name != TARGET)
}

/// The declaration of an object. Its field `present` is required even if it has a default.
fn object(indent: &str, schema: &Value, present: &str) -> String {
    let properties = &schema["properties"];
    if let [only] = *fields(schema).collect::<Vec<_>>() {
        return format!("{{ {only}: {} }}", typed(&properties[only]));
    }
    let inner = format!("{indent}  ");
    let fields = fields(schema).map(|name| field(&inner, name, &properties[name], name == present));
    format!("{{\n{}{indent}}}", fields.collect::<String>())
}

fn field(indent: &str, name: &str, schema: &Value, is_present: bool) -> String {
    let (mut docs, default, typed) = documented(schema);
    if let Some(default) = default {
        let last_line = docs.lines().last().map_or(0, str::len);
        let fits = indent.len() + " *  ".len() + last_line + default.len() <= WIDTH;
        docs += if fits { " " } else { "\n" };
        docs += &default;
    }
    let mark = if schema.get("default").is_some() && !is_present { "?" } else { "" };
    format!("{}{indent}{name}{mark}: {typed};\n", comment(indent, &docs))
}

/// The docs of a field, the sentence about its default, and its type.
fn documented(schema: &Value) -> (String, Option<String>, String) {
    let docs = docs(schema).to_owned();
    let mut typed = typed(schema);
    let default = schema.get("default");
    // serde accepts null for every optional field; TypeScript declares it only where the docs mention it.
    let is_nullable = docs.contains("`null`");
    if default.is_some() && !is_nullable {
        typed = typed.replace(" | null", "");
    }
    // Objects document the defaults in their own fields.
    let default = default.filter(|it| !it.is_object() && (is_nullable || !it.is_null()));
    (docs, default.map(|it| format!("Default `{}`.", it.to_string().replace(',', ", "))), typed)
}

fn typed(schema: &Value) -> String {
    let either = |types: Vec<String>| types.join(" | ");
    if let Some(word) = schema.get("const") {
        word.to_string()
    } else if let Some(reference) = schema["$ref"].as_str() {
        reference.rsplit('/').next().unwrap().to_owned()
    } else if let Some(types) = schema["anyOf"].as_array() {
        either(types.iter().map(typed).collect())
    } else if let Some(types) = schema["type"].as_array() {
        either(types.iter().map(|named| of_type(named, schema)).collect())
    } else {
        of_type(&schema["type"], schema)
    }
}

/// The TypeScript type for a type name in JSON Schema.
fn of_type(named: &Value, schema: &Value) -> String {
    match named.as_str().unwrap() {
        "integer" => "number".to_owned(),
        "object" => {
            let value = typed(&schema["additionalProperties"]);
            match schema.get("propertyNames") {
                Some(names) => format!("Partial<Record<{}, {value}>>", typed(names)),
                None => format!("Record<string, {value}>"),
            }
        }
        "array" => {
            let tuple = |types: Vec<String>| format!("[{}]", types.join(", "));
            let items = &schema["items"];
            match (schema["prefixItems"].as_array(), schema["maxItems"].as_u64()) {
                (Some(types), _) => tuple(types.iter().map(typed).collect()),
                (None, Some(length)) => tuple((0..length).map(|_| typed(items)).collect()),
                (None, None) => format!("{}[]", typed(items)),
            }
        }
        same => same.to_owned(),
    }
}

fn docs(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn comment(indent: &str, docs: &str) -> String {
    let one_line = format!("{indent}/** {docs} */\n");
    if docs.is_empty() {
        String::new()
    } else if !docs.contains('\n') && one_line.trim_end().len() <= WIDTH {
        one_line
    } else {
        let lines = docs.lines().map(|line| format!("{indent} * {line}\n"));
        format!("{indent}/**\n{}{indent} */\n", lines.collect::<String>())
    }
}
