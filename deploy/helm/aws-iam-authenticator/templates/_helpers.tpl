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

{{- define "aws-iam-authenticator.config" -}}
clusterID: {{ .Values.clusterID | quote }}
server:
  {{- toYaml (merge (dict "port" 21362 "stateDir" "/var/aws-iam-authenticator") .Values.server (dict "healthAddress" "127.0.0.1:21363")) | nindent 2 }}
{{- end }}

{{- /* What values.schema.json can't say. */ -}}
{{- define "aws-iam-authenticator.check" -}}
{{- if ne .Release.Namespace "kube-system" }}
{{- fail (printf "the release is for the namespace %s: install it into kube-system, by --namespace=kube-system" .Release.Namespace) }}
{{- end }}
{{- range $key, $_ := .Values.server }}
{{- if eq (lower $key) "backendmode" }}
{{- fail (printf "server.%s does nothing here: name the backends in `backends`" $key) }}
{{- end }}
{{- end }}
{{- $memory := .Values.resources.limits.memory }}
{{- if and (hasSuffix "Mi" $memory) (lt (trimSuffix "Mi" $memory | int) 128) }}
{{- fail (printf "resources.limits.memory is %s, and the server needs 128Mi at least: it would be killed under load" $memory) }}
{{- end }}
{{- end }}
