{{/* The name under which everything is made. */}}
{{- define "botobs.name" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{/* Labels by which pods are found: dict "root" "part". They never change, because a StatefulSet's cannot. */}}
{{- define "botobs.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{/* Labels of an object: dict "root" "part". */}}
{{- define "botobs.labels" -}}
{{ include "botobs.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: botobs
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* What every object says of itself first: dict "root" "part", and "name" where it is not the part's. */}}
{{- define "botobs.metadata" -}}
name: {{ include "botobs.name" .root }}-{{ default .part .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "botobs.labels" . | nindent 2 }}
{{- end -}}

{{/* The host of a service within the cluster: dict "root" "part". */}}
{{- define "botobs.host" -}}
{{ include "botobs.name" .root }}-{{ .part }}.{{ .root.Release.Namespace }}.svc
{{- end -}}

{{/* Names that the server's certificate has to hold, a line each. */}}
{{- define "botobs.names" -}}
{{- if .Values.agents.enabled }}
  {{ include "botobs.host" (dict "root" . "part" "agent") }}
{{- end }}
{{- if .Values.gateways.enabled }}
  {{ include "botobs.host" (dict "root" . "part" "gateway") }}
{{- end }}
{{- if .Values.samplers.enabled }}
{{- range $shard := until 2 }}
  {{ include "botobs.name" $ }}-sampler-{{ $shard }}.{{ include "botobs.host" (dict "root" $ "part" "sampler") }}
{{- end }}
{{- end }}
{{- if .Values.postgresExporter.enabled }}
  {{ include "botobs.host" (dict "root" . "part" "postgres-exporter") }}
{{- end }}
{{ end -}}

{{/* The Secrets that are in use, as YAML: name, and true. */}}
{{- define "botobs.wanted" -}}
{{- $used := list "authority" "server" "client" -}}
{{- if .Values.agents.enabled }}{{ $used = concat $used (list "tokens" "tenant") }}{{ end -}}
{{- if and .Values.agents.enabled .Values.images.intake }}{{ $used = append $used "intake" }}{{ end -}}
{{- if .Values.gateways.enabled }}{{ $used = append $used "tenants" }}{{ end -}}
{{- if .Values.samplers.enabled }}{{ $used = append $used "tenant" }}{{ end -}}
{{- if .Values.postgresExporter.enabled }}{{ $used = concat $used (list "database" "web") }}{{ end -}}
{{- if and .Values.scraper.enabled (include "botobs.scraper.password" .) }}{{ $used = append $used "scrape" }}{{ end -}}
{{- range $used }}
{{ (get $.Values.secrets .).existingSecret }}: true
{{- end }}
{{- end -}}
