//! Secrets that the Sealed Secrets controller opens: the object around sealed values.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::derive::secrets::{Demand, OPAQUE};
use crate::model::custom::{SealedSecret, SealedSecretSpec, SealedTemplate};
use crate::model::encrypted::{Marks, SealedValues};
use crate::parts::meta::{Labels, namespaced};
use crate::spec::secrets::Scope;

/// The annotation with the certificates for which values are sealed; nobody can tell it from the values.
pub const SEALED_FOR: &str = "platformgen.io/sealed-for";

/// The object that becomes a Secret once its controller has opened the values. Labels and annotations of its file stay,
/// but for those that are ours.
pub fn sealed_secret(demand: &Demand, sealed: &SealedValues, labels: &Labels) -> SealedSecret {
    let scope = Scope::ANNOTATIONS.iter().find(|(_, scope)| *scope == sealed.scope);
    let scope = || scope.map(|(key, _)| ((*key).to_owned(), "true".to_owned()));
    let certificates = sealed.certificates.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    let sealed_for = (!certificates.is_empty()).then(|| (SEALED_FOR.to_owned(), certificates));
    let metadata = |marks: &Marks, own: Option<(String, String)>| {
        let foreign = marks.annotations.iter().filter(|(key, _)| !is_ours(key));
        let foreign = foreign.map(|(key, value)| (key.clone(), value.clone()));
        let annotations: Labels = foreign.chain(scope()).chain(own).collect();
        let labels = marks.labels.clone().into_iter().chain(labels.clone()).collect();
        ObjectMeta {
            annotations: (!annotations.is_empty()).then_some(annotations),
            ..namespaced(demand.name.as_str(), &demand.namespace, labels)
        }
    };
    let kind = demand.kind();
    SealedSecret {
        metadata: metadata(&sealed.own, sealed_for),
        spec: SealedSecretSpec {
            template: SealedTemplate {
                r#type: (kind != OPAQUE).then_some(kind),
                metadata: metadata(&sealed.template, None),
            },
            encrypted_data: sealed.values.clone(),
        },
    }
}

fn is_ours(annotation: &str) -> bool {
    annotation == SEALED_FOR || Scope::ANNOTATIONS.iter().any(|(key, _)| *key == annotation)
}
