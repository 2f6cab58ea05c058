//! Holds a request against a forge's OpenAPI description: is there such a path
//! and method, are query and body spelt and typed as described?
//!
//! The descriptions are no part of this repository. Where they are missing,
//! [`available`] is false and there is nothing to hold against. They know
//! shapes only; how a forge behaves is the stand-in's part.

use std::path::PathBuf;
use std::sync::OnceLock;

use chrono::DateTime;
use serde_json::{Map, Value};

use crate::standin::message::decode;
use crate::standin::{Flavour, Request, Standin};

/// Folder of the descriptions: `HEARTBEAT_CONTRACTS`, else beside the repository.
fn folder() -> PathBuf {
    let beside = || {
        PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../shared/contracts"
        ))
    };
    std::env::var_os("HEARTBEAT_CONTRACTS").map_or_else(beside, PathBuf::from)
}

fn description(flavour: Flavour) -> Option<&'static Value> {
    static READ: OnceLock<[Option<Value>; 3]> = OnceLock::new();
    let read = |kind: &str| {
        let bytes = std::fs::read(folder().join(format!("{kind}.json"))).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let [gitea, github, gitlab] = READ.get_or_init(|| ["gitea", "github", "gitlab"].map(read));
    match flavour {
        Flavour::Forgejo | Flavour::Gitea => gitea.as_ref(),
        Flavour::GitHub => github.as_ref(),
        Flavour::GitLab => gitlab.as_ref(),
    }
}

/// Whether the descriptions of all forges are there.
#[must_use]
pub fn available() -> bool {
    Flavour::ALL.iter().all(|f| description(*f).is_some())
}

/// Holds one request against the description.
///
/// # Errors
/// The first thing that does not fit, or that there is no description.
pub fn check(flavour: Flavour, request: &Request) -> Result<(), String> {
    let root = description(flavour).ok_or("no description of this forge is at hand")?;
    let checker = Checker {
        root,
        lenient: flavour == Flavour::GitLab,
    };
    let what = format!("{} {}", request.method, request.path);
    (checker.request(flavour, request)).map_err(|why| format!("{what}: {why}"))
}

/// Everything in a stand-in's log that does not fit.
#[must_use]
pub fn troubles(forge: &Standin) -> Vec<String> {
    let log = forge.log();
    let held = log.iter().map(|entry| check(forge.flavour(), entry));
    held.filter_map(Result::err).collect()
}

struct Checker<'a> {
    root: &'a Value,
    /// A text may stand for an array of texts, as GitLab takes `"a,b"`.
    lenient: bool,
}

type Check = Result<(), String>;

impl<'a> Checker<'a> {
    fn request(&self, flavour: Flavour, request: &Request) -> Check {
        let path = inner_path(flavour, &request.path);
        let (template, operations) = self.path(path).ok_or("no such path is described")?;
        let method = request.method.to_lowercase();
        let operation = (operations.get(&method).filter(|o| o.is_object()))
            .ok_or_else(|| format!("{template} has no such method"))?;
        let mut parameters = Vec::new();
        for holder in [operations.get("parameters"), operation.get("parameters")] {
            let list = holder.and_then(Value::as_array);
            parameters.extend(list.into_iter().flatten().map(|p| self.resolve(p)));
        }
        self.path_values(template, path, &parameters)?;
        self.query(request, &parameters)?;
        self.body(request, operation, &parameters)
    }

    /// Follows references.
    fn resolve(&self, mut value: &'a Value) -> &'a Value {
        for _ in 0..20 {
            let Some(pointer) = value.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let found = pointer.strip_prefix('#').and_then(|p| self.root.pointer(p));
            let Some(found) = found else { break };
            value = found;
        }
        value
    }

    /// The described path that fits, the one with the fewest variables first.
    fn path(&self, path: &str) -> Option<(&'a str, &'a Value)> {
        let given: Vec<&str> = path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == given.len()
                && (parts.iter().zip(&given)).all(|(p, g)| p.starts_with('{') || p == g)
        };
        let paths = self.root.get("paths")?.as_object()?;
        let fitting = paths.iter().filter(|(template, _)| fits(template));
        let found = fitting.min_by_key(|(template, _)| template.matches('{').count());
        found.map(|(template, operations)| (template.as_str(), operations))
    }

