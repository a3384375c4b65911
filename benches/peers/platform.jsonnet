// The objects of N web services, as somebody would write them in Jsonnet: the peer of `feel.rs`.
//
// It starts from N instead of reading a description, and like the bound program of `scale.rs` it resolves, checks and
// locates nothing: a callee is supposed to live beside its caller and to listen where the caller does. What stands around
// the services (`rest`) it gets finished.
//
//   jrsonnet --tla-code services=100 --tla-code-file rest=rest.json platform.jsonnet

local team_size = 25;
local platform = { name: 'shop', environment: 'production', domain: 'example.com' };

local pad(width, number) = std.format('%0' + width + 'd', number);
local service_name(at) = 'service-' + pad(5, at);
local team_name(at) = 'team-' + pad(4, at);

local labels(name, role) = {
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/component': role,
  'app.kubernetes.io/part-of': platform.name,
  'app.kubernetes.io/managed-by': 'platformgen',
};
local metadata(name, namespace, labels) = { name: name, namespace: namespace, labels: labels };
local selector(name) = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': name };

// ── what a service is ───────────────────────────────────────────────────────────────────────────────────────────────

local runtimes = [
  { port: 3000, env: { NODE_OPTIONS: '--max-old-space-size=288' } },
  { port: 8080, env: { GOMEMLIMIT: '345MiB' } },
  {
    port: 5000,
    env: {
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUNBUFFERED: '1',
      HOME: '/tmp',
      GUNICORN_CMD_ARGS: '--worker-tmp-dir /tmp',
    },
  },
];
local sizes = [
  {
    requests: { cpu: '100m', memory: '192Mi', 'ephemeral-storage': '64Mi' },
    limits: { cpu: '400m', memory: '384Mi', 'ephemeral-storage': '256Mi' },
  },
  {
    requests: { cpu: '250m', memory: '384Mi', 'ephemeral-storage': '256Mi' },
    limits: { cpu: '1', memory: '768Mi', 'ephemeral-storage': '1Gi' },
  },
  {
    requests: { cpu: '500m', memory: '768Mi', 'ephemeral-storage': '512Mi' },
    limits: { cpu: '2', memory: '1536Mi', 'ephemeral-storage': '2Gi' },
  },
];

local described(at, services) = {
  local this = self,
  local team = std.floor(at / team_size),
  name: service_name(at),
  namespace: team_name(team),
  version: '1.%d.%d' % [at % 40, at % 7],
  image: 'registry.example.com/shop/' + self.name + ':' + self.version,
  runtime: runtimes[at % 3],
  port: self.runtime.port,
  size: sizes[at % 5 % 3],
  database: 'pg-' + pad(4, std.floor(at / 50)) + '.internal.example.com:5432',
  cidr: '10.20.%d.0/24' % std.floor(at / 50),
  callees: [service_name(callee) for callee in std.set([team * team_size, (at * 7 + 3) % services]) if callee != at],
  host: self.namespace + '.' + platform.domain,
  path: '/' + self.name,
  secrets: { DATABASE_URL: this.name + '-database/url' },
  mounts: if at % 4 == 0 then { '/etc/service/keys': this.name + '-keys' } else {},
  scratch: (if at % 3 == 0 then { '/var/cache': '128Mi' } else {}) + { '/tmp': '64Mi' },
  metadata: metadata(self.name, self.namespace, labels(self.name, 'server')),
};

// ── network policies ────────────────────────────────────────────────────────────────────────────────────────────────

local port(number, protocol='TCP') = { protocol: protocol, port: number };
local peer(namespace, labels) = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  podSelector: { matchLabels: labels },
};
local pods(namespace, name) = peer(namespace, selector(name));
local policy(metadata, labels, ingress=[], egress=[]) = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata,
  spec: {
    podSelector: if labels == {} then {} else { matchLabels: labels },
    policyTypes: ['Ingress', 'Egress'],
    [if ingress != [] then 'ingress']: ingress,
    [if egress != [] then 'egress']: egress,
  },
};

