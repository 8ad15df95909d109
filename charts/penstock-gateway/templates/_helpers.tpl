{{- define "penstock.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "penstock.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "penstock.labels" -}}
{{ include "penstock.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "penstock.image" -}}
{{- if contains "@" .Values.image.repository }}{{ .Values.image.repository }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "penstock.podMetadata" -}}
labels:
  {{- include "penstock.labels" . | nindent 2 }}
  {{- with .Values.podLabels }}{{ toYaml . | nindent 2 }}{{ end }}
annotations:
  kubectl.kubernetes.io/default-container: gateway
  {{- with .Values.podAnnotations }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}

{{- define "penstock.podSpec" -}}
serviceAccountName: {{ include "penstock.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* gateway.yaml, with what replicas need. */ -}}
{{- define "penstock.config" -}}
{{- $config := fromYaml .Values.config -}}
{{ .Values.config | trimSuffix "\n" }}
{{- if .Values.database.secretName }}
{{- if not (hasKey $config "store") }}
store: {url: "${env:DATABASE_URL}"}
{{- end }}
{{- if not (hasKey $config "cluster") }}
cluster: {name: "${env:POD_NAME}", listen: "0.0.0.0:{{ .Values.cluster.port }}", advertise: "${env:POD_IP}:{{ .Values.cluster.port }}"}
{{- end }}
{{- end }}
{{/* The line ends. */}}
{{- end }}

{{- define "penstock.seconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 -}}
{{- $unit := get $units (regexFind "(ms|s|m|h|d)$" .) | int -}}
{{- div (add (mul (regexFind "^[0-9]+" . | int) $unit) 999) 1000 -}}
{{- end }}

{{- /* Prints nothing, and fails with what is wrong with the values. */ -}}
{{- define "penstock.check" -}}
{{- $config := fromYaml .Values.config -}}
{{- if hasKey $config "Error" }}{{ fail (printf "config is not YAML: %s" $config.Error) }}{{ end -}}
{{- if not (hasPrefix "/var/lib/penstock-gateway/" (toString $config.dataDirectory)) }}
{{- fail "dataDirectory in config must be below /var/lib/penstock-gateway: nothing else can be written to." }}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.database.secretName) }}
{{- fail "Several replicas need one database: set database.secretName and keys.secretName." }}
{{- end -}}
{{- if and .Values.database.secretName (not .Values.keys.secretName) }}
{{- fail "All replicas need the same agent CA and server certificate: set keys.secretName." }}
{{- end -}}
{{- $drain := $config.drain | default dict -}}
{{- $settle := include "penstock.seconds" (get $drain "settle" | default (ternary "10s" "0s" (not (empty .Values.database.secretName)))) | int -}}
{{- $spread := ternary (include "penstock.seconds" (get $drain "spread" | default "15s") | int) 0 (gt $settle 0) -}}
{{- $sum := add (max $settle $spread) (include "penstock.seconds" (get $drain "timeout" | default "30s") | int) -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (int $sum) }}
{{- fail (printf "terminationGracePeriodSeconds is %d: it must be above the %d s that a drain may take, or connections are cut." (int .Values.terminationGracePeriodSeconds) $sum) }}
{{- end -}}
{{- end }}
