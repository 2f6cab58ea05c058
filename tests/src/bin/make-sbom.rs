//! Lists what the four programs are built from, as CycloneDX 1.5: each crate with its
//! version, licence, source and checksum, and what needs what. The same input gives the
//! same bytes: there is no time and no random number in it.
//!
//! `cargo metadata --format-version 1 --locked --filter-platform HOST | make-sbom LOCK TREE RUSTC LIBC`
//! where LOCK is Cargo.lock, TREE what `cargo tree -e normal --prefix none` lists for the four
//! (metadata has the features that the tests need, too), RUSTC what `rustc -V` says, and LIBC
//! names the C library that is linked into `beat`: `glibc 2.36`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

/// The packages whose programs are shipped.
const SHIPPED: [&str; 4] = ["writer", "checker", "report", "adopt"];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "error: cannot make the list of parts: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let [lock, tree, rustc, libc] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "LOCK, TREE, RUSTC and LIBC are wanted".to_owned())?;
    let read =
        |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let (lock, tree) = (read(&lock)?, read(&tree)?);
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let sbom = sbom(
        &metadata,
        &checksums(&lock),
        &listed(&tree),
        (&rustc, &libc),
    )?;
    let mut text = serde_json::to_string_pretty(&sbom).map_err(|error| error.to_string())?;
    text.push('\n');
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| error.to_string())
}

fn word<'v>(value: &'v Value, key: &str) -> Result<&'v str, String> {
    value[key]
        .as_str()
        .ok_or_else(|| format!("there is no \"{key}\""))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// The checksums of a lock file, by name and version. Its form is plain: one line, one key.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |part: &str, key: &str| {
        let start = format!("{key} = \"");
        let line = part.lines().find_map(|line| line.strip_prefix(&*start))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    let entry = |part: &str| {
        let key = (field(part, "name")?, field(part, "version")?);
        Some((key, field(part, "checksum")?))
    };
    lock.split("[[package]]").filter_map(entry).collect()
}

/// The crates of a tree, as name and version: `serde v1.0.229 (proc-macro)`.
fn listed(tree: &str) -> BTreeSet<(&str, &str)> {
    let entry = |line| {
        let mut words = str::split_whitespace(line);
        Some((words.next()?, words.next()?.strip_prefix('v')?))
    };
    tree.lines().filter_map(entry).collect()
}

/// Where crates come from, as everybody else knows it: not the mirror of this machine.
fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{version}")
}

/// What a package needs at run time, by the ids of the packages.
fn needs(node: &Value) -> BTreeSet<&str> {
    let normal = |need: &&Value| {
        let kinds = list(need, "dep_kinds");
        kinds.iter().any(|kind| kind["kind"].is_null())
    };
    let needs = list(node, "deps").iter().filter(normal);
    needs.filter_map(|need| need["pkg"].as_str()).collect()
}

fn sbom(
    metadata: &Value,
    checksums: &BTreeMap<(String, String), String>,
    tree: &BTreeSet<(&str, &str)>,
    (rustc, libc): (&str, &str),
) -> Result<Value, String> {
    let mut packages = BTreeMap::new();
    for package in list(metadata, "packages") {
        if tree.contains(&(word(package, "name")?, word(package, "version")?)) {
            packages.insert(word(package, "id")?, package);
        }
    }
    let mut nodes = BTreeMap::new();
    for node in list(&metadata["resolve"], "nodes") {
        let needs = needs(node).into_iter();
        let needs: BTreeSet<&str> = needs.filter(|id| packages.contains_key(id)).collect();
        nodes.insert(word(node, "id")?, needs);
    }
    let shipped = |package: &&Value| {
        let ours = package["source"].is_null();
        ours && SHIPPED.contains(&package["name"].as_str().unwrap_or_default())
    };
    let roots: BTreeSet<&str> = packages
        .iter()
        .filter(|(_, package)| shipped(package))
        .map(|(id, _)| *id)
        .collect();
    if roots.len() != SHIPPED.len() {
        return Err(format!("not all of {SHIPPED:?} are there"));
    }
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = roots.iter().copied().collect();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            open.extend(nodes.get(id).into_iter().flatten());
        }
    }
    if reached.len() != packages.len() {
        return Err("the tree lists what nothing needs".to_owned());
    }
    let reference = |id: &str| -> Result<String, String> {
        let package = packages.get(id).ok_or_else(|| format!("{id} is missing"))?;
        Ok(purl(word(package, "name")?, word(package, "version")?))
    };
    let mut components = BTreeMap::new();
    let mut dependencies = BTreeMap::new();
    for id in &reached {
        let package = packages.get(id).ok_or_else(|| format!("{id} is missing"))?;
        let (name, version) = (word(package, "name")?, word(package, "version")?);
        let me = purl(name, version);
        let mut component = json!({
            "type": if roots.contains(id) { "application" } else { "library" },
            "bom-ref": me, "name": name, "version": version,
            "licenses": [{"expression": word(package, "license")?.replace('/', " OR ")}],
        });
        if !package["source"].is_null() {
            let sum = checksums.get(&(name.to_owned(), version.to_owned()));
            let sum = sum.ok_or_else(|| format!("{name} {version} has no checksum"))?;
            component["purl"] = json!(me);
            component["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
        }
        components.insert(me.clone(), component);
        let needs: Result<BTreeSet<String>, String> = nodes
            .get(id)
            .into_iter()
            .flatten()
            .map(|need| reference(need))
            .collect();
        dependencies.insert(me, needs?);
    }
    linked(&mut components, "rust-std", rustc, "MIT OR Apache-2.0");
    let licence = if libc.starts_with("musl") {
        "MIT"
    } else {
        "LGPL-2.1-or-later"
    };
    linked(&mut components, "libc", libc, licence);
    let version = roots.iter().next().map_or(Ok(""), |id| {
        packages
            .get(id)
            .map_or(Ok(""), |package| word(package, "version"))
    })?;
    let root = format!("heartbeat-checker@{version}");
    let programs: Result<BTreeSet<String>, String> = roots.iter().map(|id| reference(id)).collect();
    dependencies.insert(root.clone(), programs?);
    let dependencies: Vec<Value> = dependencies
        .into_iter()
        .map(|(from, to)| json!({"ref": from, "dependsOn": to}))
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": root, "name": "heartbeat-checker",
                "version": version, "licenses": [{"expression": "MIT OR Apache-2.0"}],
            },
        },
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies,
    }))
}

/// What is linked into the programs and is no crate: `what` is a name and a version.
fn linked(components: &mut BTreeMap<String, Value>, reference: &str, what: &str, licence: &str) {
    let (name, version) = what.split_once(' ').unwrap_or((what, ""));
    let name = if reference == "rust-std" {
        "rust-std"
    } else {
        name
    };
    let component = json!({
        "type": "library", "bom-ref": reference, "name": name, "version": version,
        "licenses": [{"expression": licence}],
    });
    components.insert(reference.to_owned(), component);
}
