{{/*
What agents, gateways and samplers have in common: dict "root" "part" (agent, gateway or sampler), "files" (configuration files,
each laid over the one before), "overrides" (single settings over these), "secrets" (files of secrets), "instance" (their name in
their own metrics), "ports" (dict of name and number), "beside" (the text of a container that listens on these ports in the
collector's place).
*/}}

{{/* The ConfigMap of a tier. */}}
{{- define "botobs.collector.configuration" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "botobs.metadata" . | nindent 2 }}
data:
  {{- $values := include "botobs.collector.variables" . | fromYaml }}
  {{- range .files }}
  {{ base . }}: |
    {{- include "botobs.render" (dict "root" $.root "file" . "values" $values) | trimSuffix "\n" | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The ports of a Service. */}}
{{- define "botobs.collector.ports" -}}
ports:
  {{- range $name, $number := .ports }}
  - {name: {{ $name }}, port: {{ $number }}, targetPort: {{ $name }}}
  {{- end }}
{{- end -}}

{{/* The pod of a tier; "volumes" and "mounts" are texts with more of these. */}}
{{- define "botobs.collector.pod" -}}
{{- $tier := include "botobs.tier" . | fromYaml -}}
metadata:
  labels:
    {{- include "botobs.selector" . | nindent 4 }}
    {{- with $tier.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A collector reads its configuration once.
    checksum/config: {{ include "botobs.collector.configuration" . | sha256sum }}
    {{- with $tier.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "botobs.pod.confined" .root | nindent 2 }}
  {{- include "botobs.pod.placed" (dict "root" .root "part" .part "values" $tier "spread" .spread) | nindent 2 }}
  # What is under way is written back to the queue, or answered.
  terminationGracePeriodSeconds: 30
  containers:
    - name: collector
      image: {{ include "botobs.image" (dict "root" .root "image" .root.Values.images.collector) }}
      imagePullPolicy: {{ .root.Values.images.pullPolicy }}
      args:
        # As botobs/_ops/components/collector.py names it.
        - --feature-gates=+ottl.functions.enableLambda
        {{- range .files }}
        - --config=/config/{{ base . }}
        {{- end }}
        # The kubelet asks for health and has no certificate; it learns no more than that.
        - "--config=yaml:extensions::health_check::tls::client_ca_file: ''"
        {{- range .overrides }}
        - {{ printf "--config=yaml:%s" . | quote }}
        {{- end }}
      env:
        - {name: BOTOBS_NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: BOTOBS_POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        # Garbage is collected a quarter as often as usual, and always before the memory limiter would take it for load.
        - {name: GOGC, value: "400"}
        - {name: GOMEMLIMIT, value: {{ div (mul $tier.memoryLimiterMiB 45) 64 }}MiB}
      ports:
        {{- if not .beside }}
        {{- include "botobs.container.ports" . | trim | nindent 8 }}
        {{- end }}
        - {name: health, containerPort: 13133}
      # A long queue is compacted before the rest begins.
      # On a busy node a handshake lasts longer than the second that a probe has by itself: whoever is slow is not gone.
      startupProbe:
        httpGet: &health {path: /, port: health, scheme: HTTPS}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 120
      readinessProbe:
        httpGet: *health
        periodSeconds: 5
        timeoutSeconds: 5
      livenessProbe:
        httpGet: *health
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 8
      {{- include "botobs.tier.fits" (dict "part" .part "tier" $tier) }}
      resources:
        {{- toYaml $tier.resources | nindent 8 }}
      {{- include "botobs.container.confined" .root | nindent 6 }}
      volumeMounts:
        - {name: config, mountPath: /config, readOnly: true}
        - {name: secrets, mountPath: /secrets, readOnly: true}
        {{- with .mounts }}
        {{- . | nindent 8 }}
        {{- end }}
    {{- with .beside }}
    {{- . | nindent 4 }}
    {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "botobs.name" .root }}-{{ .part }}
    {{- include "botobs.secrets" (dict "root" .root "files" .secrets) | nindent 4 }}
    {{- with .volumes }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Refuses a limit that the kernel would enforce before the memory limiter has put anybody off: dict "part" "tier". */}}
{{- define "botobs.tier.fits" -}}
{{- $limit := .tier.resources.limits.memory -}}
{{- $needed := div (mul .tier.memoryLimiterMiB 3) 2 -}}
{{- if lt (include "botobs.mebibytes" $limit | float64) (float64 $needed) -}}
  {{- fail (printf "%ss.resources.limits.memory is %v; with a memoryLimiterMiB of %v it is to be %dMi or more" .part $limit .tier.memoryLimiterMiB $needed) -}}
{{- end -}}
{{- end -}}

{{/* A quantity of memory in MiB. */}}
{{- define "botobs.mebibytes" -}}
{{- $text := ternary . (int64 . | toString) (kindIs "string" .) -}}
{{- $bytes := dict "" 1 "K" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- divf (mulf (regexFind "^[0-9.]+" $text | float64) (get $bytes (regexFind "[A-Za-z]*$" $text))) 1048576 -}}
{{- end -}}

{{/* The same ports of the container that listens. */}}
{{- define "botobs.container.ports" -}}
{{- range $name, $number := .ports }}
- {name: {{ $name }}, containerPort: {{ $number }}}
{{- end }}
{{- end -}}

{{/* Certificates, for "secrets". */}}
{{- define "botobs.collector.certificates" -}}
- [ca.pem, authority, certificate]
- [server.pem, server, certificate]
- [server.key, server, key]
- [client.pem, client, certificate]
- [client.key, client, key]
{{- end -}}

{{/* The same of who sends to gateways, which know the tenant by its password. */}}
{{- define "botobs.collector.secrets" -}}
{{ include "botobs.collector.certificates" . }}
- [tenants/{{ .Values.tenant }}.password, tenant, password]
- [tenants/{{ .Values.tenant }}.authorization, tenant, authorization]
{{- end -}}

{{/* A disruption takes one at a time: dict "root" "part". */}}
{{- define "botobs.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "botobs.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  # One that is not ready protects nobody from its own removal.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "botobs.selector" . | nindent 6 }}
{{- end -}}

{{/* A disk for each pod of a StatefulSet: dict "size" "storageClassName". */}}
{{- define "botobs.disks" -}}
# What waits in a queue outlives a set that is made smaller or taken away; its disk is deleted by hand.
persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources: {requests: {storage: {{ .size }}}}
{{- end -}}
