{{/*
The intake in an agent's pod: it listens in the collector's place, asks for the token before a byte of a body is read, bounds what
a sender can make the pod hold, and takes secrets out. Empty where no image of it is named: dict "root" "ports".
*/}}
{{- define "botobs.intake" -}}
{{- $values := .root.Values -}}
{{- if $values.images.intake -}}
{{- $settings := default dict $values.settings -}}
{{- $memory := dig "BOTOBS_INTAKE_MEMORY_MIB" $values.agents.intake.memoryMiB $settings | int -}}
- name: intake
  image: {{ $values.images.intake }}
  imagePullPolicy: {{ $values.images.pullPolicy }}
  args:
    - --listen-grpc=0.0.0.0:4317
    - --listen-http=0.0.0.0:4318
    - --listen-health=0.0.0.0:13135
    - --secrets=/secrets
    - --memory-mib={{ $memory }}
    - --delta-series={{ dig "BOTOBS_COLLECTOR_DELTA_STREAMS" "20000" $settings }}
    - --span-metrics-instances={{ dig "BOTOBS_SPAN_METRICS_INSTANCES" "5000" $settings }}
    - --edges={{ dig "BOTOBS_COLLECTOR_EDGES" "60000" $settings }}
    - --edge-series={{ dig "BOTOBS_COLLECTOR_EDGE_SERIES" "8000" $settings }}
  env:
    # As botobs/_ops/components/intake.py works them out.
    - {name: COLLECTOR_URL, value: "https://127.0.0.1:4319"}
    - {name: COLLECTOR_BEHIND_GUARDS_URL, value: "https://127.0.0.1:4320"}
    - {name: COLLECTOR_UNLINKED_URL, value: "https://127.0.0.1:4321"}
    - {name: SERVICES_CA, value: {{ dig "BOTOBS_OTLP_CLIENT_CA" "" $settings | quote }}}
    - {name: REDACT_KEEP, value: {{ dig "BOTOBS_COLLECTOR_REDACT_KEEP" "[]" $settings | fromYamlArray | toJson | quote }}}
    - {name: GOMEMLIMIT, value: {{ div (mul $memory 3) 2 }}MiB}
    - {name: GOGC, value: "400"}
  ports:
    {{- include "botobs.container.ports" . | trim | nindent 4 }}
    - {name: intake, containerPort: 13135}
  # Its figures are for who shows a certificate, which a probe has not: that it listens is asked here.
  readinessProbe:
    tcpSocket: {port: intake}
    periodSeconds: 5
  livenessProbe:
    tcpSocket: {port: intake}
    periodSeconds: 15
    failureThreshold: 8
  resources:
    {{- toYaml $values.agents.intake.resources | nindent 4 }}
  {{- include "botobs.container.confined" .root | nindent 2 }}
  volumeMounts:
    - {name: intake, mountPath: /secrets, readOnly: true}
{{- end -}}
{{- end -}}

{{/* What it is given of the secrets: no key to anything but the collector behind it. */}}
{{- define "botobs.intake.secrets" -}}
- [ca.pem, authority, certificate]
- [server.pem, server, certificate]
- [server.key, server, key]
- [intake.pem, intake, certificate]
- [intake.key, intake, key]
- [ingest.tokens, tokens, list]
{{- end -}}
