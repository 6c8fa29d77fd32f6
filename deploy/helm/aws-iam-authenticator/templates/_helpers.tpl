{{- define "aws-iam-authenticator.labels" -}}
k8s-app: aws-iam-authenticator
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "aws-iam-authenticator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* The name of the file with the keys of an issuer. By the URL, so that a pod never reads the keys of another issuer while it is replaced. */ -}}
{{- define "aws-iam-authenticator.jwksName" -}}
{{ printf "%s.json" (.url | sha256sum | trunc 16) }}
{{- end }}

{{- define "aws-iam-authenticator.hasJwks" -}}
{{- range .Values.webIdentity.issuers }}{{ if .jwks }}true{{ end }}{{ end -}}
{{- end }}

{{- define "aws-iam-authenticator.webIdentity" -}}
{{- with .Values.webIdentity.audiences }}
audiences:
  {{- toYaml . | nindent 2 }}
{{- end }}
issuers:
{{- range .Values.webIdentity.issuers }}
  - url: {{ .url | quote }}
    accounts:
      {{- range .accounts }}
      - {{ . | quote }}
      {{- end }}
    {{- if .jwks }}
    jwksFile: /etc/aws-iam-authenticator-jwks/{{ include "aws-iam-authenticator.jwksName" . }}
    {{- else if .jwksFile }}
    jwksFile: {{ .jwksFile | quote }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "aws-iam-authenticator.config" -}}
{{- $server := dict "port" 21362 "stateDir" "/var/aws-iam-authenticator" }}
{{- with .Values.dynamicFile.hostPath }}{{ $_ := set $server "dynamicfilepath" (printf "/etc/aws-iam-authenticator-dynamic/%s" (base .)) }}{{ end }}
{{- with .Values.metrics.address }}{{ $_ := set $server "metricsAddress" . }}{{ end }}
{{- if .Values.webIdentity.issuers }}{{ $_ := set $server "webIdentity" (include "aws-iam-authenticator.webIdentity" . | fromYaml) }}{{ end }}
{{- $server = merge $server .Values.server (dict "healthAddress" "127.0.0.1:21363") -}}
clusterID: {{ .Values.clusterID | quote }}
{{- with .Values.featureGates }}
feature-gates:
  {{- toYaml . | nindent 2 }}
{{- end }}
server:
  {{- toYaml $server | nindent 2 }}
{{- end }}

{{- define "aws-iam-authenticator.env" -}}
{{- with .Values.proxy.url }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with .Values.proxy.noProxy }}
- name: NO_PROXY
  value: {{ . | quote }}
{{- end }}
{{- if .Values.caBundle }}
- name: AWS_CA_BUNDLE
  value: /etc/aws-iam-authenticator-ca/ca.pem
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Keys of server that have a value of their own, or none in this chart. */ -}}
{{- define "aws-iam-authenticator.checkServer" -}}
{{- $instead := dict "backendMode" "name the backends in `backends`" "webIdentity" "write `webIdentity`, at the top of the values" "dynamicfilepath" "write `dynamicFile.hostPath`" "metricsAddress" "write `metrics.address`" "generateKubeconfig" "write `outputPath`" }}
{{- range $key, $_ := .Values.server }}
{{- with get $instead $key }}
{{- fail (printf "server.%s does nothing here: %s" $key .) }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The backends whose rights the service account gets, as JSON: those of the start, and those that the backend mode file may name. */ -}}
{{- define "aws-iam-authenticator.grantedBackends" -}}
{{- concat .Values.backends .Values.dynamicBackends | uniq | toJson }}
{{- end }}

{{- /* A quantity of Kubernetes in bytes. values.schema.json allows these units alone. */ -}}
{{- define "aws-iam-authenticator.bytes" -}}
{{- $units := dict "k" 1e3 "M" 1e6 "G" 1e9 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 }}
{{- mulf (regexFind "^[0-9]+" .) (get $units (regexFind "[A-Za-z]*$" .) | default 1) }}
{{- end }}

{{- /* What values.schema.json can't say. */ -}}
{{- define "aws-iam-authenticator.check" -}}
{{- if ne .Release.Namespace "kube-system" }}
{{- fail (printf "the release is for the namespace %s: install it into kube-system, by --namespace=kube-system" .Release.Namespace) }}
{{- end }}
{{- include "aws-iam-authenticator.checkServer" . }}
{{- if lt (include "aws-iam-authenticator.bytes" .Values.resources.limits.memory | float64) 83886080.0 }}
{{- fail (printf "resources.limits.memory is %s, and the server needs 80Mi at least: logins would fail or the kernel would kill it" .Values.resources.limits.memory) }}
{{- end }}
{{- $isDynamic := has "DynamicFile" (concat .Values.backends .Values.dynamicBackends) }}
{{- if and $isDynamic (not .Values.dynamicFile.hostPath) }}
{{- fail "the backend DynamicFile needs its file: write the path in dynamicFile.hostPath" }}
{{- end }}
{{- if and .Values.dynamicFile.hostPath (not $isDynamic) }}
{{- fail "dynamicFile.hostPath is read by no backend: add DynamicFile to backends" }}
{{- end }}
{{- if and .Values.dynamicBackends (not (get .Values.server "dynamicBackendModePath")) }}
{{- fail "dynamicBackends does nothing without a file that names them: write server.dynamicBackendModePath" }}
{{- end }}
{{- if and .Values.webIdentity.audiences (not .Values.webIdentity.issuers) }}
{{- fail "webIdentity.audiences does nothing without an issuer: write webIdentity.issuers" }}
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled (not .Values.metrics.address) }}
{{- fail "metrics.podMonitor needs an address that Prometheus reaches: write metrics.address, such as :21364" }}
{{- end }}
{{- if and .Values.proxy.noProxy (not .Values.proxy.url) }}
{{- fail "proxy.noProxy does nothing without a proxy: write proxy.url" }}
{{- end }}
{{- end }}
