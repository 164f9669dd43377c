{{/*
The text of a configuration file with its variables put in: `${BOTOBS_NAME}` and `${BOTOBS_NAME:-default}`, as
botobs/_ops/home/render.py does it for a stack on one machine. Any other dollar belongs to the program that reads the file.

  {{ include "botobs.render" (dict "root" $ "file" "files/collector/collector.yaml" "values" $values) }}

With "text", that is the file's.
*/}}
{{- define "botobs.render" -}}
{{- $text := default (.root.Files.Get .file) .text -}}
{{- if not $text }}{{ fail (printf "%s is not in the chart: package it from a complete checkout" .file) }}{{ end -}}
{{- range $variable := regexFindAll "\\$\\{BOTOBS_[A-Z0-9_]+(:-[^}]*)?\\}" $text -1 | uniq -}}
  {{- $name := regexFind "BOTOBS_[A-Z0-9_]+" $variable -}}
  {{- $value := dig $name "" $.values -}}
  {{- if contains ":-" $variable -}}
    {{- $value = default (regexReplaceAll "^[^:]+:-|\\}$" $variable "") $value -}}
  {{- else if not (hasKey $.values $name) -}}
    {{- fail (printf "%s needs a value for %s: set it under settings" $.file $name) -}}
  {{- end -}}
  {{- $text = replace $variable $value $text -}}
{{- end -}}
{{- $text -}}
{{- end -}}
