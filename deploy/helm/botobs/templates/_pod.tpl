{{/*
What holds for every pod: no rights, no token, no environment with the addresses of other services. "account" is its account,
where it is not the one of all.
*/}}
{{- define "botobs.pod.confined" -}}
serviceAccountName: {{ default (include "botobs.name" .) .account }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with .Values.user }}
  runAsUser: {{ int64 . }}
  runAsGroup: {{ int64 . }}
  fsGroup: {{ int64 . }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* An image, from the registry that has copies of upstream's if there is one: dict "root" "image". */}}
{{- define "botobs.image" -}}
{{- with (default dict .root.Values.global).imageRegistry -}}
{{ regexReplaceAll "^(docker[.]io|quay[.]io)/" $.image (printf "%s/" (trimSuffix "/" .)) }}
{{- else -}}
{{ .image }}
{{- end -}}
{{- end -}}

{{/* The same for every container. */}}
{{- define "botobs.container.confined" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* Where pods of a part go: dict "root" "part" "values" (the part's values). */}}
{{- define "botobs.pod.placed" -}}
# A cluster may have nodes of another system, and agents stand every taint.
nodeSelector:
  {{- toYaml (merge dict (default dict .values.nodeSelector) (dict "kubernetes.io/os" "linux")) | nindent 2 }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .values.topologySpreadConstraints | nindent 2 }}
{{- else if .spread }}
{{ include "botobs.pod.spread" (dict "values" .values "selector" (include "botobs.selector" .)) }}
{{- end }}
{{- end -}}

{{/*
Over nodes, and over zones where there are some: dict "values" (the part's) "selector" (a text). Two constraints would not do: the
scheduler passes over every node that lacks one of their labels, and then spreads nothing at all.
*/}}
{{- define "botobs.pod.spread" -}}
topologySpreadConstraints:
  - topologyKey: kubernetes.io/hostname
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- .selector | nindent 8 }}
{{- if not .values.affinity }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: topology.kubernetes.io/zone
          labelSelector:
            matchLabels:
              {{- .selector | nindent 14 }}
{{- end }}
{{- end -}}

{{/*
A volume with files of several Secrets under the names that the configuration has for them:
dict "root" "files" (a list of: name of the file, entry in .Values.secrets, name of the key in it) "name" (if it is not `secrets`).
*/}}
{{- define "botobs.secrets" -}}
- name: {{ default "secrets" .name }}
  projected:
    defaultMode: 0440
    sources:
      {{- range .files }}
      {{- $secret := get $.root.Values.secrets (index . 1) }}
      - secret:
          name: {{ $secret.existingSecret }}
          items: [{key: {{ get $secret (index . 2) | quote }}, path: {{ index . 0 | quote }}}]
      {{- end }}
{{- end -}}