local service_policy(service) = policy(
  service.metadata,
  selector(service.name),
  [{
    from: [pods('ingress-nginx', 'ingress-nginx-controller'), pods('monitoring', 'prometheus')]
          + [pods(service.namespace, caller) for caller in service.callees],
    ports: [port(service.port)],
  }],
  [{ to: [pods(service.namespace, callee)], ports: [port(service.port)] } for callee in service.callees]
  + [{ to: [{ ipBlock: { cidr: service.cidr } }], ports: [port(5432)] }],
);

local policy_to_all(name, services) = policy(
  metadata(name, name, labels(name, 'server')),
  selector(name),
  [],
  [
    {
      to: [pods(service.namespace, service.name) for service in services if service.port == runtime.port],
      ports: [port(runtime.port)],
    }
    for runtime in runtimes
  ],
);

// ── the objects of a service ────────────────────────────────────────────────────────────────────────────────────────

local probe(path, period, failures) = {
  httpGet: { path: path, port: 'http' },
  periodSeconds: period,
  timeoutSeconds: 2,
  failureThreshold: failures,
};

local spread(service, key) = {
  maxSkew: 1,
  topologyKey: key,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: selector(service.name) },
  matchLabelKeys: ['pod-template-hash'],
};

local scratch_name(path) = 'scratch-' + std.strReplace(std.lstripChars(path, '/'), '/', '-');

local env(service) =
  [{ name: 'DATABASE_HOST', value: service.database }, { name: 'LOG_LEVEL', value: 'info' }]
  + std.mapWithIndex(function(nth, callee) {
    name: 'PEER_%d_URL' % nth,
    value: 'http://%s.%s.svc.cluster.local:%d' % [callee, service.namespace, service.port],
  }, service.callees)
  + [
    {
      local parts = std.split(service.secrets[name], '/'),
      name: name,
      valueFrom: { secretKeyRef: { name: parts[0], key: parts[1], optional: false } },
    }
    for name in std.objectFields(service.secrets)
  ]
  + [{ name: name, value: service.runtime.env[name] } for name in std.objectFields(service.runtime.env)];

local deployment(service) = {
  local versioned = service.metadata.labels { 'app.kubernetes.io/version': service.version },
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: service.metadata { labels: versioned },
  spec: {
    selector: { matchLabels: selector(service.name) },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    minReadySeconds: 5,
    progressDeadlineSeconds: 300,
    revisionHistoryLimit: 5,
    template: {
      metadata: {
        labels: versioned { 'platformgen.io/scrape': 'true' },
        annotations: { 'platformgen.io/secret-hash': '989ab00e5c' },
      },
      spec: {
        serviceAccountName: service.name,
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 10001,
          runAsGroup: 10001,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        imagePullSecrets: [{ name: 'image-pull' }],
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 45,
        priorityClassName: platform.name + '-app',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        topologySpreadConstraints: [
          spread(service, 'topology.kubernetes.io/zone'),
          spread(service, 'kubernetes.io/hostname'),
        ],
        containers: [{
          name: service.name,
          image: service.image,
          imagePullPolicy: 'IfNotPresent',
          ports: [{ name: 'http', containerPort: service.port, protocol: 'TCP' }],
          env: env(service),
          startupProbe: probe('/healthz', 2, 30),
          livenessProbe: probe('/healthz', 10, 3),
          readinessProbe: probe('/readyz', 5, 3),
          lifecycle: { preStop: { sleep: { seconds: 10 } } },
          resources: service.size,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: service.mounts[path], mountPath: path, readOnly: true }
            for path in std.objectFields(service.mounts)
          ] + [
            { name: scratch_name(path), mountPath: path }
            for path in std.objectFields(service.scratch)
          ],
        }],
        volumes: [
          { name: service.mounts[path], secret: { secretName: service.mounts[path], optional: false } }
          for path in std.objectFields(service.mounts)
        ] + [
          { name: scratch_name(path), emptyDir: { sizeLimit: service.scratch[path] } }
          for path in std.objectFields(service.scratch)
        ],
      },
    },
  },
};

local account(service) = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: service.metadata,
  automountServiceAccountToken: false,
};

