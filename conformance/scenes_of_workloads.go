package main

// Scenes of what the platform is there for: requests, pods, volumes and quotas.
var scenesOfWorkloads = []scene{
	// requests
	{"HighErrorRatio", "15m", []string{
		`http_requests_total{` + apiService + `, status="200"} = 0+90x20`, `http_requests_total{` + apiService + `, status="503"} = 0+10x20`,
	}, []ring{{"critical", apiService, "10%"}}},
	{"HighErrorRatio", "20m", []string{
		`http_requests_total{` + apiService + `, status="200"} = 0+96x20`, `http_requests_total{` + apiService + `, status="503"} = 0+4x20`,
	}, nil},
	{"HighErrorRatio", "20m", []string{`http_requests_total{` + apiService + `, status="503"} = 0+5x20`}, nil}, // too few to tell
	{"HighLatencyP95", "20m", []string{apiBucket + `"1"} = 0+50x30`, apiBucket + `"2.5"} = 0+100x30`, apiBucket + `"+Inf"} = 0+100x30`},
		[]ring{{"warning", apiService, "2.35s"}}},
	{"HighLatencyP95", "30m", []string{apiBucket + `"0.5"} = 0+50x30`, apiBucket + `"1"} = 0+96x30`, apiBucket + `"+Inf"} = 0+100x30`}, nil},
	{"IngressHigh5xx", "20m", []string{
		`nginx_ingress_controller_requests{namespace="production", ingress="api", status="200"} = 0+90x30`,
		`nginx_ingress_controller_requests{namespace="production", ingress="api", status="502"} = 0+10x30`,
	}, []ring{{"critical", `namespace="production", ingress="api"`, "10%"}}},
	{"IngressHigh5xx", "30m", []string{
		`nginx_ingress_controller_requests{namespace="production", ingress="api", status="200"} = 0+90x30`,
		`nginx_ingress_controller_requests{namespace="production", ingress="api", status="404"} = 0+10x30`,
	}, nil},
	{"IngressConfigReloadFailed", "6m", []string{`nginx_ingress_controller_config_last_reload_successful{controller_pod="ingress-0"} = 0x9`},
		[]ring{{"critical", `controller_pod="ingress-0"`, ""}}},
	{"IngressConfigReloadFailed", "9m", []string{`nginx_ingress_controller_config_last_reload_successful{controller_pod="ingress-0"} = 1x9`}, nil},
	{"RegistryFailing", "20m", []string{
		`registry_http_requests_total{namespace="default", service="registry", code="200"} = 0+90x30`,
		`registry_http_requests_total{namespace="default", service="registry", code="500"} = 0+10x30`,
	}, []ring{{"warning", `namespace="default", service="registry"`, "10%"}}},
	{"RegistryFailing", "30m", []string{
		`registry_http_requests_total{namespace="default", service="registry", code="200"} = 0+90x30`,
		`registry_http_requests_total{namespace="default", service="registry", code="401"} = 0+10x30`,
	}, nil},

	// pods
	{"PodCrashLooping", "30m", []string{`kube_pod_container_status_restarts_total{` + apiPod + `, container="api"} = 0+1x40`},
		[]ring{{"warning", apiPod + `, container="api"`, "15"}}},
	{"PodCrashLooping", "40m", []string{`kube_pod_container_status_restarts_total{` + apiPod + `, container="api"} = 0x20 1x3 2x20`}, nil},
	{"PodNotReady", "11m", []string{`kube_pod_status_ready{` + apiPod + `, condition="false"} = 1x20`, `kube_pod_status_phase{` + apiPod + `, phase="Running"} = 1x20`},
		[]ring{{"warning", apiPod, ""}}},
	{"PodNotReady", "11m", []string{`kube_pod_status_phase{` + apiPod + `, phase="Pending"} = 1x20`}, []ring{{"warning", apiPod, ""}}},
	{"PodNotReady", "20m", []string{ // a job that is done
		`kube_pod_status_ready{` + apiPod + `, condition="false"} = 1x20`, `kube_pod_status_phase{` + apiPod + `, phase="Succeeded"} = 1x20`,
	}, nil},
	{"ContainerOOMKilled", "8m", []string{
		`kube_pod_container_status_restarts_total{` + apiPod + `, container="api"} = 0x4 1x9`,
		`kube_pod_container_status_last_terminated_reason{` + apiPod + `, container="api", reason="OOMKilled"} = _x4 1x9`,
	}, []ring{{"warning", apiPod + `, container="api"`, ""}}},
	{"ContainerOOMKilled", "8m", []string{ // long ago
		`kube_pod_container_status_restarts_total{` + apiPod + `, container="api"} = 1x9`,
		`kube_pod_container_status_last_terminated_reason{` + apiPod + `, container="api", reason="OOMKilled"} = 1x9`,
	}, nil},
	{"ContainerOOMKilled", "8m", []string{ // for another reason
		`kube_pod_container_status_restarts_total{` + apiPod + `, container="api"} = 0x4 1x9`,
		`kube_pod_container_status_last_terminated_reason{` + apiPod + `, container="api", reason="Error"} = _x4 1x9`,
	}, nil},
	{"CPUThrottlingHigh", "25m", []string{
		`container_cpu_cfs_throttled_periods_total{` + apiPod + `, container="api"} = 0+30x30`,
		`container_cpu_cfs_periods_total{` + apiPod + `, container="api"} = 0+60x30`,
	}, []ring{{"info", apiPod + `, container="api"`, "50%"}}},
	{"CPUThrottlingHigh", "30m", []string{
		`container_cpu_cfs_throttled_periods_total{` + apiPod + `, container="api"} = 0+12x30`,
		`container_cpu_cfs_periods_total{` + apiPod + `, container="api"} = 0+60x30`,
	}, nil},

	// workloads
	{"DeploymentReplicasMismatch", "15m", []string{
		`kube_deployment_status_replicas_available{namespace="production", deployment="api"} = 1x20`,
		`kube_deployment_spec_replicas{namespace="production", deployment="api"} = 2x20`,
		`kube_deployment_status_replicas_updated{namespace="production", deployment="api"} = 2x20`,
	}, []ring{{"warning", `namespace="production", deployment="api"`, "1"}}},
	{"DeploymentReplicasMismatch", "20m", []string{ // a rollout is under way
		`kube_deployment_status_replicas_available{namespace="production", deployment="api"} = 1x20`,
		`kube_deployment_spec_replicas{namespace="production", deployment="api"} = 2x20`,
		`kube_deployment_status_replicas_updated{namespace="production", deployment="api"} = 0+1x20`,
	}, nil},
	{"StatefulSetReplicasMismatch", "15m", []string{
		`kube_statefulset_status_replicas_ready{namespace="monitoring", statefulset="prometheus"} = 0x20`,
		`kube_statefulset_replicas{namespace="monitoring", statefulset="prometheus"} = 1x20`,
		`kube_statefulset_status_replicas_updated{namespace="monitoring", statefulset="prometheus"} = 1x20`,
	}, []ring{{"warning", `namespace="monitoring", statefulset="prometheus"`, "0"}}},
	{"StatefulSetReplicasMismatch", "20m", []string{
		`kube_statefulset_status_replicas_ready{namespace="monitoring", statefulset="prometheus"} = 1x20`,
		`kube_statefulset_replicas{namespace="monitoring", statefulset="prometheus"} = 1x20`,
		`kube_statefulset_status_replicas_updated{namespace="monitoring", statefulset="prometheus"} = 1x20`,
	}, nil},
	{"JobFailed", "6m", []string{`kube_job_failed{namespace="default", job_name="gc-1", condition="true", reason="BackoffLimitExceeded"} = 1x9`},
		[]ring{{"warning", `namespace="default", job_name="gc-1"`, ""}}},
	{"JobFailed", "9m", []string{`kube_job_failed{namespace="default", job_name="gc-1", condition="false"} = 1x9`}, nil},
	{"HPAMaxedOut", "16m", []string{
		`kube_horizontalpodautoscaler_status_current_replicas{namespace="production", horizontalpodautoscaler="api"} = 10x20`,
		`kube_horizontalpodautoscaler_spec_max_replicas{namespace="production", horizontalpodautoscaler="api"} = 10x20`,
		`kube_horizontalpodautoscaler_spec_min_replicas{namespace="production", horizontalpodautoscaler="api"} = 2x20`,
	}, []ring{{"warning", `namespace="production", horizontalpodautoscaler="api"`, "10"}}},
	{"HPAMaxedOut", "20m", []string{
		`kube_horizontalpodautoscaler_status_current_replicas{namespace="production", horizontalpodautoscaler="api"} = 9x20`,
		`kube_horizontalpodautoscaler_spec_max_replicas{namespace="production", horizontalpodautoscaler="api"} = 10x20`,
		`kube_horizontalpodautoscaler_spec_min_replicas{namespace="production", horizontalpodautoscaler="api"} = 2x20`,
	}, nil},
	{"HPAMetricsFailing", "6m", []string{
		`kube_horizontalpodautoscaler_status_condition{namespace="production", horizontalpodautoscaler="api", condition="ScalingActive", status="false"} = 1x9`,
	}, []ring{{"warning", `namespace="production", horizontalpodautoscaler="api"`, ""}}},
	{"HPAMetricsFailing", "9m", []string{
		`kube_horizontalpodautoscaler_status_condition{namespace="production", horizontalpodautoscaler="api", condition="ScalingActive", status="false"} = 0x9`,
		`kube_horizontalpodautoscaler_status_condition{namespace="production", horizontalpodautoscaler="api", condition="ScalingLimited", status="false"} = 1x9`,
	}, nil},

	// room
	{"PVCFillingUp", "8m", []string{`kubelet_volume_stats_available_bytes{` + volume + `} = 5x20`, `kubelet_volume_stats_capacity_bytes{` + volume + `} = 100x20`},
		[]ring{{"critical", volume, "5%"}}},
	{"PVCFillingUp", "70m", []string{`kubelet_volume_stats_available_bytes{` + volume + `} = 140-0.05x80`, `kubelet_volume_stats_capacity_bytes{` + volume + `} = 1000x80`},
		[]ring{{"warning", volume, "13.65%"}}},
	{"PVCFillingUp", "80m", []string{`kubelet_volume_stats_available_bytes{` + volume + `} = 14x80`, `kubelet_volume_stats_capacity_bytes{` + volume + `} = 100x80`}, nil},
	{"QuotaAlmostFull", "16m", []string{
		`kube_resourcequota{namespace="production", resourcequota="production", resource="pods", type="used"} = 76x20`,
		`kube_resourcequota{namespace="production", resourcequota="production", resource="pods", type="hard"} = 80x20`,
	}, []ring{{"warning", `namespace="production", resourcequota="production", resource="pods"`, "95%"}}},
	{"QuotaAlmostFull", "20m", []string{ // some that are full from the beginning, and one that has room
		`kube_resourcequota{namespace="production", resourcequota="production", resource="services.loadbalancers", type="used"} = 1x20`,
		`kube_resourcequota{namespace="production", resourcequota="production", resource="services.loadbalancers", type="hard"} = 1x20`,
		`kube_resourcequota{namespace="production", resourcequota="production", resource="pods", type="used"} = 70x20`,
		`kube_resourcequota{namespace="production", resourcequota="production", resource="pods", type="hard"} = 80x20`,
	}, nil},
}
