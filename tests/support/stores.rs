//! That an `ExternalSecret` says itself what the API server would fill in: applied twice it is the same object, and
//! nothing that compares it with what is here sees a difference, whatever release of the operator brought the schema.
//! Source: the `default`s of external-secrets.io/v1 in releases 1.3 to 2.9, some of which come and go.

use serde_json::Value;

use crate::support::examples::World;
use crate::support::faults::Faults;
use crate::support::objects::{items, text};

const SPEC: &[(&str, &str)] =
    &[("/refreshPolicy", "Periodic"), ("/target/creationPolicy", "Owner"), ("/target/deletionPolicy", "Retain")];
const TEMPLATE: &[(&str, &str)] = &[("/engineVersion", "v2"), ("/mergePolicy", "Replace")];
const REMOTE: &[(&str, &str)] =
    &[("/conversionStrategy", "Default"), ("/decodingStrategy", "None"), ("/metadataPolicy", "None")];

/// Every field with a default is written, and a Secret made by a template, which inherits no label, is given them.
pub fn leave_nothing_to_defaults(world: &World, faults: &mut Faults) {
    for object in world.of_kind("ExternalSecret") {
        let spec = object.at("/spec");
        let mut check = |place: &Value, fields: &[(&str, &str)]| {
            for (pointer, value) in fields {
                let written = place.pointer(pointer).map(text) == Some(*value);
                faults.unless(written, object, pointer, format!("is not `{value}`"));
            }
        };
        check(spec, SPEC);
        let said = |pointer: &str| world.description.pointer(pointer).map(text);
        let kind = said("/secrets/store/kind").unwrap_or("ClusterSecretStore");
        // as Go writes it
        let refresh = said("/secrets/refresh").map_or("1h0m0s", |said| if said == "15m" { "15m0s" } else { said });
        check(spec, &[("/refreshInterval", refresh), ("/secretStoreRef/kind", kind)]);
        items(&spec["data"]).for_each(|data| check(&data["remoteRef"], REMOTE));
        items(&spec["dataFrom"]).for_each(|from| check(&from["extract"], REMOTE));
        let template = &spec["target"]["template"];
        if template.is_object() {
            check(template, TEMPLATE);
            let labelled = template["metadata"]["labels"] == *object.at("/metadata/labels");
            faults.unless(labelled, object, "/spec/target/template/metadata/labels", "are not those of the object");
        }
    }
}