local service_object(service) = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: service.metadata,
  spec: {
    type: 'ClusterIP',
    internalTrafficPolicy: 'Cluster',
    selector: selector(service.name),
    ports: [{ name: 'http', port: service.port, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' }],
  },
};

local autoscaler(service) = {
  local resource(name, percent) = {
    type: 'Resource',
    resource: { name: name, target: { type: 'Utilization', averageUtilization: percent } },
  },
  local step(type, value, seconds) = { type: type, value: value, periodSeconds: seconds },
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: service.metadata,
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: service.name },
    minReplicas: 2,
    maxReplicas: 6,
    metrics: [
      resource('cpu', 70),
      resource('memory', 80),
      {
        type: 'Pods',
        pods: { metric: { name: 'http_requests_per_second' }, target: { type: 'AverageValue', averageValue: '100' } },
      },
    ],
    behavior: {
      scaleDown: { stabilizationWindowSeconds: 300, selectPolicy: 'Max', policies: [step('Percent', 50, 60)] },
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [step('Percent', 100, 30), step('Pods', 4, 30)],
      },
    },
  },
};

local budget(service) = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: service.metadata,
  spec: {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: selector(service.name) },
  },
};

local tls_secret(host) = std.strReplace(host, '.', '-') + '-tls';

local ingress(service) = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: service.metadata,
  spec: {
    ingressClassName: 'nginx',
    tls: [{ hosts: [service.host], secretName: tls_secret(service.host) }],
    rules: [{
      host: service.host,
      http: {
        paths: [{
          path: service.path,
          pathType: 'Prefix',
          backend: { service: { name: service.name, port: { name: 'http' } } },
        }],
      },
    }],
  },
};

local store_entry(name) = platform.name + '/' + platform.environment + '/' + name;
local external_secret(name, namespace, content, template={}) = {
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: metadata(name, namespace, labels(platform.name, 'secret')),
  spec: {
    refreshInterval: '1h0m0s',
    secretStoreRef: { kind: 'ClusterSecretStore', name: 'platform' },
    target: { name: name, creationPolicy: 'Owner', deletionPolicy: 'Retain' } + template,
  } + content,
};
local secret_key(name, key) = { data: [{ secretKey: key, remoteRef: { key: store_entry(name), property: key } }] };
local external_secrets(service) = [
  local parts = std.split(service.secrets[name], '/');
  external_secret(parts[0], service.namespace, secret_key(parts[0], parts[1]))
  for name in std.objectFields(service.secrets)
] + [
  local name = service.mounts[path];
  external_secret(name, service.namespace, { dataFrom: [{ extract: { key: store_entry(name) } }] })
  for path in std.objectFields(service.mounts)
];

local of_service(service) = [
  service_policy(service),
  account(service),
  service_object(service),
  deployment(service),
  autoscaler(service),
  budget(service),
  ingress(service),
] + external_secrets(service);

// ── the objects of a team's namespace ───────────────────────────────────────────────────────────────────────────────

local of_team(name) = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: name,
      labels: labels(platform.name, 'namespace') {
        ['pod-security.kubernetes.io/' + mode]: 'restricted'
        for mode in ['audit', 'enforce', 'warn']
      } + {
        ['pod-security.kubernetes.io/' + mode + '-version']: 'v1.36'
        for mode in ['audit', 'enforce', 'warn']
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: metadata(name, name, labels(platform.name, 'namespace')),
    spec: {
      hard: {
        'limits.memory': '2Ti',
        persistentvolumeclaims: '0',
        pods: '400',
        'requests.cpu': '400',
        'requests.memory': '1Ti',
        'services.loadbalancers': '0',
        'services.nodeports': '0',
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: metadata(name, name, labels(platform.name, 'namespace')),
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '500m', 'ephemeral-storage': '512Mi', memory: '256Mi' },
          defaultRequest: { cpu: '50m', 'ephemeral-storage': '64Mi', memory: '64Mi' },
          max: { cpu: '4', memory: '8Gi' },
        },
        { type: 'PersistentVolumeClaim', max: { storage: '200Gi' } },
      ],
    },
  },
  policy(
    metadata('acme-http01-solver', name, labels(platform.name, 'namespace')),
    { 'acme.cert-manager.io/http01-solver': 'true' },
    [{ from: [pods('ingress-nginx', 'ingress-nginx-controller')], ports: [port(8089)] }],
  ),
  policy(
    metadata('allow-dns', name, labels(platform.name, 'namespace')),
    {},
    [],
    [{ to: [peer('kube-system', { 'k8s-app': 'kube-dns' })], ports: [port(53), port(53, 'UDP')] }],
  ),
  policy(metadata('default-deny-all', name, labels(platform.name, 'namespace')), {}),
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: metadata('prometheus', name, labels('prometheus', 'server')),
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: metadata('prometheus', name, labels('prometheus', 'server')),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'prometheus' },
    subjects: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: 'monitoring' }],
  },
  external_secret('image-pull', name, secret_key('image-pull', '.dockerconfigjson'), {
    template: {
      type: 'kubernetes.io/dockerconfigjson',
      engineVersion: 'v2',
      mergePolicy: 'Replace',
      data: { '.dockerconfigjson': '{{ index . ".dockerconfigjson" }}' },
    },
  }),
  {
    local host = name + '.' + platform.domain,
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: metadata(tls_secret(host), name, labels(platform.name, 'certificate')),
    spec: {
      secretName: tls_secret(host),
      dnsNames: [host],
      renewBeforePercentage: 33,
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      revisionHistoryLimit: 2,
      issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt', group: 'cert-manager.io' },
    },
  },
];

