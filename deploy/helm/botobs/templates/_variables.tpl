{{/* The variables of the configuration files, as YAML: what the chart knows, and over it what is set. */}}
{{- define "botobs.variables" -}}
{{- $values := include "botobs.variables.derived" . | fromYaml -}}
{{- range $name, $value := .Values.settings }}{{ $_ := set $values $name (include "botobs.text" $value) }}{{ end -}}
{{- /* Channels that receive every alert, as botobs/_ops/settings/channels.py has it. */ -}}
{{- range $channel := dig "BOTOBS_ALERT_RECEIVER" "nobody" $values | replace "_and_" "," | splitList "," -}}
  {{- $setting := printf "BOTOBS_ALERT_%s" (upper $channel) -}}
  {{- if and (ne $channel "nobody") (not (hasKey $values $setting)) }}{{ $_ := set $values $setting "[alertname!=\"\"]" }}{{ end -}}
{{- end -}}
{{- $values | toYaml -}}
{{- end -}}

{{/* A value as the text that files are given. A whole number of a values file is a float to Helm: 1.073741824e+09. */}}
{{- define "botobs.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}

{{- define "botobs.variables.derived" -}}
BOTOBS_DATA: /data
BOTOBS_SECRETS: /secrets
BOTOBS_CONFIG: /config
# A pod's interfaces are its own; who may reach them is the network policies' business.
BOTOBS_BIND: 0.0.0.0
BOTOBS_OTLP_BIND: 0.0.0.0
BOTOBS_ENVIRONMENT: {{ .Values.environment | quote }}
BOTOBS_TENANT: {{ .Values.tenant | quote }}
BOTOBS_MIMIR_TENANT: {{ .Values.tenant | quote }}
BOTOBS_GATEWAYS_URL: {{ .Values.gateways.url | default (printf "https://%s:4621" (include "botobs.host" (dict "root" . "part" "gateway"))) | quote }}
BOTOBS_MIMIR_URL: {{ .Values.stores.mimir.url | quote }}
BOTOBS_PROMETHEUS_URL: {{ .Values.stores.mimir.url }}/prometheus
BOTOBS_TEMPO_URL: {{ .Values.stores.tempo.url | quote }}
BOTOBS_TEMPO_OTLP_ENDPOINT: {{ .Values.stores.tempo.otlpEndpoint | quote }}
BOTOBS_GRAFANA_URL: {{ .Values.stores.grafana.url | quote }}
BOTOBS_DASHBOARD_URL: {{ .Values.stores.grafana.url | quote }}
# Well above the time that the second Alertmanager waits for the first.
BOTOBS_ALERT_GROUP_INTERVAL_CRITICAL: {{ dig "BOTOBS_ALERT_GROUP_INTERVAL" "1m" .Values.settings | quote }}
BOTOBS_ALERT_GROUP_INTERVAL_ORDERS: {{ dig "BOTOBS_ALERT_GROUP_INTERVAL" "1m" .Values.settings | quote }}
BOTOBS_SAMPLING_PERCENT: {{ .Values.samplers.percent | quote }}
{{- $sampler := include "botobs.host" (dict "root" . "part" "sampler") }}
{{- range $shard := until 2 }}
BOTOBS_SAMPLER_{{ $shard }}_ENDPOINT: {{ include "botobs.name" $ }}-sampler-{{ $shard }}.{{ $sampler }}:4517
{{- end }}
{{- end -}}

{{/* The same for a tier of collectors, as YAML: dict "root" "part" "instance". What only a running pod knows, it puts in itself. */}}
{{- define "botobs.collector.variables" -}}
{{- $tier := include "botobs.tier" . | fromYaml -}}
{{- $values := include "botobs.variables.derived" .root | fromYaml -}}
{{- range $name := list "COLLECTOR" "GATEWAY" "SAMPLER" -}}
  {{- $_ := set $values (printf "BOTOBS_%s_INSTANCE" $name) $.instance -}}
  {{- $_ := set $values (printf "BOTOBS_%s_HEALTH_PORT" $name) "13133" -}}
{{- end -}}
{{- /* Several agents of a set may be on one node: each then speaks for what it sees from where it is. */ -}}
{{- $_ := set $values "BOTOBS_HOST_NAME" (ternary "${env:BOTOBS_NODE}" "${env:BOTOBS_POD}" (not (empty (include "botobs.agents.onNodes" .root)))) -}}
{{- $_ := set $values "BOTOBS_COLLECTOR_MEMORY_MIB" (toString $tier.memoryLimiterMiB) -}}
{{- $_ := set $values "BOTOBS_COLLECTOR_MEMORY_SPIKE_MIB" (div $tier.memoryLimiterMiB 4 | toString) -}}
{{- if and (eq .part "agent") (include "botobs.agents.onNodes" .root) .root.Values.agents.hostMetrics.enabled -}}
  {{- $_ := set $values "BOTOBS_HOST_ROOT" "/hostfs" -}}
{{- end -}}
{{- range $name, $value := .root.Values.settings }}{{ $_ := set $values $name (include "botobs.text" $value) }}{{ end -}}
{{- $values | toYaml -}}
{{- end -}}

{{/* The values of a tier, as YAML: dict "root" "part". */}}
{{- define "botobs.tier" -}}
{{- get .root.Values (printf "%ss" .part) | toYaml -}}
{{- end -}}

{{/* Not empty where agents are a DaemonSet. */}}
{{- define "botobs.agents.onNodes" -}}
{{- if eq .Values.agents.queue.type "hostPath" }}yes{{ end -}}
{{- end -}}
