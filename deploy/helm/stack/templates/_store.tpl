{{/*
What the stores have in common: dict "root" "store" (mimir, tempo, alertmanager or object-store), "component" (by which the network
policies of botobs know its pods), "values" (its own), "replicas". Names are fixed, because the values of botobs name them: there is
one stack in a namespace.
*/}}

{{/* Labels by which its pods are found; they never change. */}}
{{- define "stack.selector" -}}
app.kubernetes.io/name: {{ .store }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* What every object says of itself first; "name" where it is not the store's. */}}
{{- define "stack.metadata" -}}
name: {{ default .store .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "stack.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: botobs
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* A Service: "name", "ports" (dict of name and number), "headless". */}}
{{- define "stack.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "stack.metadata" . | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  # Peers find each other before they are ready.
  publishNotReadyAddresses: true
  {{- end }}
  selector:
    {{- include "stack.selector" . | nindent 4 }}
  ports:
    {{- range $name, $number := .ports }}
    - {name: {{ $name }}, port: {{ $number }}, targetPort: {{ $name }}}
    {{- end }}
{{- end -}}

{{/*
The head of a set with a disk each, and of its pods: "checksum" of what they read once, "settles" (seconds after which the next is made
anew). The containers follow.
*/}}
{{- define "stack.set" -}}
{{- $botobs := .root.Subcharts.botobs -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  {{- include "stack.metadata" . | nindent 2 }}
spec:
  serviceName: {{ .store }}-headless
  replicas: {{ .replicas }}
  {{- with .settles }}
  # It listens before it has its place among the others.
  minReadySeconds: {{ . }}
  {{- end }}
  {{- include "botobs.disks" .values | nindent 2 }}
  selector:
    matchLabels:
      {{- include "stack.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "stack.selector" . | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ .checksum | sha256sum }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "botobs.pod.confined" $botobs | nindent 6 }}
      {{- include "botobs.pod.placed" (dict "root" $botobs "part" .component "values" .values) | nindent 6 }}
      {{- if and (gt (int .replicas) 1) (not .values.topologySpreadConstraints) }}
      {{- include "botobs.pod.spread" (dict "values" .values "selector" (include "stack.selector" .)) | nindent 6 }}
      {{- end }}
      # What it holds in memory is written first.
      terminationGracePeriodSeconds: 60
{{- end -}}

{{/* A disruption takes one at a time. */}}
{{- define "stack.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "stack.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "stack.selector" . | nindent 6 }}
{{- end -}}

{{/* That it listens is all that can be asked of who wants a certificate or a password: the name of the port. */}}
{{- define "stack.probes" -}}
readinessProbe:
  tcpSocket: {port: {{ . }}}
  # Each is a line about a handshake in the store's log.
  periodSeconds: 10
livenessProbe:
  tcpSocket: {port: {{ . }}}
  initialDelaySeconds: 60
  periodSeconds: 30
  failureThreshold: 4
{{- end -}}

{{/* Secrets as variables, which a store or its configuration reads: dict "root", "names". */}}
{{- define "stack.secrets" -}}
{{- $secrets := .root.Values.secrets -}}
{{- $of := dict
      "AWS_ACCESS_KEY_ID" (list $secrets.objectStore "OBJECT_STORE_KEY")
      "AWS_SECRET_ACCESS_KEY" (list $secrets.objectStore "OBJECT_STORE_SECRET")
      "GOSSIP_SECRET" (list $secrets.gossip "GOSSIP_SECRET")
      "ALERTMANAGER_PASSWORD" (list $secrets.ruler "ALERTMANAGER_PASSWORD") -}}
{{- range $name := .names }}
{{- $place := get $of $name }}
- {name: {{ $name }}, valueFrom: {secretKeyRef: {name: {{ index $place 0 }}, key: {{ index $place 1 }}}}}
{{- end }}
{{- end -}}

{{/*
Go's own limit, below that of the container: queries make a store grow, and one that the kernel ends loses what it had in memory only.
*/}}
{{- define "stack.memory" -}}
{{- with dig "limits" "memory" "" .resources }}
- {name: GOMEMLIMIT, value: {{ mulf 0.8 (include "botobs.mebibytes" . | float64) | int64 }}MiB}
{{- end }}
{{- end -}}

{{/*
The configuration of Mimir and Tempo: the file of a cluster on one machine, in which every process is at 127.0.0.1. Here each is at the
address of its pod. dict "root" "file" "values" "over" (what a pod wants otherwise).
*/}}
{{- define "stack.configuration" -}}
{{- $file := include "botobs.render" (dict "root" .root "file" .file "values" .values) | fromYaml -}}
{{- with $file.Error }}{{ fail (printf "%s: %s" $.file .) }}{{ end -}}
{{- mergeOverwrite $file .over | toYaml | replace "127.0.0.1" "${POD_IP}" -}}
{{- end -}}

{{/* The variables of these files, as YAML: those of botobs, and where the object store is. */}}
{{- define "stack.variables" -}}
{{- $store := .Values.objectStore -}}
{{- $values := include "botobs.variables" .Subcharts.botobs | fromYaml -}}
{{- $_ := set $values "BOTOBS_OBJECT_STORE_ENDPOINT" (ternary "object-store:7070" $store.endpoint $store.enabled) -}}
{{- $_ := set $values "BOTOBS_OBJECT_STORE_REGION" $store.region -}}
{{- $_ := set $values "BOTOBS_MIMIR_BUCKET" $store.mimirBucket -}}
{{- $_ := set $values "BOTOBS_TEMPO_BUCKET" $store.tempoBucket -}}
{{- range $part := list "MIMIR" "TEMPO" -}}
  {{- $_ := set $values (printf "BOTOBS_%s_INSTANCE" $part) "${POD_NAME}" -}}
  {{- $_ := set $values (printf "BOTOBS_%s_HTTP_PORT" $part) "8443" -}}
  {{- $_ := set $values (printf "BOTOBS_%s_GRPC_PORT" $part) "9095" -}}
  {{- $_ := set $values (printf "BOTOBS_%s_GOSSIP_PORT" $part) "7946" -}}
{{- end -}}
{{- $values | toYaml -}}
{{- end -}}

{{/* The file of the authority that the object store's certificate is of; empty where every system knows it. */}}
{{- define "stack.objectStore.authority" -}}
{{- if .Values.objectStore.enabled }}/secrets/ca.pem{{ else if .Values.objectStore.authority }}/object-store/ca.pem{{ end -}}
{{- end -}}

{{/* Where that file is in a container, if it is not the authority of all others; and the volume. */}}
{{- define "stack.objectStore.mount" -}}
{{- if eq (include "stack.objectStore.authority" .) "/object-store/ca.pem" }}
- {name: object-store, mountPath: /object-store, readOnly: true}
{{- end }}
{{- end -}}
{{- define "stack.objectStore.volume" -}}
{{- if eq (include "stack.objectStore.authority" .) "/object-store/ca.pem" }}
- name: object-store
  secret: {secretName: {{ .Values.objectStore.authority }}, defaultMode: 0440, items: [{key: ca.pem, path: ca.pem}]}
{{- end }}
{{- end -}}

{{/* Where a pod is, for what its configuration names. */}}
{{- define "stack.place" -}}
- {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
- {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
{{- end -}}