    fn path_values(&self, template: &str, path: &str, parameters: &[&'a Value]) -> Check {
        for (part, given) in template.split('/').zip(path.split('/')) {
            let name = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
            let described = name.and_then(|name| named(parameters, "path", name));
            if let Some(described) = described {
                let schema = described.get("schema").unwrap_or(described);
                self.text(schema, &decode(given, false))
                    .map_err(|why| format!("{part} in the path {}", why.trim_start()))?;
            }
        }
        Ok(())
    }

    fn query(&self, request: &Request, parameters: &[&'a Value]) -> Check {
        let given = request.params();
        for (name, value) in &given {
            let bare = name.strip_suffix("[]").unwrap_or(name);
            let described = named(parameters, "query", name)
                .or_else(|| named(parameters, "query", bare))
                .ok_or_else(|| format!("the query parameter {name:?} is unknown"))?;
            let schema = self.resolve(described.get("schema").unwrap_or(described));
            self.text(schema, value)
                .map_err(|why| format!("the query parameter {name:?} {}", why.trim_start()))?;
        }
        for described in parameters {
            let name = described.get("name").and_then(Value::as_str);
            let wanted =
                is(described, "in", "query") && described.get("required") == Some(&true.into());
            if let Some(name) = name.filter(|_| wanted)
                && !given.iter().any(|(n, _)| n == name)
            {
                return Err(format!("the query parameter {name:?} is missing"));
            }
        }
        Ok(())
    }

    /// A value in a path or a query.
    fn text(&self, schema: &'a Value, value: &str) -> Check {
        match schema.get("type").and_then(Value::as_str) {
            Some("integer") => {
                let number: i64 = value.parse().map_err(|_| "is no whole number")?;
                self.value(schema, &number.into(), "")
            }
            Some("boolean") if !["true", "false"].contains(&value) => {
                Err("is neither true nor false".to_owned())
            }
            Some("array") => {
                let Some(items) = schema.get("items") else {
                    return Ok(());
                };
                let mut parts = value.split(',');
                parts.try_for_each(|part| self.text(self.resolve(items), part))
            }
            Some("string") => self.value(schema, &value.into(), ""),
            _ => Ok(()),
        }
    }

    fn body(&self, request: &Request, operation: &'a Value, parameters: &[&'a Value]) -> Check {
        let swagger = parameters.iter().find(|p| is(p, "in", "body")).copied();
        let openapi = operation.get("requestBody").map(|b| self.resolve(b));
        let holder = swagger.or(openapi);
        let schema = holder.and_then(|h| {
            h.get("schema")
                .or_else(|| h.pointer("/content/application~1json/schema"))
        });
        let Some(schema) = schema else {
            return match request.body.is_empty() {
                true => Ok(()),
                false => Err("has a body, and none is described".to_owned()),
            };
        };
        if request.body.is_empty() {
            let wanted = holder.and_then(|h| h.get("required")) == Some(&true.into());
            return match wanted {
                true => Err("the body is missing".to_owned()),
                false => Ok(()),
            };
        }
        let kind = request.header("content-type").unwrap_or_default();
        if !kind.starts_with("application/json") {
            return Err(format!("the body is sent as {kind:?}, not as JSON"));
        }
        let body = request.json().ok_or("the body is no JSON")?;
        self.value(schema, &body, "body")
    }

    /// Holds a JSON value against a schema; `at` says where it lies.
    fn value(&self, schema: &'a Value, value: &Value, at: &str) -> Check {
        let schema = self.resolve(schema);
        if value.is_null() {
            let may = schema.get("nullable") == Some(&true.into());
            let loose = ["type", "oneOf", "anyOf"]
                .iter()
                .all(|k| schema.get(k).is_none());
            return match may || loose {
                true => Ok(()),
                false => Err(format!("{at} may not be null")),
            };
        }
        for all in list(schema, "allOf") {
            self.value(all, value, at)?;
        }
        for any in ["oneOf", "anyOf"] {
            let mut choices = list(schema, any).peekable();
            if choices.peek().is_some() && !choices.any(|s| self.value(s, value, at).is_ok()) {
                return Err(format!("{at} fits none of the described forms"));
            }
        }
        if schema.get("enum").is_some() && !list(schema, "enum").any(|v| v == value) {
            return Err(format!(
                "{at} is {value}, which is not one of the allowed values"
            ));
        }
        self.typed(schema, value, at)
    }

    fn typed(&self, schema: &'a Value, value: &Value, at: &str) -> Check {
        let kind = schema.get("type").and_then(Value::as_str);
        match (kind, value) {
            (Some("string"), Value::String(text)) => string(schema, text, at),
            (Some("integer"), Value::Number(n)) if n.is_i64() || n.is_u64() => {
                let most = schema.get("maximum").and_then(Value::as_i64);
                match most.zip(n.as_i64()).is_some_and(|(most, n)| n > most) {
                    true => Err(format!("{at} is too large")),
                    false => Ok(()),
                }
            }
            (Some("number"), Value::Number(_)) | (Some("boolean"), Value::Bool(_)) => Ok(()),
            (Some("array"), Value::String(text)) if self.lenient => {
                self.typed(schema, &Value::Array(vec![text.as_str().into()]), at)
            }
            (Some("array"), Value::Array(items)) => {
                let Some(schema) = schema.get("items") else {
                    return Ok(());
                };
                let mut items = items.iter().enumerate();
                items.try_for_each(|(i, item)| self.value(schema, item, &format!("{at}[{i}]")))
            }
            (Some("object"), Value::Object(fields)) => self.object(schema, fields, at),
            (Some(kind), _) => Err(format!("{at} is {value}, not of type {kind}")),
            (None, Value::Object(fields)) if schema.get("properties").is_some() => {
                self.object(schema, fields, at)
            }
            (None, _) => Ok(()),
        }
    }

    fn object(&self, schema: &'a Value, fields: &Map<String, Value>, at: &str) -> Check {
        for name in list(schema, "required").filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("{at}.{name} is missing"));
            }
        }
        let open = match schema.get("additionalProperties") {
            Some(Value::Bool(open)) => *open,
            other => other.is_some(),
        };
        for (name, value) in fields {
            let described = schema.get("properties").and_then(|p| p.get(name));
            match described {
                Some(described) => self.value(described, value, &format!("{at}.{name}"))?,
                None if open => {}
                None => return Err(format!("{at}.{name} is unknown")),
            }
        }
        Ok(())
    }
}

