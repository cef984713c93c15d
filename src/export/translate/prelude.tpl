{{/* What the templates of this chart share. Written by hand; the other templates are translated. */}}

{{/* Merges .src into .dst: null deletes, maps merge, lists under a key that starts with "extra" are joined, everything else replaces. */}}
{{- define "cw.merge" -}}
{{- $dst := .dst -}}
{{- range $key, $value := .src -}}
  {{- $old := index $dst $key -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $dst $key -}}
  {{- else if kindIs "map" $value -}}
    {{- if not (kindIs "map" $old) -}}
      {{- $_ := set $dst $key dict -}}
    {{- end -}}
    {{- $_ := include "cw.merge" (dict "dst" (index $dst $key) "src" $value) -}}
  {{- else if and (kindIs "slice" $value) (hasPrefix "extra" $key) (kindIs "slice" $old) $old -}}
    {{- $_ := set $dst $key (concat $old $value) -}}
  {{- else -}}
    {{- $_ := set $dst $key $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Merges the patch .src into the object .dst: like cw.merge, but lists whose items all have a name merge by name. */}}
{{- define "cw.override" -}}
{{- $dst := .dst -}}
{{- range $key, $value := .src -}}
  {{- $old := index $dst $key -}}
  {{- if kindIs "invalid" $value -}}
    {{- $_ := unset $dst $key -}}
  {{- else if kindIs "map" $value -}}
    {{- if not (kindIs "map" $old) -}}
      {{- $_ := set $dst $key dict -}}
    {{- end -}}
    {{- $_ := include "cw.override" (dict "dst" (index $dst $key) "src" $value) -}}
  {{- else -}}
    {{- $named := and (kindIs "slice" $value) (kindIs "slice" $old) $value | not | not -}}
    {{- if $named -}}
      {{- range concat $old $value -}}
        {{- if not (kindIs "map" .) -}}
          {{- $named = false -}}
        {{- else if not (index . "name") -}}
          {{- $named = false -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
    {{- if $named -}}
      {{- $all := $old -}}
      {{- range $patch := $value -}}
        {{- $found := false -}}
        {{- range $item := $old -}}
          {{- if eq (toJson (index $item "name")) (toJson (index $patch "name")) -}}
            {{- $found = true -}}
            {{- $_ := include "cw.override" (dict "dst" $item "src" $patch) -}}
          {{- end -}}
        {{- end -}}
        {{- if not $found -}}
          {{- $item := dict -}}
          {{- $_ := include "cw.override" (dict "dst" $item "src" $patch) -}}
          {{- $all = append $all $item -}}
        {{- end -}}
      {{- end -}}
      {{- $_ := set $dst $key $all -}}
    {{- else -}}
      {{- $_ := set $dst $key $value -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* The YAML of .v without nulls. */}}
{{- define "cw.yaml" -}}
{{- $clean := dict -}}
{{- $_ := include "cw.merge" (dict "dst" $clean "src" (dict "v" .v)) -}}
{{- toYaml (index $clean "v") -}}
{{- end -}}

{{/* As a JSON list: the keys that are null in the last of these maps that has them. */}}
{{- define "cw.nulls" -}}
{{- $last := dict -}}
{{- range $map := . -}}
  {{- range $key, $value := $map | default dict -}}
    {{- $_ := set $last $key (kindIs "invalid" $value) -}}
  {{- end -}}
{{- end -}}
{{- $keys := list -}}
{{- range $key, $null := $last -}}
  {{- if $null -}}
    {{- $keys = append $keys $key -}}
  {{- end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{/* "true" if .item is in .list. */}}
{{- define "cw.has" -}}
{{- $found := false -}}
{{- $item := toJson .item -}}
{{- if and .list (not (kindIs "slice" .list)) -}}
  {{- fail (printf "a list is wanted, this is a %s" (kindOf .list)) -}}
{{- end -}}
{{- range .list | default list -}}
  {{- if eq (toJson .) $item -}}
    {{- $found = true -}}
  {{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* "true" if the text or list .in contains .what. */}}
{{- define "cw.contains" -}}
{{- if kindIs "string" .in -}}
  {{- contains (list .what | join "") .in -}}
{{- else -}}
  {{- include "cw.has" (dict "item" .what "list" .in) -}}
{{- end -}}
{{- end -}}

{{/* An object from its text: common labels and annotations, overrides, placeholders. */}}
{{- define "cw.object" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $object := fromYaml (print .text "\n") -}}
{{- if hasKey $object "Error" -}}
  {{- fail (printf "a template made text that is no YAML: %s" (index $object "Error")) -}}
{{- end -}}
{{- $metadata := index $object "metadata" -}}
{{- range $field, $key := dict "labels" "commonLabels" "annotations" "commonAnnotations" -}}
  {{- $common := index $values $key -}}
  {{- if $common -}}
    {{- $merged := dict -}}
    {{- $_ := include "cw.merge" (dict "dst" $merged "src" $common) -}}
    {{- $_ := include "cw.merge" (dict "dst" $merged "src" (index $metadata $field | default dict)) -}}
    {{- $_ := set $metadata $field $merged -}}
  {{- end -}}
{{- end -}}
{{- $kind := index $object "kind" -}}
{{- $name := index $metadata "name" -}}
{{- $kinds := index $values "overrides" | default dict -}}
{{- $names := index $kinds $kind | default dict -}}
{{- $patch := index $names $name | default dict -}}
{{- $_ := include "cw.override" (dict "dst" $object "src" $patch) -}}
{{- $metadata = index $object "metadata" | default dict -}}
{{- if or (ne (toJson (index $object "kind")) (toJson $kind)) (ne (toJson (index $metadata "name")) (toJson $name)) -}}
  {{- fail (printf "overrides.%s.%s changes the kind or name of the object" $kind $name) -}}
{{- end -}}
{{- $domain := list (index $values "clusterDomain") | join "" | toJson | trimPrefix "\"" | trimSuffix "\"" -}}
{{- toJson $object
    | replace "${release.name}" $root.Release.Name
    | replace "${release.namespace}" $root.Release.Namespace
    | replace "${clusterDomain}" $domain
    | fromJson
    | toYaml -}}
{{- end -}}
