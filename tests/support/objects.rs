//! Objects as a cluster would read them: plain values, with the questions that checks ask of them.

use std::fmt;

use serde_json::{Map, Value};

static ABSENT: Value = Value::Null;

/// One rendered object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its namespace, if it names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// All of it.
    pub value: Value,
}

impl Object {
    /// Reads the identity of `value`.
    pub fn of(value: Value) -> Self {
        let at = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Self {
            kind: at("/kind").unwrap_or_default(),
            namespace: at("/metadata/namespace"),
            name: at("/metadata/name").unwrap_or_default(),
            value,
        }
    }

    /// The value at a JSON pointer; null when absent.
    pub fn at(&self, pointer: &str) -> &Value {
        at(&self.value, pointer)
    }

    /// One of its labels.
    pub fn label(&self, key: &str) -> &str {
        text(&self.value["metadata"]["labels"][key])
    }

    /// The component that it belongs to, as its labels say.
    pub fn component(&self) -> &str {
        self.label("app.kubernetes.io/name")
    }

    /// Its namespace, or nothing.
    pub fn place(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The pods that it makes, if it makes any.
    pub fn pods(&self) -> Option<Pods<'_>> {
        let pointer = match self.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicaSet" => "/spec/template",
            "CronJob" => "/spec/jobTemplate/spec/template",
            _ => return None,
        };
        Some(Pods { owner: self, pointer, template: self.at(pointer) })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// The pods of one workload.
#[derive(Clone, Copy, Debug)]
pub struct Pods<'w> {
    /// What makes them.
    pub owner: &'w Object,
    /// Where the template stands in it.
    pub pointer: &'static str,
    /// The template.
    pub template: &'w Value,
}

/// One container of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Container<'w> {
    /// Its name.
    pub name: &'w str,
    /// Whether it runs before the others.
    pub init: bool,
    /// All of it.
    pub value: &'w Value,
}

impl<'w> Pods<'w> {
    /// The pod's specification.
    pub fn spec(&self) -> &'w Value {
        &self.template["spec"]
    }

    /// The pod's labels.
    pub fn labels(&self) -> &'w Value {
        &self.template["metadata"]["labels"]
    }

    /// Whether the pods end by themselves.
    pub fn is_job(&self) -> bool {
        matches!(self.owner.kind.as_str(), "CronJob" | "Job")
    }

    /// Every container, those that run first included.
    pub fn containers(&self) -> Vec<Container<'w>> {
        let of = |list: &'w Value, init| {
            items(list).map(move |value| Container { name: text(&value["name"]), init, value }).collect::<Vec<_>>()
        };
        let spec = self.spec();
        let mut all = of(&spec["initContainers"], true);
        all.extend(of(&spec["containers"], false));
        all.extend(of(&spec["ephemeralContainers"], false));
        all
    }

    /// Every declared port with its container.
    pub fn ports(&self) -> Vec<&'w Value> {
        self.containers().iter().filter(|container| !container.init).flat_map(|c| items(&c.value["ports"])).collect()
    }

    /// The number behind a port given by name or number, if a container declares it with that protocol.
    pub fn port(&self, wanted: &Value, protocol: &str) -> Option<u64> {
        let same = |port: &&Value| {
            protocol_of(port) == protocol
                && (port["containerPort"] == *wanted || wanted.is_string() && port["name"] == *wanted)
        };
        self.ports().into_iter().find(same).and_then(|port| port["containerPort"].as_u64())
    }
}

/// The protocol of a port; TCP when absent.
pub fn protocol_of(port: &Value) -> &str {
    port["protocol"].as_str().unwrap_or("TCP")
}

/// The value at a JSON pointer; null when absent.
pub fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&ABSENT)
}

/// A string; empty when it is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list; none when it is none.
pub fn items(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// The strings of a list.
pub fn texts(value: &Value) -> Vec<&str> {
    items(value).filter_map(Value::as_str).collect()
}

/// The entries of a map; none when it is none.
pub fn entries(value: &Value) -> Vec<(&str, &Value)> {
    value.as_object().map(Map::iter).into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect()
}

/// Calls `see` for every value inside `value`, with its JSON pointer.
pub fn walk<'v>(value: &'v Value, pointer: &str, see: &mut dyn FnMut(&str, &'v Value)) {
    see(pointer, value);
    match value {
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{pointer}/{index}"), see));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| walk(item, &format!("{pointer}/{}", key.replace('/', "~1")), see));
        }
        _ => {}
    }
}