fn string(schema: &Value, text: &str, at: &str) -> Check {
    let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
    let count = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if limit("maxLength").is_some_and(|most| count > most) {
        return Err(format!("{at} is too long"));
    }
    if limit("minLength").is_some_and(|least| count < least) {
        return Err(format!("{at} is too short"));
    }
    if is(schema, "format", "date-time") && DateTime::parse_from_rfc3339(text).is_err() {
        return Err(format!("{at} is {text:?}, no RFC 3339 time"));
    }
    Ok(())
}

fn named<'a>(parameters: &[&'a Value], place: &str, name: &str) -> Option<&'a Value> {
    let mut fitting = parameters.iter();
    let found = fitting.find(|p| is(p, "in", place) && is(p, "name", name));
    found.copied()
}

fn is(value: &Value, key: &str, text: &str) -> bool {
    value.get(key).and_then(Value::as_str) == Some(text)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let found = value.get(key).and_then(Value::as_array);
    found.into_iter().flatten()
}

/// The path as the description writes it: without the sub-path a server lies
/// under, and without GitHub Enterprise's prefix.
fn inner_path(flavour: Flavour, path: &str) -> &str {
    let from = |mark: &str| path.find(mark).and_then(|at| path.get(at..));
    match flavour {
        Flavour::Forgejo | Flavour::Gitea => from("/api/v1/").unwrap_or(path),
        Flavour::GitLab => from("/api/v4/").unwrap_or(path),
        Flavour::GitHub => from("/api/v3/")
            .and_then(|p| p.strip_prefix("/api/v3"))
            .unwrap_or(path),
    }
}
