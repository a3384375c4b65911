//! One typed Kubernetes object, whatever its kind.

use std::borrow::Cow;
use std::fmt;

use k8s_openapi::Metadata;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{
    ConfigMap, LimitRange, Namespace, PersistentVolumeClaim, ResourceQuota, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use serde::{Serialize, Serializer};

use crate::model::custom::{Certificate, CiliumNetworkPolicy, ClusterIssuer, ExternalSecret, Issuer, SealedSecret};
use crate::model::given::Given;

macro_rules! objects {
    ($($kind:ident),* $(,)?) => {
        /// An object: typed, of one of the kinds that we render, or given by somebody who wrote it.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)]
        pub enum Object { $( $kind(Box<$kind>), )* Given(Box<Given>) }

        $( impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(Box::new(object))
            }
        } )*

        impl Object {
            /// The kinds that can be rendered.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($kind)),*];

            /// The object's kind.
            pub fn kind(&self) -> Cow<'static, str> {
                match self {
                    $( Self::$kind(_) => Cow::Borrowed(stringify!($kind)), )*
                    Self::Given(given) => Cow::Owned(given.kind.clone()),
                }
            }

            /// Group and version, such as `apps/v1`.
            pub fn api_version(&self) -> Cow<'static, str> {
                match self {
                    $( Self::$kind(_) => Cow::Borrowed(<$kind as k8s_openapi::Resource>::API_VERSION), )*
                    Self::Given(given) => Cow::Owned(given.api_version.clone()),
                }
            }

            /// Its metadata; of what was given, only name, namespace and labels.
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $( Self::$kind(object) => object.metadata(), )*
                    Self::Given(given) => &given.metadata,
                }
            }
        }

        impl Serialize for Object {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$kind(object) => object.serialize(serializer), )*
                    Self::Given(given) => given.serialize(serializer),
                }
            }
        }
    };
}

objects! {
    APIService, Certificate, CiliumNetworkPolicy, ClusterIssuer, ClusterRole, ClusterRoleBinding, ConfigMap, CronJob,
    DaemonSet, Deployment, ExternalSecret, HorizontalPodAutoscaler, Ingress, IngressClass, Issuer, LimitRange,
    MutatingWebhookConfiguration, Namespace, NetworkPolicy, PersistentVolumeClaim, PodDisruptionBudget, PriorityClass,
    ResourceQuota, Role, RoleBinding, SealedSecret, Service, ServiceAccount, StatefulSet, ValidatingWebhookConfiguration,
}

impl From<Given> for Object {
    fn from(object: Given) -> Self {
        Self::Given(Box::new(object))
    }
}

/// What tells one object from every other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Kind.
    pub kind: Cow<'static, str>,
    /// Group and version.
    pub api_version: Cow<'static, str>,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// `Deployment production/api`
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{place}{}", self.kind, self.namespace, self.name)
    }
}

impl Object {
    /// What tells it from every other object.
    pub fn id(&self) -> ObjectId {
        let metadata = self.metadata();
        ObjectId {
            kind: self.kind(),
            api_version: self.api_version(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
        }
    }
}