// ── what Prometheus is told ─────────────────────────────────────────────────────────────────────────────────────────

local relabellings = [
  { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Succeeded|Failed', action: 'drop' },
  { source_labels: ['__meta_kubernetes_pod_container_init'], regex: 'true', action: 'drop' },
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
  { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
  { source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'], target_label: 'service' },
  { source_labels: ['__meta_kubernetes_pod_node_name'], target_label: 'node' },
];

local job(team, names) = {
  job_name: team + '-services',
  kubernetes_sd_configs: [{
    role: 'pod',
    namespaces: { names: [team] },
    selectors: [{ role: 'pod', label: 'app.kubernetes.io/name in (' + std.join(',', names) + ')' }],
  }],
  relabel_configs: [{
    source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name', '__meta_kubernetes_pod_container_port_name'],
    regex: std.join('|', [name + ';http' for name in names]),
    action: 'keep',
  }] + relabellings,
};

local absence(team, names) = {
  alert: 'ServiceAbsent',
  expr: std.join('\nor ', ['absent(up{namespace="%s", service="%s"} == 1)' % [team, name] for name in names]),
  'for': '2m',
  labels: { severity: 'critical', team: platform.name },
  annotations: {
    summary: '{{ $labels.namespace }}/{{ $labels.service }} has no healthy target',
    description: 'Prometheus reaches no pod of this service. Either none runs, or none is ready, or a network policy is in the way.',
  },
};

local config_map(name, file, content) = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata(name, 'monitoring', labels('prometheus', 'server')),
  data: { [file]: std.manifestJsonEx(content, '  ') },
};

// ── all of it ───────────────────────────────────────────────────────────────────────────────────────────────────────

// Built in code, so `rest` need not hold it.
local grows(object) = std.member([
  'NetworkPolicy/prometheus',
  'NetworkPolicy/ingress-nginx-controller',
  'ConfigMap/prometheus-config',
  'ConfigMap/prometheus-rules',
], object.kind + '/' + object.metadata.name);

function(services, rest)
  local all = [described(at, services) for at in std.range(0, services - 1)];
  local teams = [
    {
      name: team_name(team),
      services: [service.name for service in all[team * team_size:(team + 1) * team_size]],
    }
    for team in std.range(0, std.floor((services - 1) / team_size))
  ];
  [object for object in rest.items if !grows(object)]
  + std.flatMap(function(team) of_team(team.name), teams)
  + std.flatMap(of_service, all)
  + [
    policy_to_all('prometheus', all),
    policy_to_all('ingress-nginx', all),
    config_map('prometheus-config', 'prometheus.yml', { scrape_configs: [job(team.name, team.services) for team in teams] }),
    config_map('prometheus-rules', 'absences.yml', {
      groups: [{ name: 'absences', rules: [absence(team.name, team.services) for team in teams] }],
    }),
  ]
